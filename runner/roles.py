"""What each kind of plug-in must do: one verb a room.

A plug-in is a frozen dataclass whose fields are its YAML options and whose one method is its verb.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from runner.values.event import Event
from runner.values.image import Image, Prepared, UnreadableImage
from runner.values.question import Question as Question
from runner.values.request import Policy, Request
from runner.values.response import Failure, Response
from runner.values.response import Origin as Origin
from runner.values.result import Result, ResultImage
from runner.values.verdict import Verdict

Found = Image | UnreadableImage

Fetch = Callable[[Image], Prepared]
"""Reads the bytes of an image as they are to be sent. Raises `ImageError` when it cannot."""

Ask = Callable[[Request], Awaitable[Response | Failure]]
"""An open provider. Pacing, retry and cache are functions that take one and return one."""


OpenImage = Callable[[ResultImage], bytes | None]
"""The bytes of an image of a result, as found; None when this machine does not have them."""


@dataclass(frozen=True, slots=True)
class CaseResults:
    """One case in one combination and repeat: the result of every step, by the step's id."""

    case: str
    repeat: int
    combination: Mapping[str, object]
    steps: Mapping[str, Result]
    row: Mapping[str, object]
    vars: Mapping[str, object]


Log = Callable[[Event], None]
"""Takes what happens in a run. Called from the event loop; returns at once."""


def no_log(event: Event) -> None:
    """The log of those who keep none."""


def fan_out(*logs: Log) -> Log:
    """A log that tells all of these, in this order."""

    def tell_all(event: Event) -> None:
        for log in logs:
            log(event)

    return tell_all


@dataclass(frozen=True, slots=True)
class Kept:
    """A response that was paid for, with what was really sent of each image, by the image's digest
    (without its bytes): enough to make its result again.

    `ordinal` is the place in the plan of the question that brought it, `earlier` is True when an
    earlier session of the same run did; a journal fills them in when it gives a response back.
    """

    response: Response
    sent: Mapping[str, Prepared]
    origin: Origin = "asked"
    ordinal: int = -1
    earlier: bool = False


class Journal(Protocol):
    """What a run remembers, whatever happens to it. What is awaited here is on the disk when it
    returns. Raises OSError when it cannot be written."""

    async def result(self, ordinal: int, key: str) -> tuple[Result, Origin] | None:
        """The result at this place of the plan, if it was made from this request."""
        ...

    async def response(self, key: str) -> Kept | None:
        """The last response to this request."""
        ...

    async def sending(self, question: Question) -> int:
        """Remembers that a request is about to be sent; the number of the attempt."""
        ...

    async def received(
        self, attempt: int, key: str, kept: Kept, cost_usd: float | None = None
    ) -> None:
        """Remembers the response of an attempt, and what it cost."""
        ...

    async def missed(self, attempt: int, failure: Failure) -> None:
        """Remembers that an attempt failed; may reach the disk a little later."""
        ...

    async def adopt(self, key: str, kept: Kept) -> None:
        """Remembers a response that another run had bought."""
        ...

    async def conclude(self, result: Result, origin: Origin) -> None:
        """Remembers a result; may reach the disk a little later: it can be made again."""
        ...


class AnswerCache(Protocol):
    """Responses of earlier runs, by who answered (`endpoint`) and what was asked. Never raises for
    what is wrong with its files: then there is no answer in it."""

    async def get(self, endpoint: str, key: str) -> Kept | None:
        """The response that is stored for this request."""
        ...

    def put(self, endpoint: str, key: str, kept: Kept) -> None:
        """Stores a response; returns at once."""
        ...


class ImageError(Exception):
    """An image that was fine when it was found can no longer be read: it changed or vanished."""


class ImageSource(Protocol):
    """Where images come from."""

    def find(self, base: Path) -> Iterable[Found]:
        """Every image, in a stable order; relative names start from `base`."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """What a provider needs to know besides the request; never part of a result.

    `key` is shown by no repr. `base_url` None means the service's own address. `transport` is an
    `httpx.AsyncBaseTransport` that stands in for the network (tests, replay). `wrap` is given the
    transport that is really used and returns the one that stands before it (recording).
    """

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    api_version: str = "v1beta"
    parallel: int = 8
    policy: Policy = field(default_factory=Policy)
    transport: object | None = field(default=None, repr=False)
    wrap: Callable[[Any], Any] | None = field(default=None, repr=False)

    @property
    def endpoint(self) -> str | None:
        """Who answers, as a run remembers it: an address, `recordings`, or None for the service's
        own address. A run goes on only where it began."""
        return self.base_url if self.transport is None else "recordings"


class Provider(Protocol):
    """A service that answers requests."""

    def open(self, connection: Connection, fetch: Fetch) -> AbstractAsyncContextManager[Ask]:
        """Connections are held while the context is open."""
        ...


class Exporter(Protocol):
    """Writes results as files."""

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files written, each atomically. `results` are those of one step, in the order of the
        plan, read once; their memory is not kept."""
        ...


class Check(Protocol):
    """Something that must be true of the results."""

    def judge(self, cases: Iterable[CaseResults]) -> Verdict:
        """One verdict over these cases: those of one combination, in the order of the plan."""
        ...


Job = TypeVar("Job")
Done = TypeVar("Done")


class Executor(Protocol):
    """How a plan is driven."""

    def run(
        self, jobs: Iterable[Job], work: Callable[[Job], Awaitable[Done]]
    ) -> AsyncIterator[Done]:
        """What `work` made of each job, as it comes. `jobs` is drawn from lazily: at most as many
        are alive as run at the same time."""
        ...
