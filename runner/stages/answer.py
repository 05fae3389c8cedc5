"""Answer: what became of one request → one result in pixel space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import get_args

from runner.catalogue import Model
from runner.stages.gate import NotBuilt
from runner.stages.parse import parse
from runner.stages.project import project
from runner.tokens import cost
from runner.values.answer import Answer, CutOff, Json, Malformed, Refused
from runner.values.image import Image, Prepared, UnreadableImage
from runner.values.job import Job
from runner.values.request import Request
from runner.values.response import Failure, Response, Usage
from runner.values.result import Issue, Result, ResultImage, Status
from runner.values.shape import Shape, Space
from runner.workflow.spec import AskStep, Step

Sent = Mapping[str, Prepared]
"""What was really sent of each image, by the image's digest; its bytes are not kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One step of one job: what stands in its result whatever comes back. Paths in it start from
    `base`, the folder of the workflow, and those of downloads from `folder`, that of the run: a
    result is the same wherever both are."""

    job: Job
    step: Step
    ordinal: int
    images: tuple[Image | UnreadableImage, ...]
    base: Path = Path("/")
    folder: Path = Path("/")

    def named(self, path: str | None) -> str | None:
        """A path as results show it: relative where it can be, with `/` on every system."""
        if path is None or "://" in path:
            return path
        for start in (self.folder, self.base):
            if start != Path("/") and Path(path).absolute().is_relative_to(start):
                return Path(path).absolute().relative_to(start).as_posix()
        return path


def unasked(asked: Asked, reason: NotBuilt) -> Result:
    """The result of a step that sent nothing."""
    blank = _blank(asked, {})
    return replace(
        blank,
        status=reason.status,
        error=reason.why,
        issues=(*blank.issues, *_noted(reason)),
    )


def _noted(reason: NotBuilt) -> tuple[Issue, ...]:
    """A step that is skipped is as its author wants it: nothing to notice."""
    return () if reason.status == "skipped" else (Issue(reason.code, reason.why),)


def answered(
    asked: Asked,
    request: Request,
    reply: Response | Failure,
    model: Model,
    day: date,
    sent: Sent,
) -> Result:
    """The result of a request: every way in which it can end is one of its statuses."""
    blank = replace(_blank(asked, sent), model=request.model, request_key=request.key)
    if isinstance(reply, Failure):
        return replace(
            blank,
            status="failed",
            error=reply.message,
            issues=(*blank.issues, *_doubt(reply)),
        )
    paid = replace(
        blank,
        model=reply.model or request.model,
        usage=_tokens(reply.usage),
        cost_usd=cost(model.priced(in_batch=reply.in_batch), reply.usage, day),
        issues=(*blank.issues, *_uncounted(reply.usage)),
        simulated=reply.simulated,
    )
    if reply.finish == "failed":
        return replace(paid, status="failed", error=reply.finish_reason)
    assert isinstance(asked.step, AskStep)
    return _understood(paid, reply, asked.step.shape_for(model), request)


def _understood(paid: Result, reply: Response, shape: Shape, request: Request) -> Result:
    """The result of a response: what it turns out to be decides its status."""
    match parse(reply, shape):
        case Refused(reason, channel):
            issue = Issue("refused", reason, at=channel)
            return replace(paid, status="refused", error=reason, issues=(*paid.issues, issue))
        case Malformed(why, at, issues):
            issue = Issue("malformed", why, at=at or None)
            return replace(
                paid, status="malformed", error=why, issues=(*paid.issues, *issues, issue)
            )
        case CutOff(value, recovered, reason, issues, parsed_by):
            cut = replace(
                paid,
                status="truncated",
                error=_cut_off(reason, request),
                parsed_by=parsed_by,
                recovered=recovered,
                issues=(*paid.issues, *issues),
            )
            return cut if value is None else _in_pixels(cut, value, shape, request)
        case Answer(value, parsed_by, issues):
            whole = replace(paid, status="ok", parsed_by=parsed_by, issues=(*paid.issues, *issues))
            return _in_pixels(whole, value, shape, request)


def _cut_off(reason: str, request: Request) -> str:
    room = request.settings.max_output_tokens
    where = f" at {room:,} tokens" if room else ""
    if reason == CONTINUES:
        return f"the answer was cut off ({reason}): the service did not give the rest of it"
    return f"the answer was cut off{where} ({reason}); a higher max_output_tokens may help"


CONTINUES = "requires_continuation"
"""How Interactions say that an answer has more parts (ai.google.dev, API reference, `status`)."""


def _in_pixels(result: Result, value: Json, shape: Shape, request: Request) -> Result:
    projection = project(value, shape, [image.view for image in request.images])
    issues = (*result.issues, *projection.issues)
    if projection.lost_all:
        why = "no item of the answer has coordinates that can be used"
        return replace(result, status="malformed", error=why, issues=issues)
    status: Status = result.status
    if status == "ok":
        lost = projection.dropped or any(issue.code == "item_dropped" for issue in issues)
        found = (issue for one in projection.detections for issue in one.issues)
        spoiled = any(issue.code in LOST_PLACES for issue in (*issues, *found))
        status = "partial" if lost or spoiled else "empty" if _is_empty(value, shape) else "ok"
    return replace(
        result,
        status=status,
        answer=projection.answer,
        detections=projection.detections,
        issues=issues,
    )


LOST_PLACES = frozenset(
    {
        *(f"{space}_missing" for space in get_args(Space)),
        "mask_tokens_unexpanded",
        "mask_placeholder",
        "mask_garbage",
        "mask_too_large",
        "mask_without_box",
        "polygon_invalid",
        "box_3d_invalid",
    }
)
"""A place that was asked for is not there, or what stands in it is none."""


def _is_empty(value: Json, shape: Shape) -> bool:
    """A whole answer whose only list holds nothing."""
    if shape.list_key is not None and isinstance(value, dict):
        value = value.get(shape.list_key)
    return value == []


def _blank(asked: Asked, sent: Sent) -> Result:
    job = asked.job
    return Result(
        ordinal=asked.ordinal,
        case=job.case.name,
        step=asked.step.id,
        combination=job.combination,
        repeat=job.repeat,
        images=tuple(_remembered(image, sent, asked) for image in asked.images),
        status="failed",
        issues=_image_issues(asked.images),
        row=job.case.row,
    )


def _image_issues(images: Sequence[Image | UnreadableImage]) -> tuple[Issue, ...]:
    return tuple(
        replace(issue, at=image.name)
        for image in images
        if isinstance(image, Image)
        for issue in image.issues
    )


def _remembered(image: Image | UnreadableImage, sent: Sent, asked: Asked) -> ResultImage:
    if isinstance(image, UnreadableImage):
        path = asked.named(str(image.path) if image.path else None)
        return ResultImage(image.name, image.role, path, None, 1, None)
    was = sent.get(image.digest)
    return ResultImage(
        name=image.name,
        role=image.role,
        path=asked.named(image.location),
        size=image.size,
        orientation=image.orientation,
        sha256=image.sha256,
        window=image.window,
        frame=image.frame,
        sent_mime=was.mime if was else None,
        sent_size=was.size if was else None,
        sent_sha256=was.sha256 if was else None,
        address=image.address,
    )


def _doubt(failure: Failure) -> tuple[Issue, ...]:
    if not failure.maybe_billed:
        return ()
    return (Issue("maybe_billed", "the request may have been executed and paid for"),)


def _uncounted(usage: Usage) -> tuple[Issue, ...]:
    if usage.is_known:
        return ()
    why = "the service did not say how many tokens it took, so its cost is not known"
    return (Issue("usage_missing", why),)


def _tokens(usage: Usage) -> dict[str, int]:
    counted = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "thought_tokens": usage.thought_tokens,
        "cached_tokens": usage.cached_tokens,
    }
    if usage.image_tokens is not None:
        counted["image_tokens"] = usage.image_tokens
    return counted
