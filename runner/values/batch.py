"""Batches: many requests that the service answers by and by, within a day, for half of the price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from runner.values.image import Prepared
from runner.values.question import Question
from runner.values.response import Failure

BatchState = Literal["pending", "running", "succeeded", "failed", "cancelled", "expired"]

OVER: frozenset[BatchState] = frozenset({"succeeded", "failed", "cancelled", "expired"})
"""States that never change again. What was answered by then may be there in all of them."""


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as the service tells it. `output` is the file of its answers, `error` why it failed;
    the counts are 0 as long as the service does not tell them."""

    name: str
    state: BatchState
    display_name: str = ""
    output: str | None = None
    error: str = ""
    requests: int = 0
    answered: int = 0
    failed: int = 0


Stage = Literal["writing", "written", "uploaded", "creating", "created", "recorded", "closed"]
"""writing: its file is not whole · written: its file lies in the run folder · uploaded: the service
has the file · creating: the service has been told, or is about to be · created: the service has said
that it works on it · recorded: all that it answered is in the journal · closed: its files are gone."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of requests to one model that becomes one batch, and how far it is.

    `name` is that of its file here, and the display name of file and batch at the service: by it they
    are found again when nobody wrote down how the service calls them. `input` and `output` are the
    service's files, `batch` its name of the batch, `state` and `why` what it last said; `project`
    stands for the key that they belong to.
    """

    id: int
    provider: str
    model: str
    name: str
    stage: Stage
    requests: int = 0
    bytes: int = 0
    input: str | None = None
    batch: str | None = None
    output: str | None = None
    state: str | None = None
    why: str = ""
    created_utc: str | None = None
    project: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that was put into a part, with what is needed to take its answer in: another process
    may do that, on another day.

    `sent` are its images as they were sent, without their bytes. Dollars are those that were set
    aside for it and those it was quoted at. `part` is None when it is in none any more: `failure`
    then says why its last try, of `tries`, brought no answer.
    """

    question: Question
    model: str
    sent: Mapping[str, Prepared] = field(default_factory=dict)
    reserved_usd: float = 0.0
    most_usd: float = 0.0
    is_bounded: bool = False
    tries: int = 1
    part: int | None = None
    failure: Failure | None = None
