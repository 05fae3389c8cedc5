"""Something that happened in a run: a line of its log.

`FIELDS` says what each event tells, in the order of its line; the functions below make them; those
of the pace (`rate`, `gate`, `breaker`) and `run_ended` are made where their numbers are. `name` is always the case and the step, as people know them; `key` the digest of the request; dollars end
in `_usd`, durations in `seconds`. No event holds a key of the API or a piece of an image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from runner.values.batch import Part, RemoteBatch
from runner.values.passing import KnownFile
from runner.values.problem import Problem
from runner.values.question import Question
from runner.values.response import Failure, Origin, Response
from runner.values.result import Result

EventName = Literal[
    "run_started",
    "run_ended",
    "asked",  # a request is about to be sent
    "answered",  # its response arrived
    "missed",  # an attempt failed
    "waiting",  # it will be sent again, in so many seconds
    "batch",  # many requests that the service answers by and by: something changed
    "uploaded",  # an image was sent as a file, which its requests name
    "concluded",  # a result is there
    "recalled",  # a response was there already: of this run, of another (cache)
    "doubtful",  # sent before a crash, its response lost
    "rate",  # the pace changed
    "gate",  # nothing is sent for some seconds, because the service asks for it
    "breaker",  # the service has trouble: one request at a time; `wait_seconds` 0: it works again
    "halted",
    "problem",  # something in the workflow or its images, found before anything is asked
    "said",  # a sentence that a person should read
]

_ASKED = ("name", "key", "attempt")

FIELDS: Mapping[EventName, tuple[str, ...]] = {
    "run_started": ("workflow", "folder", "session", "version", "planned", "max_cost_usd"),
    "run_ended": (
        "exit_code", "stopped", "why", "results", "unusable", "not_asked", "requests",
        "cost_usd", "session_usd", "saved_usd", "doubtful", "folder",
    ),
    "asked": (*_ASKED, "model", "estimate_usd"),
    "answered": (
        *_ASKED, "model", "finish", "input_tokens", "output_tokens", "thought_tokens",
        "cost_usd", "took_seconds",
    ),
    "missed": (
        *_ASKED, "kind", "status", "message", "maybe_billed", "estimate_usd", "took_seconds",
    ),
    "waiting": ("name", "key", "kind", "wait_seconds"),
    "uploaded": (*_ASKED[:2], "image", "bytes", "file", "expires", "again", "took_seconds"),
    "batch": ("part", "batch", "model", "state", "requests", "answered", "failed", "why"),
    "concluded": ("name", "key", "ordinal", "status", "origin", "earlier", "detections", "error"),
    "recalled": ("name", "key", "origin"),
    "doubtful": ("name", "key", "estimate_usd"),
    "rate": ("model", "of", "per_minute", "why"),
    "gate": ("model", "wait_seconds", "why"),
    "breaker": ("model", "wait_seconds", "why"),
    "halted": ("kind", "why"),
    "problem": ("severity", "code", "message", "file", "line", "column"),
    "said": ("sentence",),
}  # fmt: skip

LONGEST = 1000
"""Letters of a message that a log keeps: what a service says may be a page."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, with plain JSON values that say more. Holds no key and no image."""

    name: EventName
    fields: Mapping[str, object] = field(default_factory=dict)


def run_started(
    workflow: str, folder: str, session: int, version: str, planned: int, max_cost_usd: float | None
) -> Event:
    """A session of a run begins: the first, or one that goes on. `planned` counts its results."""
    return event("run_started", workflow, folder, session, version, planned, max_cost_usd)


def asked(question: Question, attempt: int, model: str) -> Event:
    """A request is about to be sent. `attempt` counts from 1 in this session."""
    return event("asked", *_of(question), attempt, model, question.estimate_usd)


def answered(question: Question, attempt: int, response: Response, cost_usd: float | None) -> Event:
    """A response arrived whole, whatever it says."""
    usage = response.usage
    tokens = (usage.input_tokens, usage.output_tokens, usage.thought_tokens)
    about = (response.model, response.finish, *tokens, cost_usd, _rounded(response.seconds))
    return event("answered", *_of(question), attempt, *about)


def missed(question: Question, attempt: int, failure: Failure) -> Event:
    """An attempt brought no response. `maybe_billed`: it may have been paid for."""
    why = (failure.kind, failure.status, failure.message[:LONGEST], failure.maybe_billed)
    took = _rounded(failure.seconds)
    return event("missed", *_of(question), attempt, *why, question.estimate_usd, took)


def waiting(question: Question, failure: Failure, wait_seconds: float) -> Event:
    """A request will be sent again."""
    return event("waiting", *_of(question), failure.kind, _rounded(wait_seconds))


def uploaded(
    question: Question, image: str, file: KnownFile, took_seconds: float, *, again: bool
) -> Event:
    """An image is there as a file now. `again`: it was before, and that file was gone."""
    expires = f"{datetime.fromtimestamp(file.expires, UTC):%Y-%m-%dT%H:%M:%SZ}"
    about = (image, file.byte_count, file.name, expires, again, _rounded(took_seconds))
    return event("uploaded", *_of(question), *about)


def batch(part: Part, state: str, found: RemoteBatch | None = None, why: str = "") -> Event:
    """How far a part of a run in batches is: a stage of its own, or the state of its batch."""
    counts = (part.requests, found.answered if found else 0, found.failed if found else 0)
    said = (why or (found.error if found else "") or part.why)[:LONGEST]
    return event("batch", part.name, part.batch, part.model, state, *counts, said or None)


def concluded(name: str, result: Result, origin: Origin, *, earlier: bool = False) -> Event:
    """A result is there. `earlier`: a session before this one had it already."""
    error = result.error[:LONGEST] if result.error else None
    found = len(result.detections)
    return event(
        "concluded", name, result.request_key, result.ordinal, result.status, origin, earlier,
        found, error,
    )  # fmt: skip


def recalled(question: Question, origin: Origin) -> Event:
    """A response was there already, and nothing was sent for it."""
    return event("recalled", *_of(question), origin)


def doubtful(question: Question) -> Event:
    """A request was sent by a session that was killed before the response was written down."""
    return event("doubtful", *_of(question), question.estimate_usd)


def halted(kind: str, why: str) -> Event:
    """Nothing more is asked; what is under way comes to its end."""
    return event("halted", kind, why[:LONGEST])


def problem(found: Problem) -> Event:
    """A mistake or a warning in what was written, or in an image."""
    place = found.place
    where = (place.file, place.line, place.column) if place else (None, None, None)
    return event("problem", found.severity, found.code, found.message[:LONGEST], *where)


def said(sentence: str) -> Event:
    """What a person should read at once."""
    return event("said", sentence[:LONGEST])


def event(name: EventName, *values: object) -> Event:
    """An event with the values of its fields, in the order of `FIELDS`."""
    return Event(name, dict(zip(FIELDS[name], values, strict=True)))


def _of(question: Question) -> tuple[str, str]:
    return question.name, question.key


def _rounded(seconds: float) -> float:
    return round(seconds, 3)
