"""From a request to its response over HTTP: what is sent where, and what a failure says."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner import __version__
from runner.providers import PROVIDERS
from runner.roles import Connection, ImageError
from runner.values.image import DataOrigin, FileOrigin, Image
from runner.values.request import ImagePart, Policy, Request, Settings, TextPart
from runner.values.response import Failure, Response, Usage

COMPLETED = {
    "status": "completed",
    "steps": [{"type": "model_output", "content": [{"type": "text", "text": "yes"}]}],
    "usage": {"total_input_tokens": 3},
}
PART = {**COMPLETED, "status": "requires_continuation", "continuation_token": "T"}
HELLO = Request("interactions", "gemini-3.5-flash", (TextPart("Hello"),))
KEY = "AIzaCANARY-0123456789"


def test_a_request_goes_to_its_endpoint_with_the_key_in_a_header(capture: Any, ask: Any) -> None:
    """The whole request line and all headers; the key is in no address."""
    capture.tell(COMPLETED)
    assert ask(HELLO).text == "yes"
    (received,) = capture.received
    headers = {name: value for name, value in received.headers.items() if name != "host"}
    assert (received.method, received.path) == ("POST", "/v1beta/interactions")
    assert headers == {
        "accept": "application/json",
        "accept-encoding": "gzip",
        "connection": "keep-alive",
        "content-length": str(len(received.body)),
        "content-type": "application/json",
        "user-agent": f"askpix/{__version__}",
        "x-goog-api-key": KEY,
    }


def test_an_image_beside_the_prompt_has_a_known_length(
    capture: Any, ask: Any, images: Mapping[str, Image]
) -> None:
    """A body in pieces is never sent in chunks: some gateways refuse them."""
    capture.tell(COMPLETED)
    ask(Request("interactions", "m", (TextPart("Hello"), ImagePart(images["noise"]))))
    (received,) = capture.received
    assert "transfer-encoding" not in received.headers
    assert int(received.headers["content-length"]) == len(received.body) > 300_000


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-2.5-flash", "/v1/models/gemini-2.5-flash:generateContent"),
        ("a/../b?c#d e", "/v1/models/a%2F..%2Fb%3Fc%23d%20e:generateContent"),
    ],
)
def test_a_model_name_stays_one_piece_of_the_address(
    model: str, path: str, capture: Any, ask: Any
) -> None:
    """Whatever an author writes as a model, the request goes to the endpoint."""
    capture.tell({"candidates": [{"content": {"parts": [{"text": "yes"}]}}]})
    request = Request("generate_content", model, (TextPart("Hello"),))
    assert ask(request, api_version="v1").text == "yes"
    assert capture.received[0].path == path


def test_extra_headers_are_sent_and_never_replace_our_own(capture: Any, ask: Any) -> None:
    """The key stays the key, the content stays JSON."""
    capture.tell(COMPLETED)
    headers = {"Api-Revision": "2026-05-20", "X-Goog-Api-Key": "other", "Content-Type": "text/x"}
    ask(Request("interactions", "m", (TextPart("Hi"),), settings=Settings(headers=headers)))
    sent = capture.received[0].headers
    assert sent["api-revision"] == "2026-05-20"
    assert (sent["x-goog-api-key"], sent["content-type"]) == (KEY, "application/json")


@pytest.mark.parametrize("headers", [{"A B": "c"}, {"A": "b\r\nX-Evil: 1"}, {"A": "é"}, {"": "a"}])
def test_what_is_no_header_is_not_sent(headers: Mapping[str, str], capture: Any, ask: Any) -> None:
    """A line break in a header would be another header."""
    settings = Settings(headers=headers)
    failure = ask(Request("interactions", "m", (TextPart("Hi"),), settings=settings))
    assert failure == Failure(
        "bad_request", f"`{next(iter(headers))}` cannot be sent as an HTTP header"
    )
    assert capture.received == []


@pytest.mark.parametrize("key", ["AIza\n", "AIza 1", "“AIza”", "AIza\r\nX-Evil: 1"])
def test_a_key_with_a_strange_character_is_refused_before_it_is_sent(
    key: str, capture: Any, ask: Any
) -> None:
    """Copied keys bring line breaks and quotes along; the key is not in the message."""
    assert ask(HELLO, key=key) == Failure(
        "credentials",
        "the API key holds a character that no key has: a line break, a space or a quote?",
        stops_run=True,
    )
    assert capture.received == []


def test_without_a_key_the_service_is_not_asked(ask: Any) -> None:
    """The sentence says what to do."""
    assert ask(HELLO, key=None, base_url=None) == Failure(
        "credentials",
        "there is no API key: set GEMINI_API_KEY, or write it into a file named .env",
        stops_run=True,
    )


def test_another_address_may_need_no_key(capture: Any, ask: Any) -> None:
    """A simulator or a gateway on this machine is asked without one."""
    capture.tell(COMPLETED)
    assert ask(HELLO, key=None).text == "yes"
    assert "x-goog-api-key" not in capture.received[0].headers


def test_a_setting_without_a_word_in_this_endpoint_is_not_dropped(capture: Any, ask: Any) -> None:
    """A request is refused rather than sent without what was asked for."""
    settings = Settings(thinking_budget=128)
    failure = ask(Request("interactions", "m", (TextPart("Hi"),), settings=settings))
    assert failure.kind == "bad_request"
    assert capture.received == []


def test_an_image_that_vanished_is_a_failure_of_this_request(capture: Any, ask: Any) -> None:
    """The others go on."""
    gone = Image("gone.png", "image", FileOrigin(Path("gone.png")), "image/png")
    request = Request("interactions", "m", (ImagePart(gone),))

    def fetch(image: Image) -> Any:
        raise ImageError(f"{image.name} changed since it was found")

    async def main() -> Response | Failure:
        connection = Connection(key=KEY, base_url=capture.url)
        async with PROVIDERS["gemini"]().open(connection, fetch) as asks:
            return await asks(request)

    assert asyncio.run(main()) == Failure("image", "gone.png changed since it was found")
    assert capture.received == []


def test_a_request_above_the_limit_of_the_service_is_not_sent(capture: Any, ask: Any) -> None:
    """100 MB, counted as they would be sent."""
    big = Image("big.png", "image", DataOrigin(bytes(76 << 20)), "image/png")
    failure = ask(Request("interactions", "m", (ImagePart(big),)))
    assert failure == Failure(
        "too_large",
        "the request has 106,255,826 bytes, the service takes 100,000,000; `upload: auto` sends large"
        " images as files",
    )
    assert capture.received == []


def test_a_long_answer_is_asked_for_until_it_is_whole(capture: Any, ask: Any) -> None:
    """Its parts are one text, its tokens are summed, and the stored body reads the same again."""
    for answer in (PART, PART, COMPLETED):
        capture.tell(answer)
    response = ask(HELLO)
    assert (response.text, response.finish) == ("yesyesyes", "complete")
    assert response.usage == Usage(input_tokens=9)
    tokens = [received.json.get("continuation_token") for received in capture.received]
    assert tokens == [None, "T", "T"]


def test_the_rest_of_an_answer_is_waited_for(capture: Any, ask: Any) -> None:
    """A rate limit in the middle loses nothing of what is paid for already."""
    wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s"}
    limit = {
        "error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "", "details": [wait]}
    }
    for answer, status in ((PART, 200), (limit, 429), (limit, 429), (COMPLETED, 200)):
        capture.tell(answer, status)
    response = ask(HELLO)
    assert (response.text, response.finish) == ("yesyes", "complete")
    tokens = [received.json.get("continuation_token") for received in capture.received]
    assert tokens == [None, "T", "T", "T"]


def test_an_answer_without_end_is_cut_off(capture: Any, ask: Any) -> None:
    """The rest is asked for eight times."""
    capture.tell(PART)
    response = ask(HELLO)
    assert (response.text, response.finish) == ("yes" * 9, "cut_off")
    assert response.finish_reason == "requires_continuation"
    assert len(capture.received) == 9


def test_what_there_is_of_an_answer_stays_when_its_rest_fails(
    capture: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking for all of it again would be paid again."""
    monkeypatch.setattr("runner.providers.gemini.session.CONTINUATION_PAUSES", (0.0,) * 3)
    capture.tell(PART)
    capture.tell({"error": {"code": "service_unavailable", "message": "No."}}, status=503)
    response = ask(HELLO)
    assert (response.text, response.finish) == ("yes", "cut_off")


def test_a_refusal_may_come_as_an_http_error(capture: Any, ask: Any) -> None:
    """It is a response that declines, not a failure to be asked again."""
    capture.tell({"error": {"code": "image_safety", "message": "No."}}, status=400)
    response = ask(HELLO)
    told = (response.finish, response.finish_reason, response.channel)
    assert told == ("refused", "image_safety", "http")


@pytest.mark.parametrize("family", ["interactions", "generate_content"])
@pytest.mark.parametrize(
    ("status", "content", "kind", "message"),
    [
        (400, {"error": {"code": "invalid_request", "message": "Bad."}}, "bad_request", "Bad."),
        (
            400,
            {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Bad."}},
            "bad_request",
            "Bad.",
        ),
        (404, [{"error": {"code": 404, "status": "NOT_FOUND", "message": "No."}}], "not_found", "No."),
        (502, b"<html>\n<b>Bad Gateway</b>", "overloaded", "HTTP 502 (application/json): <html> <b>Bad Gateway</b>"),
        (500, b"", "overloaded", "HTTP 500 (application/json)"),
        (200, b"<html>", "unreadable", "a page instead of the answer: HTTP 200 (application/json): <html>"),
    ],
)  # fmt: skip
def test_an_error_of_either_shape_is_a_failure(
    family: Any, status: int, content: object, kind: str, message: str, capture: Any, ask: Any
) -> None:
    """Both endpoints are read by the same rules, in the words of the service."""
    capture.tell(content, status=status)
    failure = ask(Request(family, "m", (TextPart("Hello"),)))
    assert (failure.kind, failure.message) == (kind, message)


def test_the_key_is_in_no_answer_error_or_log(
    capture: Any, ask: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Even when the service repeats it, or the connection breaks, or the address is wrong."""
    caplog.set_level(logging.DEBUG)
    echo = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": f"Bad key {KEY}."}}
    shown = []
    capture.tell(echo, status=400, X_Echo=KEY)
    capture.tell({**COMPLETED, "id": KEY})
    capture.tell(b"not json " + KEY.encode())
    shown += [ask(HELLO) for _ in range(3)]
    shown += [ask(HELLO, base_url=url) for url in ("http://127.0.0.3:1", "http://[", "ftp://x")]
    assert [type(outcome).__name__ for outcome in shown] == [
        "Failure", "Response", "Failure", "Failure", "Failure", "Failure",
    ]  # fmt: skip
    assert shown[0].message == "Bad key [key]."
    printed = capfd.readouterr()
    everything = [repr(shown), *(repr(r.__dict__) for r in caplog.records), caplog.text, *printed]
    assert not [text for text in everything if KEY in text]


def test_the_key_is_in_no_repr_and_no_traceback() -> None:
    """Of a connection, and of the session and the client that use it."""
    from runner.providers.gemini.session import Session
    from runner.transport.client import Channel
    from runner.transport.http import httpx

    connection = Connection(key=KEY)
    channel = Channel(httpx.AsyncClient(), Policy(), KEY)
    session = Session(channel, "http://127.0.0.2", lambda image: None)  # type: ignore[arg-type,return-value]
    try:
        raise RuntimeError(session, connection)
    except RuntimeError as error:
        text = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )
    assert "Session" in text
    assert KEY not in text.replace(f"KEY = {KEY!r}", "")
