"""The answers about tiles become one result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from runner.catalogue import catalogue
from runner.stages.answer import Asked, answered
from runner.stages.stitch import stitched
from runner.stages.tiles import key_of, tiled
from runner.values.case import CaseImages
from runner.values.geometry import Box, PixelBox, Size
from runner.values.image import DataOrigin, Image
from runner.values.job import Job
from runner.values.problem import Place
from runner.values.request import ImagePart, Request, Settings, TextPart
from runner.values.response import Failure, Response, Usage
from runner.values.result import Issue, Result, ResultImage
from runner.workflow.shapes import shape_from_list_of
from runner.workflow.spec import AskStep, Prompt, StepPreparation, Tile

IMAGE = Image("x.png", "image", DataOrigin(b""), "image/png", size=Size(180, 100), sha256="ab")
LEFT, RIGHT = PixelBox(0, 0, 100, 100), PixelBox(80, 0, 180, 100)
DAY = date(2026, 11, 21)
MODEL = "gemini-3.5-flash"


def step(fields: dict[str, Any]) -> AskStep:
    return AskStep(
        "find",
        Prompt("Find.", Place("f", 1, 1, 2)),
        shape_from_list_of(fields),
        None,
        MODEL,
        Settings(),
        preparation=StepPreparation(Tile(100, 0.2)),
    )


BOXES = step({"label": "text", "box": "box", "colour": "text"})


def asked(of: AskStep = BOXES) -> Asked:
    job = Job(0, CaseImages("x.png", (IMAGE,)), {}, 1)
    return Asked(job, of, 0, (IMAGE,))


def of_tiles(*replies: str | Failure, of: AskStep = BOXES, finish: Any = "complete") -> Result:
    """What becomes of these two answers."""
    request = Request("interactions", MODEL, (TextPart("Find."), ImagePart(IMAGE)))
    tiles = tiled(of, request)
    assert [tile.images[0].window for tile in tiles] == [LEFT, RIGHT]
    model = catalogue().model(MODEL)
    results = []
    for tile, reply in zip(tiles, replies, strict=True):
        said = (
            reply
            if isinstance(reply, Failure)
            else Response(reply, finish, "stop", Usage(100, 10), MODEL, b"")
        )
        own = replace(asked(of), images=tile.images)
        results.append(answered(own, tile, said, model, DAY, {}))
    return stitched(asked(of), request, tiles, results, key_of(tiles))


def things(*found: tuple[str, Sequence[int], str]) -> str:
    """An answer in 0–1000, y first."""
    return json.dumps(
        [{"label": label, "box_2d": list(box), "colour": colour} for label, box, colour in found]
    )


def test_two_tiles_of_one_image() -> None:
    """A cup that the left tile shows whole, a rod that both cut off, a spoon on the right."""
    result = of_tiles(
        things(("cup", (100, 600, 300, 950), "red"), ("rod", (500, 100, 600, 1000), "grey")),
        things(
            ("cup", (100, 0, 300, 150), "pink"),
            ("spoon", (700, 500, 800, 600), "blue"),
            ("rod", (500, 0, 600, 900), "gray"),
        ),
    )
    assert result.status == "ok"
    assert result.answer == {
        "boxes": [
            {"label": "cup", "box": [60.0, 10.0, 95.0, 30.0], "colour": "red"},
            {"label": "rod", "box": [10.0, 50.0, 170.0, 60.0], "colour": "grey"},
            {"label": "spoon", "box": [130.0, 70.0, 140.0, 80.0], "colour": "blue"},
        ]
    }
    assert [(one.at, one.label, one.box) for one in result.detections] == [
        ("boxes[0]", "cup", Box(60.0, 10.0, 95.0, 30.0)),
        ("boxes[1]", "rod", Box(10.0, 50.0, 170.0, 60.0)),
        ("boxes[2]", "spoon", Box(130.0, 70.0, 140.0, 80.0)),
    ]
    assert result.detections[1].fields == {"colour": "grey"}
    (seam,) = result.detections[1].issues
    assert seam == Issue("seam", "no tile shows all of it; put together of 2 pieces", "boxes[1]", 1)
    assert result.images == (ResultImage("x.png", "image", None, IMAGE.size, 1, "ab"),)
    assert result.usage["input_tokens"] == 200
    assert result.cost_usd == pytest.approx(2 * (100 * 1.5 + 10 * 9) / 1e6)
    assert [entry.window for entry in result.entries] == [LEFT, RIGHT]
    assert {entry.status for entry in result.entries} == {"ok"}


def test_a_tile_without_an_answer_is_named() -> None:
    """The others are used; the result says that something is missing, and where."""
    lost = Failure("overloaded", "the service failed (500)")
    result = of_tiles(things(("cup", (100, 600, 300, 900), "red")), lost)
    assert (result.status, len(result.detections), result.error) == ("partial", 1, None)
    why = "tile 2 of 2, at [80, 0, 180, 100]: the service failed (500)"
    assert result.issues == (Issue("tile_failed", why, index=1),)
    assert result.entries[1].error == "the service failed (500)"


def test_no_tile_with_an_answer_is_a_failure() -> None:
    """It is no image without things in it."""
    lost = Failure("overloaded", "the service failed (500)")
    result = of_tiles(lost, lost)
    assert (result.status, result.answer) == ("failed", None)
    assert result.error == "none of 2 tiles: the service failed (500)"


@pytest.mark.parametrize(
    ("left", "right", "status"),
    [
        ("[]", "[]", "empty"),
        ("[]", things(("cup", (1, 2, 3, 4), "red")), "ok"),
        ("no json", "[]", "partial"),
        ("no json", "nor here", "malformed"),
        ("no json", Failure("overloaded", "no"), "failed"),
        (things(("cup", (1, 2, 3), "red"), ("cup", (1, 2, 3, 4), "red")), "[]", "partial"),
    ],
)
def test_the_status_of_all_tiles(left: str, right: str | Failure, status: str) -> None:
    """Found nothing in any, and could not read one, are different results."""
    assert of_tiles(left, right).status == status


def test_what_is_dropped_in_a_tile_names_the_tile() -> None:
    """Its own numbers would mean nothing in the list of all."""
    result = of_tiles(things(("cup", (1, 2, 3), "red"), ("cup", (1, 2, 3, 4), "red")), "[]")
    (issue,) = result.issues
    assert (issue.code, issue.at, issue.index) == ("item_dropped", None, 0)
    assert issue.why.startswith("tile 1 of 2, at [0, 0, 100, 100]: ")


def test_a_tile_that_was_cut_off_gives_what_it_has() -> None:
    """Complete items of a truncated answer count; that some are missing is said."""
    text = things(("cup", (100, 600, 300, 900), "red"))[:-1] + ', {"label": "sp'
    result = of_tiles(text, text, finish="cut_off")
    assert (result.status, result.recovered) == ("truncated", 2)
    assert [one.box for one in result.detections] == [
        Box(60.0, 10.0, 90.0, 30.0),
        Box(140.0, 10.0, 170.0, 30.0),
    ]
    mixed = of_tiles(text, Failure("overloaded", "no"), finish="cut_off")
    assert mixed.status == "failed"
