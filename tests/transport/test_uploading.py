"""Images that travel as files are there before a request is asked; one that is gone is sent again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from runner.transport.uploading import ThisProcess, uploading
from runner.values.passing import KnownFile
from runner.values.request import Request, TextPart
from runner.values.response import Failure, FailureKind, Response, Usage

REQUEST = Request("interactions", "gemini-3.5-flash", (TextPart("What?"),))
ANSWER = Response("a cup", "complete", "completed", Usage(1), "m", b"{}")
FILES = frozenset({"files/a", "files/b"})


@dataclass
class Scripted:
    """A provider that says what it is told to, one after the other, and notes what is done."""

    uploads: list[frozenset[str] | Failure]
    answers: list[Response | Failure]
    done: list[str] = field(default_factory=list)

    async def upload(self, request: Request) -> frozenset[str] | Failure:
        self.done.append("upload")
        return self.uploads.pop(0)

    async def ask(self, request: Request) -> Response | Failure:
        self.done.append("ask")
        return self.answers.pop(0)

    def forget(self, files: frozenset[str], *, gone: bool) -> None:
        assert files == FILES
        self.done.append("gone" if gone else "unready")


def outcome(scripted: Scripted) -> Response | Failure:
    return asyncio.run(uploading(scripted.ask, scripted)(REQUEST))  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "word"), [("file_gone", "gone"), ("file_unready", "unready")])
def test_a_file_that_is_no_more_there_is_uploaded_and_asked_for_once_more(
    kind: FailureKind, word: str
) -> None:
    """The second answer counts, whatever it is."""
    for second in (ANSWER, Failure(kind, "again")):
        scripted = Scripted([FILES, FILES], [Failure(kind, "no"), second])
        assert outcome(scripted) == second
        assert scripted.done == ["upload", "ask", word, "upload", "ask"]


def test_nothing_is_asked_without_its_files() -> None:
    """An upload that fails is the outcome, the first one and the second."""
    why = Failure("overloaded", "not now")
    first = Scripted([why], [])
    assert (outcome(first), first.done) == (why, ["upload"])
    second = Scripted([FILES, why], [Failure("file_gone", "no")])
    assert (outcome(second), second.done[-2:]) == (why, ["gone", "upload"])


@pytest.mark.parametrize("kind", ["file_gone", "overloaded", "bad_request"])
def test_other_failures_are_none_of_its_business(kind: FailureKind) -> None:
    """Nor is a missing file of a request that uses none of ours."""
    files = frozenset[str]() if kind == "file_gone" else FILES
    scripted = Scripted([files], [Failure(kind, "no")])
    assert outcome(scripted) == Failure(kind, "no")
    assert scripted.done == ["upload", "ask"]


def test_a_process_remembers_what_it_uploaded() -> None:
    """By project and content, until it is told that a file is gone or its time has come."""

    async def work() -> None:
        memory, file = ThisProcess(), KnownFile("files/a", "u", 7, 100.0)
        await memory.keep("p", "s", file)
        await memory.keep("p", "t", KnownFile("files/b", "u", 5, 50.0))
        assert [await memory.find(*at) for at in (("p", "s"), ("q", "s"), ("p", "x"))] == [
            file,
            None,
            None,
        ]
        assert [await memory.held_bytes("p", now) for now in (40.0, 60.0, 100.0)] == [12, 7, 0]
        assert await memory.held_bytes("q", 0.0) == 0
        await memory.forget("q", "files/a")
        assert await memory.find("p", "s") == file
        await memory.forget("p", "files/a")
        assert await memory.find("p", "s") is None

    asyncio.run(work())
