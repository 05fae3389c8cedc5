"""Workflows of several steps, from the file to the results, on the simulated service: it looks at the
pixels that really arrive, so what is cut out is what it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from runner.exporters.table import rows_of
from runner.providers.simulator.commands import planned
from runner.providers.simulator.desk import Desk
from runner.providers.simulator.service import Service
from runner.providers.simulator.transport import SimulatedTransport
from runner.resume import Begin, Options
from runner.roles import Connection
from runner.store.folder import RunFolder
from runner.story import Outcome, make_plan, run
from runner.text.result_line import from_line, to_line
from runner.values.geometry import Box, PixelBox
from runner.values.request import Policy
from runner.values.result import Result
from runner.workflow.load import load

RED, BLUE, GREEN = (40, 60, 120, 200), (200, 100, 320, 220), (330, 20, 380, 70)

FIND = """\
version: 1
images: "*.png"
steps:
  - id: find
    prompt: "Find the shapes. AGAIN"
    schema: boxes
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw(tmp_path / "shapes.png", red=RED, blue=BLUE, green=GREEN)
    return tmp_path


def draw(path: Path, **shapes: tuple[int, int, int, int]) -> None:
    image = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(image)
    for colour, (left, top, right, bottom) in shapes.items():
        pen.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    image.save(path)


def ran(
    folder: Path, workflow: str, begin: Begin = "auto", faults: Sequence[str] = ()
) -> tuple[Outcome, dict[str, Result]]:
    """A run of this workflow, and the results of its last case by step. With `faults`, the service
    has a plan of them."""
    path = folder / "test.workflow.yaml"
    path.write_text(workflow)
    overrides = {} if faults else {"provider": "simulator"}
    loaded = load(path, overrides=overrides, environ={})
    connection = Connection(policy=Policy(retries=0, timeout_seconds=20))
    if faults:
        service = Service(Desk(plan=tuple(map(planned, faults))))
        connection = replace(connection, key="k", transport=SimulatedTransport(service))
    options = Options(connection, folder / "runs", begin)
    outcome = run(loaded, make_plan(loaded), options)
    results = list(RunFolder(outcome.folder).results())
    assert [from_line(to_line(each)) for each in results] == results
    return outcome, {each.step: each for each in results}


def test_what_is_found_in_a_cut_out_comes_home_to_the_original(folder: Path) -> None:
    """Through two cuts, one in the other: within the grid of 1000 that the model answers on."""
    _, steps = ran(
        folder,
        finding()
        + """
  - {id: crops, do: crop, boxes: find.boxes, padding: 20%}
  - id: inside
    for_each: crops.images
    prompt: Find the shape.
    schema: boxes
  - {id: again, do: crop, boxes: inside.boxes, padding: 10, square: true}
  - id: deeper
    for_each: again.images
    prompt: Find the shape.
    schema: boxes
""",
    )
    home = {(*RED,), (*BLUE,), (*GREEN,)}
    for step in ("find", "inside", "deeper"):
        found = [each.box for each in steps[step].detections if each.box]
        nearest = {min(home, key=lambda shape: distance(shape, box)) for box in found}
        assert nearest == home
        assert max(min(distance(shape, box) for shape in home) for box in found) < 0.5
    assert [each.window for each in steps["inside"].entries] == [
        PixelBox(**entry["window"])
        for entry in steps["crops"].answer["images"]  # type: ignore[index]
    ]
    assert {image.size for image in steps["deeper"].images} == {steps["find"].images[0].size}


def finding(more: str = "") -> str:
    return FIND.replace("AGAIN", more)


def merging(more: str = "") -> str:
    return MERGED.replace("SAYS", more)


def distance(shape: tuple[int, int, int, int], box: Box) -> float:
    return max(abs(one - other) for one, other in zip(shape, box.as_list(), strict=True))


MERGED = """
  - id: things
    do: filter
    boxes: find.boxes
    min_area: 0.1%
    sort: left_to_right
  - {id: crops, do: crop, boxes: things.boxes}
  - id: look
    for_each: crops.images
    prompt: "What is it? SAYS"
    fields: {name: text}
  - id: result
    do: merge
    into: things.boxes
    add: {name: look.name}
"""


def test_answers_about_cut_outs_stand_on_the_boxes(folder: Path) -> None:
    """In the order of the boxes, under the author's names."""
    outcome, steps = ran(folder, finding() + merging())
    assert outcome.exit_code == 0
    boxes = [each.box.as_list() for each in steps["things"].detections if each.box]
    assert boxes == sorted(boxes)
    names = [entry["name"] for entry in steps["look"].answer]  # type: ignore[union-attr]
    assert [each.fields["name"] for each in steps["result"].detections] == names
    assert [each.box for each in steps["result"].detections] == [
        each.box for each in steps["things"].detections
    ]


@pytest.mark.parametrize(
    ("shape", "into"),
    [
        ("schema: boxes", "boxes"),
        ("schema: masks", "masks"),
        ("schema: masks", "boxes"),
        ("schema: polygons", "polygons"),
        ("list_of: {name: text, box: box}", "boxes"),
        ("list_of: {text: text, box: box}", "boxes"),
        ("list_of: {label: text, line: box}", "boxes"),
        ("list_of: {label: text, outline: polygon}", "rows"),
        ("list_of: {label: text, hand: box, face: box}", "rows"),
    ],
)
def test_whatever_is_merged_into_keeps_its_things(folder: Path, shape: str, into: str) -> None:
    """Boxes, masks and outlines under any name are there with the new fields, and only they."""
    workflow = (
        FIND.replace("schema: boxes", shape)
        + f"""
  - {{id: look, for_each: find.{into}, prompt: Is it broken?, fields: {{broken: yes_no}}}}
  - {{id: result, do: merge, into: find.{into}, add: {{broken: look.broken}}}}
"""
    )
    _, steps = ran(folder, workflow)
    found, merged = steps["find"].detections, steps["result"].detections
    assert len(found) >= 3
    assert {type(each.fields["broken"]) for each in merged} == {bool}
    plain = [replace(each, at="", fields={}, issues=()) for each in merged]
    assert plain == [replace(each, at="", fields={}, issues=()) for each in found]


def test_an_entry_that_fails_keeps_its_place(folder: Path) -> None:
    """The others are there, the merge lines up, and the run says that something is missing."""
    says = "{% if loops.number == item.width %}[[simulate: internal]]{% endif %}"
    widths = "\n  - {id: loops, do: compute, number: '80'}"
    outcome, steps = ran(
        folder,
        finding() + widths + merging(says),
    )
    look = steps["look"]
    assert (outcome.exit_code, look.status) == (3, "partial")
    assert [each.status for each in look.entries] == ["failed", "ok", "ok"]
    assert look.answer[0] is None  # type: ignore[index]
    assert [issue.code for issue in look.issues] == ["entry_failed"]
    assert [each.fields["name"] is None for each in steps["result"].detections] == [
        True,
        False,
        False,
    ]


def test_only_what_failed_is_asked_again(folder: Path) -> None:
    """With --retry-failed: the entries that were answered are not bought twice."""
    says = "{% if item.width == 80 %}[[simulate: internal:first=1]]{% endif %}"
    workflow = finding() + merging(says)
    before, _ = ran(folder, workflow)
    again, steps = ran(folder, workflow, "retry_failed")
    assert (before.exit_code, before.tally.requests) == (3, 4)
    assert again.tally.requests == 1
    assert again.folder == before.folder
    assert steps["look"].status in ("ok", "partial")


def test_what_failed_for_good_is_not_asked_again(folder: Path) -> None:
    """Neither an entry of a list that was not through when the run was stopped, nor one of a list
    whose other entries were asked with more room."""
    bad = "{% if item.width == 80 %}[[simulate: invalid-argument]]{% endif %}"
    workflow = finding() + merging(bad) + "run: {parallel: 1, max_requests: 3}\n"
    stopped, _ = ran(folder, workflow)
    assert (stopped.exit_code, stopped.tally.requests) == (5, 3)
    again, steps = ran(folder, workflow.replace(", max_requests: 3", ""))
    assert (again.folder, again.tally.requests) == (stopped.folder, 1)
    assert sorted(each.status for each in steps["look"].entries) == ["failed", "ok", "ok"]
    resumed, same = ran(folder, workflow.replace(", max_requests: 3", ""), "resume")
    assert (resumed.tally.requests, same) == (0, steps)


def test_entries_asked_with_more_room_are_known(folder: Path) -> None:
    """A list whose answers were cut off at first is found again by its first questions."""
    workflow = finding() + merging().replace(
        "fields: {name: text}", "fields: {name: text}\n    max_output_tokens: 600"
    )
    workflow += "run: {on_cut_off: retry, parallel: 1}\n"
    before, steps = ran(folder, workflow, faults=("truncated:every=2",))
    assert (before.exit_code, before.tally.requests) == (0, 7)
    again, same = ran(folder, workflow, "resume", faults=("truncated",))
    assert (again.tally.requests, same) == (0, steps)


def test_a_tile_of_an_entry_that_fails_is_asked_again(folder: Path) -> None:
    """The entry is there without it, the run is not fine, and only the tile is bought again."""
    workflow = (
        finding()
        + """
  - {id: crops, do: crop, boxes: find.boxes}
  - {id: look, for_each: crops.images, prompt: Find the shapes., schema: boxes, tile: {size: 100}}
run: {parallel: 1}
"""
    )
    before, steps = ran(folder, workflow, faults=("internal:every=2",))
    entries = steps["look"].entries
    assert before.exit_code == 3
    assert "partial" in [each.status for each in entries]
    failed = [tile.status for each in entries for tile in each.lacking]
    assert failed == ["failed"] * len(failed)
    again, whole = ran(folder, workflow, "retry_failed", faults=("slow:0",))
    assert (again.exit_code, again.tally.requests) == (0, len(failed))
    assert [each.lacking for each in whole["look"].entries] == [()] * 3


def test_what_is_skipped_is_no_error(folder: Path) -> None:
    """With `on_error: stop` the run goes on."""
    draw(folder / "more.png", red=RED)
    workflow = finding() + WHEN.replace("LEAST", "9") + "run: {on_error: stop, parallel: 1}\n"
    outcome, _ = ran(folder, workflow)
    assert (outcome.exit_code, outcome.tally.by_status) == (0, {"ok": 2, "skipped": 4})


def test_a_finished_run_is_not_asked_again(folder: Path) -> None:
    """Its files are made again, byte for byte."""
    workflow = finding() + merging()
    before, _ = ran(folder, workflow)
    lines = (before.folder / "results.jsonl").read_bytes()
    again, _ = ran(folder, workflow, "resume")
    assert (again.folder, again.tally.requests) == (before.folder, 0)
    assert (again.folder / "results.jsonl").read_bytes() == lines


def test_a_run_that_is_stopped_in_the_middle_of_a_list_goes_on(folder: Path) -> None:
    """What was answered of the list is not bought again, and nothing is half a result."""
    workflow = finding() + merging() + "run: {parallel: 1, max_requests: 3}\n"
    stopped, steps = ran(folder, workflow)
    assert (stopped.exit_code, stopped.tally.requests) == (5, 3)
    assert "look" not in steps
    free = workflow.replace(", max_requests: 3", "")
    again, whole = ran(folder, free)
    assert (again.folder, again.exit_code, again.tally.requests) == (stopped.folder, 0, 1)
    undisturbed, _ = ran(folder, free, "fresh")
    assert (again.folder / "results.jsonl").read_bytes() == (
        undisturbed.folder / "results.jsonl"
    ).read_bytes()
    assert whole["result"].status == "ok"


WHEN = """
  - id: many
    when: {that: find.boxes.count, at_least: LEAST}
    prompt: Why are there so many?
  - id: why
    do: compute
    text: "because {{ many.text }}"
checks:
  - {that: many.text, is_empty: false}
"""


@pytest.mark.parametrize(
    ("least", "statuses", "outcomes"),
    [(3, ["ok", "ok", "ok"], ["passed"]), (4, ["ok", "skipped", "skipped"], ["skipped"])],
)
def test_a_step_runs_only_where_its_when_holds(
    folder: Path, least: int, statuses: list[str], outcomes: list[str]
) -> None:
    """What needs it is skipped with it, checks do not judge it, and that is no failure."""
    outcome, steps = ran(folder, finding() + WHEN.replace("LEAST", str(least)))
    assert [each.status for each in steps.values()] == statuses
    assert [each.outcome for each in outcome.verdicts] == outcomes
    assert outcome.exit_code == 0
    assert outcome.tally.requests == statuses.count("ok") - (statuses[2] == "ok")


def test_when_looks_at_every_entry(folder: Path) -> None:
    """Entries for which it does not hold keep their place, without an answer."""
    outcome, steps = ran(
        folder,
        finding()
        + """
  - {id: crops, do: crop, boxes: find.boxes}
  - id: look
    for_each: crops.images
    when: {that: item.width, at_least: 60}
    prompt: What is it?
  - {id: result, do: merge, into: find.boxes, add: {name: look.text}}
""",
    )
    widths = [entry["width"] for entry in steps["crops"].answer["images"]]  # type: ignore[index]
    shown = {True: "ok", False: "skipped"}
    assert [e.status for e in steps["look"].entries] == [shown[w >= 60] for w in widths]
    assert [each.fields["name"] is not None for each in steps["result"].detections] == [
        width >= 60 for width in widths
    ]
    assert (outcome.exit_code, outcome.tally.requests) == (0, 3)


def test_a_picture_with_nothing_in_it_goes_through_all_steps(tmp_path: Path) -> None:
    """Nothing found is empty in every step, and no failure."""
    draw(tmp_path / "white.png")
    outcome, steps = ran(tmp_path, finding() + merging())
    assert {each.status for each in steps.values()} == {"empty"}
    assert (outcome.exit_code, outcome.tally.requests) == (0, 1)


def test_a_box_that_is_too_small_to_cut_out_keeps_its_place(folder: Path) -> None:
    """Its entry is empty, and is not asked about."""
    outcome, steps = ran(
        folder,
        finding()
        + """
  - {id: crops, do: crop, boxes: find.boxes, min_size: 60}
  - {id: look, for_each: crops.images, prompt: What is it?}
""",
    )
    whole = [entry is not None for entry in steps["crops"].answer["images"]]  # type: ignore[index]
    assert sorted(whole) == [False, True, True]
    assert [each.status == "ok" for each in steps["look"].entries] == whole
    rows = list(rows_of(steps["crops"], ["images"]))
    assert [("label" in row, "images" in row) for row in rows] == [(cut, False) for cut in whole]
    assert (outcome.exit_code, outcome.tally.requests) == (0, 3)


def test_a_step_after_one_that_failed_is_not_run(folder: Path) -> None:
    """And each of them says so: nobody takes a failure for an empty list."""
    failing = finding("[[simulate: internal]]") + merging()
    outcome, steps = ran(folder, failing)
    statuses = {step: each.status for step, each in steps.items()}
    assert statuses == dict.fromkeys(statuses, "not_run") | {"find": "failed"}
    assert outcome.exit_code == 3
    why = f"step `find` gave no usable answer: {steps['find'].error}"
    assert {each.error for each in steps.values()} == {steps["find"].error, why}


def test_the_same_place_is_cut_out_of_another_image(tmp_path: Path) -> None:
    """What was found before, looked at after; beside its own image when the step says so."""
    for role, shapes in (("before", {"red": RED}), ("after", {"blue": RED, "green": GREEN})):
        (tmp_path / role).mkdir()
        draw(tmp_path / role / "shapes.png", **shapes)
    outcome, steps = ran(
        tmp_path,
        """\
version: 1
images: {before: before/*.png, after: after/*.png}
steps:
  - {id: find, images: before, prompt: Find the shapes., schema: boxes}
  - {id: then, do: crop, boxes: find.boxes, image: after}
  - id: now
    for_each: then.images
    images: [item, before]
    prompt: What is there now?
    list_of: {what: text, image: integer, place: box}
  - id: areas
    for_each: find.boxes
    do: compute
    number: "{{ (item.box[2] - item.box[0]) * (item.box[3] - item.box[1]) }}"
""",
    )
    assert outcome.exit_code == 0
    assert [image.role for image in steps["then"].images] == ["before", "after"]
    assert [each.image for each in steps["then"].detections] == [1]
    assert {image.role for image in steps["now"].images} == {"before", "after"}
    assert [entry.window for entry in steps["now"].entries] == [PixelBox(*RED)]
    assert steps["areas"].answer == [{"number": pytest.approx(80 * 140, rel=0.01)}]


def test_only_the_pixels_of_a_mask_are_shown(tmp_path: Path) -> None:
    """What lies beside a thing in its window is of the background: the model does not see it."""
    image = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(image)
    pen.polygon(((40, 40), (240, 40), (40, 240)), fill="red")
    pen.rectangle((200, 200, 239, 239), fill="blue")
    image.save(tmp_path / "shapes.png")
    _, steps = ran(
        tmp_path,
        """\
version: 1
images: "*.png"
steps:
  - {id: find, prompt: Find the shapes., schema: masks}
  - {id: red, do: filter, boxes: find.masks, sort: largest, keep: 1}
  - {id: crops, do: crop, boxes: red.boxes, padding: 40}
  - {id: shown, do: crop, boxes: red.boxes, padding: 40, background: white}
  - {id: all, for_each: crops.images, prompt: Find the shapes., schema: boxes}
  - {id: one, for_each: shown.images, prompt: Find the shapes., schema: boxes}
""",
    )
    assert {each.label for each in steps["all"].detections} >= {"red region", "blue region"}
    assert {each.label for each in steps["one"].detections} == {"red region"}


COMPUTED: Mapping[str, object] = {
    "number: '{{ find.boxes | length }}'": {"number": 3},
    "number: '{{ 10 / 4 }}'": {"number": 2.5},
    "yes_no: '{{ find.boxes | length > 2 }}'": {"yes_no": True},
    "yes_no: 'no'": {"yes_no": False},
    "text: '{{ image.name }}: {{ vars.word }}'": {"text": "shapes.png: good"},
    "number: 'about {{ 3 }}'": "the template gives 'about 3', which is not a number",
    "number: '{{ 1e999 }}'": "the template gives 'inf', which is not a number",
    "yes_no: '{{ vars.word }}'": "the template gives 'good', which is not yes, no, true or false",
}


@pytest.mark.parametrize("written", COMPUTED)
def test_what_is_computed_is_a_value_or_a_reason(folder: Path, written: str) -> None:
    """A number is a number, yes is true, and what is neither is told in words."""
    _, steps = ran(
        folder, finding() + f"  - {{id: sum, do: compute, {written}}}\nvars: {{word: good}}\n"
    )
    result = steps["sum"]
    told = result.answer if result.status == "ok" else result.error
    assert told == COMPUTED[written]


def test_the_plan_says_what_it_cannot_know(folder: Path) -> None:
    """How many entries there will be; what a `keep` limits has an upper end."""
    path = folder / "test.workflow.yaml"
    path.write_text(finding() + merging() + WHEN.replace("LEAST", "2"))
    plan = make_plan(load(path, environ={}))
    assert (plan.requests, plan.later, plan.maybe) == (2, 1, 1)
    assert [(each.step, each.over, each.jobs, each.most) for each in plan.open] == [
        ("look", "crops.images", 1, None)
    ]
    path.write_text(path.read_text().replace("sort: left_to_right", "keep: 7"))
    assert [each.most for each in make_plan(load(path, environ={})).open] == [7]


def test_a_change_of_a_step_that_asks_nothing_is_another_plan(folder: Path) -> None:
    """Its results would be others; where it is written makes no difference."""
    path = folder / "test.workflow.yaml"
    text = finding() + merging()
    keys = []
    for each in (text, f"# a line more\n{text}", text.replace("0.1%", "5%")):
        path.write_text(each)
        keys.append(make_plan(load(path, environ={})).key)
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    "change",
    [
        ("prompt: Tell", "prompt: Say"),
        ("system: Short", "system: Long"),
        ("style: one", "style: two"),
        ("description: a name", "description: the name"),
        ("temperature: 1", "temperature: 0"),
    ],
)
def test_whatever_changes_a_question_to_come_is_another_plan(
    folder: Path, change: tuple[str, str]
) -> None:
    """Also what nobody can build before the answers are there; its title is nothing of it."""
    path = folder / "test.workflow.yaml"
    text = (
        finding()
        + """
  - id: tell
    title: Tell
    prompt: Tell of {{ find.boxes | length }} things in {{ vars.style }} word
    system: Short words
    temperature: 1
    fields: {name: {type: text, description: a name}}
vars: {style: one}
"""
    )
    keys = []
    for each in (text, text.replace("title: Tell", "title: Say"), text.replace(*change)):
        path.write_text(each)
        keys.append(make_plan(load(path, environ={})).key)
    assert keys[0] == keys[1] != keys[2]


def test_providers_do_not_answer_for_one_another(folder: Path) -> None:
    """The same question to two of them is two requests."""
    path = folder / "test.workflow.yaml"
    path.write_text(
        finding() + "  - {id: same, provider: simulator, prompt: Find the shapes., schema: boxes}\n"
    )
    plan = make_plan(load(path, environ={}))
    assert (plan.requests, plan.same) == (2, 0)


def test_one_slow_image_holds_back_nobody(folder: Path) -> None:
    """The others are through all of their steps before the first answer about it is there."""
    draw(folder / "a-slow.png", red=RED)
    for number in range(4):
        draw(folder / f"quick-{number}.png", red=RED, blue=BLUE)
    order: list[str] = []
    path = folder / "test.workflow.yaml"
    slow = "{% if image.name == 'a-slow.png' %}[[simulate: slow:1.5]]{% endif %}"
    path.write_text(finding(slow) + merging())
    loaded = load(path, overrides={"provider": "simulator"}, environ={})
    connection = Connection(policy=Policy(retries=0, timeout_seconds=60))

    def log(event: object) -> None:
        if getattr(event, "name", "") == "concluded":
            order.append(str(event.fields["name"]))  # type: ignore[attr-defined]

    options = replace(Options(connection, folder / "runs"), log=log)
    assert run(loaded, make_plan(loaded), options).exit_code == 0
    first = order.index("a-slow.png, find")
    assert {f"quick-{number}.png, result" for number in range(4)} <= set(order[:first])


def test_a_box_keeps_the_name_that_its_author_gave_it(folder: Path) -> None:
    """Through a filter, a cut and a merge; what is merged has its place still, and as a box, too."""
    outcome, steps = ran(
        folder,
        """\
version: 1
images: "*.png"
steps:
  - {id: find, prompt: Find the shapes., list_of: {what: text, where: box}}
  - id: left
    do: filter
    boxes: find.boxes
    where: {that: item.where, is_empty: false}
    sort: left_to_right
    keep: 2
  - {id: crops, do: crop, boxes: left.boxes}
  - id: look
    for_each: crops.images
    prompt: Is the {{ item.what }} at {{ item.where }} broken?
    fields: {broken: yes_no}
  - {id: all, do: merge, into: find.boxes, add: {again: find.boxes.what}}
  - {id: some, do: merge, into: left.boxes, add: {broken: look.broken}}
checks:
  - {that: some.boxes, inside: [0, 0, 100%, 100%]}
""",
    )
    assert (outcome.exit_code, {each.status for each in steps.values()}) == (0, {"ok"})
    found, left, some = steps["find"], steps["left"], steps["some"]
    assert [each.box for each in steps["all"].detections] == [each.box for each in found.detections]
    assert 0 < len(left.detections) < len(found.detections)
    assert [each.box for each in some.detections] == [each.box for each in left.detections]
    assert isinstance(left.answer, list)
    assert [[*record] for record in left.answer] == [["what", "where"]] * len(left.detections)
    (record, *_) = rows_of(some, ["boxes"])
    assert {"x_min", "what", "broken"} <= record.keys()


def test_every_place_of_a_record_is_merged(folder: Path) -> None:
    """Two boxes under two names in one record: neither of them is lost."""
    fields = "{what: text, whole: box, middle: box}"
    _, steps = ran(
        folder,
        f"""\
version: 1
images: "*.png"
steps:
  - {{id: find, prompt: Find the shapes., list_of: {fields}}}
  - {{id: all, do: merge, into: find.boxes, add: {{again: find.boxes.what}}}}
""",
    )
    found, merged = steps["find"].detections, steps["all"].detections
    assert len(found) == 6
    assert [each.box for each in merged] == [each.box for each in found]
    assert [each.at for each in merged] == [each.at.removeprefix("boxes") for each in found]
