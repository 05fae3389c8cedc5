"""What it costs to remember everything: 100,000 results of 1.6 KB through the journal of a run.

    python bench/store.py [RESULTS]

64 requests are in flight. Each is written down before it is sent, when its response arrives and when
its result is made, and each of these is on the disk before the next step; the service answers at
once, so that nothing but the journal takes time. Beside it stand the same requests without a
journal, with their lines in a file (no response is kept, nothing survives a power cut), and with a
commit for each step. Every figure is from a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from runner.roles import Kept, Question
from runner.store import database
from runner.store.journal import Journal
from runner.store.recorded import Recorded
from runner.text.result_line import to_line
from runner.values.geometry import Box, NormBox
from runner.values.response import Response, Usage
from runner.values.result import Detection, Result

IN_FLIGHT = 64
BOXES = 6
"""So many make a line of about 1.6 KB."""

One = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Taken:
    """What a way took: wall and CPU seconds, greatest memory and size on disk in MB."""

    wall: float
    cpu: float
    memory: float
    disk: float


def key(number: int) -> str:
    """A request key."""
    return sha256(str(number).encode()).hexdigest()


def answer(number: int) -> tuple[Kept, Result]:
    """A response and its result, a little different each time."""
    dice = random.Random(number)
    boxes = [[dice.randrange(1000) for _ in range(4)] for _ in range(BOXES)]
    items = [{"box_2d": box, "label": dice.choice(["cup", "plate", "bottle"])} for box in boxes]
    text = json.dumps(items)
    body = json.dumps({"candidates": [{"content": {"parts": [{"text": text}]}}]}).encode()
    found = tuple(
        Detection(f"[{n}]", item["label"], Box(*map(float, box)), box_2d=NormBox(*box))  # type: ignore[arg-type]
        for n, (item, box) in enumerate(zip(items, boxes, strict=True))
    )
    kept = Kept(Response(text, "complete", "STOP", Usage(1290, 120), "gemini-3.5-flash", body), {})
    name = f"photographs/{number:06}.jpg"
    result = Result(
        number, name, "find", {"thinking": "low"}, 1, (), "ok", items, found,
        usage={"input_tokens": 1290, "output_tokens": 120}, cost_usd=0.0007,
        model="gemini-3.5-flash", request_key=key(number),
        row={"shop": dice.randrange(99), "note": "x" * dice.randrange(300)},
    )  # fmt: skip
    return kept, result


async def all_of_them(one: One, count: int) -> None:
    """So many, 64 at a time."""
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await one(number)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


def nothing(folder: Path, count: int) -> None:
    """The requests alone: what the bench itself takes."""

    async def one(number: int) -> None:
        answer(number)
        await asyncio.sleep(0)

    asyncio.run(all_of_them(one, count))


def lines(folder: Path, count: int) -> None:
    """A line for each result, written and forgotten."""
    with (folder / "results.jsonl").open("w") as file:

        async def one(number: int) -> None:
            _, result = answer(number)
            await asyncio.sleep(0)
            file.write(to_line(result) + "\n")

        asyncio.run(all_of_them(one, count))


def journal(folder: Path, count: int) -> None:
    """As a run does it."""
    with closing(Journal.open(folder)) as remembered:

        async def one(number: int) -> None:
            name = f"{number}.jpg, step find"
            attempt = await remembered.sending(Question(key(number), number, name, 0.0007))
            kept, result = answer(number)
            await remembered.received(attempt, key(number), kept)
            await remembered.conclude(result, "asked")

        asyncio.run(all_of_them(one, count))


def journal_alone(folder: Path, count: int) -> None:
    """The same with a commit for each step: nobody shares the way to the disk."""
    database.BATCH = 1
    journal(folder, count)


def resume(folder: Path, count: int) -> None:
    """Every result is looked up, as a run does that finds all of its work done."""
    with closing(Journal.open(folder)) as remembered:

        async def one(number: int) -> None:
            assert await remembered.result(number, key(number)) is not None

        asyncio.run(all_of_them(one, count))


def export(folder: Path, count: int) -> None:
    """results.jsonl is made from the journal."""
    recorded = Recorded.read(folder)
    with (folder / "results.jsonl").open("w") as file:
        assert sum(file.write(line + "\n") > 1 for line in recorded.lines()) == count
    recorded.close()


def measure(
    way: Callable[[Path, int], None], folder: Path, count: int, told: multiprocessing.Queue[Taken]
) -> None:
    """Does it, and tells what it took."""
    start, before = time.perf_counter(), time.process_time()
    way(folder, count)
    wall, cpu = time.perf_counter() - start, time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(file.stat().st_size for file in folder.iterdir())
    told.put(Taken(wall, cpu, memory, size / (1 << 20)))


def taken(way: Callable[[Path, int], None], folder: Path, count: int) -> Taken:
    """What it took, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[Taken] = context.Queue()
    process = context.Process(target=measure, args=(way, folder, count, told))
    process.start()
    found = told.get()
    process.join()
    return found


def main(count: int) -> None:
    """Prints the table; the journal is measured with a hundredth of the results, too: memory must
    not depend on their number."""
    size = sum(len(to_line(answer(n)[1])) for n in range(100)) / 100
    print(f"{count:,} results, lines of {size:,.0f} bytes, {IN_FLIGHT} in flight")
    print(f"{'':<26} {'results/s':>9} {'CPU µs each':>11} {'MB memory':>9} {'MB disk':>8}")
    few = max(1, count // 100)
    with tempfile.TemporaryDirectory() as name:
        shared = Path(name) / "shared"
        for title, way, number, folder in (
            ("nothing is kept", nothing, count, Path(name) / "nothing"),
            ("lines in a file", lines, count, Path(name) / "lines"),
            (f"journal, {few:,} results", journal, few, Path(name) / "few"),
            ("  a commit each", journal_alone, few, Path(name) / "alone"),
            ("journal", journal, count, shared),
            ("resume: all looked up", resume, count, shared),
            ("results.jsonl is made", export, count, shared),
        ):
            folder.mkdir(exist_ok=True)
            took = taken(way, folder, number)
            each = took.cpu / number * 1e6
            print(
                f"{title:<26} {number / took.wall:>9,.0f} {each:>11,.0f}"
                f" {took.memory:>9,.0f} {took.disk:>8,.1f}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
