"""Every metric is what the reference implementation of its field says, on random answers."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.optimize import linear_sum_assignment
from sklearn import metrics as sk

from runner.checks.metrics import METRICS
from runner.checks.things import ROUNDING, Placed, least
from runner.measures.matching import box_ious
from runner.measures.precision import THRESHOLDS
from runner.measures.texts import similarity
from runner.postprocess.masks import mask_of
from runner.postprocess.overlap import boundary_f
from runner.postprocess.rle import decode, from_bits
from runner.roles import CaseResults
from runner.values.geometry import Box, PixelBox, Point, Size
from runner.values.measured import Contribution, NotJudged
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage, Status
from runner.values.truth import Cell, NoTruth, Things, Truth

SIZE = Size(100, 100)
IMAGE = ResultImage("a.png", "image", "a.png", SIZE, 1, None)

Boxes = Sequence[tuple[str | None, Sequence[float]]]


def detections(boxes: Boxes) -> tuple[Detection, ...]:
    return tuple(
        Detection(at=f"boxes[{n}]", label=label, box=Box(*edges))
        for n, (label, edges) in enumerate(boxes)
    )


def result(
    answer: object = None, found: Sequence[Detection] = (), status: Status = "ok", **more: object
) -> Result:
    return Result(0, "a", "find", {}, 1, (IMAGE,), status, answer, tuple(found), **more)  # type: ignore[arg-type]


NOTHING = Things()


def case(of: Result, truth: Truth = NOTHING, **row: object) -> CaseResults:
    return CaseResults("a", 1, {}, {"find": of}, row, {}, {"t": truth})


def measured(name: str, cases: Sequence[CaseResults], **options: object) -> float | None:
    """The metric over these cases."""
    metric = METRICS[name](**options)  # type: ignore[call-arg]
    gathered = metric.gathered(1)
    for number, each in enumerate(cases):
        added = metric.measure(each)
        if isinstance(added, Contribution):
            gathered.put(added.parts, number, 0)
    return gathered.value()


OF, TRUTH = Reference.parse("find.boxes"), Reference.parse("truth.t")
LABEL = Reference.parse("find.answer")

edges = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(20, 40), st.integers(20, 40))
box = edges.map(lambda e: [float(n) for n in (e[0], e[1], e[0] + e[2], e[1] + e[3])])
boxes = st.lists(st.tuples(st.sampled_from(["cat", "dog"]), box), max_size=5)
images = st.lists(st.tuples(boxes, boxes), min_size=1, max_size=5)


def of_boxes(drawn: Sequence[tuple[Boxes, Boxes]]) -> list[CaseResults]:
    return [
        case(result(found=detections(found)), Things(detections(there))) for there, found in drawn
    ]


def counts(drawn: Sequence[tuple[Boxes, Boxes]], least: float) -> tuple[int, int, int, list[float]]:
    """Right, wrong, missed and the overlaps of the pairs, by SciPy's assignment."""
    right, there_all, found_all, ious = 0, 0, 0, []
    for there, found in drawn:
        there_all, found_all = there_all + len(there), found_all + len(found)
        for label in ("cat", "dog"):
            rows = [edges for name, edges in there if name == label]
            columns = [edges for name, edges in found if name == label]
            overlaps = box_ious(rows, columns)
            worth = np.where(overlaps >= least, overlaps + 100, 0)
            for pair in zip(*linear_sum_assignment(-worth), strict=True):
                if worth[pair] > 0:
                    right += 1
                    ious.append(float(overlaps[pair]))
    return right, found_all - right, there_all - right, ious


@settings(max_examples=60, deadline=None)
@given(images, st.sampled_from([0.3, 0.5, 0.75]))
def test_findings_are_counted_as_by_scipys_assignment(
    drawn: list[tuple[Boxes, Boxes]], least: float
) -> None:
    """Precision, recall, F1 and the mean overlap of matched boxes."""
    right, wrong, missed, ious = counts(drawn, least)
    sides = {"of": OF, "against": TRUTH, "iou": (least,)}
    cases = of_boxes(drawn)
    expected = {
        "precision": right / (right + wrong) if right + wrong else None,
        "recall": right / (right + missed) if right + missed else None,
        "f1": 2 * right / (2 * right + wrong + missed) if right + wrong + missed else None,
        "mean_iou": float(np.mean(ious)) if ious else None,
    }
    assert {name: measured(name, cases, **sides) for name in expected} == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(images)
def test_over_a_range_of_overlaps_f1_is_the_mean(drawn: list[tuple[Boxes, Boxes]]) -> None:
    """0.50:0.95 is the mean of ten."""
    cases, each = of_boxes(drawn), []
    for overlap in THRESHOLDS:
        each.append(measured("f1", cases, of=OF, against=TRUTH, iou=(overlap,)))
    whole = measured("f1", cases, of=OF, against=TRUTH, iou=THRESHOLDS)
    assert whole == (None if None in each else pytest.approx(np.mean(each)))  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(images)
def test_map_is_that_of_pycocotools(drawn: list[tuple[Boxes, Boxes]]) -> None:
    """Without scores, in the order of the answers."""
    ours = measured("mAP", of_boxes(drawn), of=OF, against=TRUTH)
    there = [(n, *each) for n, (side, _) in enumerate(drawn, 1) for each in side]
    found = [(n, *each) for n, (_, side) in enumerate(drawn, 1) for each in side]
    if not there:
        assert ours is None
    elif not found:
        assert ours == 0.0
    else:
        assert ours == pytest.approx(coco(len(drawn), there, found), abs=1e-9)


CROWD: Mapping[str, object] = {"iscrowd": True}
large = edges.map(lambda e: [float(n) for n in (e[0], e[1], e[0] + 2 * e[2], e[1] + 2 * e[3])])
crowds = st.lists(st.tuples(st.sampled_from(["cat", "dog"]), large), max_size=2)
crowded_images = st.lists(st.tuples(boxes, crowds, boxes), min_size=1, max_size=5)


def with_crowds(there: Boxes, crowds: Boxes) -> Things:
    """The crowds first, as a file may have them."""
    every = [replace(each, fields=CROWD) for each in detections(crowds)]
    return Things((*every, *detections(there)))


@settings(max_examples=100, deadline=None)
@given(crowded_images)
def test_map_beside_crowds_is_that_of_pycocotools(
    drawn: list[tuple[Boxes, Boxes, Boxes]],
) -> None:
    """What lies in a crowd and is nothing else is left out."""
    cases = [case(result(found=detections(found)), with_crowds(*rest)) for *rest, found in drawn]
    ours = measured("mAP", cases, of=OF, against=TRUTH)
    there = [(n, *each) for n, (side, _, _) in enumerate(drawn, 1) for each in side]
    crowd = [(n, *each, 1) for n, (_, side, _) in enumerate(drawn, 1) for each in side]
    found = [(n, *each) for n, (_, _, side) in enumerate(drawn, 1) for each in side]
    if not there:
        assert ours is None
    elif not found:
        assert ours == 0.0
    else:
        assert ours == pytest.approx(coco(len(drawn), [*crowd, *there], found), abs=1e-9)


def test_a_crowd_is_neither_missed_nor_found() -> None:
    """One cat is found, one is missed; of two that are not there one lies in a crowd of cats."""
    crowd = [("cat", [50, 0, 100, 40])]
    there = with_crowds([("cat", [0, 0, 30, 30]), ("cat", [0, 60, 30, 90])], crowd)
    others = [("cat", [60, 0, 80, 20]), ("dog", [80, 0, 100, 20])]
    one = case(result(found=detections([("cat", [0, 0, 30, 30]), *others])), there)
    expected = {"precision": 1 / 2, "recall": 1 / 2, "mean_iou": 1.0}
    sides = {"of": OF, "against": TRUTH}
    assert {name: measured(name, [one], **sides) for name in expected} == expected
    refused = METRICS["recall"](**sides).measure(case(REFUSED, there))  # type: ignore[call-arg]
    assert isinstance(refused, Contribution)
    assert refused.parts == {"cat": (0.0, 0.0, 2.0)}
    points = [Detection("", "cat", point=Point(x, 10)) for x in (10, 70, 75)]
    of = {"of": Reference.parse("find.points"), "against": TRUTH}
    assert measured("point_hit", [case(result(found=points), there)], **of) == 0.5


def test_a_mask_in_a_crowd_of_masks_is_not_wrong() -> None:
    """By the share of its pixels that lie there."""
    bits = np.zeros((60, 60), dtype=bool)
    bits[:, 20:] = True
    crowd = Detection("", "cat", mask=mask_of(from_bits(bits, 0, 0, SIZE), "rle"), fields=CROWD)

    def blob(x: int) -> Detection:
        return Detection("", "cat", mask=mask_of(from_bits(bits[:20, 20:40], x, 0, SIZE), "png"))

    found = [blob(30), blob(12), blob(0)]
    sides = {"of": Reference.parse("find.masks"), "against": TRUTH}
    for masks, value in ((found[:2], None), (found, 0.0)):
        one = case(result(found=masks), Things((crowd,)))
        assert measured("precision", [one], **sides) == value


def coco(images: int, there: Sequence[tuple], found: Sequence[tuple]) -> float:  # type: ignore[type-arg]
    def annotation(
        number: int, image: int, label: str, edges: Sequence[float], crowd: int = 0
    ) -> dict[str, object]:
        wide, high = edges[2] - edges[0], edges[3] - edges[1]
        return {
            "id": number, "image_id": image, "category_id": ["cat", "dog"].index(label) + 1,
            "bbox": [edges[0], edges[1], wide, high], "area": wide * high, "iscrowd": crowd, "score": 1.0,
        }  # fmt: skip

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": n + 1} for n in range(images)],
            "annotations": [annotation(n, *each) for n, each in enumerate(there, 1)],
            "categories": [{"id": 1}, {"id": 2}],
        }
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes([annotation(0, *each) for each in found]), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[0])


classes = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abc")), min_size=1)


@given(classes)
def test_classes_are_judged_as_by_scikit_learn(drawn: list[tuple[str, str]]) -> None:
    """Accuracy, macro-F1 and the share of exact matches."""
    there, found = zip(*drawn, strict=True)
    cases = [case(result(answer), label=right) for right, answer in drawn]
    sides = {"of": LABEL, "against": Reference.parse("row.label")}
    assert measured("accuracy", cases, **sides) == pytest.approx(sk.accuracy_score(there, found))
    assert measured("exact_match", cases, **sides) == pytest.approx(sk.accuracy_score(there, found))
    right = sk.f1_score(there, found, average="macro", zero_division=0)
    assert measured("macro_f1", cases, **sides) == pytest.approx(right)


numbers = st.lists(st.tuples(st.integers(-50, 50), st.floats(-50, 50)), min_size=1)


@given(numbers)
def test_numbers_are_judged_as_by_scikit_learn(drawn: list[tuple[int, float]]) -> None:
    """The mean absolute error; also of counts; mean and total."""
    there, found = zip(*drawn, strict=True)
    cases = [case(result(answer), number=str(right)) for right, answer in drawn]
    sides = {"of": LABEL, "against": Reference.parse("row.number")}
    right = sk.mean_absolute_error(there, found)
    assert measured("mean_absolute_error", cases, **sides) == pytest.approx(right)
    assert measured("count_error", cases, **sides) == pytest.approx(right)
    assert measured("mean", cases, of=LABEL) == pytest.approx(np.mean(found))
    assert measured("total", cases, of=LABEL) == pytest.approx(np.sum(found))


LARGE = {
    (1234567, "1234567"): 1.0,
    (1234567, "1234568"): 0.0,
    (20261120, 20261121): 0.0,
    (9007199254740993, "9007199254740992"): 0.0,
    (9007199254740993, "9007199254740993"): 1.0,
    (0.12345678, "0.12345679"): 0.0,
    (3, "3.0"): 1.0,
    (3.0, 3): 1.0,
    (None, "none"): 0.0,
    (None, "nothing"): 0.0,
    ("none", "None"): 1.0,
}


@pytest.mark.parametrize("pair", LARGE)
def test_values_are_told_apart_to_the_last_digit(pair: tuple[object, object]) -> None:
    """And null is no word."""
    sides = {"of": LABEL, "against": Reference.parse("row.label")}
    cases = [case(result(pair[0]), label=pair[1])]
    for name in ("accuracy", "macro_f1"):
        assert measured(name, cases, **sides) == LARGE[pair], name


def test_a_null_that_is_right_is_right() -> None:
    """When an earlier run is the truth, and that had none."""
    cases = [case(result(None), result(None))]
    sides = {"of": LABEL, "against": Reference.parse("truth.t.answer")}
    assert measured("accuracy", cases, **sides) == 1.0


def test_a_number_is_a_text_with_all_of_its_digits() -> None:
    """For character errors."""
    cases = [case(result(1234567), label="1234567"), case(result("12345678"), label=12345678.0)]
    sides = {"of": LABEL, "against": Reference.parse("row.label")}
    assert measured("cer", cases, **sides) == 0.0


words = st.lists(st.sampled_from(["one", "two", "owt", "a"]), min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=5))
def test_texts_are_judged_as_by_jiwer(drawn: list[tuple[str, str]]) -> None:
    """Characters and words, long texts counting for more."""
    there, found = ([pair[side] for pair in drawn] for side in (0, 1))
    cases = [case(result(read), Cell(right)) for right, read in drawn]
    sides = {"of": LABEL, "against": TRUTH}
    assert measured("cer", cases, **sides) == pytest.approx(jiwer.cer(there, found))
    assert measured("wer", cases, **sides) == pytest.approx(jiwer.wer(there, found))


def masks(seed: int) -> tuple[Detection, ...]:
    """Two overlapping noisy masks of 100 × 100 pixels."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:100, :100]
    found = []
    for number, (y, x) in enumerate(((30, 30), (70, 70))):
        radius = random.uniform(15, 25)
        bits = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
        bits &= random.random(bits.shape) > 0.02
        mask = mask_of(from_bits(bits, 0, 0, SIZE), "png")
        found.append(Detection(at=f"[{number}]", label="x", mask=mask, box=mask.tight_box))
    return tuple(found)


def test_masks_are_compared_by_their_pixels_and_edges() -> None:
    """Recall and mean IoU of masks; the agreement of edges; points in masks."""
    there, found = masks(1), masks(2)
    cases = [case(result(found=found), Things(there))]
    of = Reference.parse("find.masks")
    ious, edges = [], []
    for one, other in zip(there, found, strict=True):
        assert one.mask
        assert other.mask
        a, b = decode(one.mask.rle), decode(other.mask.rle)
        both = [np.zeros(10_000, bool) for _ in range(2)]
        for bits, runs in zip(both, (a, b), strict=True):
            for start, stop in zip(runs.starts, runs.stops, strict=True):
                bits[start:stop] = True
        ious.append((both[0] & both[1]).sum() / (both[0] | both[1]).sum())
        edges.append(boundary_f(a, b))
    assert measured("mean_iou", cases, of=of, against=TRUTH, iou=(0.1,)) == pytest.approx(
        np.mean(ious)
    )
    assert measured("recall", cases, of=of, against=TRUTH, iou=(0.99,)) == 0.0
    assert measured("boundary_f", cases, of=of, against=TRUTH, iou=(0.1,)) == pytest.approx(
        np.mean(edges)
    )


@pytest.mark.parametrize(
    ("points", "value"),
    [
        ([("cat", 15, 15), ("dog", 50, 50)], 1.0),
        ([("cat", 15, 15)], 0.5),
        ([("cat", 15, 15), ("cat", 16, 16), ("dog", 50, 50)], 2 / 3),  # one point too many
        ([("dog", 15, 15), ("cat", 50, 50)], 0.0),
        ([], 0.0),
    ],
)
def test_a_point_hits_what_it_lies_in(points: Sequence[tuple[str, int, int]], value: float) -> None:
    """One point for each thing, of the same label."""
    there = detections([("Cat", [10, 10, 20, 20]), ("dog", [40, 40, 60, 60])])
    found = [
        Detection(at=f"[{n}]", label=label, point=Point(x, y))
        for n, (label, x, y) in enumerate(points)
    ]
    of = Reference.parse("find.points")
    cases = [case(result(found=found), Things(there))]
    assert measured("point_hit", cases, of=of, against=TRUTH) == pytest.approx(value)
    if points:
        share = measured("precision", cases, of=of, against=TRUTH)
        assert share == pytest.approx(value if len(points) > 1 else 1.0)


REFUSED = result(status="refused", error="SAFETY")

LACKING: Mapping[str, tuple[dict[str, object], float | str | None]] = {
    # without a usable answer: what it counts as, or why it is not judged
    "precision": ({"of": OF, "against": TRUTH}, None),
    "recall": ({"of": OF, "against": TRUTH}, 0.0),
    "f1": ({"of": OF, "against": TRUTH}, 0.0),
    "mAP": ({"of": OF, "against": TRUTH}, 0.0),
    "point_hit": ({"of": OF, "against": TRUTH}, 0.0),
    "mean_iou": ({"of": OF, "against": TRUTH}, "no usable answer"),
    "boundary_f": ({"of": OF, "against": TRUTH}, "no usable answer"),
    "count_error": ({"of": OF, "against": TRUTH}, "no usable answer"),
    "mean_absolute_error": ({"of": LABEL, "against": Reference.parse("row.n")}, "no usable answer"),
    "accuracy": ({"of": LABEL, "against": Reference.parse("row.n")}, 0.0),
    "macro_f1": ({"of": LABEL, "against": Reference.parse("row.n")}, 0.0),
    "exact_match": ({"of": LABEL, "against": Reference.parse("row.n")}, 0.0),
    "cer": ({"of": LABEL, "against": Reference.parse("row.n")}, 1.0),
    "wer": ({"of": LABEL, "against": Reference.parse("row.n")}, 1.0),
    "mean": ({"of": LABEL}, "no usable answer"),
    "total": ({"of": LABEL}, "no usable answer"),
    "error_rate": ({}, 1.0),
    "valid_answer_rate": ({}, 0.0),
    "stability": ({"of": LABEL}, "no usable answer"),
    "cost_usd": ({}, 0.0),
    "tokens": ({}, 0.0),
    "seconds_p95": ({}, "nothing was sent for it"),
}


@pytest.mark.parametrize("name", METRICS)
def test_an_answer_that_cannot_be_used_is_never_left_out_in_silence(name: str) -> None:
    """It counts as wrong, or is not judged for a reason that is counted."""
    options, outcome = LACKING[name]
    refused = case(REFUSED, Things(detections([("cat", [10, 10, 40, 40])])), n="12")
    metric = METRICS[name](**options)  # type: ignore[call-arg]
    added = metric.measure(refused)
    if isinstance(outcome, str):
        assert added == NotJudged(outcome)
    else:
        assert isinstance(added, Contribution)
        assert measured(name, [refused], **options) == outcome


@pytest.mark.parametrize("name", [name for name in METRICS if "against" in LACKING[name][0]])
def test_a_case_without_truth_is_not_judged(name: str) -> None:
    """Neither right nor wrong."""
    options = LACKING[name][0] | {"against": TRUTH}
    unknown = case(result("a", detections([("cat", [10, 10, 40, 40])])), NoTruth("no line"))
    metric = METRICS[name](**options)  # type: ignore[call-arg]
    assert metric.measure(unknown) == NotJudged("nobody has said what is right")


@pytest.mark.parametrize("empty", ["", " ", None])
@pytest.mark.parametrize(
    "name",
    ["accuracy", "macro_f1", "exact_match", "cer", "wer", "count_error", "mean_absolute_error"],
)
def test_an_empty_cell_of_the_table_is_no_truth(name: str, empty: object) -> None:
    """It is not judged: nobody was wrong about it, with an answer or without one."""
    metric = METRICS[name](of=LABEL, against=Reference.parse("row.label"))  # type: ignore[call-arg]
    for answered in (result("cat"), result(7), result(status="refused")):
        assert metric.measure(case(answered, label=empty)) == NotJudged(
            "nobody has said what is right"
        )


def test_what_was_not_run_is_not_judged() -> None:
    """A step that was skipped gave no wrong answer."""
    skipped = case(result(status="skipped"), Things(), n="12")
    for name, (options, _) in LACKING.items():
        metric = METRICS[name](**options)  # type: ignore[call-arg]
        assert isinstance(metric.measure(skipped), NotJudged), name


def test_labels_are_not_compared_where_one_side_has_none() -> None:
    """A truth of boxes alone is a truth, too; capital letters never matter."""
    found = result(found=detections([("Cat ", [10, 10, 40, 40])]))
    for label, value in ((None, 1.0), ("cat", 1.0), ("dog", 0.0)):
        there = Things(detections([(label, [10, 10, 40, 40])]))
        assert measured("recall", [case(found, there)], of=OF, against=TRUTH) == value


TWO = (("car", [0, 0, 30, 30]), ("bus", [50, 50, 90, 90]))


def plain(*those: int, label: str | None = None) -> Result:
    """What is found of the two things, without their labels; nothing is found of none."""
    found = detections([(label, TWO[n][1]) for n in those])
    return result(found=found, status="ok" if found else "empty")


@pytest.mark.parametrize("last", [plain(), REFUSED])
def test_answers_without_labels_are_compared_without_in_every_case(last: Result) -> None:
    """Also those that found nothing or are no answer: 18 of 20 things are found, and nothing else."""
    there = Things(detections(TWO))
    cases = [*(case(plain(0, 1), there) for _ in range(9)), case(last, there)]
    assert measured("mAP", cases, of=OF, against=TRUTH) == pytest.approx(91 / 101)
    named = [*(case(plain(0, label="car"), there) for _ in range(9)), case(last, there)]
    assert measured("mAP", named, of=OF, against=TRUTH) == pytest.approx(91 / 202)


def test_a_truth_without_labels_is_compared_without_in_every_case() -> None:
    """What is found where nothing is there is wrong, whatever it is called."""
    there = Things(detections([(None, TWO[0][1])]))
    cases = [case(plain(1, label="bus")), *(case(plain(0, label="car"), there) for _ in range(3))]
    assert measured("mAP", cases, of=OF, against=TRUTH) == pytest.approx(0.75)


def test_a_point_without_a_label_counts_for_the_label_of_what_it_hits() -> None:
    """So that the label of what nothing was found of is not only that of the misses."""
    points = [Detection("", None, point=Point(x, x)) for x in (10, 70, 70, 95)]
    metric = METRICS["point_hit"](of=Reference.parse("find.points"), against=TRUTH)  # type: ignore[call-arg]
    added = metric.measure(case(result(found=points), Things(detections(TWO))))
    assert added == Contribution({"car": (1.0, 1.0), "bus": (1.0, 1.0), "": (0.0, 2.0)})


def test_a_small_thing_needs_no_more_overlap_than_whole_numbers_allow() -> None:
    """In 10,000 pixels a step of the model's grid is 10: a box of 20 pixels cannot fit better."""
    large = ResultImage("a.png", "image", "a.png", Size(10_000, 10_000), 1, None)
    there = Things(detections([("cat", [105, 105, 125, 125])]))
    best = detections([("cat", [100, 100, 120, 120])])
    answer = Result(0, "a", "find", {}, 1, (large,), "ok", None, best)
    metric = METRICS["recall"](of=OF, against=TRUTH, iou=(0.5,))  # type: ignore[call-arg]
    added = metric.measure(case(answer, there))
    assert added == Contribution({"cat": (1.0, 0.0, 0.0)}, notes=(ROUNDING,))
    wide = Things(detections([("cat", [105, 105, 405, 405])]))
    assert isinstance(plain := metric.measure(case(answer, wide)), Contribution)
    assert plain.notes == ()


@given(
    st.integers(0, 3000), st.tuples(*[st.floats(0, 0.9)] * 2), st.tuples(*[st.floats(2, 19)] * 2)
)
def test_what_a_small_thing_needs_can_be_reached_in_a_crop(
    corner: int, place: tuple[float, float], sides: tuple[float, float]
) -> None:
    """The model's numbers count from the corner of what it saw."""
    step = 1.5
    edges = [corner + 1500 * each for each in place]
    edges += [edge + step * side for edge, side in zip(edges, sides, strict=True)]
    window = PixelBox(corner, corner, corner + 1500, corner + 1500)
    thing = Placed(Detection("", box=Box(*edges)), ("", ""), Size(5000, 5000), window)
    answered = Box(*(corner + round((edge - corner) / step) * step for edge in edges))
    assert Box(*edges).iou(answered) >= least(thing, "box", 0.75) - 1e-9


def test_things_on_different_images_never_fit() -> None:
    """Also when they have the same place."""
    second = ResultImage("b.png", "after", "b.png", SIZE, 1, None)
    found = [Detection(at="[0]", label="cat", box=Box(10, 10, 40, 40), image=1)]
    answer = Result(0, "a", "find", {}, 1, (IMAGE, second), "ok", None, tuple(found))
    there = Things(detections([("cat", [10, 10, 40, 40])]))
    assert measured("f1", [case(answer, there)], of=OF, against=TRUTH) == 0.0


def test_repeats_are_compared_with_one_another() -> None:
    """Things by their overlap, texts by their similarity, everything else by being the same."""
    stability = METRICS["stability"]
    moved = [case(result(found=detections([("cat", [10, 10, 40, edge])]))) for edge in (40, 40, 25)]
    of_boxes = stability(of=OF)  # type: ignore[call-arg]
    assert of_boxes.compare(moved) == Contribution({"": (pytest.approx(2 / 3), 1.0)})  # type: ignore[attr-defined]
    texts = [case(result(text)) for text in ("a cat", "a cap")]
    of_text = stability(of=LABEL)  # type: ignore[call-arg]
    assert of_text.compare(texts) == Contribution({"": (similarity("a cat", "a cap"), 1.0)})  # type: ignore[attr-defined]
    assert of_text.compare([case(result(3)), case(result(3)), case(REFUSED)]) == Contribution(
        {"": (1.0, 1.0)}
    )  # type: ignore[attr-defined]
    few = NotJudged("fewer than two repeats have a usable answer")
    assert of_text.compare([case(result(3)), case(REFUSED)]) == few  # type: ignore[attr-defined]
