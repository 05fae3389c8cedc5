"""The Batch API: jobs that wait, run and are done as the clock goes on.

Source: ai.google.dev, Batch API; google-genai 3.4.0 for the shapes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from runner.providers.simulator.errors import ApiError
from runner.providers.simulator.files import StoredFile
from runner.providers.simulator.interaction_body import timestamp
from runner.providers.simulator.strict import Kind, camel_case, check

EXPIRES = timedelta(hours=48)
"""A job that is not over by then ends without answers."""

Ending = Literal["SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"]

WITH_ANSWERS = frozenset({"SUCCEEDED", "CANCELLED"})
"""Endings after which there is a file of answers: of a job that was cancelled while it ran, of those
requests that it had come to. Whether the service keeps those is not documented."""

INLINE_BYTES = 20_000_000
"""Of all requests of a job that are not in a file. Source: ai.google.dev, Batch API."""

_JOB: Mapping[str, Kind] = {
    "batch": {
        "displayName": "text",
        "inputConfig": {"requests": {"requests": ["any"]}, "fileName": "text"},
        "priority": "any",
        "name": "text",
        "model": "text",
    }
}

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a job, with the key that its author gave it."""

    key: str | None
    request: object


@dataclass(frozen=True, slots=True)
class Job:
    """A job. `ending` is how it ends, `damaged` spoils a line of its file of answers. `responses` is
    None until it has run; `file` is where they went, if to a file."""

    id: str
    owner: str
    model: str
    version: str
    display_name: str
    asked: tuple[Asked, ...]
    from_file: bool
    created: datetime
    runs_from: datetime
    done_from: datetime
    ending: Ending = "SUCCEEDED"
    damaged: bool = False
    responses: tuple[Body, ...] | None = None
    file: str | None = None

    def state(self, now: datetime) -> str:
        """`BATCH_STATE_PENDING`, `…_RUNNING`, or how it ended."""
        if self.over(now):
            late = self.done_from - self.created > EXPIRES
            return f"BATCH_STATE_{'EXPIRED' if late else self.ending}"
        return "BATCH_STATE_PENDING" if now < self.runs_from else "BATCH_STATE_RUNNING"

    def over(self, now: datetime) -> bool:
        """Whether nothing more will become of it."""
        return now >= min(self.done_from, self.created + EXPIRES)

    def due(self, now: datetime) -> bool:
        """Whether its answers should be there and are not yet."""
        ended = self.state(now).removeprefix("BATCH_STATE_")
        return self.responses is None and self.over(now) and ended in WITH_ANSWERS

    @property
    def answers(self) -> tuple[Asked, ...]:
        """The requests that it comes to: half of them when it is cancelled while it runs."""
        if self.ending != "CANCELLED":
            return self.asked
        return self.asked[: len(self.asked) // 2] if self.done_from > self.runs_from else ()

    def operation(self, now: datetime, *, inlined: bool = True) -> Body:
        """The long-running operation that stands for the job."""
        state = self.state(now)
        metadata: Body = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "model": f"models/{self.model}",
            "displayName": self.display_name,
            "state": state,
            "name": f"batches/{self.id}",
            "createTime": timestamp(self.created),
            "updateTime": timestamp(max(self.created, min(now, self.done_from))),
            "batchStats": self._stats(state),
        }
        over: Body = {}
        if self.over(now):
            over["done"] = True
            metadata["endTime"] = timestamp(min(now, self.done_from))
        if state == "BATCH_STATE_FAILED":
            over["error"] = {"code": 13, "message": "The batch could not be processed."}
        if self.responses and (self.file or inlined):
            metadata["output"] = self._output()
            over["response"] = self._output()
        return {"name": f"batches/{self.id}", "metadata": metadata, **over}

    def _stats(self, state: str) -> Body:
        answered = self.responses or ()
        failed = sum("error" in response for response in answered)
        numbers = {
            "requestCount": len(self.asked),
            "pendingRequestCount": len(self.asked) - len(answered),
            "successfulRequestCount": len(answered) - failed,
            "failedRequestCount": failed,
        }
        return {name: str(count) for name, count in numbers.items() if count}

    def _output(self) -> Body:
        if self.file:
            return {"responsesFile": f"files/{self.file}"}
        return {"inlinedResponses": {"inlinedResponses": list(self.responses or ())}}


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to become of a job: how it ends, how much longer it runs, whether its file of answers
    is damaged, and whether it is taken at all."""

    ending: Ending = "SUCCEEDED"
    slow_seconds: float = 0.0
    damaged: bool = False
    refused: bool = False

    def with_fault(self, name: str, args: Sequence[str]) -> Fate:
        """The same with one thing more going wrong."""
        match name:
            case "slow":
                return replace(self, slow_seconds=float(args[0]) if args else 3600.0)
            case "damaged":
                return replace(self, damaged=True)
            case "full":
                return replace(self, refused=True)
            case "failed" | "expired" | "cancelled":
                return replace(self, ending=name.upper())  # type: ignore[arg-type]  # an `Ending`
            case _:
                return self


@dataclass(slots=True)
class Batches:
    """All jobs. `pending` and `running` are how long a job waits and how long it takes."""

    pending: timedelta = timedelta(seconds=1)
    running: timedelta = timedelta(seconds=1)
    jobs: dict[str, Job] = field(default_factory=dict)
    created: int = 0
    at_work: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    """The work on the answers of jobs, by their ids, while it goes on."""

    def add(
        self,
        owner: str,
        model: str,
        version: str,
        name: str,
        asked: Sequence[Asked],
        *,
        from_file: bool,
        now: datetime,
        ending: Ending = "SUCCEEDED",
        slow_seconds: float = 0.0,
        damaged: bool = False,
    ) -> Job:
        """A new job; `ending` is how it is to end, `slow_seconds` how much longer it runs."""
        self.created += 1
        start = now + self.pending
        job = Job(
            f"sim-{self.created:06d}",
            owner,
            model,
            version,
            name,
            tuple(asked),
            from_file,
            now,
            start,
            start + self.running + timedelta(seconds=slow_seconds),
            ending,
            damaged,
        )
        self.jobs[job.id] = job
        return job

    def find(self, id: str, owner: str) -> Job:
        """The job of this id. Raises a 404."""
        job = self.jobs.get(id)
        if job is None or job.owner != owner:
            raise ApiError(404, f"Batch {id} not found.")
        return job

    def of(self, owner: str) -> list[Job]:
        """All jobs of a key, the newest first."""
        return [job for job in self.jobs.values() if job.owner == owner][::-1]

    def cancel(self, id: str, owner: str, now: datetime) -> None:
        """Stops a job that is not over. Raises a 404."""
        job = self.find(id, owner)
        if job.state(now) in ("BATCH_STATE_PENDING", "BATCH_STATE_RUNNING"):
            self.jobs[id] = replace(job, ending="CANCELLED", done_from=now)

    def delete(self, id: str, owner: str) -> None:
        """Forgets a job. Raises a 404."""
        del self.jobs[self.find(id, owner).id]

    def finish(self, job: Job, responses: Sequence[Body], now: datetime) -> StoredFile | None:
        """Records a job's answers; the file that holds them, when its requests came in a file."""
        if not job.from_file:
            self.jobs[job.id] = replace(job, responses=tuple(responses))
            return None
        file = f"batch-{job.id}"
        self.jobs[job.id] = replace(job, responses=tuple(responses), file=file)
        lines = [
            json.dumps(_line(asked, response), ensure_ascii=False)
            for asked, response in zip(job.answers, responses, strict=True)
        ]
        if job.damaged:
            middle = len(lines) // 2
            lines[middle] = lines[middle][: len(lines[middle]) // 2]
        content = "\n".join(lines).encode() + b"\n"
        return StoredFile(
            file, job.owner, content, "application/jsonl", None, now, now, source="GENERATED"
        )


def read_job(body: object) -> tuple[str, list[Asked] | str]:
    """The job's name, and its requests or the name of the file that holds them."""
    written = camel_case(body, _JOB)
    check(written, _JOB)
    assert isinstance(written, Mapping)
    batch = written.get("batch") or {}
    config = batch.get("inputConfig") or {}
    name = str(batch.get("displayName") or "")
    if file := config.get("fileName"):
        return name, str(file)
    listed = (config.get("requests") or {}).get("requests")
    if not listed:
        raise ApiError(400, "batch.inputConfig holds no requests.")
    return name, [_asked(item, f"requests[{i}]") for i, item in enumerate(listed)]


def read_lines(content: bytes) -> list[Asked]:
    """The requests of a job from a file of JSON lines. Raises a 400."""
    found = []
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except ValueError:
            raise ApiError(400, f"Line {number} of the input file is not JSON.") from None
        if not isinstance(item, Mapping) or "request" not in item:
            raise ApiError(400, f"Line {number} of the input file holds no request.")
        key = item.get("key")
        found.append(Asked(None if key is None else str(key), item["request"]))
    if not found:
        raise ApiError(400, "The input file holds no requests.")
    return found


def _asked(item: object, at: str) -> Asked:
    if not isinstance(item, Mapping) or "request" not in item:
        raise ApiError(400, f"Invalid value at '{at}': 'request' is required.")
    metadata = item.get("metadata")
    key = metadata.get("key") if isinstance(metadata, Mapping) else None
    return Asked(None if key is None else str(key), item["request"])


def _line(asked: Asked, response: Body) -> Body:
    plain = {k: v for k, v in response.items() if k != "metadata"}
    return {"key": asked.key, **plain} if asked.key is not None else plain
