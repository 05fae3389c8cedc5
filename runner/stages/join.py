"""Join: what came of every entry of a list → the one result of the step that was run for them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runner.stages.answer import Asked, unasked
from runner.stages.gate import NotBuilt
from runner.values.item import Item
from runner.values.request import canonical_json
from runner.values.result import (
    USABLE,
    Detection,
    Entry,
    Issue,
    Result,
    ResultImage,
    Status,
)


def joined_key(keys: Sequence[str | None]) -> str:
    """What stands for all requests of a step in its result: SHA-256 (hex) of their keys in order."""
    return hashlib.sha256(canonical_json(["joined", *keys]).encode()).hexdigest()


def joined(
    asked: Asked,
    items: Sequence[Item | None],
    results: Sequence[Result],
    key: str | None = None,
) -> Result:
    """One result whose answer is the list of their answers; what has none is None in its place.
    `key` stands for what was asked about them.

    Tokens and dollars are those of all together; the dollars are unknown when those of one are. It is
    usable when one entry is, or when there is none: what failed is told by `entries` and an issue.
    """
    into = _Joining(asked)
    for item, result in zip(items, results, strict=True):
        into.add(item, result)
    return into.result(results, key)


@dataclass(slots=True)
class _Joining:
    """The entries joined so far."""

    asked: Asked
    images: list[ResultImage] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    answers: list[object] = field(default_factory=list)
    detections: list[Detection] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def add(self, item: Item | None, result: Result) -> None:
        """Adds what came of the next entry; what it shows of an image is told by that image."""
        number = len(self.entries)
        places = [self._place(image) for image in result.images]
        usable = result.status in USABLE
        image = item.image if item else None
        window = image.window if image else None
        at = places[0] if image and places else None
        tiles = tuple(replace(tile, image=at) for tile in result.entries)
        told = (result.status, result.error, result.request_key)
        self.entries.append(Entry(*told, at, window, tiles=tiles))
        self.answers.append(result.answer if usable else None)
        if not usable and result.status != "skipped":
            why = f"entry {number + 1}: {result.error or result.status}"
            self.issues.append(Issue("entry_failed", why, f"[{number}]", number))
            return
        if usable:
            self.detections += [
                replace(each, at=_under(number, each.at), image=places[each.image])
                for each in result.detections
            ]
            self.issues += [
                replace(each, at=_under(number, each.at or ""), index=number)
                for each in result.issues
            ]

    def result(self, results: Sequence[Result], key: str | None) -> Result:
        """All of them as one."""
        blank = unasked(self.asked, NotBuilt(""))
        usage: Counter[str] = Counter()
        for each in results:
            usage.update(each.usage)
        costs = [each.cost_usd for each in results if each.usage]
        asked = [each for each in results if each.request_key is not None]
        status = self._status()
        return replace(
            blank,
            images=tuple(self.images) or blank.images,
            status=status,
            error=self._error(status),
            answer=self.answers if status in USABLE else None,
            detections=tuple(self.detections),
            issues=tuple(self.issues),
            recovered=sum(each.recovered for each in results),
            usage=dict(usage),
            cost_usd=_sum(costs) if asked else None,
            model=next((each.model for each in asked), ""),
            simulated=any(each.simulated for each in results),
            request_key=key if asked else None,
            entries=tuple(self.entries),
        )

    def _place(self, image: ResultImage) -> int:
        """The position of an image among those of all entries, as a whole image."""
        whole = replace(image, window=None, sent_size=None, sent_mime=None, sent_sha256=None)
        if whole not in self.images:
            self.images.append(whole)
        return self.images.index(whole)

    def _status(self) -> Status:
        statuses = [entry.status for entry in self.entries]
        run = [status for status in statuses if status != "skipped"]
        if not run:
            return "skipped" if statuses else "empty"
        if not USABLE.intersection(run):
            return "failed" if len(set(run)) > 1 else run[0]
        if any(status not in USABLE or status == "partial" for status in run):
            return "partial"
        return "empty" if set(run) == {"empty"} else "ok"

    def _error(self, status: Status) -> str | None:
        if status in USABLE:
            return None
        first = next(entry.error for entry in self.entries if entry.error)
        count = len(self.entries)
        return f"none of {count} entries: {first}" if count > 1 else first


def _under(number: int, at: str) -> str:
    """A path in the answer of an entry, as a path in the list: `[2].boxes[0]`."""
    return f"[{number}]{at}" if not at or at.startswith("[") else f"[{number}].{at}"


def _sum(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
