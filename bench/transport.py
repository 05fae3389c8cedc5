"""How fast the transport is: 1,000 requests of 200 KB, 64 in flight, to a server that takes 200 ms.

Compares httpx on its own connection pool with httpx on aiohttp, which the runner uses, and with the
runner's own `Channel` around it. Every client and the server are processes of their own; the
server takes part of the machine, too. The ideal is 1000 / 64 × 0.2 s = 3.2 s.

    python bench/transport.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

REQUESTS, IN_FLIGHT, LATENCY_SECONDS, BODY = 1000, 64, 0.2, b"x" * 200_000
ANSWER = b'{"status": "completed"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def serve(ready: multiprocessing.Queue[int]) -> None:
    """An HTTP server that reads a body, waits and answers."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.lower().split(b"\r\n")
                length = next(int(x[15:]) for x in lines if x.startswith(b"content-length:"))
                await reader.readexactly(length)
                await asyncio.sleep(LATENCY_SECONDS)
                writer.write(HEAD % len(ANSWER) + ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(client, "127.0.0.1", 0, limit=1 << 20)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def httpx_pool(url: str) -> None:
    """httpx as it comes."""
    import httpx

    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:

        async def send() -> int:
            return (await client.post(url, content=BODY)).status_code

        await _all(send)


async def httpx_aiohttp(url: str) -> None:
    """httpx on aiohttp, the body in one piece."""
    from runner.roles import Connection
    from runner.transport.client import open_client

    async with open_client(Connection(parallel=IN_FLIGHT)) as client:

        async def send() -> int:
            return (await client.post(url, content=BODY)).status_code

        await _all(send)


async def channel(url: str) -> None:
    """What a run does: deadline, capped answer, the body in pieces."""
    from runner.roles import Connection
    from runner.transport.client import Channel, open_client
    from runner.transport.reply import Reply

    async with open_client(Connection(parallel=IN_FLIGHT)) as client:
        open_channel = Channel(client, key="k" * 39)

        async def send() -> int:
            reply = await open_channel.send("POST", url, body=[BODY])
            assert isinstance(reply, Reply), reply
            return reply.status

        await _all(send)


async def _all(send: Callable[[], Awaitable[int]]) -> None:
    left = iter(range(REQUESTS))

    async def worker() -> None:
        for _ in left:
            assert await send() == 200

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


CLIENTS = {"httpx, own pool": httpx_pool, "httpx on aiohttp": httpx_aiohttp, "channel": channel}


def measure(
    name: str, url: str, results: multiprocessing.Queue[tuple[float, float, float]]
) -> None:
    """Wall seconds, CPU seconds and greatest memory (MB) of one client."""
    import warnings

    warnings.simplefilter("ignore")
    start = time.perf_counter()
    asyncio.run(CLIENTS[name](url))
    wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    results.put((wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))


def main(rounds: int) -> None:
    """Prints the medians of so many interleaved rounds."""
    context = multiprocessing.get_context("spawn")
    ready: multiprocessing.Queue[int] = context.Queue()
    server = context.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ready.get()}/"
    results: multiprocessing.Queue[tuple[float, float, float]] = context.Queue()
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in CLIENTS}
    for _ in range(rounds):
        for name in CLIENTS:
            process = context.Process(target=measure, args=(name, url, results))
            process.start()
            taken[name].append(results.get())
            process.join()
    print(f"{'client':<18} {'wall s':>7} {'CPU s':>7} {'MB':>6}   (medians of {rounds})")
    for name, runs in taken.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name:<18} {wall:>7.1f} {cpu:>7.1f} {memory:>6.0f}")
    server.terminate()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
