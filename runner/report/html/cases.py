"""Cases: the answers of those that a page shows, as lines of JSON. One run is gone through after the other."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from runner.exporters.palette import Palette
from runner.report.html.answers import Effort, Images, answer_data, row_data
from runner.report.html.content import Content
from runner.report.html.ranking import Item, Key
from runner.report.html.things import labels_of
from runner.roles import CaseResults
from runner.text.detections import images_of
from runner.values.request import canonical_json
from runner.values.result import Result

Side = Literal["now", "before"]

REPEATS = 5
"""So many repeats of a case are shown."""


@dataclass(slots=True)
class Gathering:
    """The answers about some cases, kept as JSON until the page is written: a third of the memory."""

    images: Images
    items: Mapping[Key, Item]
    palette: Palette = field(default_factory=Palette)
    _kept: dict[Side, dict[Key, list[str]]] = field(
        default_factory=lambda: {"now": defaultdict(list), "before": defaultdict(list)}
    )
    _rows: dict[Key, str] = field(default_factory=dict)

    def wants(self, case: CaseResults) -> bool:
        """Whether this one is shown."""
        return case.repeat <= REPEATS and _key(case) in self.items

    def add(
        self,
        side: Side,
        case: CaseResults,
        of_steps: Mapping[str, Sequence[str]],
        effort: Callable[[int], Effort | None],
    ) -> None:
        """Keeps what came of a case in one repeat. `of_steps` names what is right for each step."""
        key = _key(case)
        for label in labels_of(case.steps.values()):
            self.palette.colour(label)
        all_images = images_of(case.steps)
        for step, result in case.steps.items():
            truths = {
                name: case.truth[name] for name in of_steps.get(step, ()) if name in case.truth
            }
            told = answer_data(
                result, self.images, self.palette, truths, effort(result.ordinal), all_images
            )
            self._mark(side, key, result, told)
            self._kept[side][key].append(_json(told))
        if case.row and side == "now":
            self._rows[key] = _json(row_data(case.row))

    def lines(self, content: Content, shown: Sequence[Item]) -> Iterator[str]:
        """A JSON text for each case, in this order."""
        numbers = {canonical_json(each): n for n, each in enumerate(content.combinations)}
        checks = [each for each in content.checks if not each.is_metric]
        for item in shown:
            told: dict[str, object] = {
                "case": item.case,
                "combination": numbers.get(item.key[1], 0),
                "marks": list(item.marks),
                "checks": [
                    [
                        n,
                        held,
                        failed,
                        checks[n].reasons.get(item.case, "") if n < len(checks) else "",
                    ]
                    for n, (held, failed) in item.checks.items()
                ],
                "scores": [[each.metric, each.told, round(each.lacks, 4)] for each in item.scores],
            }
            if item.change is not None and item.change.turn != "same":
                told |= {"turn": item.change.turn, "why": list(item.change.why)}
            parts = [_json(told)[1:-1]]
            for side, kept in self._kept.items():
                if item.key in kept:
                    parts.append(f'"{side}":[{",".join(kept[item.key])}]')
            if item.key in self._rows:
                parts.append(f'"row":{self._rows[item.key]}')
            yield f"{{{','.join(parts)}}}"

    def _mark(self, side: Side, key: Key, result: Result, told: Mapping[str, object]) -> None:
        """Says of things that only one of two runs found, that it is so."""
        found = told["things"]
        assert isinstance(found, list)
        change = self.items[key].change
        if change is None or result.repeat != 1:
            return
        for answer in change.answers:
            if answer.step != result.step or canonical_json(answer.combination) != key[1]:
                continue
            alone = {one.at for one in (answer.new if side == "now" else answer.gone)}
            for thing, one in zip(found, result.detections, strict=False):
                if one.at in alone:
                    thing["alone"] = 1


def _key(case: CaseResults) -> Key:
    return case.case, canonical_json(case.combination)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
