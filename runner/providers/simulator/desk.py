"""The desk at which every request to the simulated service is answered: what it keeps and counts."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from runner.catalogue import catalogue
from runner.providers.simulator.answers import answer
from runner.providers.simulator.batches import Batches, Fate
from runner.providers.simulator.commands import Command, Plan, commands, first_of
from runner.providers.simulator.errors import ApiError
from runner.providers.simulator.faults import (
    BatchFault,
    FileFault,
    OnTheWay,
    Refusal,
    Shape,
    Slow,
    StreamFault,
    file_error,
    is_of_uploads,
)
from runner.providers.simulator.files import Files
from runner.providers.simulator.kept import Kept
from runner.providers.simulator.ledger import Ledger
from runner.providers.simulator.question import Question
from runner.providers.simulator.quirks import Quirk
from runner.providers.simulator.quota import Quota
from runner.providers.simulator.reply import Reply
from runner.providers.simulator.said import Said
from runner.providers.simulator.seen import Eyes, Seen
from runner.providers.simulator.usage import Used, asked, used
from runner.values.request import Family

Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]
Web = Callable[[str], bytes]
"""Reads a web address. The simulator reaches no web by itself."""


def now() -> datetime:
    """The time of day, by this machine."""
    return datetime.now(UTC)


@dataclass(slots=True)
class MovableClock:
    """The time of day, which can be moved ahead: what takes a day need not be waited for."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return now() + self.ahead


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, taken apart. Header names are in small letters; `rest` is the path after
    the version. `owner` stands for the key, which is kept nowhere."""

    method: str
    version: str
    rest: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str
    owner: str = ""
    upload: bool = False

    @property
    def family(self) -> Family:
        """Which of the two shapes of errors holds here."""
        return "interactions" if self.rest.startswith("interactions") else "generate_content"

    @property
    def root(self) -> str:
        """The service's own address up to the version, as this client wrote it."""
        return f"{self.origin}/{self.version}"

    @property
    def digest(self) -> str:
        """The same for the same question, whoever asks it."""
        return hashlib.sha256(self.rest.encode() + b"\0" + self.body).hexdigest()

    def json(self) -> Mapping[str, object]:
        """The body. Raises a 400."""
        if len(self.body) > catalogue().bytes_per_request:
            most = catalogue().bytes_per_request
            raise ApiError(400, f"Request payload size exceeds the limit: {most} bytes.")
        try:
            found = json.loads(self.body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ApiError(400, f"Invalid JSON payload received. {error}") from None
        if not isinstance(found, dict):
            raise ApiError(400, "Invalid JSON payload received. Expected an object.")
        return found


@dataclass(frozen=True, slots=True)
class Spoken:
    """A question answered and billed: what was said, its tokens, and an id for it."""

    said: Said
    used: Used
    id: str


@dataclass(slots=True)
class Desk:
    """Everything that the simulated service keeps between requests, and how it behaves.

    `latency_seconds` is waited before each answer. `keys` are the keys that it knows; None means
    that any key will do. `strict` off lets unknown names pass, as the service did at times. Batches
    have no part in `quota`: the real service counts them apart.
    """

    latency_seconds: float = 0.0
    plan: Plan = ()
    strict: bool = True
    keys: frozenset[str] | None = None
    web: Web | None = None
    quota: Quota = field(default_factory=Quota)
    clock: Clock = now
    sleep: Sleep = asyncio.sleep
    ledger: Ledger = field(default_factory=Ledger)
    eyes: Eyes = field(default_factory=Eyes)
    files: Files = field(default_factory=Files)
    batches: Batches = field(default_factory=Batches)
    kept: Kept = field(default_factory=Kept)
    rests: dict[str, Said] = field(default_factory=dict)

    def commanded(self, call: Call, prompt: str | None = None) -> tuple[Command, ...]:
        """What this request is to suffer. Only requests for an answer have a `prompt`, and only
        they are counted by the plan."""
        found = commands(call.headers, prompt or "")
        if prompt is not None:
            found += tuple(self._planned(call))
        self.ledger.commands.update(command.name for command in found)
        return found

    def _planned(self, call: Call) -> Sequence[Command]:
        numbers: dict[str, int] = {}
        who = {"all": "", "request": call.digest, "key": call.owner}
        for per, name in who.items():
            self.ledger.asked[per, name] += 1
            numbers[per] = self.ledger.asked[per, name]
        struck = [plan.command for plan in self.plan if plan.strikes(numbers[plan.per])]
        return [
            command
            for command in struck
            if not (is_of_uploads(command.what) or isinstance(command.what, BatchFault))
        ]

    def upload_fault(self) -> Command | None:
        """What the next upload is to suffer by the plan."""
        self.ledger.asked["upload", ""] += 1
        number = self.ledger.asked["upload", ""]
        struck = (plan.command for plan in self.plan if plan.strikes(number))
        return next((command for command in struck if is_of_uploads(command.what)), None)

    def fate_of_batch(self) -> Fate:
        """What the next batch is to suffer by the plan."""
        self.ledger.asked["batch", ""] += 1
        number = self.ledger.asked["batch", ""]
        fate = Fate()
        for plan in self.plan:
            if plan.strikes(number) and isinstance(plan.command.what, BatchFault):
                self.ledger.commands[plan.command.name] += 1
                fate = fate.with_fault(plan.command.what.fate, plan.command.args)
        return fate

    def open_uri(self, call: Call, given: Sequence[Command]) -> Callable[[str], bytes]:
        """Opens the address of an image of this request."""
        fault = first_of(given, FileFault)

        def open_one(uri: str) -> bytes:
            content = self.files.content(uri, call.owner, self.clock())
            if content is not None:
                if fault and isinstance(fault.what, FileFault):
                    error = file_error(fault.what, uri.rpartition("/")[2])
                    if error is not None:
                        raise error
                return content
            if self.web is None:
                raise ApiError(
                    400,
                    f"Cannot fetch content from the provided URL {uri}: the simulator does not "
                    "reach the web. Send the bytes, or upload the file.",
                )
            return self.web(uri)

        return open_one

    async def count(self, call: Call, question: Question) -> None:
        """Counts a question against the quota. Raises a 429."""
        tokens = 0
        if self.quota.tokens_per_minute is not None:
            images = [await self.eyes.look(sent.content) for sent in question.read]
            tokens = asked(question, images).input
        self.quota.take(self.clock(), call.owner, question.model.name, tokens)

    async def speak(self, call: Call, question: Question, given: Sequence[Command]) -> Spoken:
        """Waits, looks at the images, answers, and bills the answer. Raises `ApiError`."""
        slow = first_of(given, Slow)
        wait = self.latency_seconds + (float(slow.args[0]) if slow and slow.args else 0.0)
        if wait > 0:
            await self.sleep(wait)
        images = await asyncio.gather(*(self.eyes.look(sent.content) for sent in question.read))
        said = await self._said(question, images[len(question.earlier) :])
        for command in given:
            if isinstance(command.what, Quirk):
                said = command.what.alter(said)
        said = said.limited(question.stops)
        return self.bill(call, said, used(question, images, said))

    def bill(self, call: Call, said: Said, tokens: Used) -> Spoken:
        """Counts an answer. The first answer to a question has always the same id."""
        times = self.ledger.bill(call.digest, tokens.total)
        return Spoken(said, tokens, f"sim_{call.digest[:24]}" + (f"_{times}" if times > 1 else ""))

    async def _said(self, question: Question, images: Sequence[Seen]) -> Said:
        """Outlines and masks take time: the other requests do not wait for them."""
        plain = replace(question, prompt=without_markers(question.prompt))
        if not images:
            return answer(plain, images)
        return await asyncio.to_thread(answer, plain, images)


def refuse(given: Sequence[Command], family: Family, *, streamed: bool = False) -> Reply | None:
    """The reply to a request that is refused on command, None when it is not.

    Raises a 400 for a command that makes no sense on this endpoint: it would silently do nothing.
    """
    for command in given:
        what = command.what
        if isinstance(what, Refusal):
            refused = what.refuse(command.args, family)
            return refused if isinstance(refused, Reply) else refused.reply(family)
        if isinstance(what, Shape) and family not in what.families:
            where = " and ".join(what.families)
            raise ApiError(400, f"The simulator has the fault `{command.name}` only for {where}.")
        if isinstance(what, StreamFault) and not streamed:
            raise ApiError(400, f"The simulator has the fault `{command.name}` only for streams.")
    return None


def reshaped(body: dict[str, object], given: Sequence[Command]) -> dict[str, object]:
    """The answer in the shape that was commanded."""
    for command in given:
        if isinstance(command.what, Shape):
            body = command.what.reshape(body, command.args)
    return body


def spoilt(reply: Reply, given: Sequence[Command]) -> Reply:
    """The reply with what happens to it on the way."""
    for command in given:
        if isinstance(command.what, OnTheWay):
            reply = command.what.spoil(reply, command.args)
    return reply


def without_markers(prompt: str) -> str:
    """The prompt without commands to the simulator, whose names would be taken for wishes."""
    return re.sub(r"\[\[\s*simulate:[^\]]+\]\]", "", prompt, flags=re.IGNORECASE)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON.")
