"""Answers of two runs about the same cases: which things both found, which only one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runner.measures.matching import box_ious, matches
from runner.values.difference import AnswerDifference
from runner.values.request import canonical_json
from runner.values.result import Detection, Result

LEAST = 0.5
"""Things of the same label that overlap by so much are the same thing."""


def answers_compared(
    before: Iterable[Result], now: Iterable[Result]
) -> dict[str, tuple[AnswerDifference, ...]]:
    """By case: what changed of every step in every combination. Of repeats the first is compared."""
    known = {_key(result): result for result in before if result.repeat == 1}
    found: dict[str, list[AnswerDifference]] = {}
    for result in now:
        old = known.get(_key(result)) if result.repeat == 1 else None
        if old is not None:
            found.setdefault(result.case, []).append(_compared(old, result))
    return {case: tuple(each) for case, each in found.items()}


def _key(result: Result) -> tuple[str, str, str]:
    return result.case, result.step, canonical_json(result.combination)


def _compared(before: Result, now: Result) -> AnswerDifference:
    about = (now.step, now.combination, before.status, now.status)
    is_same = before.status == now.status and before.answer == now.answer
    if is_same:
        return AnswerDifference(*about, is_same, len(now.detections))
    pairs = _pairs(before.detections, now.detections)
    kept = {a for a, _, _ in pairs}, {b for _, b, _ in pairs}
    return AnswerDifference(
        *about,
        is_same,
        len(pairs),
        sum(iou for *_, iou in pairs) / len(pairs) if pairs else None,
        tuple(one for n, one in enumerate(before.detections) if n not in kept[0]),
        tuple(one for n, one in enumerate(now.detections) if n not in kept[1]),
    )


def _pairs(before: Sequence[Detection], now: Sequence[Detection]) -> list[tuple[int, int, float]]:
    """The positions of things that are the same, and their overlap. What has no extent (a point) is
    the same where it stands in the same place."""
    pairs = []
    for key, theirs in _grouped(now).items():
        ours = _grouped(before).get(key, [])
        boxes = [[_box(side[n]) for n in group] for side, group in ((before, ours), (now, theirs))]
        for match in matches(box_ious(*boxes), LEAST):
            pairs.append((ours[match.there], theirs[match.found], match.iou))
    return pairs


def _grouped(things: Sequence[Detection]) -> Mapping[tuple[str | None, int], list[int]]:
    found: dict[tuple[str | None, int], list[int]] = {}
    for number, one in enumerate(things):
        found.setdefault((one.label, one.image), []).append(number)
    return found


NEAR = 10.0
"""A point is looked at as the square of so many pixels around it: two are the same up to about six
pixels apart."""


def _box(one: Detection) -> Sequence[float]:
    extent = one.extent
    if extent is not None:
        return extent.as_list()
    if one.point is None:
        return (0.0, 0.0, 0.0, 0.0)
    x, y = one.point.as_list()
    return (x - NEAR, y - NEAR, x + NEAR, y + NEAR)
