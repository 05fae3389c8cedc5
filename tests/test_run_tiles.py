"""A large image in tiles, from a workflow to results: asked in pieces, answered as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from runner.providers.simulator.commands import planned
from runner.providers.simulator.desk import Desk
from runner.providers.simulator.service import Service
from runner.providers.simulator.transport import SimulatedTransport
from runner.resume import Options
from runner.roles import Connection
from runner.store.cache import Cache
from runner.store.cache_place import CachePlace
from runner.store.folder import RunFolder
from runner.story import Outcome, make_plan, run
from runner.values.geometry import Box, Size
from runner.values.request import Policy
from runner.values.result import Result
from runner.workflow.load import load

DRAWN = {
    "red": (40, 60, 119, 199),  # in the first tile alone
    "blue": (200, 100, 330, 219),  # across a seam, whole in the tile in the middle
    "green": (30, 260, 569, 330),  # longer than any tile
    "purple": (480, 40, 499, 59),  # small
}

WORKFLOW = """\
version: 1
images: shapes.png
steps:
  - id: find
    prompt: Find the shapes.
    schema: SCHEMA
    tile: {size: 240, overlap: 25%}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image = Image.new("RGB", (600, 400), "white")
    pen = ImageDraw.Draw(image)
    for colour, edges in DRAWN.items():
        pen.rectangle(edges, fill=colour)
    image.save(tmp_path / "shapes.png")
    return tmp_path


def ran(
    folder: Path, workflow: str, *faults: str, cache: Cache | None = None
) -> tuple[Outcome, list[Result], int]:
    """A run of this workflow, its results, and how many requests arrived at the service."""
    path = folder / "test.workflow.yaml"
    path.write_text(workflow)
    loaded = load(path, environ={})
    service = Service(Desk(plan=tuple(map(planned, faults))))
    policy = Policy(retries=0, timeout_seconds=20)
    connection = Connection(key="k", policy=policy, transport=SimulatedTransport(service))
    outcome = run(loaded, make_plan(loaded), Options(connection, folder / "runs", cache=cache))
    results = list(RunFolder(outcome.folder).results())
    return outcome, results, service.desk.ledger.requests


@pytest.mark.parametrize("schema", ["boxes", "masks", "polygons"])
def test_every_shape_is_found_once_and_whole(folder: Path, schema: str) -> None:
    """Also what no tile shows whole: its pieces become one."""
    outcome, (result,), requests = ran(folder, WORKFLOW.replace("SCHEMA", schema))
    assert (outcome.exit_code, result.status, requests) == (0, "ok", 6)
    assert len(result.detections) == len(DRAWN)
    extents = [
        found.mask.tight_box if found.mask and schema == "masks" else
        found.box or found.polygon[0].bounds
        for found in result.detections
    ]  # fmt: skip
    for x, y, right, bottom in DRAWN.values():
        shape = Box(x, y, right + 1, bottom + 1)
        assert max(shape.iou(extent) for extent in extents if extent) > 0.95
    assert [image.size for image in result.images] == [Size(600, 400)]
    answer = json.loads(json.dumps(result.answer))
    assert len(answer[schema]) == len(DRAWN)
    seams = [
        found.box or found.polygon[0].bounds
        for found in result.detections
        if "seam" in {issue.code for issue in found.issues}
    ]
    assert [round(box.width) for box in seams] == [540]  # the long one, and no other


def test_a_small_image_is_one_request_like_any_other(folder: Path) -> None:
    """A tile larger than the image cuts nothing: the same request, the same result line."""
    plain = WORKFLOW.replace("SCHEMA", "boxes").replace("    tile: {size: 240, overlap: 25%}\n", "")
    outcome, _, _ = ran(folder, plain)
    before = (outcome.folder / "results.jsonl").read_bytes()
    outcome, _, _ = ran(folder, f"{plain}    tile: 600\n")
    assert (outcome.folder / "results.jsonl").read_bytes() == before


def test_a_plan_counts_tiles(folder: Path) -> None:
    """Each is a request; the tiles of a second copy of the photograph are asked once."""
    (folder / "copy.png").write_bytes((folder / "shapes.png").read_bytes())
    path = folder / "test.workflow.yaml"
    path.write_text(
        WORKFLOW.replace("SCHEMA", "boxes").replace("shapes.png", "[shapes.png, copy.png]")
    )
    plan = make_plan(load(path, environ={}))
    assert (plan.requests, plan.same, plan.promised) == (12, 6, 2)
    (share,) = plan.by_model.values()
    assert share.requests == 6
    _, results, requests = ran(folder, path.read_text())
    assert requests == 6
    assert results[0].detections == results[1].detections


def test_a_tile_that_fails_is_named_and_asked_again(folder: Path) -> None:
    """The others are used and stored: the next run asks for that one alone."""
    cache = Cache(CachePlace(folder / "cache"), lambda sentence: None)
    text = WORKFLOW.replace("SCHEMA", "boxes") + "run: {parallel: 1}\n"
    outcome, (result,), requests = ran(folder, text, "internal:every=6", cache=cache)
    assert (outcome.exit_code, result.status, requests) == (3, "partial", 6)
    (issue,) = [issue for issue in result.issues if issue.code == "tile_failed"]
    assert issue.why.startswith("tile 6 of 6, at [360, 160, 600, 400]: ")
    assert [entry.status for entry in result.entries] == ["ok"] * 5 + ["failed"]
    outcome, (result,), requests = ran(folder, text, cache=cache)
    assert (outcome.exit_code, result.status, requests) == (0, "ok", 1)
    cache.close()


def test_no_tile_with_an_answer_is_a_failure(folder: Path) -> None:
    """And not an image without shapes."""
    outcome, (result,), _ = ran(folder, WORKFLOW.replace("SCHEMA", "boxes"), "internal")
    assert (outcome.exit_code, result.status, result.answer) == (3, "failed", None)
    assert result.error
    assert result.error.startswith("none of 6 tiles: ")


def test_a_run_that_stopped_between_tiles_goes_on_there(folder: Path) -> None:
    """What was answered is not asked again, and the result is that of a run without a stop."""
    text = WORKFLOW.replace("SCHEMA", "boxes")
    outcome, results, requests = ran(folder, f"{text}run: {{parallel: 1, max_requests: 4}}\n")
    assert (outcome.exit_code, results, requests) == (5, [], 4)
    outcome, _, requests = ran(folder, f"{text}run: {{parallel: 1}}\n")
    assert (outcome.exit_code, requests) == (0, 2)
    whole, _, _ = ran(folder, f"{text}run: {{parallel: 3}}\n")
    assert whole.folder != outcome.folder
    lines = [(each.folder / "results.jsonl").read_bytes() for each in (outcome, whole)]
    assert lines[0] == lines[1]


def test_every_tile_is_paid_for_once(folder: Path) -> None:
    """Tokens and dollars of the result are those of its tiles, and so are those of the run."""
    outcome, (result,), _ = ran(folder, WORKFLOW.replace("SCHEMA", "boxes"))
    assert result.cost_usd == pytest.approx(outcome.tally.cost_usd)
    assert result.usage["input_tokens"] == outcome.tally.input_tokens
    assert outcome.tally.models == {"gemini-3.5-flash": 6}
