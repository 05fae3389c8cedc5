"""The service on a socket and without one: the same answers, and lines that really break."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import httpx_aiohttp
import pytest

from runner.providers.simulator.server import serve
from runner.providers.simulator.transport import SimulatedTransport

BODY = {"model": "gemini-3.5-flash", "input": "x"}
PLAIN = "Simulated: no image arrived, and nobody read the prompt."
Work = Callable[[httpx.AsyncClient], Awaitable[Any]]


def with_client(service: Any, how: str, work: Work) -> Any:
    """Runs `work` with a client of the service: in process, or over a socket by two transports."""

    async def run() -> Any:
        if how == "in process":
            async with httpx.AsyncClient(
                transport=SimulatedTransport(service), base_url="https://simulated.invalid"
            ) as client:
                return await work(client)
        async with serve(service) as address:
            transport = httpx_aiohttp.AiohttpTransport() if how == "aiohttp" else None
            async with httpx.AsyncClient(transport=transport, base_url=address) as client:
                return await work(client)

    return asyncio.run(run())


async def create(client: httpx.AsyncClient, fault: str = "", **more: Any) -> httpx.Response:
    headers = {"x-goog-api-key": "K"} | ({"x-askpix-simulate": fault} if fault else {})
    return await client.post("/v1/interactions", json={**BODY, **more}, headers=headers)


EVERY_WAY = pytest.mark.parametrize("how", ["in process", "aiohttp", "httpx"])


@EVERY_WAY
def test_an_answer_arrives_whole(service: Any, how: str) -> None:
    """With its length and the mark of the simulator."""
    response = with_client(service, how, create)
    assert response.status_code == 200
    assert response.headers["x-askpix-simulated"] == "1"
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.json()["steps"][-1]["content"][0]["text"] == PLAIN


@EVERY_WAY
def test_a_stream_arrives_in_pieces(service: Any, how: str) -> None:
    """As server-sent events, without a length."""

    async def read(client: httpx.AsyncClient) -> tuple[str, bytes]:
        headers = {"x-goog-api-key": "K"}
        body = {**BODY, "stream": True}
        async with client.stream("POST", "/v1/interactions", json=body, headers=headers) as one:
            return one.headers["content-type"], await one.aread()

    kind, content = with_client(service, how, read)
    assert kind == "text/event-stream"
    assert content.endswith(b"event: done\ndata: [DONE]\n\n")


@EVERY_WAY
@pytest.mark.parametrize("fault", ["truncated-body", "reset", "reset-within", "closed"])
def test_a_broken_line_is_an_error_of_the_transport(service: Any, how: str, fault: str) -> None:
    """Never a shorter answer. The service goes on, and has billed it."""

    async def break_then_go_on(client: httpx.AsyncClient) -> int:
        with pytest.raises(httpx.TransportError):
            await create(client, fault)
        return (await create(client)).status_code

    assert with_client(service, how, break_then_go_on) == 200
    assert service.state()["billed_answers"] == 2


def test_a_reset_is_a_reset_on_the_socket(service: Any) -> None:
    """The kernel says ECONNRESET, both before and within the answer; a close does not."""

    async def talk(address: str, fault: str) -> type[Exception] | int:
        return await asyncio.to_thread(_talk, address, fault)

    async def run() -> list[type[Exception] | int]:
        async with serve(service) as address:
            return [await talk(address, fault) for fault in ("reset", "reset-within", "closed")]

    assert asyncio.run(run()) == [ConnectionResetError, ConnectionResetError, 0]


@EVERY_WAY
@pytest.mark.parametrize(
    ("fault", "length"), [("empty-body", 0), ("huge-body:2", 2 << 20), ("dripping:0.001", None)]
)
def test_odd_bodies_arrive_as_they_are(
    service: Any, how: str, fault: str, length: int | None
) -> None:
    """Empty, huge, or in very small pieces."""
    response = with_client(service, how, lambda client: create(client, fault))
    assert response.status_code == 200
    if length is None:
        assert response.json()["status"] == "completed"
    else:
        assert len(response.content) == length


def test_a_slow_answer_in_process_meets_the_read_timeout(service: Any) -> None:
    """As on a socket: the deadline of the client holds."""
    service.desk.sleep = asyncio.sleep

    async def impatient(client: httpx.AsyncClient) -> None:
        client.timeout = httpx.Timeout(5, read=0.05)
        with pytest.raises(httpx.ReadTimeout):
            await create(client, "slow:600")

    with_client(service, "in process", impatient)


def test_a_client_that_goes_away_leaves_the_service_well(service: Any) -> None:
    """The answer is billed all the same, as it would be with Google."""
    asked, go = asyncio.Event(), asyncio.Event()

    async def until_told(seconds: float) -> None:
        asked.set()
        await go.wait()

    async def run() -> tuple[int, int]:
        service.desk.sleep = until_told
        async with serve(service) as address, httpx.AsyncClient(base_url=address) as client:
            one = asyncio.create_task(create(client, "slow:1"))
            await asked.wait()
            one.cancel()
            await asyncio.gather(one, return_exceptions=True)
            before = service.state()["in_flight"]
            go.set()
            after = (await create(client)).status_code
            return before, after

    assert asyncio.run(run()) == (1, 200)
    assert service.state()["billed_answers"] == 2


def test_many_ask_at_the_same_time(service: Any, three: bytes) -> None:
    """Each gets its own answer; the image is looked at once."""
    import base64

    image = {"type": "image", "data": base64.b64encode(three).decode(), "mime_type": "image/png"}

    async def all_at_once(client: httpx.AsyncClient) -> list[str]:
        inputs = [
            [{"type": "text", "text": f"How many? Just a number. {i}"}, image] for i in range(12)
        ]
        answers = await asyncio.gather(*(create(client, input=input) for input in inputs))
        return [answer.json()["steps"][-1]["content"][0]["text"] for answer in answers]

    assert with_client(service, "httpx", all_at_once) == ["3"] * 12
    assert len(service.desk.eyes._known) == 1
    assert service.state()["most_in_flight"] > 1


def test_a_taken_port_is_an_error_of_the_system(service: Any) -> None:
    """For the command line to tell."""

    async def run() -> None:
        async with serve(service) as address:
            port = int(address.rpartition(":")[2])
            with pytest.raises(OSError, match="address already in use"):
                async with serve(service, port=port):
                    pass

    asyncio.run(run())


def _talk(address: str, fault: str) -> type[Exception] | int:
    """What reading the answer ends with: an exception, or how many bytes came."""
    host, port = address.removeprefix("http://").split(":")
    body = b'{"model":"gemini-3.5-flash","input":"x"}'
    request = (
        f"POST /v1/interactions HTTP/1.1\r\nHost: {host}\r\nx-goog-api-key: K\r\n"
        f"x-askpix-simulate: {fault}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(request)
        received = b""
        try:
            while piece := line.recv(65536):
                received += piece
        except ConnectionError as error:
            return type(error)
    return len(received)
