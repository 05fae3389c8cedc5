"""Stitch: the answers about the tiles of an image → the one result of the step, each thing once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runner.postprocess.seams import Seen, merged
from runner.stages.answer import Asked, unasked
from runner.stages.gate import NotBuilt
from runner.text.result_line import mask_value
from runner.values.geometry import PixelBox, Size
from runner.values.request import Request
from runner.values.result import USABLE, Detection, Entry, Issue, Result, Status
from runner.workflow.parts import whole
from runner.workflow.preparing import list_name
from runner.workflow.spec import AskStep


def stitched(
    asked: Asked, request: Request, tiles: Sequence[Request], results: Sequence[Result], key: str
) -> Result:
    """One result whose answer is one list, in the order of the tiles: every record whose place
    another tile's record does not hold already.

    `request` is the one that was cut into `tiles`. Tokens and dollars are those of all together. It
    is usable when one tile is; what failed is told by `entries` and an issue that names the tile.
    """
    assert isinstance(asked.step, AskStep)
    (image,) = request.images
    assert image.size is not None
    windows = [tile.images[0].window or image.size.box for tile in tiles]
    name = list_name(whole(asked.step.shape)) or ""
    told = [_records(result, name) for result in results]
    kept = _each_once(told, windows, image.window or image.size.box, image.size)
    answer = [record.value for record in kept]
    status = _status([result.status for result in results], bool(answer))
    has_answer = any(result.answer is not None for result in results)
    blank = unasked(asked, NotBuilt(""))
    return replace(
        blank,
        status=status,
        error=_error(status, results),
        answer=({name: answer} if name else answer) if has_answer else None,
        detections=tuple(
            one for number, record in enumerate(kept) for one in record.numbered(name, number)
        ),
        issues=_issues(windows, results),
        recovered=sum(result.recovered for result in results),
        parsed_by=_common([result.parsed_by for result in results if result.parsed_by]),
        usage=_summed([result.usage for result in results]),
        cost_usd=_cost(results),
        model=next((result.model for result in results if result.model), ""),
        simulated=any(result.simulated for result in results),
        request_key=key,
        entries=tuple(
            Entry(result.status, result.error, result.request_key, 0, window)
            for result, window in zip(results, windows, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Record:
    """A record of the list that a tile gave, and the detections in it. The first that has a place
    stands for the record when it is compared with those of other tiles."""

    value: object
    at: str
    detections: tuple[Detection, ...] = ()

    @property
    def sight(self) -> Detection | None:
        """What stands for it; None when nothing in it has pixels."""
        return next((one for one in self.detections if one.extent or one.point), None)

    def seen_as(self, found: Detection) -> _Record:
        """The record with what stands for it put together of several tiles."""
        old = self.sight
        if old is None or found is old:
            return self
        others = tuple(found if one is old else one for one in self.detections)
        pairs = list(zip(_values(old), _values(found), strict=True))

        def new(value: object) -> object:
            return next((now for was, now in pairs if was == value), value)

        value = self.value
        grown = (
            {key: new(each) for key, each in value.items()}
            if isinstance(value, Mapping)
            else new(value)
        )
        return replace(self, value=grown, detections=others)

    def numbered(self, name: str, number: int) -> tuple[Detection, ...]:
        """Its detections at their place in the list of all tiles."""
        start = f"{name}[{number}]"

        def moved(at: str | None) -> str | None:
            return at and start + at.removeprefix(self.at)

        return tuple(
            replace(
                one,
                at=moved(one.at) or start,
                issues=tuple(
                    replace(issue, at=moved(issue.at) or start, index=number)
                    for issue in one.issues
                ),
            )
            for one in self.detections
        )


def _records(result: Result, name: str) -> list[_Record]:
    """What a tile told, also when its answer was cut off after some of it."""
    answer = result.answer
    if isinstance(answer, Mapping):
        answer = answer.get(name)
        start = name
    else:
        start = ""
    records = list(answer) if isinstance(answer, list | tuple) else []
    by_number: dict[int, list[Detection]] = {}
    pattern = re.compile(re.escape(start) + r"\[(\d+)\]")
    for each in result.detections:
        if found := pattern.match(each.at):
            by_number.setdefault(int(found[1]), []).append(each)
    return [
        _Record(value, f"{start}[{number}]", tuple(by_number.get(number, ())))
        for number, value in enumerate(records)
    ]


def _each_once(
    told: Sequence[Sequence[_Record]], windows: Sequence[PixelBox], part: PixelBox, size: Size
) -> list[_Record]:
    """The records of all tiles in their order, without those that say again what others say."""
    placed = [[n for n, record in enumerate(records) if record.sight] for records in told]
    found = [[one for record in records if (one := record.sight)] for records in told]
    once: dict[tuple[int, int], Seen] = {}
    for each in merged(found, windows, part, size):
        once[each.window, placed[each.window][each.index]] = each
    kept = []
    for tile, records in enumerate(told):
        for number, record in enumerate(records):
            if record.sight is None:
                kept.append(record)
            elif (tile, number) in once:
                kept.append(record.seen_as(once[tile, number].found))
    return kept


def _values(found: Detection) -> tuple[object, ...]:
    """The places of a detection as they stand in an answer."""
    rings = [ring.as_list() for ring in found.polygon]
    return (
        found.box.as_list() if found.box else None,
        mask_value(found.mask) if found.mask else None,
        rings[0] if len(rings) == 1 else rings,
    )


def _status(statuses: Sequence[Status], has_any: bool) -> Status:
    if len(set(statuses)) == 1 and statuses[0] != "empty":
        return statuses[0]
    if not USABLE.intersection(statuses):
        return "failed"
    if any(status not in USABLE or status == "partial" for status in statuses):
        return "partial"
    return "ok" if has_any else "empty"


def _error(status: Status, results: Sequence[Result]) -> str | None:
    if status in USABLE:
        return None
    first = next((result.error for result in results if result.error), status)
    return f"none of {len(results)} tiles: {first}"


def _issues(windows: Sequence[PixelBox], results: Sequence[Result]) -> tuple[Issue, ...]:
    """What is said of the image is said once; what is said of a tile names it."""
    issues: dict[Issue, None] = {}
    for number, (window, result) in enumerate(zip(windows, results, strict=True)):
        tile = f"tile {number + 1} of {len(windows)}, at {window.as_list()}"
        for issue in result.issues:
            if issue.index is None:
                issues[issue] = None
            else:
                issues[Issue(issue.code, f"{tile}: {issue.why}", index=issue.index)] = None
        if result.status not in USABLE:
            why = f"{tile}: {result.error or result.status}"
            issues[Issue("tile_failed", why, index=number)] = None
    return tuple(issues)


def _summed(usages: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for usage in usages:
        total.update(usage)
    return dict(total)


def _cost(results: Sequence[Result]) -> float | None:
    """Unknown when the cost of one answer is."""
    costs = [result.cost_usd for result in results if result.usage]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if costs and len(known) == len(costs) else None


def _common(values: Sequence[str]) -> str | None:
    return values[0] if len(set(values)) == 1 else None
