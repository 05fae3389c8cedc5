"""`resize:`, `convert:`, `rotate:` and `tile:` at the top and in a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.values.problem import Rejected
from runner.workflow.load import load
from runner.workflow.spec import StepPreparation, Tile

HEAD = "version: 1\nimages: a.png\n"
FIND = "  - {id: find, prompt: Find every cat., schema: boxes%s}\n"


def prepared(folder: Path, text: str) -> dict[str, StepPreparation]:
    """Of every step, by its id."""
    file = folder / "w.workflow.yaml"
    file.write_text(HEAD + text)
    return {step.id: step.preparation for step in load(file, environ={}).asks}


@pytest.mark.parametrize(
    ("top", "own", "expected"),
    [
        ("", "", StepPreparation()),
        ("rotate: auto\n", ", rotate: auto", StepPreparation()),
        ("resize: 1024\n", "", StepPreparation(resize=1024)),
        ("resize: 1024\nconvert: png\n", "", StepPreparation(resize=1024, convert="png")),
        ("resize: 1024\nconvert: png\n", ", resize: 300", StepPreparation(None, 300, "png")),
        ("", ", convert: jpeg", StepPreparation(convert="jpeg")),
        ("", ", tile: 512", StepPreparation(Tile(512, 0.15))),
        ("tile: 512\n", ", tile: {size: 256}", StepPreparation(Tile(256, 0.15))),
        ("", ", tile: {size: 256, overlap: 0}", StepPreparation(Tile(256, 0.0))),
        ("", ", tile: {size: 256, overlap: 50%}", StepPreparation(Tile(256, 0.5))),
        ("", ", tile: {size: 256, overlap: 0.2}", StepPreparation(Tile(256, 0.2))),
    ],
)
def test_what_a_step_says_wins_over_the_top(
    tmp_path: Path, top: str, own: str, expected: StepPreparation
) -> None:
    """Word by word."""
    assert prepared(tmp_path, f"{top}steps:\n{FIND % own}") == {"find": expected}


@pytest.mark.parametrize(
    "answer",
    [
        "schema: boxes",
        "schema: points",
        "schema: polygons",
        "schema: masks",
        "list_of: {label: text, at: point}",
        "list_of: {box: box, colour: [red, blue]}",
    ],
)
def test_lists_of_places_can_be_tiled(tmp_path: Path, answer: str) -> None:
    """Shipped or one's own."""
    step = f"steps:\n  - id: find\n    prompt: Find them.\n    {answer}\n    tile: 512\n"
    assert prepared(tmp_path, step)["find"].tile == Tile(512)


@pytest.mark.parametrize(
    "answer",
    [
        "title: A text",
        "schema: classification",
        "schema: count",
        "fields: {plate: box}",
        "fields: {cars: box, total: integer}",
        "list_of: {name: text}",
    ],
)
def test_other_answers_cannot(tmp_path: Path, answer: str) -> None:
    """One record about a tile says nothing about the image."""
    step = f"steps:\n  - id: find\n    prompt: Find them.\n    {answer}\n    tile: 512\n"
    with pytest.raises(Rejected) as rejected:
        prepared(tmp_path, step)
    assert [problem.code for problem in rejected.value.problems] == ["W211"]


@pytest.mark.parametrize("word", ["tile: 512", "resize: 512"])
def test_a_web_image_must_be_here_to_be_changed(tmp_path: Path, word: str) -> None:
    """It is an error, because no request of the run could be made."""
    file = tmp_path / "w.workflow.yaml"
    text = f"version: 1\nimages: https://127.0.0.1/a.png\n{word}\nsteps:\n{FIND % ''}"
    file.write_text(text)
    with pytest.raises(Rejected) as rejected:
        load(file, environ={})
    assert [problem.code for problem in rejected.value.problems] == ["W451"]
    for way in ("fetch: true\n", "upload: auto\n"):
        file.write_text(text + way)
        assert load(file, environ={}).preparation.needs_size


def test_what_every_step_reduces_may_be_larger_than_a_request(tmp_path: Path) -> None:
    """A photograph of 90 MB can be sent in tiles."""
    file = tmp_path / "w.workflow.yaml"
    more = "  - {id: caption, prompt: Describe it., resize: 512}\n"
    for steps, reduced in (
        (FIND % ", tile: 512", True),
        (FIND % ", tile: 512" + more, True),
        (FIND % "" + more, False),
    ):
        file.write_text(f"{HEAD}steps:\n{steps}")
        assert load(file, environ={}).preparation.is_reduced == reduced
