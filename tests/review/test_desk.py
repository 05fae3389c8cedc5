"""A review goes on from one session to the next, and loses nothing."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from runner.cli import group
from runner.review.answers import RunChanged
from runner.review.correction import Uncorrectable
from runner.review.desk import Desk, Overtaken, Refused, told_states
from runner.review.truth_file import TruthFileError
from runner.store.folder import FolderError, RunFolder
from runner.store.lock import LockedError


def said(desk: Desk, number: int, verdict: str, **more: object) -> dict[str, Any]:
    return desk.decide(
        number, {"verdict": verdict, "version": desk.item(number)["version"], **more}
    )


def kept(desk: Desk, number: int) -> list[dict[str, object]]:
    things: Any = desk.item(number)["things"]
    return [{"was": each["was"], "label": each["label"], "image": each["image"]} for each in things]


def test_every_answer_of_a_step_that_asks_is_looked_at(run: RunFolder) -> None:
    """In the order of the plan, none of them yet."""
    with Desk.open(run, None) as desk:
        overview: Any = desk.overview()
        assert overview["steps"] == ["find", "sort"]
        assert [(each["case"], each["step"]) for each in overview["items"]] == [
            (case, step)
            for case in ("coffee.jpg", "rocket.heic", "turned.jpg")
            for step in ("find", "sort")
        ]
        assert {each["state"] for each in overview["items"]} == {"new"}
        assert desk.item(1)["values"] == [
            {
                "path": "subject", "title": "subject", "kind": "text", "value": "rocket", "only": True,
                "words": ["cup", "rocket", "other"],
            },
            {
                "path": "outdoors", "title": "outdoors", "kind": "yes_no", "value": True,
                "words": [], "only": False,
            },
        ]  # fmt: skip


def test_decisions_stay_for_the_next_review(run: RunFolder, place: Path) -> None:
    """Each is in the file at once; the lock goes with the desk."""
    with Desk.open(run, None) as desk:
        said(desk, 0, "approved")
        said(desk, 1, "corrected", correction={"things": [], "values": {"subject": "cup"}})
        said(desk, 2, "rejected", note="no cup")
        lines = (place / "look.truth.jsonl").read_text().splitlines()
        assert len(lines) == 3
        assert list(told_states(desk.count())) == [
            "1 approved", "1 corrected", "1 rejected", "3 not yet looked at",
        ]  # fmt: skip
    assert sorted(each.name for each in place.glob("*look*")) == [
        "look.truth.jsonl",
        "look.workflow.yaml",
    ]
    with Desk.open(run, None) as desk:
        assert [desk.item(number)["state"] for number in range(4)] == [
            "approved", "corrected", "rejected", "new",
        ]  # fmt: skip
        assert desk.item(2)["note"] == "no cup"
        values: Any = desk.item(1)["values"]
        assert values[0]["value"] == "cup"
        assert not list(place.glob(".*.lock.*"))


def test_a_second_review_of_the_file_is_told_who_has_it(run: RunFolder, place: Path) -> None:
    """In one process or in another; another file is free."""
    with (
        Desk.open(run, None),
        Desk.open(run, place / "mine.truth.jsonl"),
        pytest.raises(LockedError, match=r"look\.truth\.jsonl is in use by process \d+ on"),
    ):
        Desk.open(run, None)
    Desk.open(run, None).close()


def test_a_decision_is_about_what_was_shown(run: RunFolder) -> None:
    """A second window that still shows the answer of before is refused, and nothing is lost."""
    with Desk.open(run, None) as desk:
        version = desk.item(0)["version"]
        said(desk, 0, "rejected")
        with pytest.raises(Overtaken):
            desk.decide(0, {"verdict": "approved", "version": version})
        assert desk.item(0)["state"] == "rejected"


def test_the_last_decisions_are_taken_back(run: RunFolder, place: Path) -> None:
    """One after the other, to the very bytes of before; not those of an earlier session."""
    path = place / "look.truth.jsonl"
    with Desk.open(run, None) as desk:
        said(desk, 0, "approved")
        before = path.read_bytes()
    with Desk.open(run, None) as desk:
        said(desk, 0, "corrected", correction={"things": []})
        said(desk, 1, "rejected")
        assert path.read_bytes() != before
        assert desk.undo() == {"number": 1, "state": "new", "undo": 1}
        assert desk.undo() == {"number": 0, "state": "approved", "undo": 0}
        assert path.read_bytes() == before
        with pytest.raises(Refused, match="nothing to take back"):
            desk.undo()


def test_what_was_said_to_be_right_is_where_the_next_correction_starts(run: RunFolder) -> None:
    """To approve it again changes nothing."""
    with Desk.open(run, None) as desk:
        things = kept(desk, 0)[:2]
        things[0]["label"] = "mug"
        said(desk, 0, "corrected", correction={"things": things})
        assert kept(desk, 0)[0]["label"] == "mug"
        assert len(kept(desk, 0)) == 2
        version, written = desk.item(0)["version"], desk.written
        said(desk, 0, "approved")
        assert (desk.item(0)["version"], desk.item(0)["state"]) == (version, "corrected")
        assert desk.written == written


def test_a_correction_that_changes_nothing_is_an_approval(run: RunFolder) -> None:
    """Of an answer that was corrected before it changes nothing either."""
    with Desk.open(run, None) as desk:
        for number in (0, 1):
            same = {"things": kept(desk, number), "values": {}}
            said(desk, number, "corrected", correction=same, note="seen")
            assert (desk.item(number)["state"], desk.item(number)["note"]) == ("approved", "seen")
        things = kept(desk, 2)[:1]
        said(desk, 2, "corrected", correction={"things": things})
        said(desk, 2, "corrected", correction={"things": kept(desk, 2)})
        assert desk.item(2)["state"] == "corrected"
        said(desk, 3, "rejected")
        said(desk, 3, "corrected", correction={"things": kept(desk, 3)})
        assert desk.item(3)["state"] == "approved"


def test_another_run_on_the_same_images_goes_on(run: RunFolder, place: Path) -> None:
    """What was settled stays settled, whatever the new answer; another image under the same name is
    looked at anew."""
    with Desk.open(run, None) as desk:
        said(desk, 0, "approved")
        said(desk, 4, "approved")
    turned = Image.open(place / "photos/coffee.jpg").rotate(180)
    turned.save(place / "photos/coffee.jpg")
    words = ["run", "look.workflow.yaml", "--provider", "simulator", "-q", "--fresh"]
    assert CliRunner().invoke(group, words).exit_code == 0
    newest = RunFolder(max((place / "runs").iterdir(), key=lambda each: each.stat().st_mtime_ns))
    assert newest.path != run.path
    with Desk.open(newest, None) as desk:
        assert desk.item(4)["state"] == "approved"
        assert desk.item(4)["by_run"] == run.path.name
        assert (desk.item(0)["state"], desk.item(0)["changed_images"]) == ("new", True)
        said(desk, 0, "approved")
        assert desk.item(0)["state"] == "approved"


def test_the_first_usable_of_several_answers_is_looked_at(place: Path) -> None:
    """One is right for all combinations and repeats; the others are counted."""
    text = (place / "look.workflow.yaml").read_text() + "run: {repeat: 2}\n"
    (place / "look.workflow.yaml").write_text(text)
    words = ["run", "look.workflow.yaml", "--provider", "simulator", "-q", "--out", "again"]
    assert CliRunner().invoke(group, words).exit_code == 0
    with Desk.open(RunFolder(next((place / "again").iterdir())), None) as desk:
        assert len(desk.answers.items) == 6
        assert desk.item(0)["others"] == 1


def test_answers_about_parts_say_which_part(place: Path) -> None:
    """With `for_each`: where each part lies, and its number before each of its values; also after a
    correction."""
    (place / "parts.workflow.yaml").write_text(
        """\
version: 1
images: photos/coffee.jpg
steps:
  - {id: find, prompt: Find everything., schema: boxes}
  - {id: cut, do: crop, boxes: find.boxes}
  - {id: name, for_each: cut.images, prompt: What is it?, fields: {name: text}}
"""
    )
    words = ["run", "parts.workflow.yaml", "--provider", "simulator", "-q", "--out", "parts"]
    done = CliRunner().invoke(group, words)
    assert done.exit_code == 0, done.output
    with Desk.open(RunFolder(next((place / "parts").iterdir())), None) as desk:
        assert desk.overview()["steps"] == ["find", "name"]
        before: Any = desk.item(1)
        count = len(before["values"])
        assert [each["n"] for each in before["parts"]] == [*range(1, count + 1)]
        assert [each["title"] for each in before["values"]] == [
            f"{number}: name" for number in range(1, count + 1)
        ]
        said(desk, 1, "corrected", correction={"things": [], "values": {"[1].name": "spoon"}})
        after: Any = desk.item(1)
        assert after["parts"] == before["parts"]
        assert after["values"][1]["value"] == "spoon"


def test_an_answer_that_failed_is_not_approved(place: Path) -> None:
    """It is rejected; or corrected, where other answers show what a right one looks like."""
    text = (place / "look.workflow.yaml").read_text()
    text = text.replace("Find everything.", '"Find everything. [[simulate: blocked-status]]"')
    (place / "look.workflow.yaml").write_text(text)
    words = ["run", "look.workflow.yaml", "--provider", "simulator", "-q", "--out", "again"]
    CliRunner().invoke(group, words)
    with Desk.open(RunFolder(next((place / "again").iterdir())), None) as desk:
        assert not desk.answers.items[0].usable
        assert (desk.item(0)["status"], desk.item(0)["things"]) == ("refused", [])
        with pytest.raises(Refused, match="no answer to approve"):
            said(desk, 0, "approved")
        with pytest.raises(Uncorrectable, match="no answer of this step shows"):
            said(desk, 0, "corrected", correction={"things": []})
        said(desk, 0, "rejected")
        assert desk.item(0)["state"] == "rejected"


@pytest.mark.parametrize(
    ("number", "size"),
    [(0, (600, 400)), (1, (640, 427)), (2, (600, 400))],
    ids=["jpeg", "heic", "turned"],
)
def test_images_are_served_upright_and_whole(
    run: RunFolder, number: int, size: tuple[int, int]
) -> None:
    """In the pixels of the boxes, whatever their EXIF data say, as something that browsers know."""
    with Desk.open(run, None) as desk:
        shown = desk.image(number)
        assert shown is not None
        with Image.open(BytesIO(shown.content)) as picture:
            assert (shown.mime, picture.format, picture.size) == ("image/jpeg", "JPEG", size)
            assert picture.getexif().get(0x0112, 1) == 1


def test_what_needs_no_turn_is_served_as_it_is(run: RunFolder, place: Path) -> None:
    """The very bytes, with every detail."""
    with Desk.open(run, None) as desk:
        shown = desk.image(0)
        assert shown is not None
        assert shown.content == (place / "photos/coffee.jpg").read_bytes()


def test_an_image_that_changed_is_not_shown(run: RunFolder, place: Path) -> None:
    """The boxes would be those of another one."""
    with (place / "photos/coffee.jpg").open("ab") as file:
        file.write(b"\0")
    with Desk.open(run, None) as desk:
        assert desk.image(0) is None
        for number in (-1, 3):
            with pytest.raises(IndexError):
                desk.image(number)


def test_a_file_that_is_no_review_is_refused_before_anything_is_asked(run: RunFolder) -> None:
    """results.jsonl, for instance; and its lock is given back."""
    for _ in range(2):
        with pytest.raises(TruthFileError, match="line 1: this is no line of a review"):
            Desk.open(run, run.results_file)


def test_a_run_that_was_gone_on_with_is_told(run: RunFolder) -> None:
    """No verdict is given on another answer than the one that was shown."""
    with Desk.open(run, None) as desk:
        lines = run.results_file.read_bytes().splitlines(keepends=True)
        for other in (lines[1] + b"".join(lines), b"x" + b"".join(lines)):
            run.results_file.write_bytes(other)
            with pytest.raises(RunChanged, match="start the review again"):
                desk.item(0)


def test_a_run_without_results_is_refused(run: RunFolder) -> None:
    """It has not come to its end."""
    run.results_file.unlink()
    with pytest.raises(
        FolderError, match=r"has no results\.jsonl yet: let the run come to its end"
    ):
        Desk.open(run, None)


def test_a_run_whose_workflow_is_gone_needs_a_place(run: RunFolder, place: Path) -> None:
    """Nothing is written where nobody looks for it."""
    (place / "look.workflow.yaml").unlink()
    with pytest.raises(FolderError, match=r"--to NAME\.truth\.jsonl"):
        Desk.open(run, None)
    with Desk.open(run, place / "mine.truth.jsonl") as desk:
        said(desk, 0, "approved")
    assert json.loads((place / "mine.truth.jsonl").read_text())["case"] == "coffee.jpg"
