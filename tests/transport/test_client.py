"""One attempt against a server that does everything wrong: always a value, in time, in bounds."""

from __future__ import annotations

import asyncio
import socket
import threading
import tracemalloc
from typing import Any

import pytest

from runner.roles import Connection
from runner.transport.classify import failure_of, json_object
from runner.transport.client import Channel, open_client
from runner.transport.reply import Reply
from runner.values.request import Policy
from runner.values.response import Failure

KEY = "AIzaCANARY-0123456789"


def send(
    faults: Any, path: str, body: list[bytes] | None = None, times: int = 1, **policy: Any
) -> list[Reply | Failure]:
    """The outcomes of this many attempts in a row on one client."""

    async def main() -> list[Reply | Failure]:
        settings = Policy(**{"timeout_seconds": 10.0, **policy})
        async with open_client(Connection(parallel=2)) as client:
            channel = Channel(client, settings, KEY)
            url = faults.url + path
            pieces = [b'{"a": ', b"1}"] if body is None else body
            return [await channel.send("POST", url, body=pieces) for _ in range(times)]

    return asyncio.run(main())


@pytest.mark.parametrize("path", ["/fine", "/gzipped"])
def test_a_whole_answer_is_a_reply(faults: Any, path: str) -> None:
    """Decompressed, with the names of its headers in lower case."""
    (reply,) = send(faults, path)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body) == (200, b'{"status": "completed", "steps": []}')
    assert reply.headers["content-type"] == "application/json"
    assert failure_of(reply) is None


@pytest.mark.parametrize(
    ("path", "kind", "billed", "message"),
    [
        ("/reset_before", "transport", True, "the connection broke: "),
        ("/reset_within", "transport", True, "the connection broke: "),
        ("/closed_before", "transport", True, "the connection broke: Server disconnected"),
        ("/truncated", "transport", True, "the connection broke: "),
        ("/truncated_chunk", "transport", True, "the connection broke: "),
        ("/garbage", "unreadable", True, "the service does not speak HTTP"),
        ("/two_lengths", "unreadable", True, "the service does not speak HTTP"),
        ("/huge_header", "unreadable", True, "the service does not speak HTTP"),
        ("/brotli", "unreadable", True, "the answer is a body compressed with 'br'"),
        ("/not_gzip", "unreadable", True, "the answer is a body that is not gzip as it says"),
    ],
)
def test_what_does_not_arrive_whole_is_a_failure(
    faults: Any, path: str, kind: str, billed: bool, message: str
) -> None:
    """It may have been paid for: the request had been sent."""
    (failure,) = send(faults, path)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.maybe_billed, failure.stops_run) == (kind, billed, False)
    assert failure.message.startswith(message)


@pytest.mark.parametrize("path", ["/silent", "/slow_body", "/slow_head"])
def test_the_deadline_is_that_of_the_whole_attempt(faults: Any, path: str) -> None:
    """A byte now and then keeps no attempt alive."""
    (failure,) = send(faults, path, timeout_seconds=0.3)
    assert isinstance(failure, Failure)
    assert failure.kind == "transport"
    assert failure.message == "no whole answer within 0.3 seconds"
    assert failure.maybe_billed


@pytest.mark.parametrize("path", ["/endless", "/bomb"])
def test_an_answer_has_a_greatest_length(faults: Any, path: str) -> None:
    """Counted as decompressed; memory stays near it, whatever the answer claims to hold."""
    tracemalloc.start()
    (failure,) = send(faults, path, max_answer_bytes=1 << 20)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.message) == ("unreadable", "the answer is longer than 1 MB")
    assert most_bytes < 10 << 20  # the bomb holds 300 MB


def test_the_longest_answer_may_have_exactly_that_length(faults: Any) -> None:
    """The limit itself is not beyond it."""
    (whole,) = send(faults, "/gzipped", max_answer_bytes=36)
    (failure,) = send(faults, "/gzipped", max_answer_bytes=35)
    assert isinstance(whole, Reply)
    assert isinstance(failure, Failure)


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        (
            "/html",
            "unreadable",
            "a page instead of the answer: HTTP 200 (text/html): <html> [31mlog in</html>",
        ),
        (
            "/bad_utf8",
            "unreadable",
            'not JSON instead of the answer: HTTP 200: {"status": "\ufffd\ufffd"}',
        ),
        ("/empty", "unreadable", "an empty answer"),
        ("/no_content", "unreadable", "an empty answer"),
        ("/truncated_without_length", "transport", "the answer is cut off"),
    ],
)
def test_a_whole_answer_may_still_be_no_answer(
    faults: Any, path: str, kind: str, message: str
) -> None:
    """What a login page or a proxy says is shown without its control characters."""
    (reply,) = send(faults, path)
    assert isinstance(reply, Reply)
    failure = failure_of(reply) or json_object(reply.body)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.message, failure.maybe_billed) == (kind, message, True)


def test_a_redirect_is_never_followed(faults: Any) -> None:
    """It stops the run: the key would go elsewhere, and every request would meet the same."""
    (reply,) = send(faults, "/redirect")
    assert isinstance(reply, Reply)
    failure = failure_of(reply)
    assert failure is not None
    assert failure.stops_run
    assert [request.path for request in faults.requests] == ["/redirect"]


def test_a_request_that_is_too_large_is_told_even_when_it_is_told_early(faults: Any) -> None:
    """The server answers and hangs up before it has the body."""

    async def main() -> Reply | Failure:
        async with open_client(Connection()) as client:
            body = [bytes(20 << 20)]
            reply = await Channel(client).send("POST", faults.url + "/early_413", body=body)
            assert await asyncio.to_thread(faults.ended.wait, 5)
            return reply

    reply = asyncio.run(main())
    assert isinstance(reply, Reply)
    failure = failure_of(reply)
    assert failure is not None
    assert failure.kind == "too_large"


def test_a_connection_cut_while_sending_says_how_far_it_came(faults: Any) -> None:
    """It was not paid for: the service never had the whole question."""
    (failure,) = send(faults, "/early_reset", body=[bytes(1 << 20)] * 40)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.code) == ("transport", "cut_while_sending")
    assert not failure.maybe_billed
    assert failure.message.endswith(" of 41,943,040 bytes of the request were sent)")


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(faults: Any) -> None:
    """Twenty requests, each on a connection that was promised to be kept."""

    async def main() -> list[Reply | Failure]:
        async with open_client(Connection(parallel=1)) as client:
            channel, outcomes = Channel(client), []
            for _ in range(20):
                outcomes.append(await channel.send("POST", faults.url + "/stale", body=[b"{}"]))
                await asyncio.sleep(0.01)  # the end of the connection is noticed in between
            return outcomes

    assert all(isinstance(outcome, Reply) for outcome in asyncio.run(main()))


def test_connections_are_kept_and_never_more_than_asked_for(faults: Any) -> None:
    """Thirty requests at once over three connections."""
    counted = threading.Semaphore(0)
    ports: set[bytes] = set()
    serve = faults.serve

    def counting(connection: socket.socket) -> None:
        ports.add(str(connection.getpeername()[1]).encode())
        counted.release()
        serve(connection)

    faults.serve = counting

    async def main() -> list[Reply | Failure]:
        async with open_client(Connection(parallel=3)) as client:
            channel = Channel(client)
            sends = [channel.send("POST", faults.url + "/fine", body=[b"{}"]) for _ in range(30)]
            return list(await asyncio.gather(*sends))

    assert all(isinstance(outcome, Reply) for outcome in asyncio.run(main()))
    assert len(ports) <= 3


@pytest.mark.parametrize(
    ("url", "stops", "message"),
    [
        ("http://127.0.0.4:1/x", False, "no connection: 127.0.0.4:1: connection refused"),
        ("ftp://127.0.0.4/x", True, "not a web address: "),
        ("127.0.0.4/x", True, "not a web address: "),
        ("http://[::/x", True, "not a web address: "),
        ("", True, "not a web address: "),
        ("http://a..b/x", True, "not a web address: "),
        ("http://someone:secret@127.0.0.4:1/x", True, "not a web address: "),
    ],
)
def test_what_was_never_sent_was_never_paid_for(url: str, stops: bool, message: str) -> None:
    """A wrong address is the same for every request; a service that is away may come back."""

    async def main() -> Reply | Failure:
        async with open_client(Connection()) as client:
            return await Channel(client, Policy(timeout_seconds=5), KEY).send("POST", url)

    failure = asyncio.run(main())
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.stops_run) == ("connect", stops)
    assert failure.message.startswith(message)
    assert "secret" not in failure.message
    assert not failure.maybe_billed


def test_a_handshake_that_never_ends_was_never_paid_for(faults: Any) -> None:
    """https to a server that does not speak it: not a byte of the request was sent."""
    faults.url = faults.url.replace("http://", "https://")
    (failure,) = send(faults, "/fine", timeout_seconds=0.5)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.maybe_billed) == ("connect", False)


def test_the_environment_chooses_no_proxy(faults: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key goes where the connection says, and nowhere else."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.9:9")
    (reply,) = send(faults, "/fine")
    assert isinstance(reply, Reply)


def test_cookies_are_not_kept(faults: Any) -> None:
    """One request tells nothing to the next."""

    faults.tell((200, b"{}", "Set-Cookie: a=b"))
    send(faults, "/fine", times=2)
    assert len(faults.requests) == 2
    assert not [request for request in faults.requests if "cookie" in request.headers]


def test_a_cancelled_attempt_stays_cancelled(faults: Any) -> None:
    """Ctrl-C is not turned into a failure of the service."""

    async def main() -> None:
        async with open_client(Connection()) as client:
            sending = asyncio.create_task(Channel(client).send("POST", faults.url + "/silent"))
            await asyncio.to_thread(faults.arrived.wait, 5)
            sending.cancel()
            await sending

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
