"""What came of every entry of a list, as one result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.stages.answer import Asked
from runner.stages.join import joined, joined_key
from runner.values.case import CaseImages
from runner.values.geometry import Box, PixelBox, Size
from runner.values.image import FileOrigin, Image, windowed
from runner.values.item import Item
from runner.values.job import Job
from runner.values.problem import Place
from runner.values.reference import Reference
from runner.values.result import Detection, Entry, Issue, Result, ResultImage, Status
from runner.values.shape import Shape
from runner.workflow.spec import Compute, LocalStep, Prompt

SIZE = Size(100, 80)
WHOLE = Image("a.png", "image", FileOrigin(Path("a.png")), "image/png", SIZE, "ab")
PLACE = Place("w.yaml", 1, 1)
STEP = LocalStep(
    "look",
    Compute("number", Prompt("1", PLACE)),
    Shape(),
    PLACE,
    for_each=Reference("find", ("boxes",)),
)
JOB = Job(0, CaseImages("a", (WHOLE,)), {}, 1)
ASKED = Asked(JOB, STEP, 7, (WHOLE,))
SHOWN = ResultImage("a.png", "image", "a.png", SIZE, 1, "ab")


def of(status: Status, number: int = 0, **more: object) -> Result:
    blank = Result(7, "a", "look", {}, 1, (SHOWN,), status)
    return replace(blank, request_key=f"key {number}", **more)  # type: ignore[arg-type]


STATUSES: dict[tuple[Status, ...], Status] = {
    (): "empty",
    ("ok", "ok"): "ok",
    ("ok", "empty"): "ok",
    ("empty", "empty"): "empty",
    ("ok", "partial"): "partial",
    ("ok", "failed"): "partial",
    ("empty", "refused"): "partial",
    ("ok", "skipped"): "ok",
    ("empty", "skipped"): "empty",
    ("skipped", "skipped"): "skipped",
    ("failed", "failed"): "failed",
    ("refused", "refused", "skipped"): "refused",
    ("refused", "truncated"): "failed",
    ("not_run",): "not_run",
}


@pytest.mark.parametrize("statuses", STATUSES, ids="+".join)
def test_the_status_of_a_list_is_that_of_its_entries(statuses: tuple[Status, ...]) -> None:
    """Usable when one of them is, and never `ok` when one failed."""
    results = [of(status, error=f"{status} it is") for status in statuses]
    whole = joined(ASKED, [Item(n, {}) for n in range(len(statuses))], results)
    assert whole.status == STATUSES[statuses]
    assert [entry.status for entry in whole.entries] == list(statuses)
    assert (whole.answer is None) == (whole.status not in ("ok", "empty", "partial"))
    assert (whole.error is None) == (whole.answer is not None)


def test_everything_of_the_entries_is_in_the_whole() -> None:
    """Answers in their places, paths in the list, one image for all of its cut-outs, sums."""
    window = PixelBox(10, 10, 30, 30)
    seen = replace(SHOWN, window=window, sent_size=Size(20, 20), sent_mime="image/png")
    box = Box(12, 12, 20, 20)
    first = of(
        "partial",
        1,
        images=(seen,),
        answer={"boxes": [{"box": [12, 12, 20, 20]}]},
        detections=(Detection("boxes[0]", "cat", box),),
        issues=(Issue("item_dropped", "no place", "boxes[1]", 1),),
        usage={"input_tokens": 3, "output_tokens": 1},
        cost_usd=0.5,
        model="m",
        simulated=True,
    )
    second = of("failed", 2, error="overloaded", images=(seen,))
    third = of("ok", 3, answer="text", usage={"input_tokens": 4}, cost_usd=0.25, model="m")
    items = [
        Item(0, {}, windowed(WHOLE, window)),
        Item(1, {}, windowed(WHOLE, window)),
        Item(2, {}),
    ]
    whole = joined(ASKED, items, [first, second, third], "of all")
    assert whole == Result(
        ordinal=7,
        case="a",
        step="look",
        combination={},
        repeat=1,
        images=(SHOWN,),
        status="partial",
        answer=[first.answer, None, "text"],
        detections=(Detection("[0].boxes[0]", "cat", box),),
        issues=(
            Issue("item_dropped", "no place", "[0].boxes[1]", 0),
            Issue("entry_failed", "entry 2: overloaded", "[1]", 1),
        ),
        usage={"input_tokens": 7, "output_tokens": 1},
        cost_usd=0.75,
        model="m",
        simulated=True,
        request_key="of all",
        entries=(
            Entry("partial", None, "key 1", 0, window),
            Entry("failed", "overloaded", "key 2", 0, window),
            Entry("ok", None, "key 3", None, None),
        ),
    )


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    """Nobody is told less than was paid."""
    priced = of("ok", 1, usage={"input_tokens": 3}, cost_usd=0.5, model="m")
    unpriced = of("ok", 2, usage={"input_tokens": 3}, model="other")
    assert joined(ASKED, [Item(0), Item(1)], [priced, unpriced]).cost_usd is None
    assert joined(ASKED, [Item(0), Item(1)], [priced, of("failed", 2)]).cost_usd == 0.5


def test_the_key_of_a_list_tells_its_requests_and_their_order() -> None:
    """One request alone is another key than the request itself."""
    keys = {joined_key(each) for each in ((), ("a",), ("a", "b"), ("b", "a"), ("a", None))}
    assert len(keys | {"a"}) == 6
