"""What pacing is worth: how much of a quota is used, and how many requests are refused on the way.

Each client talks to the simulator over HTTP, with a key and so with a quota of its own: 3,000
requests a minute, answers after half a second, 64 in flight. All run at the same time, each in its
process. The plain client does what many do: five attempts, 1, 2, 4 … seconds apart with jitter,
and no look at how long the service asks to wait.

More than 100 % are possible: a quota comes by the minute, and who hurries has used up the second
one before it is over.

    python bench/pacing.py [SECONDS]
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from runner.providers.gemini import Gemini
from runner.roles import Ask, Connection
from runner.sources.prepare import prepare
from runner.transport.pacing import Pacers, Quota, paced
from runner.transport.retry import retrying
from runner.values.request import Policy, Request, TextPart
from runner.values.response import Failure, Response

PER_MINUTE, LATENCY_SECONDS, IN_FLIGHT, SECONDS = 3000, 0.5, 64, 105
QUESTION = Request("interactions", "gemini-3.5-flash", (TextPart("What is this?"),))


def plain(ask: Ask) -> Ask:
    """Five attempts."""

    async def ask_again(request: Request) -> Response | Failure:
        for attempt in range(5):
            outcome = await ask(request)
            if isinstance(outcome, Response) or attempt == 4:
                break
            await asyncio.sleep(2.0**attempt + random.random())
        return outcome

    return ask_again


def with_pace(quota: Quota | None) -> Callable[[Ask], Ask]:
    """What a run does."""
    return lambda ask: retrying(paced(ask, Pacers(), "gemini", _tokens, quota=quota), Policy())


CLIENTS: dict[str, Callable[[Ask], Ask]] = {
    "plain retries": plain,
    "paced, quota not known": with_pace(None),
    "paced, quota known": with_pace(Quota(PER_MINUTE)),
}


async def work(name: str, address: str, seconds: float) -> Counter[str]:
    """Asks for so long, as often as the client lets it."""
    counted: Counter[str] = Counter()
    numbers = count(1)
    key = f"key-{list(CLIENTS).index(name)}"
    connection = Connection(key=key, base_url=address, parallel=IN_FLIGHT)
    async with Gemini().open(connection, prepare) as ask:

        async def ask_and_count(request: Request) -> Response | Failure:
            outcome = await ask(request)
            counted["sent"] += 1
            counted["refused"] += isinstance(outcome, Failure) and outcome.kind == "rate_limit"
            return outcome

        client = CLIENTS[name](ask_and_count)

        async def one_after_the_other() -> None:
            for number in numbers:
                outcome = await client(replace(QUESTION, repeat=number))
                counted["answers" if isinstance(outcome, Response) else "lost"] += 1

        workers = [asyncio.ensure_future(one_after_the_other()) for _ in range(IN_FLIGHT)]
        await asyncio.wait(workers, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return counted


def measure(
    name: str, address: str, seconds: float, results: multiprocessing.Queue[tuple[str, object]]
) -> None:
    """One client, in a process of its own."""
    results.put((name, asyncio.run(work(name, address, seconds))))


def main(seconds: float) -> None:
    """Prints a line for each client."""
    limit = ["--requests-per-minute", str(PER_MINUTE), "--latency", str(LATENCY_SECONDS)]
    line = [sys.executable, "-m", "runner", "simulate", "--port", "0", *limit]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        address = re.search(r"http://\S+", server.stderr.readline())
        assert address is not None
        context = multiprocessing.get_context("spawn")
        results: multiprocessing.Queue[tuple[str, Counter[str]]] = context.Queue()
        for name in CLIENTS:
            context.Process(target=measure, args=(name, address[0], seconds, results)).start()
        counted = dict(results.get() for _ in CLIENTS)
        server.terminate()
    print(f"{PER_MINUTE:,} requests a minute are allowed, for {seconds:g} seconds")
    print(f"{'client':<24} {'answers':>8} {'goodput %':>10} {'refused %':>10} {'lost':>6}")
    for name in CLIENTS:
        of = counted[name]
        goodput = 100 * of["answers"] / (PER_MINUTE * seconds / 60)
        refused = 100 * of["refused"] / of["sent"]
        print(f"{name:<24} {of['answers']:>8,} {goodput:>10.1f} {refused:>10.2f} {of['lost']:>6,}")


def _tokens(request: Request) -> int:
    return 10


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
