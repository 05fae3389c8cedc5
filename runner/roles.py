"""What each kind of plug-in must do: one verb a room.

A plug-in is a frozen dataclass whose fields are its YAML options and whose one method is its verb.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from runner.values.batch import Part, RemoteBatch, Waiting
from runner.values.content import Content
from runner.values.event import Event
from runner.values.image import Image, Prepared, UnreadableImage
from runner.values.passing import KnownFile, Upload
from runner.values.question import Question as Question
from runner.values.request import Policy, Request
from runner.values.response import Failure, Response
from runner.values.response import Origin as Origin
from runner.values.result import Result, ResultImage
from runner.values.truth import Truth
from runner.values.verdict import Verdict

Found = Image | UnreadableImage

OPENAI = "openai"
"""The provider for OpenAI-compatible servers, whose key and address are its own."""

Fetch = Callable[[Image], Prepared]
"""Reads the bytes of an image as they are to be sent. Raises `ImageError` when it cannot."""

Ask = Callable[[Request], Awaitable[Response | Failure]]
"""An open provider. Pacing, retry and cache are functions that take one and return one."""


OpenImage = Callable[[ResultImage], bytes | None]
"""The bytes of an image of a result, as found; None when this machine does not have them."""


TruthOf = Callable[[Result], Truth]
"""What is right for the case of a result: a truth of the workflow."""


@dataclass(frozen=True, slots=True)
class CaseResults:
    """One case in one combination and repeat: the result of every step, by the step's id."""

    case: str
    repeat: int
    combination: Mapping[str, object]
    steps: Mapping[str, Result]
    row: Mapping[str, object]
    vars: Mapping[str, object]
    truth: Mapping[str, Truth] = field(default_factory=dict)
    """What is right for the case, by name; only what the checks look at."""
    item: object = None
    """The entry of a list that a step is run for, when a condition looks at it."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """What the answers of steps took that were sent for, by the step's id, when a metric looks at it."""


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
    earlier session of the same run did, `day` (UTC) is when that session began: its prices hold;
    `void` when it was of no use and is to be asked again. A journal fills them in when it gives a
    response back.
    """

    response: Response
    sent: Mapping[str, Prepared]
    origin: Origin = "asked"
    ordinal: int = -1
    earlier: bool = False
    day: date | None = field(default=None, compare=False)
    void: bool = False


class Journal(Protocol):
    """What a run remembers, whatever happens to it. What is awaited here is on the disk when it
    returns. Raises OSError when it cannot be written."""

    async def result(self, ordinal: int, key: str) -> tuple[Result, Origin] | None:
        """The result at this place of the plan, if it was made from this request."""
        ...

    async def response(self, key: str) -> Kept | None:
        """The last response to this request, as `void` when it is to be asked again."""
        ...

    async def sending(self, question: Question, reserve_usd: float = 0.0) -> int:
        """Remembers that a request is about to be sent, and the dollars that were set aside for it;
        the number of the attempt."""
        ...

    async def received(
        self, attempt: int, key: str, kept: Kept, cost_usd: float | None = None
    ) -> None:
        """Remembers the response of an attempt, and what it cost."""
        ...

    async def missed(self, attempt: int, failure: Failure) -> None:
        """Remembers that an attempt failed."""
        ...

    async def give_up(self, key: str, failure: Failure) -> None:
        """Remembers that a request failed for good."""
        ...

    async def given_up(self, key: str) -> Failure | None:
        """How this request failed for good, unless it is to be asked again."""
        ...

    async def adopt(self, key: str, kept: Kept) -> None:
        """Remembers a response that another run had bought."""
        ...

    async def conclude(self, result: Result, origin: Origin) -> None:
        """Remembers a result, in the place of an earlier one at its place of the plan."""
        ...

    @property
    def batches(self) -> BatchBook:
        """What it remembers of batches."""
        ...


class BatchBook(Protocol):
    """The parts of a run, which become batches, and the requests that wait in them. What is awaited
    here is on the disk when it returns. Raises OSError when it cannot be written."""

    async def parts(self) -> Sequence[Part]:
        """Every part that is not closed, the oldest first."""
        ...

    async def begin(self, provider: str, model: str, name: str) -> Part:
        """A new part, of which the file is being written."""
        ...

    async def mark(self, part: Part) -> None:
        """How far a part is now."""
        ...

    async def drop(self, part: Part) -> None:
        """Forgets a part, and that its requests were put into it."""
        ...

    async def add(self, waiting: Waiting) -> None:
        """A request was put into a part."""
        ...

    async def adopt(self, part: Part, waiting: Sequence[Waiting]) -> None:
        """A part of another run, and what waits in it, are of this run from now on; of no result of
        it (ordinal -1), until somebody claims a request."""
        ...

    async def claim(self, question: Question) -> None:
        """A request that waits is asked for this result."""
        ...

    async def waiting(self, key: str) -> Waiting | None:
        """What is known of a request that was put into a part and is not answered."""
        ...

    async def unanswered(self, part: Part) -> Sequence[str]:
        """The keys of the requests that wait in a part."""
        ...

    async def held(self) -> Mapping[str, tuple[int, float]]:
        """By model: how many requests wait in parts, and the dollars set aside for them."""
        ...

    async def answered(self, waiting: Waiting, kept: Kept, cost_usd: float | None) -> None:
        """A response arrived; the request waits no more."""
        ...

    async def missed(self, waiting: Waiting, failure: Failure) -> None:
        """A try brought no response."""
        ...


class LeftBehind(Protocol):
    """The batches of earlier runs of a workflow, and their answers. Raises OSError when they cannot
    be read, or another process works on them."""

    async def answer(self, key: str) -> Kept | None:
        """An answer that came with a batch and that no finished run has used."""
        ...

    async def take(self, key: str, into: BatchBook) -> Sequence[Waiting]:
        """Moves the batch in which a request waits into the book of this run; everything that waits
        in it, nothing when there is none."""
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


class UploadMemory(Protocol):
    """Uploads of earlier requests and runs, by `project` (who has them) and the digest of their
    bytes. Never raises for what is wrong with its file: then nothing is remembered."""

    async def find(self, project: str, sha256: str) -> KnownFile | None:
        """The upload of these bytes, if there was one; it may be gone by now."""
        ...

    async def keep(self, project: str, sha256: str, file: KnownFile) -> None:
        """Remembers an upload, in place of an earlier one of the same bytes."""
        ...

    async def forget(self, project: str, name: str) -> None:
        """The file of this name is gone."""
        ...

    async def held_bytes(self, project: str, now: float) -> int:
        """The bytes of all uploads of a project that have not expired at this moment (seconds since
        1970)."""
        ...


@dataclass(frozen=True, slots=True)
class Passing:
    """How the images of a run travel, and what somebody needs who uploads them.

    `uses` is how many requests of the run need an image. Of each image that travels as a file `sent`
    is told what it is, without its bytes; `uploaded` is told of each upload: the image, the file,
    whether there was one that is gone, and the seconds that it took. `sleep` may end early when the
    run is `stopped`: nothing is waited for then.
    """

    upload: Upload
    uses: Callable[[Image], int]
    memory: UploadMemory
    sleep: Callable[[float], Awaitable[None]]
    sent: Callable[[Image, Prepared], None] = lambda image, prepared: None
    uploaded: Callable[[Image, KnownFile, bool, float], None] = lambda image, file, again, took: (
        None
    )
    stopped: Callable[[], bool] = lambda: False


@runtime_checkable
class Uploads(Protocol):
    """An `Ask` of a provider that can upload the images of a request beforehand."""

    async def upload(self, request: Request) -> frozenset[str] | Failure:
        """Uploads those images that are to travel as files and are not there; the names of all files
        that the request then uses, a failure when that does not succeed."""
        ...

    def forget(self, files: frozenset[str], *, gone: bool) -> None:
        """One of these files is gone, or not yet ready: none of them is relied on any more, before it
        was uploaded again or waited for."""
        ...


class Batches(Protocol):
    """The batches of a provider: requests of one model go there in a file, a line each."""

    @property
    def project(self) -> str:
        """A digest that stands for the key and the service: batches belong to both."""
        ...

    async def line(self, request: Request) -> Sequence[Content] | Failure:
        """The line of a request, in pieces, with its end. A piece may be read when it is wanted."""
        ...

    async def upload(self, path: Path, name: str, *, look: bool) -> str | Failure:
        """The service's name of a file that was uploaded under this display name; `look`: perhaps it
        was uploaded before."""
        ...

    async def create(self, model: str, file: str, name: str) -> RemoteBatch | Failure:
        """A new batch over an uploaded file, under this display name."""
        ...

    async def find(self, name: str) -> RemoteBatch | Failure | None:
        """The batch of this display name; None when there is none."""
        ...

    async def get(self, batch: str) -> RemoteBatch | Failure:
        """The batch of this name as it is now."""
        ...

    async def download(self, file: str, target: Path) -> Mapping[str, str] | Failure:
        """Writes a file of answers to the disk, piece by piece; the headers that came with it."""
        ...

    def read(
        self, line: bytes, model: str, headers: Mapping[str, str]
    ) -> tuple[str, Response | Failure]:
        """The key of an answer, and the answer. The key is empty when nobody can read it."""
        ...

    async def delete(self, file: str) -> None:
        """Removes a file of ours, if the service lets us."""
        ...


@runtime_checkable
class TakesBatches(Protocol):
    """An `Ask` of a provider that also takes requests by the file."""

    def batches(
        self, sleep: Callable[[float], Awaitable[None]], stopped: Callable[[], bool]
    ) -> Batches:
        """Its batches. `sleep` may end early when the run is `stopped`."""
        ...


class ImageError(Exception):
    """An image that was fine when it was found can no longer be read: it changed or vanished."""


class ImageSource(Protocol):
    """Where images come from."""

    def find(self, base: Path) -> Iterable[Found]:
        """Every image, in a stable order; relative names start from `base`."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """Where another service than Gemini is, and its own key. No repr shows the key."""

    base_url: str | None = None
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """What a provider needs to know besides the request; never part of a result.

    `key` and `base_url` are those of Gemini, `services` has those of other providers by name: `of`
    gives a provider its own.

    `key` is shown by no repr. `base_url` None means the service's own address. `transport` is an
    `httpx.AsyncBaseTransport` that stands in for the network (tests, replay). `wrap` is given the
    transport that is really used and returns the one that stands before it (recording). `passing`
    None means that images travel within their requests. `replays`: nothing travels at all, since
    recordings answer everything.
    """

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    api_version: str = "v1beta"
    parallel: int = 8
    policy: Policy = field(default_factory=Policy)
    transport: object | None = field(default=None, repr=False)
    wrap: Callable[[Any], Any] | None = field(default=None, repr=False)
    services: Mapping[str, Service] = field(default_factory=dict)
    passing: Passing | None = field(default=None, repr=False)
    replays: bool = False

    def of(self, provider: str) -> Connection:
        """The connection as this provider may see it: without the key of any other."""
        if provider == OPENAI or provider in self.services:
            own = self.services.get(provider, Service())
            return replace(self, key=own.key, base_url=own.base_url, services={})
        return replace(self, services={}) if self.services else self

    @property
    def endpoint(self) -> str | None:
        """Who answers, as a run remembers it: addresses, `recordings`, or None for the service's
        own address. A run goes on only where it began."""
        if self.transport is not None:
            return "recordings"
        addresses = [self.base_url, *(each.base_url for each in self.services.values())]
        return ", ".join(address for address in addresses if address) or None


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
