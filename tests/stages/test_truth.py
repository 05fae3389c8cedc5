"""What is right for a case stands beside its results, and what does not fit is told before a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from runner.checks.that import That
from runner.roles import CaseResults
from runner.stages.image_problems import find_pattern_problems
from runner.stages.truth import case_truths, shown_truths
from runner.text.lookup import Found, Missing, look_up
from runner.values.geometry import Box, Point, Size
from runner.values.problem import Problem
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage
from runner.values.truth import Cell, NoTruth, Things, Truth
from runner.workflow.load import load
from runner.workflow.spec import OutputSpec, Workflow

HEAD = "image,label,x_min,y_min,x_max,y_max\n"

CATS = Things(
    (Detection("t, 1", "cat", Box(1, 2, 3, 4)), Detection("t, 2", "dog", Box(5, 6, 7, 8))),
    (Detection("t, 1.nose", "nose", point=Point(2, 3), fields={"thing": 0}),),
)
TRUTH: dict[str, Truth] = {
    "cats": CATS,
    "none": Things(),
    "kind": Cell("tabby"),
    "number": Cell("2"),
    "unknown": NoTruth("nobody looked"),
    "before": Result(0, "a", "look", {}, 1, (), "ok", {"label": "cat"}),
    "cut": Result(0, "a", "look", {}, 1, (), "truncated", error="too long"),
}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("truth.cats.count", 2),
        ("truth.cats.labels", ["cat", "dog"]),
        ("truth.cats.label", ["cat", "dog"]),
        ("truth.cats.box", [[1, 2, 3, 4], [5, 6, 7, 8]]),
        ("truth.cats.boxes.count", 2),
        ("truth.cats.masks.count", 0),
        ("truth.cats.points.labels", ["nose"]),
        ("truth.none.count", 0),
        ("truth.kind", "tabby"),
        ("truth.before.label", "cat"),
        ("truth.before.status", "ok"),
    ],
)
def test_a_truth_is_looked_up_like_an_answer(reference: str, value: object) -> None:
    """Its things by kind, their count, their labels, the field of each."""
    assert look_up(Reference.parse(reference), {}, {}, {}, TRUTH) == Found(value)


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("truth.unknown.count", "truth.unknown is not known: nobody looked"),
        ("truth.cut.label", "truth.cut is not known: look was cut off: too long"),
        ("truth.before.colour", "truth.before is not known: the answer of look has no `colour`"),
    ],
)
def test_what_nobody_knows_is_no_truth(reference: str, why: str) -> None:
    """It is neither nothing nor a mistake of the answer."""
    assert look_up(Reference.parse(reference), {}, {}, {}, TRUTH) == Missing(why, "no_truth")


@pytest.mark.parametrize(
    ("that", "same_as", "passed"),
    [
        ("vars.two", "truth.cats.count", True),
        ("vars.two", "truth.none.count", False),
        ("vars.two", "truth.number", True),
        ("truth.number", "vars.two", True),
        ("vars.two", "truth.unknown.count", None),
        ("truth.unknown.count", "vars.two", None),
    ],
)
def test_a_case_without_truth_is_not_judged(that: str, same_as: str, passed: bool | None) -> None:
    """One with a truth holds or fails; a number may be written as text in a table."""
    case = CaseResults("a", 1, {}, {}, {}, {"two": 2}, TRUTH)
    check = That(Reference.parse(that), same_as=Reference.parse(same_as))
    assert check.judge_case(case).passed is passed


# -- from the file to the check -------------------------------------------------------------------


def workflow(
    folder: Path, truth: str, rest: str = "", images: str = "images: photos/*.png"
) -> Workflow:
    (folder / "photos").mkdir(exist_ok=True)
    for name in ("a", "b"):
        Image.new("RGB", (60, 40)).save(folder / "photos" / f"{name}.png")
    path = folder / "x.workflow.yaml"
    path.write_text(
        f"version: 1\n{images}\n{truth}\nsteps: [{{id: find, prompt: Find., schema: boxes}}]\n"
        f"checks: [{{that: find.count, same_as: truth.boxes.count}}]\n{rest}"
    )
    return load(path, environ={})


def case(folder: Path, name: str, row: dict[str, object] | None = None) -> CaseResults:
    image = ResultImage(name, "image", str(folder / "photos" / name), Size(60, 40), 1, None)
    result = Result(0, name, "find", {}, 1, (image,), "ok", [], row=row or {})
    return CaseResults(name, 1, {}, {"find": result}, row or {}, {})


def test_each_case_gets_its_truth(tmp_path: Path) -> None:
    """By the names of its images, when it is its turn; what no check names is not read."""
    (tmp_path / "b.csv").write_text(f"{HEAD}a.png,cat,1,2,3,4\na.png,cat,50,2,99,4\n")
    (tmp_path / "broken.json").write_text("{")
    loaded = workflow(tmp_path, "truth: {boxes: b.csv, other: broken.json}")
    with case_truths(loaded) as truths:
        found = truths.added(case(tmp_path, "a.png")).truth
        again = truths.added(case(tmp_path, "a.png")).truth
        assert truths.added(case(tmp_path, "b.png")).truth == {
            "boxes": NoTruth("b.csv holds no truth of it: `b.png` does not stand in it")
        }
    cut = Detection("b.csv, line 3", "cat", Box(50, 2, 60, 4))
    assert found == {"boxes": Things((Detection("b.csv, line 2", "cat", Box(1, 2, 3, 4)), cut))}
    assert again is found
    assert list(truths.told()) == [
        "the truth is not whole: b.csv, line 3: it reaches beyond the image (60 × 40 pixels) and is cut"
    ]


def test_an_output_is_given_the_truth_that_it_shows(tmp_path: Path) -> None:
    """What only outputs name is open for them, and not for checks; other options stay as they are."""
    (tmp_path / "b.csv").write_text(f"{HEAD}a.png,cat,1,2,3,4\n")
    loaded = workflow(tmp_path, "truth: {boxes: b.csv}")
    shown = {"against": Reference("truth", ("boxes",)), "field_of_view": 60}
    spec = OutputSpec(Reference("find"), "overlay", "drawn/", loaded.truths[0].place, shown)
    loaded = replace(loaded, checks=(), outputs=(spec,))
    with case_truths(loaded) as truths:
        assert truths.specs == ()
    with shown_truths(loaded) as truths:
        given = truths.given(shown["against"])
        assert truths.given(60) == 60
        assert callable(given)
        result = case(tmp_path, "a.png").steps["find"]
        assert given(result) == Things((Detection("b.csv, line 2", "cat", Box(1, 2, 3, 4)),))


def test_a_truth_that_vanished_judges_nothing(tmp_path: Path) -> None:
    """A run that is judged later says so, instead of failing every case."""
    (tmp_path / "b.csv").write_text(f"{HEAD}a.png,cat,1,2,3,4\n")
    loaded = workflow(tmp_path, "truth: {boxes: b.csv}")
    (tmp_path / "b.csv").unlink()
    with case_truths(loaded) as truths:
        found = truths.added(case(tmp_path, "a.png")).truth
    assert found == {"boxes": NoTruth("the file cannot be read: there is no such file")}


def test_a_column_is_the_truth_of_its_row(tmp_path: Path) -> None:
    """An empty cell is none."""
    (tmp_path / "t.csv").write_text("photo,cats\na.png,2\nb.png,\n")
    dataset = "dataset: {file: t.csv, image_columns: photo, image_folder: photos, truth: {boxes: {column: cats}}}"
    loaded = workflow(tmp_path, "", images=dataset)
    with case_truths(loaded) as truths:
        assert truths.added(case(tmp_path, "a.png", {"cats": "2"})).truth == {"boxes": Cell("2")}
        assert truths.added(case(tmp_path, "b.png", {"cats": ""})).truth == {
            "boxes": NoTruth("the column `cats` is empty in its row")
        }


# -- before a run ---------------------------------------------------------------------------------


def problems(workflow: Workflow) -> list[tuple[str, str, str]]:
    def said(problem: Problem) -> tuple[str, str, str]:
        return problem.code, problem.severity, problem.message

    return [said(problem) for problem in find_pattern_problems(workflow)]


def test_rows_that_cannot_be_used_are_told_and_the_others_are(tmp_path: Path) -> None:
    """With file, line and column; also what only the size of the image tells."""
    rows = "a.png,cat,x,2,3,4\na.png,cat,1,2,99,4\nb.png,,,,,\n"
    (tmp_path / "b.csv").write_text(f"{HEAD}{rows}")
    loaded = workflow(tmp_path, "truth: {boxes: b.csv}")
    told = [
        ("W432", "b.csv, line 2, column `x_min`: `x` is no number"),
        ("W432", "b.csv, line 3: it reaches beyond the image (60 × 40 pixels) and is cut"),
    ]
    assert problems(loaded) == [(code, "warning", message) for code, message in told]
    stopping = workflow(tmp_path, "truth: {boxes: b.csv}", "run: {on_error: stop}")
    assert problems(stopping) == [(code, "error", message) for code, message in told]


def test_no_more_rows_are_named_than_one_reads(tmp_path: Path) -> None:
    """The rest is counted."""
    (tmp_path / "b.csv").write_text(
        HEAD + "a.png,cat,x,2,3,4\n" * 1000 + "a.png,,,,,\nb.png,,,,,\n"
    )
    told = problems(workflow(tmp_path, "truth: {boxes: b.csv}"))
    assert len(told) == 6
    assert told[-1][2] == "995 more entries of `b.csv` cannot be used"


@pytest.mark.parametrize(
    ("rows", "severity", "message"),
    [
        (
            "a.png,cat,1,2,3,4\n", "warning",
            "1 of 2 cases have no truth in `b.csv` and are not judged by it; b.png: b.csv holds no"
            " truth of it: `b.png` does not stand in it",
        ),
        (
            "c.png,cat,1,2,3,4\n", "error",
            "`b.csv` holds no truth of any case; a.png: b.csv holds no truth of it: `a.png` does not"
            " stand in it",
        ),
        (
            "a.png,,,,,\nb.png,,,,,\nc.png,cat,1,2,3,4\n", "warning",
            "`b.csv` names 1 image that there is no case of, such as `c.png`",
        ),
    ],
)  # fmt: skip
def test_a_truth_that_does_not_fit_the_images(
    tmp_path: Path, rows: str, severity: str, message: str
) -> None:
    """An error only when nothing fits."""
    (tmp_path / "b.csv").write_text(f"{HEAD}{rows}")
    assert problems(workflow(tmp_path, "truth: {boxes: b.csv}")) == [("W418", severity, message)]


def test_a_name_for_two_images_is_refused(tmp_path: Path) -> None:
    """Else one image would be judged by the truth of the other."""
    (tmp_path / "b.csv").write_text(f"{HEAD}a.png,,,,,\nb.png,,,,,\n")
    workflow(tmp_path, "truth: {boxes: b.csv}")
    (tmp_path / "photos" / "more").mkdir()
    Image.new("RGB", (60, 40)).save(tmp_path / "photos" / "more" / "a.png")
    loaded = workflow(tmp_path, "truth: {boxes: b.csv}", images="images: photos/**/*.png")
    assert problems(loaded) == [
        ("W419", "error", "in `b.csv`, `a.png` could be `a.png` or `more/a.png`")
    ]


def test_a_truth_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Before anything is paid for."""
    (tmp_path / "b.json").write_text('{"images": [')
    assert problems(workflow(tmp_path, "truth: {boxes: b.json}")) == [
        (
            "W413",
            "error",
            "the truth `b.json` cannot be read: it is not whole JSON: it ends too early, in line 1:"
            " a copy of it may have been cut off",
        )
    ]


def test_the_truth_of_rows_that_are_not_chosen_is_not_missed(tmp_path: Path) -> None:
    """`where` takes a part; the file may hold the truth of all."""
    (tmp_path / "b.csv").write_text(f"{HEAD}a.png,,,,,\nb.png,,,,,\n")
    (tmp_path / "t.csv").write_text("photo,split\na.png,test\nb.png,train\n")
    dataset = "dataset: {file: t.csv, image_columns: photo, image_folder: photos, where: {split: [test, val]}}"
    assert problems(workflow(tmp_path, "truth: {boxes: b.csv}", images=dataset)) == []
