"""The Batch API as a provider: what goes there, what comes back, and what its words mean."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from runner.providers.gemini import Gemini
from runner.providers.gemini.batches import GeminiBatches
from runner.providers.simulator.batches import Batches
from runner.providers.simulator.desk import Desk
from runner.roles import Connection, Fetch, ImageError, TakesBatches
from runner.values.batch import RemoteBatch
from runner.values.content import whole
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image, Prepared
from runner.values.request import ImagePart, Policy, Request, TextPart
from runner.values.response import Failure, Response

T = TypeVar("T")
KEY = "ab" * 32
PNG = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def fetch(image: Image) -> Prepared:
    if image.name == "gone.png":
        raise ImageError("gone.png: it is not there any more")
    return Prepared(PNG, "image/png", Size(1, 1), "00" * 32)


def with_batches(url: str, use: Callable[[GeminiBatches], Awaitable[T]], fetch: Fetch = fetch) -> T:
    """What this makes of the batches of a service."""

    async def opened() -> T:
        connection = Connection(key="k", base_url=url, policy=Policy(timeout_seconds=10))
        async with Gemini().open(connection, fetch) as session:
            assert isinstance(session, TakesBatches)
            return await use(session.batches(asyncio.sleep, lambda: False))

    return asyncio.run(opened())


def asking(text: str, *images: Image) -> Request:
    parts = (TextPart(text), *(ImagePart(image) for image in images))
    return Request("generate_content", "gemini-3.5-flash", parts)


def test_a_line_is_the_request_as_it_would_be_sent_alone_beside_its_key(capture: Any) -> None:
    """In one line, with the end of the line."""
    request = asking("Find every\ncup, ✓.")

    async def line(batches: GeminiBatches) -> object:
        return await batches.line(request)

    pieces: Any = with_batches(capture.url, line)
    written = whole(pieces)
    assert (written.count(b"\n"), written[-1:]) == (1, b"\n")
    assert json.loads(written) == {
        "key": request.key,
        "request": {"contents": [{"role": "user", "parts": [{"text": "Find every\ncup, ✓."}]}]},
    }


def test_the_bytes_of_an_image_are_read_as_its_line_is_written(capture: Any) -> None:
    """A line of images holds a few hundred bytes, however large they are."""
    content = _Counting(3_000_000)

    async def line(batches: GeminiBatches) -> object:
        return await batches.line(
            asking("Look.", Image("a.png", "image", DataOrigin(b""), "image/png"))
        )

    pieces: Any = with_batches(
        capture.url, line, lambda image: Prepared(content, "image/png", Size(9, 9), "")
    )
    assert sum(map(len, pieces)) > 4_000_000
    assert sum(len(piece) for piece in pieces if isinstance(piece, bytes)) < 1000
    assert content.most == 0
    assert len(whole(pieces)) == sum(map(len, pieces))
    assert 0 < content.most < 1_000_000


class _Counting:
    """Zeros that remember how many of them were read at once."""

    def __init__(self, length: int) -> None:
        self.length, self.most = length, 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, part: slice) -> bytes:
        read = bytes(len(range(*part.indices(self.length))))
        self.most = max(self.most, len(read))
        return read


def test_an_image_that_cannot_be_read_is_the_failure_of_its_request(capture: Any) -> None:
    """Nothing of it is written."""
    request = asking("Look.", Image("gone.png", "image", DataOrigin(b""), "image/png"))

    async def line(batches: GeminiBatches) -> object:
        return await batches.line(request)

    failure = with_batches(capture.url, line)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.message) == ("image", "gone.png: it is not there any more")


ANSWER = {"candidates": [{"content": {"parts": [{"text": "5"}]}, "finishReason": "STOP"}]}

LINES: dict[str, tuple[object, tuple[str, ...]]] = {
    "an answer": ({"key": KEY, "response": ANSWER}, (KEY, "complete", "5")),
    "a key beside": ({"metadata": {"key": KEY}, "response": ANSWER}, (KEY, "complete", "5")),
    "an error by HTTP": (
        {"key": KEY, "error": {"code": 400, "message": "no"}},
        (KEY, "bad_request", "no"),
    ),
    "an error by google.rpc": (
        {"key": KEY, "error": {"code": 3, "message": "no"}},
        (KEY, "bad_request", "no"),
    ),
    "too many": ({"key": KEY, "error": {"code": 8, "message": "no"}}, (KEY, "rate_limit", "no")),
    "trouble": ({"key": KEY, "error": {"code": 13, "message": "no"}}, (KEY, "overloaded", "no")),
    "an unknown code": ({"key": KEY, "error": {"code": "x"}}, (KEY, "overloaded")),
    "a refusal": (
        {"key": KEY, "response": {"promptFeedback": {"blockReason": "SAFETY"}}},
        (KEY, "refused", "SAFETY"),
    ),
    "no answer": ({"key": KEY, "response": {}}, (KEY, "unreadable")),
    "neither": ({"key": KEY}, (KEY, "unreadable")),
    "cut off": (json.dumps({"key": KEY, "response": ANSWER})[:110].encode(), (KEY, "unreadable")),
    "without a key": ({"response": ANSWER}, ("", "unreadable")),
    "not JSON": (b"\xff\xfe", ("", "unreadable")),
    "a list": ([1], ("", "unreadable")),
    "deep": (b"[" * 100_000, ("", "unreadable")),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_of_the_file_of_answers_is_one_answer(capture: Any, name: str) -> None:
    """Or the failure of one request; of a damaged line, of the request whose key is still there."""
    content, expected = LINES[name]
    line = content if isinstance(content, bytes) else json.dumps(content).encode()

    async def read(batches: GeminiBatches) -> tuple[str, Response | Failure]:
        return batches.read(line + b"\n", "gemini-3.5-flash", {"x-askpix-simulated": "1"})

    key, answer = with_batches(capture.url, read)
    if isinstance(answer, Response):
        assert (answer.in_batch, answer.simulated) == (True, True)
        said = (answer.finish, answer.text or answer.finish_reason)
    else:
        said = (answer.kind, answer.message)
    assert (key, *said)[: len(expected)] == expected


OPERATIONS: dict[str, tuple[dict[str, object], tuple[str, str | None]]] = {
    "pending": ({"metadata": {"state": "BATCH_STATE_PENDING"}}, ("pending", None)),
    "running": ({"metadata": {"state": "BATCH_STATE_RUNNING"}}, ("running", None)),
    "succeeded": (
        {
            "done": True,
            "metadata": {
                "state": "BATCH_STATE_SUCCEEDED",
                "output": {"responsesFile": "files/out"},
            },
        },
        ("succeeded", "files/out"),
    ),
    "told beside": (
        {
            "done": True,
            "metadata": {"state": "JOB_STATE_SUCCEEDED"},
            "response": {"responsesFile": "files/out"},
        },
        ("succeeded", "files/out"),
    ),
    "failed": (
        {
            "done": True,
            "metadata": {"state": "BATCH_STATE_FAILED"},
            "error": {"message": "no"},
        },
        ("failed", None),
    ),
    "cancelled": ({"metadata": {"state": "BATCH_STATE_CANCELLED"}}, ("cancelled", None)),
    "expired": ({"metadata": {"state": "BATCH_STATE_EXPIRED"}}, ("expired", None)),
    "an unknown state": ({"metadata": {"state": "BATCH_STATE_DREAMING"}}, ("running", None)),
    "over, without a state": ({"done": True, "error": {"code": 3}}, ("failed", None)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_state_of_a_batch_is_read_from_its_operation(capture: Any, name: str) -> None:
    """Whatever nobody knows yet is waited for."""
    operation, expected = OPERATIONS[name]
    capture.tell({"name": "batches/b1", **operation})

    async def get(batches: GeminiBatches) -> RemoteBatch | Failure:
        return await batches.get("batches/b1")

    found = with_batches(capture.url, get)
    assert isinstance(found, RemoteBatch)
    assert (found.state, found.output) == expected


def test_a_batch_is_created_over_a_file_under_a_name(capture: Any) -> None:
    """As google-genai creates it."""
    capture.tell({"name": "batches/b1", "metadata": {"state": "BATCH_STATE_PENDING"}})

    async def create(batches: GeminiBatches) -> object:
        return await batches.create("gemini-3.5-flash", "files/in", "askpix-1")

    with_batches(capture.url, create)
    (sent,) = capture.received
    assert (sent.method, sent.path) == (
        "POST",
        "/v1beta/models/gemini-3.5-flash:batchGenerateContent",
    )
    assert sent.json == {
        "batch": {"displayName": "askpix-1", "inputConfig": {"fileName": "files/in"}}
    }
    assert sent.headers["x-goog-api-key"] == "k"


@pytest.fixture
def listing(served: Callable[..., str]) -> str:
    desk = Desk(batches=Batches())
    for number in range(120):
        desk.batches.add(
            OWNER, "gemini-3.5-flash", "v1", f"n{number}", (), from_file=True, now=desk.clock()
        )
    return served(desk=desk)


OWNER = "8254c329a92850f6"
"""What the simulator keeps of the key `k`."""


@pytest.mark.parametrize(("name", "found"), [("n119", True), ("n3", True), ("other", False)])
def test_a_batch_is_found_by_its_name_on_any_page(listing: str, name: str, found: bool) -> None:
    """None when there is none, which is no failure."""

    async def find(batches: GeminiBatches) -> object:
        return await batches.find(name)

    batch = with_batches(listing, find)
    assert (batch is not None) == found
    assert not found or (isinstance(batch, RemoteBatch) and batch.display_name == name)


def test_a_file_that_was_uploaded_before_is_taken_instead(
    served: Callable[..., str], tmp_path: Path
) -> None:
    """When somebody says that it may be there; of the same name and size only."""
    desk = Desk()
    url = served(desk=desk)
    part = tmp_path / "part.jsonl"
    part.write_bytes(b"{}\n" * 9)

    async def upload(batches: GeminiBatches) -> list[str | Failure]:
        names = [await batches.upload(part, "askpix-1", look=look) for look in (False, True, True)]
        part.write_bytes(b"{}\n" * 8)
        return [*names, await batches.upload(part, "askpix-1", look=True)]

    first, second, third, other = with_batches(url, upload)
    assert first == second == third != other
    assert len(desk.files.stored) == 2


def test_an_answer_is_written_to_the_disk_as_it_comes(capture: Any, tmp_path: Path) -> None:
    """However long it is; what is no answer is a failure."""
    content = b"x" * 40_000_000  # more than an answer may have that is kept in memory
    capture.tell(content)
    capture.tell({"error": {"code": 403, "message": "access the File or it may not exist"}}, 403)

    async def download(batches: GeminiBatches) -> list[object]:
        target = tmp_path / "answers.jsonl"
        first = await batches.download("files/out", target)
        assert target.stat().st_size == len(content)
        return [first, await batches.download("files/out", target)]

    first, second = with_batches(capture.url, download)
    assert not isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert second.kind == "file_gone"
    assert capture.received[0].path == "/v1beta/files/out:download?alt=media"
