"""Which things the entries of a list are about."""

from __future__ import annotations

import pytest

from runner.text.detections import found_at
from runner.values.geometry import Box
from runner.values.result import Detection, Result


def result(answer: object, *places: str) -> Result:
    things = tuple(Detection(at=at, box=Box(n, 0, n + 1, 1)) for n, at in enumerate(places))
    return Result(0, "a.png", "find", {}, 1, (), "ok", answer, things)


A, B = {"label": "a"}, {"label": "b"}


@pytest.mark.parametrize(
    ("answer", "places", "path", "entries", "expected"),
    [
        ({"boxes": [A, B]}, ["boxes[0]", "boxes[1]"], ["boxes"], 2, [["boxes[0]"], ["boxes[1]"]]),
        ({"boxes": [A, B]}, ["boxes[1]"], ["boxes"], 2, [[], ["boxes[1]"]]),
        ({"boxes": [A, B]}, ["boxes[1]"], ["answer", "boxes"], 2, [[], ["boxes[1]"]]),
        ({"boxes": [A, B]}, ["boxes[1]"], ["rows"], 2, [[], ["boxes[1]"]]),
        ([A, B], ["[1]"], [], 2, [[], ["[1]"]]),
        ([A, None], ["[0]"], ["answer"], 2, [["[0]"], []]),
        ([A, B], ["[0]", "[1]"], ["boxes"], 2, [["[0]"], ["[1]"]]),
        (
            {"people": [A, B]},
            ["people[0].hand", "people[0].face", "people[1].hand"],
            ["people"],
            2,
            [["people[0].hand", "people[0].face"], ["people[1].hand"]],
        ),
        (
            {"rows": [A] * 11},
            ["rows[1]", "rows[10]"],
            ["rows"],
            11,
            [[], ["rows[1]"], *[[]] * 8, ["rows[10]"]],
        ),
        ({"page": {"lines": [A]}}, ["page.lines[0]"], ["page", "lines"], 1, [["page.lines[0]"]]),
        ({"masks": [A, B]}, ["masks[0]", "masks[1]"], ["boxes"], 2, [["masks[0]"], ["masks[1]"]]),
        ({"masks": [A, B]}, ["masks[0]"], ["boxes"], 2, []),
    ],
)
def test_every_entry_has_the_things_that_stand_under_it(
    answer: object, places: list[str], path: list[str], entries: int, expected: list[list[str]]
) -> None:
    """By their place in the answer, never by what they look like; none where nothing can tell."""
    found = found_at(result(answer, *places), path, [None] * entries)
    assert [[each.at for each in things] for things in found] == expected
