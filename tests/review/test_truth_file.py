"""The file of truth: written whole after each decision, read back, and judged by."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from runner.review.truth_file import (
    Settled,
    TruthFile,
    TruthFileError,
    line_of,
    path_beside,
    settled,
)
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.results import Results
from runner.values.geometry import Box, Size
from runner.values.result import Detection, Result, ResultImage
from runner.values.truth import NoTruth, Truth

PHOTO = ResultImage("a.jpg", "image", "a.jpg", Size(100, 80), 1, "ab" * 32, sent_mime="image/jpeg")
CUP = Box(10.0, 10.0, 40.0, 40.0)
FOUND = Result(
    ordinal=7, case="a.jpg", step="find", combination={"model": "m"}, repeat=2, images=(PHOTO,),
    status="ok", answer={"boxes": [{"label": "Löffel", "box": CUP.as_list()}]},
    detections=(Detection("boxes[0]", "Löffel", CUP),), usage={"input_tokens": 9}, cost_usd=0.1,
    model="m", row={"secret": "x"}, request_key="k",
)  # fmt: skip
APPROVED = settled(FOUND, "approved", "", "run-1")
REJECTED = settled(
    replace(FOUND, case="b.jpg"), "rejected", "half \ud800 \u2028 is\nmissing", "run-1"
)


def truth(path: Path, case: str, *images: ResultImage) -> Truth:
    flaws = Flaws()
    source = Results(path, "find").open(flaws)
    try:
        assert flaws.count == 0
        return source.of(case, images).truth
    finally:
        source.close()


def test_a_line_is_what_is_true_of_the_images() -> None:
    """Not what it took to ask, nor the row of a table, of which nobody said anything."""
    line = line_of(APPROVED)
    assert line.startswith('{"review":{"verdict":"approved","run":"run-1"},"case":"a.jpg",')
    assert "secret" not in line
    told = json.loads(line)
    assert (told["combination"], told["repeat"], told["usage"], told["row"]) == ({}, 1, {}, {})
    assert told["answer"] == FOUND.answer


def test_a_file_is_read_back_as_it_was_kept(tmp_path: Path) -> None:
    """Sorted, one line each, whatever a note holds; the same decisions are the same bytes."""
    path = tmp_path / "x.truth.jsonl"
    file = TruthFile.read(path)
    file.keep(REJECTED.key, REJECTED)
    file.keep(APPROVED.key, APPROVED)
    content = path.read_bytes()
    assert [json.loads(line)["case"] for line in content.splitlines()] == ["a.jpg", "b.jpg"]
    again = TruthFile.read(path)
    assert again.lines == {APPROVED.key: APPROVED, REJECTED.key: REJECTED}
    again.keep(APPROVED.key, APPROVED)
    assert path.read_bytes() == content
    again.keep(REJECTED.key, None)
    assert path.read_text(encoding="utf-8") == line_of(APPROVED) + "\n"
    assert [each.name for each in tmp_path.iterdir()] == ["x.truth.jsonl"]


def test_a_truth_in_a_workflow_reads_the_file(tmp_path: Path) -> None:
    """What is approved is the answer; what is rejected is no truth, and says so."""
    path = tmp_path / "x.truth.jsonl"
    file = TruthFile.read(path)
    for one in (APPROVED, REJECTED):
        file.keep(one.key, one)
    found = truth(path, "a.jpg")
    assert isinstance(found, Result)
    assert (found.answer, found.detections) == (FOUND.answer, FOUND.detections)
    rejected = "x.truth.jsonl, line 2: the answer was rejected, and none is right yet"
    assert truth(path, "b.jpg") == NoTruth(rejected)
    assert truth(path, "c.jpg") == NoTruth("x.truth.jsonl holds no result of it")


def test_what_was_said_of_another_image_is_no_truth(tmp_path: Path) -> None:
    """The photograph was replaced under its name: a person looks at it first."""
    path = tmp_path / "x.truth.jsonl"
    TruthFile.read(path).keep(APPROVED.key, APPROVED)
    other = replace(PHOTO, sha256="cd" * 32)
    why = "x.truth.jsonl, line 1: what was said is of another image `a.jpg`"
    assert truth(path, "a.jpg", other) == NoTruth(why)
    for images in ((PHOTO,), (replace(PHOTO, sha256=None),), (replace(other, name="crop"),)):
        assert isinstance(truth(path, "a.jpg", *images), Result)


def test_nothing_is_written_over_a_change_of_somebody_else(tmp_path: Path) -> None:
    """A pull from git, an editor: the decision is refused, and what is there stays."""
    path = tmp_path / "x.truth.jsonl"
    file = TruthFile.read(path)
    file.keep(APPROVED.key, APPROVED)
    other = line_of(REJECTED) + "\n"
    path.write_text(other, encoding="utf-8", errors="backslashreplace")
    with pytest.raises(TruthFileError, match="was changed by something else"):
        file.keep(REJECTED.key, REJECTED)
    assert file.lines == {APPROVED.key: APPROVED}
    path.unlink()
    with pytest.raises(TruthFileError, match="was changed by something else"):
        file.keep(REJECTED.key, REJECTED)


def test_what_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """A folder in the place of the file."""
    path = tmp_path / "no" / "x.truth.jsonl"
    file = TruthFile.read(path)
    (tmp_path / "no").write_text("a file is in the way")
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        file.keep(APPROVED.key, APPROVED)
    assert file.lines == {}


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        "[1]",
        '{"case":"a.jpg","step":"find"}',
        '{"review":{"verdict":"perhaps"},"case":"a.jpg","step":"find","images":[]}',
        '{"review":{"verdict":"approved"},"case":"a.jpg","step":"find","images":[]}',
        '{"review":7,"case":"a.jpg","step":"find","images":[]}',
    ],
)
def test_a_file_that_no_review_wrote_is_left_alone(tmp_path: Path, line: str) -> None:
    """A conflict of git, results.jsonl: the line is named."""
    path = tmp_path / "x.truth.jsonl"
    path.write_text(f"{line_of(APPROVED)}\n{line}\n", encoding="utf-8")
    with pytest.raises(TruthFileError, match=r"x\.truth\.jsonl, line 2: this is no line"):
        TruthFile.read(path)


def test_two_lines_for_one_answer_are_told(tmp_path: Path) -> None:
    """Nobody could say which is right."""
    path = tmp_path / "x.truth.jsonl"
    path.write_text(f"{line_of(APPROVED)}\n" * 2, encoding="utf-8")
    with pytest.raises(TruthFileError, match="line 2: a second line for `a"):
        TruthFile.read(path)


def test_the_file_is_beside_the_workflow() -> None:
    """Like the baseline."""
    assert path_beside(Path("a/coins.workflow.yaml")) == Path("a/coins.truth.jsonl")
    assert path_beside(Path("coins.yml")) == Path("coins.truth.jsonl")


def test_a_rejected_answer_keeps_nothing_of_it() -> None:
    """So that no reader takes it for right."""
    assert REJECTED.right is None
    assert isinstance(REJECTED, Settled)
    assert set(json.loads(line_of(REJECTED))) == {"review", "case", "step", "images", "status"}
