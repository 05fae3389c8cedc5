"""The whole path, from a workflow to results, over every way in which a service can answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageDraw

from runner.resume import Options
from runner.roles import Connection
from runner.store.folder import RunFolder
from runner.story import Outcome, make_plan, run
from runner.values.request import Policy
from runner.values.result import Result
from runner.workflow.load import load

WHOLE = "ok"

ANSWERS: Mapping[str, str] = {
    # the answer is odd
    "fence": WHOLE,
    "chatty": WHOLE,
    "truncated": "truncated",
    "runaway-mask": "truncated",
    "mask-tokens": "partial",
    "mask-placeholder": "partial",
    "no-masks": "partial",
    "swapped-polygons": WHOLE,
    "flat-polygons": WHOLE,
    "inverted-boxes": WHOLE,
    "degenerate-boxes": WHOLE,
    "outside-boxes": WHOLE,
    "float-boxes": WHOLE,
    "unit-boxes": WHOLE,
    "short-boxes": "malformed",
    "xyxy-boxes": WHOLE,
    "pixel-boxes": WHOLE,
    "bare-list": WHOLE,
    "wrapped-list": WHOLE,
    "single-object": WHOLE,
    "no-labels": WHOLE,
    "other-keys": WHOLE,
    "bounding-box-keys": WHOLE,
    "broken-base64": "partial",
    "broken-png": "partial",
    "empty-text": "malformed",
    "double-json": WHOLE,
    "repeated": "truncated",
    "duplicate-keys": "malformed",
    "nan": "malformed",
    "declined": "refused",
    # the service fails, or answers in an unusual way
    "internal": "failed",
    "overloaded": "failed",
    "deadline": "failed",
    "bad-gateway": "failed",
    "captive-portal": "failed",
    "too-large": "failed",
    "bad-request": "failed",
    "blocked-http": "refused",
    "blocked-status": "refused",
    "blocked-step": "refused",
    "failed": "failed",
    "incomplete": "truncated",
    "cancelled": "failed",
    "budget-exceeded": "truncated",
    "unknown-status": WHOLE,
    "trailing-thought": WHOLE,
    "several-items": WHOLE,
    "echoed-input": WHOLE,
    "continuation": WHOLE,
    "legacy-outputs": WHOLE,
    "truncated-body": "failed",
    "reset": "failed",
    "reset-within": "failed",
    "closed": "failed",
    "empty-body": "failed",
    "not-json": "failed",
    "bad-utf8": "failed",
}

WORKFLOW = """\
version: 1
images: shapes.png
vars: {does: nothing}
steps:
  - id: find
    prompt: "Find the shapes. [[simulate: {{ vars.does }}]]"
    schema: masks
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 60, 119, 199), fill="red")
    pen.ellipse((200, 100, 319, 219), fill="blue")
    image.save(tmp_path / "shapes.png")
    return tmp_path


def ran(folder: Path, workflow: str) -> tuple[Outcome, list[Result]]:
    """A run of this workflow on the simulator, and its results."""
    path = folder / "test.workflow.yaml"
    path.write_text(workflow)
    loaded = load(path, overrides={"provider": "simulator"}, environ={})
    connection = Connection(policy=Policy(retries=loaded.run.retries, timeout_seconds=20))
    outcome = run(loaded, make_plan(loaded), Options(connection, folder / "runs"))
    return outcome, list(RunFolder(outcome.folder).results())


def test_every_way_of_answering_is_one_status(folder: Path) -> None:
    """No fault and no quirk ends a run, none is taken for an empty answer, and each says why."""
    matrix = f"matrix:\n  vars.does: [{', '.join(ANSWERS)}]\nrun: {{retries: 0, parallel: 8}}\n"
    outcome, results = ran(folder, WORKFLOW + matrix)
    assert {str(r.combination["vars.does"]): r.status for r in results} == ANSWERS
    assert outcome.exit_code == 3
    silent = [r for r in results if r.status not in ("ok", "partial") and not r.error]
    assert silent == []
    empty = [r.combination for r in results if r.status in ("ok", "partial") and not r.detections]
    assert empty == []


def test_answers_are_compared_with_the_truth(folder: Path) -> None:
    """In pixels, from files beside the workflow, copies of which stand in the run folder."""
    boxes = "image,label,x_min,y_min,x_max,y_max\n"
    rows = "shapes.png,a,40,60,120,200\nshapes.png,b,200,100,320,220\n"
    (folder / "boxes.csv").write_text(boxes + rows)
    truth = "truth: {boxes: boxes.csv}\nchecks:\n"
    right = "  - {that: find.masks.count, same_as: truth.boxes.count}\n"
    wrong = "  - {that: find.masks.labels, same_as: truth.boxes.labels}\n"
    plain = WORKFLOW.replace("nothing", "fence")
    outcome, _ = ran(folder, plain + truth + right + wrong)
    assert [verdict.outcome for verdict in outcome.verdicts] == ["passed", "failed"]
    assert (outcome.folder / "sources" / "boxes.csv").read_text() == boxes + rows


def test_the_answers_of_one_run_are_the_truth_of_another(folder: Path) -> None:
    """Its results.jsonl is enough."""
    plain = WORKFLOW.replace("nothing", "fence")
    outcome, _ = ran(folder, plain)
    before = outcome.folder.relative_to(folder) / "results.jsonl"
    same = "{that: find.masks.label, same_as: truth.before.masks.label}"
    outcome, _ = ran(folder, f"{plain}truth: {{before: {before}}}\nchecks: [{same}]\n")
    assert [verdict.outcome for verdict in outcome.verdicts] == ["passed"]


def test_a_plain_answer_is_in_pixels(folder: Path) -> None:
    """Boxes within 1 % of the side; masks with more than 0.9 of their pixels right."""
    _, (result,) = ran(folder, WORKFLOW.replace("{{ vars.does }}", "fence"))
    boxes = sorted(d.box.as_list() for d in result.detections if d.box)
    for box, drawn in zip(boxes, ([40, 60, 120, 200], [200, 100, 320, 220]), strict=True):
        assert all(abs(a - b) <= 4 for a, b in zip(box, drawn, strict=True))
    areas = sorted(d.mask.area for d in result.detections if d.mask)
    drawn = [80 * 140, 3.14159 * 60 * 60]
    assert all(abs(a / b - 1) < 0.1 for a, b in zip(areas, drawn, strict=True))


def test_an_image_and_its_turned_copy_have_the_same_boxes(folder: Path) -> None:
    """The same scene stored turned (EXIF 1–8): the boxes are in the pixels that people see."""
    upright = Image.open(folder / "shapes.png")
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    (folder / "turned").mkdir()
    for orientation, turn in turns.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = upright.transpose(turn)
        stored.save(folder / f"turned/{orientation}.jpg", exif=exif, quality=95)
    workflow = WORKFLOW.replace("shapes.png", "turned").replace("{{ vars.does }}", "bare-list")
    _, results = ran(folder, workflow)
    assert [r.case for r in results] == [f"{n}.jpg" for n in range(2, 9)]
    for result in results:
        boxes = sorted(d.box.as_list() for d in result.detections if d.box)
        for box, drawn in zip(boxes, ([40, 60, 120, 200], [200, 100, 320, 220]), strict=True):
            assert all(abs(a - b) <= 4 for a, b in zip(box, drawn, strict=True)), result.case


def test_a_later_step_names_an_earlier_answer(folder: Path) -> None:
    """The second prompt holds what the first step found; without an answer it is not run."""
    workflow = WORKFLOW + (
        "  - id: describe\n"
        "    prompt: |\n"
        "      {{ find.masks | length }} shapes:\n"
        "      {% for shape in find.masks %}\n"
        "      - {{ shape.label }}\n"
        "      {% endfor %}\n"
        "matrix: {vars.does: [fence, declined]}\n"
    )
    outcome, results = ran(folder, workflow)
    assert [(r.combination["vars.does"], r.step, r.status) for r in results] == [
        ("fence", "find", "ok"),
        ("fence", "describe", "ok"),
        ("declined", "find", "refused"),
        ("declined", "describe", "not_run"),
    ]
    assert results[0].error is None
    assert results[3].error == f"step `find` gave no usable answer: {results[2].error}"
    assert outcome.exit_code == 3


@pytest.mark.parametrize(
    ("fault", "kind", "exit_code"),
    [("invalid-key", "service", 2), ("daily-quota", "limit", 5), ("leaked-key", "service", 2)],
)
def test_what_would_meet_every_request_stops_the_run(
    folder: Path, fault: str, kind: str, exit_code: int
) -> None:
    """A wrong key or an empty daily quota is met once, not once an image, and nothing is failed."""
    for number in range(20):
        (folder / f"copy-{number}.png").write_bytes((folder / "shapes.png").read_bytes())
    workflow = WORKFLOW.replace("shapes.png", "'*.png'").replace("{{ vars.does }}", fault)
    outcome, results = ran(folder, workflow)
    assert (outcome.halt.kind, outcome.exit_code, results) == (kind, exit_code, [])
    assert json.loads((outcome.folder / "run.json").read_text())["status"] == kind


def test_a_dataset_row_is_a_case(folder: Path) -> None:
    """Rows of a table name their image, fill in the prompt and stand in the results."""
    (folder / "table.csv").write_text("id,photo,site\nr1,shapes.png,Lisbon\nr2,missing.png,Porto\n")
    workflow = (
        "version: 1\n"
        "dataset: {file: table.csv, image_columns: photo, id_column: id}\n"
        "steps:\n"
        "  - {id: say, prompt: 'What is seen in {{ row.site }}?'}\n"
        "checks:\n"
        "  - {that: say.text, is_empty: false}\n"
    )
    outcome, results = ran(folder, workflow)
    assert [(r.case, r.status, r.row["site"]) for r in results] == [
        ("r1", "ok", "Lisbon"),
        ("r2", "failed", "Porto"),
    ]
    assert [verdict.outcome for verdict in outcome.verdicts] == ["failed"]
    assert outcome.exit_code == 3


MASKS_COUNTED = """\
version: 1
images: shapes.png
steps:
  - {{id: b, model: gemini-2.5-flash, schema: masks, prompt: "Find them. [[simulate: {fault}]]"}}
checks:
  - {{that: b.masks.count, at_least: 1}}
"""


@pytest.mark.parametrize("fault", ["no-masks", "mask-tokens", "mask-placeholder"])
def test_records_without_a_mask_are_not_counted_as_masks(folder: Path, fault: str) -> None:
    """The answer is `partial`, its boxes are kept, and the check fails: there is no mask."""
    outcome, (result,) = ran(folder, MASKS_COUNTED.format(fault=fault))
    assert (result.status, outcome.exit_code) == ("partial", 1)
    assert result.detections
    assert all(one.box and one.mask is None for one in result.detections)
    assert outcome.verdicts[0].cases[0].why == "b.masks.count is 0, expected at least 1"


ASKED = """\
version: 1
images: shapes.png
steps: [{id: a, schema: boxes, prompt: "Find them. [[simulate: {{ vars.does }}]]"}]
vars: {does: nothing}
run: {retries: 0, RUN}
CHECKS
"""


@pytest.mark.parametrize("checks", ["", "checks: [{that: a.boxes.count, at_least: 1}]"])
@pytest.mark.parametrize(
    ("does", "limits", "code"),
    [
        ("fence", "on_error: continue", 0),
        ("declined", "on_error: continue", 3),
        ("invalid-key", "on_error: continue", 2),
        ("daily-quota", "on_error: continue", 5),
        ("fence", "max_cost_usd: 0.000001", 5),
        ("overloaded", "on_error: stop", 3),
    ],
)
def test_junit_xml_is_red_exactly_when_the_exit_code_is_not_0(
    folder: Path, does: str, limits: str, code: int, checks: str
) -> None:
    """With and without checks: whoever reads nothing but junit.xml learns that something is wrong,
    and there is always a test to read."""
    workflow = ASKED.replace("does: nothing", f"does: {does}")
    outcome, _ = ran(folder, workflow.replace("RUN", limits).replace("CHECKS", checks))
    assert outcome.exit_code == code
    suites = ElementTree.parse(outcome.folder / "junit.xml").getroot()
    assert int(suites.attrib["tests"]) > 0
    assert (int(suites.attrib["errors"]) > 0) == (code != 0)
    assert len(suites.findall(".//error")) == int(suites.attrib["errors"])
