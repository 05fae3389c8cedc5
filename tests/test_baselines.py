"""A regression test from the command line: real photographs, a baseline, and what has changed since."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from runner.cli import group
from runner.standing import standing_of
from runner.store.folder import RunFolder

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTOS = (
    "01-first-boxes/photos/coffee.jpg",
    "01-first-boxes/photos/rocket.jpg",
    "02-count-coins/photos/coins.png",
    "02-count-coins/photos/coins-top.png",
    "03-segment/photos/coffee-turned.jpg",
    "04-read-and-classify/photos/menu.jpg",
    "05-compare-two/after/coffee.jpg",
    "05-compare-two/after/coins.png",
)
FIND = """\
version: 1
images: photos/*
truth: {boxes: boxes.csv}
steps:
  - {id: find, prompt: "Find everything.ASKED", schema: boxes}
checks:
  - {that: find.boxes, same_as: truth.boxes, iou: 0.5, pass_rate: 0, name: finds all}
  - {metric: recall, of: find.boxes, against: truth.boxes, max_drop: 5%, name: recall}
"""
BARE = """\
version: 1
images: photos/*
steps: [{id: find, prompt: "Find everything.", schema: boxes}]
"""
NOT_THERE = " [[simulate: xyxy-boxes]]"
"""Boxes with their axes exchanged: whole answers, and most of them beside the things."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight photographs, made small, and what the simulator sees on them as their truth."""
    place = tmp_path_factory.mktemp("seen")
    (place / "photos").mkdir()
    for number, name in enumerate(PHOTOS):
        with Image.open(EXAMPLES / name) as photo:
            photo.thumbnail((320, 320))
            photo.save(place / f"photos/{number}{Path(name).suffix}")
    (place / "find.workflow.yaml").write_text(BARE)
    words = (str(place / "find.workflow.yaml"), "--provider", "simulator", "-q")
    assert askpix("run", *words, "--out", str(place / "runs")).exit_code == 0
    with (place / "boxes.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("image", "label", "x_min", "y_min", "x_max", "y_max"))
        for result in RunFolder(next((place / "runs").iterdir())).results():
            for found in result.detections:
                assert found.box
                rows.writerow((result.images[0].path, found.label, *found.box.as_list()))
    shutil.rmtree(place / "runs")
    return place


@pytest.fixture
def folder(seen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them, at a person's desk."""
    shutil.copytree(seen, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def askpix(*words: str) -> Result:
    return CliRunner().invoke(group, words, prog_name="askpix", catch_exceptions=False)


def asked(prompt: str, command: str = "test", *options: str) -> Result:
    Path("find.workflow.yaml").write_text(FIND.replace("ASKED", prompt))
    words = ("find.workflow.yaml", "--provider", "simulator", "--fresh", "-q", *options)
    return askpix(command, *words)


def newest() -> RunFolder:
    return RunFolder(max(Path("runs").iterdir(), key=lambda path: path.stat().st_mtime_ns))


def comparison() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((newest().path / "comparison.json").read_text())
    return found


def accepted(prompt: str = "", *options: str) -> None:
    assert asked(prompt, "run").exit_code == 0
    done = askpix("accept", "last", *options)
    assert done.exit_code == 0, done.output


def findings() -> dict[str, str]:
    found = comparison()
    return {each["name"]: each["finding"] for each in (*found["checks"], *found["metrics"])}


def test_without_a_baseline_the_checks_are_judged_and_it_says_what_is_missing(folder: Path) -> None:
    """The first test of a workflow is a run."""
    told = asked("")
    assert told.exit_code == 0, told.output
    assert "there is no find.baseline.json" in told.stderr
    assert not (newest().path / "comparison.json").exists()


def test_a_prompt_that_makes_it_worse_fails_the_test(folder: Path) -> None:
    """The check of single images and the metric say so, and so does junit.xml."""
    accepted()
    told = asked(NOT_THERE)
    assert told.exit_code == 1, told.output
    assert findings()["finds all"] == findings()["recall"] == "worse"
    assert "✗ recall, against the baseline: worse: 1 → " in told.stderr
    assert "8 held before and fail now, 0 the reverse (p = 0.0078)" in told.stderr
    cases = ElementTree.parse(newest().path / "junit.xml").findall(".//testcase")
    failed = [each.get("name") for each in cases if each.find("failure") is not None]
    assert failed == ["finds all, against the baseline", "recall, against the baseline"]


def test_the_same_answers_are_not_worse(folder: Path) -> None:
    """Asked anew, with the same prompt."""
    accepted()
    assert asked("").exit_code == 0
    assert findings()["recall"] == findings()["finds all"] == "not worse"


def test_a_metric_is_told_once_by_what_judges_it(folder: Path) -> None:
    """A run says that its drop is not looked at; a test looks at it, and has no second line of it."""
    accepted()
    run = asked("", "run").stderr
    assert "  – recall: 1; 8 answers\n" in run
    assert run.count("\n  `max_drop` is judged by `askpix test`\n") == 1
    test = asked("").stderr
    assert "judged by" not in test
    assert [line for line in test.splitlines() if "recall" in line] == [
        "  ✓ recall, against the baseline: not worse: 1 → 1 (the same) over 8 images; it may drop by 0.05"
    ]
    both = FIND.replace("ASKED", "").replace("max_drop: 5%", "max_drop: 5%, at_least: 0.5")
    Path("find.workflow.yaml").write_text(both)
    test = askpix("test", "find.workflow.yaml", "--provider", "simulator", "--fresh", "-q").stderr
    assert len([line for line in test.splitlines() if "✓ recall" in line]) == 2


def test_a_prompt_that_mends_it_passes(folder: Path) -> None:
    """What failed in the baseline and holds now is no reason to fail."""
    accepted(NOT_THERE)
    told = asked("")
    assert told.exit_code == 0, told.output
    assert findings()["recall"] == findings()["finds all"] == "not worse"
    assert "0 held before and fail now, 8 the reverse" in told.stderr


def test_a_flaky_case_is_not_listed_as_worse_by_test_nor_by_diff(folder: Path) -> None:
    """Both count it by what most of its repeats say, and say that it is flaky."""
    text = FIND.replace("ASKED", "") + "run: {repeat: 3}\n"
    Path("find.workflow.yaml").write_text(text)
    words = ("find.workflow.yaml", "--provider", "simulator", "-q")
    assert askpix("run", *words).exit_code == 0
    assert askpix("accept", "last").exit_code == 0
    baseline = Path("find.baseline.json")
    baseline.write_text(baseline.read_text().replace('"held 3 of 3"', '"held 2 of 3"', 2))
    Path("find.workflow.yaml").write_text(text.replace("everything.", f"everything.{NOT_THERE}"))
    told = askpix("test", *words)
    assert told.exit_code == 1
    why = (
        "8 held before and fail now (2 flaky), 0 the reverse (p = 0.0078); 2 cases are flaky: 0.jpg"
    )
    assert why in told.stderr
    xml = ElementTree.parse(newest().path / "junit.xml").findall(".//failure")
    (listed,) = (each.text for each in xml if why in each.get("message", ""))
    assert listed
    assert listed.count("held in the baseline") == 6
    differs = askpix("diff", baseline.name, "last").stdout
    assert why in differs
    assert "6 worse, 0 better, 0 changed, 2 flaky" in differs


def test_too_few_images_are_not_enough_evidence(folder: Path) -> None:
    """It says about how many would be, and fails nobody."""
    for photo in sorted((folder / "photos").iterdir())[3:]:
        photo.unlink()
    accepted()
    told = asked(NOT_THERE)
    assert told.exit_code == 0, told.output
    assert findings()["recall"] == findings()["finds all"] == "not enough evidence"
    assert (
        "3 held before and fail now, 0 the reverse (p = 0.25); about 12 images would" in told.stderr
    )


def test_a_warning_stays_a_warning(folder: Path) -> None:
    """`level: warning` holds for the comparison, too."""
    accepted()
    told = FIND.replace("}\n", ", level: warning}\n").replace("csv, level: warning", "csv")
    told = told.replace("schema: boxes, level: warning", "schema: boxes")
    Path("find.workflow.yaml").write_text(told.replace("ASKED", NOT_THERE))
    done = askpix("test", "find.workflow.yaml", "--provider", "simulator", "-q")
    assert done.exit_code == 0, done.output
    assert "! recall, against the baseline: worse" in done.stderr


ONE_THING = " [[simulate: single-object]]"
"""One box of each photograph, the largest."""
COUNT = """\
version: 1
images: photos/*
steps: [{id: find, prompt: "Find everything.ASKED", schema: boxes}]
checks:
"""
TIERS: dict[str, tuple[dict[str, str], dict[str, str], int, int]] = {
    "warn, then fail": (
        {"strict": "max_drop: 5%, level: warning", "loose": "max_drop: 20%"},
        *({"strict": "worse", "loose": "worse"}, 1, 0),
    ),
    "the second limit is far": (
        {"strict": "max_drop: 5%, level: warning", "loose": "max_drop: 99%"},
        *({"strict": "worse", "loose": "not enough evidence"}, 0, 0),
    ),
    "the first limit is the harder one": (
        {"strict": "max_drop: 5%", "loose": "max_drop: 99%, level: warning"},
        *({"strict": "worse", "loose": "not enough evidence"}, 1, 0),
    ),
    "a drop and a rise": (
        {"not less": "max_drop: 5%", "not more": "max_rise: 5%"},
        *({"not less": "worse", "not more": "not worse"}, 1, 1),
    ),
    "a rise that only warns": (
        {"not less": "max_drop: 99%", "not more": "max_rise: 5%, level: warning"},
        *({"not less": "not enough evidence", "not more": "not worse"}, 0, 0),
    ),
    "one with a limit and one without": (
        {"strict": "max_drop: 5%", "seen": "at_least: 0"},
        *({"strict": "worse"}, 1, 0),
    ),
}
"""Limits by name on one number; what is said of each where most things are not found any more, the
exit code of that, and the exit code where they are found again."""


def judged_by(limits: dict[str, str], prompt: str, command: str) -> Result:
    lines = [
        f"  - {{metric: mean, of: find.boxes.count, name: {name}, {limit}}}\n"
        for name, limit in limits.items()
    ]
    text = COUNT.replace("ASKED", prompt) + "".join(lines)
    Path("find.workflow.yaml").write_text(text)
    words = ("find.workflow.yaml", "--provider", "simulator", "-q")
    return askpix(command, *words)


@pytest.mark.parametrize("tier", TIERS)
def test_every_limit_holds_by_itself(folder: Path, tier: str) -> None:
    """Checks that look at the same number keep their own limit, direction and level."""
    limits, told, lost, found_again = TIERS[tier]
    for before, now, exit_code in (("", ONE_THING, lost), (ONE_THING, "", found_again)):
        assert judged_by(limits, before, "run").exit_code == 0
        assert askpix("accept", "last").exit_code == 0
        done = judged_by(limits, now, "test")
        assert done.exit_code == exit_code, done.output
        if not before:
            said = {each["name"]: each for each in comparison()["metrics"] if each["name"] in told}
            assert {name: each["finding"] for name, each in said.items()} == told
            for name, finding in told.items():
                sign = "!" if "warning" in limits[name] else "✗"
                line = f"{sign} {name}, against the baseline: worse"
                assert (line in done.stderr) == (finding == "worse"), done.stderr


def test_checks_without_a_name_keep_their_own_votes(folder: Path) -> None:
    """Two that look at the same with another share of images to hold for."""
    text = COUNT.replace("ASKED", "") + (
        "  - {that: find.boxes.count, at_least: 2, pass_rate: 0}\n"
        "  - {that: find.boxes.count, at_least: 2, pass_rate: 10%, level: warning}\n"
    )
    Path("find.workflow.yaml").write_text(text)
    assert askpix("run", "find.workflow.yaml", "--provider", "simulator", "-q").exit_code == 0
    assert askpix("accept", "last").exit_code == 0
    checks = json.loads(Path("find.baseline.json").read_text())["checks"]
    assert [each["name"] for each in checks] == [
        "find.boxes.count at least 2",
        "find.boxes.count at least 2 (2)",
    ]
    first, second = ({**each, "name": ""} for each in checks)
    assert first == second
    assert "find" in str(first)


def test_another_truth_cannot_be_compared(folder: Path) -> None:
    """Numbers that were measured by something else say nothing."""
    accepted()
    with Path("boxes.csv").open("a") as file:
        file.write("photos/0.jpg,ghost,1,1,9,9\n")
    assert asked("").exit_code == 0
    assert findings()["recall"] == findings()["finds all"] == "not comparable"
    assert comparison()["files"] == ["truth boxes.csv"]


def test_an_image_that_changed_is_no_pair(folder: Path) -> None:
    """Pairs are told by name and by content."""
    accepted()
    shutil.copy(folder / "photos/0.jpg", folder / "photos/1.jpg")
    asked("")
    assert (comparison()["pairs"], comparison()["other_images"]) == (7, ["1.jpg"])


def test_images_that_are_not_compared_are_named_wherever_a_test_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a test passes over whatever is left. On the terminal, at GitHub, in Markdown, in junit.xml."""
    accepted()
    (folder / "photos/0.jpg").unlink()
    (folder / "photos/1.jpg").unlink()
    shutil.copy(folder / "photos/2.png", folder / "photos/3.png")
    (folder / "photos/7.png").rename(folder / "photos/8.png")
    why = (
        "3 images of the baseline are not compared: not in this run: 0.jpg, 1.jpg, 7.png; "
        "1 image is not compared: another image or row than in the baseline: 3.png; "
        "1 image is not compared: new: 8.png"
    )
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    told = asked("", "test", "--summary", "summary.md")
    assert told.exit_code == 0, told.output
    assert f"  ! images, against the baseline: {why}\n" in told.stderr
    annotated = next(line for line in told.stderr.splitlines() if line.startswith("::warning"))
    assert annotated.startswith("::warning file=find.workflow.yaml,line=2,col=1,")
    assert annotated.endswith(f"::{why}")
    assert f"| ⚠️ | images, against the baseline | {why} |" in Path("summary.md").read_text()
    assert why in (newest().path / "junit.xml").read_text()


def test_an_accepted_file_is_the_same_however_often_it_is_written(folder: Path) -> None:
    """Git shows only what really changed."""
    accepted()
    first = Path("find.baseline.json").read_bytes()
    assert askpix("accept", "last").exit_code == 0
    assert Path("find.baseline.json").read_bytes() == first


def test_a_gate_without_checks_says_so(folder: Path) -> None:
    """Nothing can fail there: that looks like a gate that holds."""
    words = ("find.workflow.yaml", "--provider", "simulator", "-q")
    assert askpix("run", *words).exit_code == 0
    assert askpix("accept", "last").exit_code == 0
    done = askpix("test", *words)
    assert done.exit_code == 0
    assert (
        "! checks, against the baseline: the workflow has no checks, so nothing can fail; write what"
        " must hold under `checks:`"
    ) in done.stderr


def test_simulated_answers_are_not_compared_with_those_of_a_model(folder: Path) -> None:
    """It is a warning wherever a test is read: nothing was tested."""
    accepted()
    path = Path("find.baseline.json")
    path.write_text(path.read_text().replace('"simulated": true', '"simulated": false'))
    done = asked("")
    assert done.exit_code == 0
    why = "those of the baseline are a model's, those of this run are not: not compared"
    assert f"! answers, against the baseline: {why}" in done.stderr
    assert why in (newest().path / "junit.xml").read_text()


CI_SERVICES = {
    "CI": "true", "TF_BUILD": "True", "JENKINS_URL": "https://ci.example/", "GITHUB_ACTIONS": "true",
    "GITLAB_CI": "true", "BUILDKITE": "true", "TEAMCITY_VERSION": "2026.1", "CODEBUILD_BUILD_ID": "a:1",
}  # fmt: skip


def test_nothing_is_accepted_in_ci(folder: Path) -> None:
    """Whoever is there to look at it? Of each service it is known, also of those that set no `CI`."""
    asked("", "run")
    for name, value in CI_SERVICES.items():
        with pytest.MonkeyPatch.context() as machine:
            machine.setenv(name, value)
            told = askpix("accept", "last")
        assert (told.exit_code, Path("find.baseline.json").exists()) == (2, False), name
        assert f"never in CI ({name} is set)" in told.stderr
    assert askpix("accept", "last").exit_code == 0


def test_a_partial_run_is_accepted_only_when_that_is_said(folder: Path) -> None:
    """An answer that is missing is no standard."""
    asked(" [[simulate: empty-text]]", "run")
    told = askpix("accept", "last")
    assert told.exit_code == 2
    assert "8 of its results have no usable answer" in told.stderr
    assert askpix("accept", "last", "--partial").exit_code == 0


GATED = """\
version: 1
images: photos/*
steps:
  - {id: find, prompt: "Find everything.", schema: boxes}
  - {id: look, when: {that: find.count, at_least: LEAST}, do: compute, text: seen}
checks:
  - {that: look.text, equals: seen, name: seen}
"""


@pytest.mark.parametrize(
    ("least", "why"),
    [
        (999, "not enough evidence: 8 images were judged before, none is now: 0.jpg, 1.jpg"),
        (8, "judged before are not judged now: 1.jpg"),
    ],
)
def test_what_was_judged_before_and_is_not_now_is_told(folder: Path, least: int, why: str) -> None:
    """A step that is skipped now takes its check with it: that is no pass, and no loss."""
    words = ("gate.workflow.yaml", "--provider", "simulator", "-q")
    Path(words[0]).write_text(GATED.replace("LEAST", "1"))
    assert askpix("run", *words).exit_code == 0
    assert askpix("accept", "last").exit_code == 0
    Path(words[0]).write_text(GATED.replace("LEAST", str(least)))
    done = askpix("test", *words)
    assert done.exit_code == 0
    assert why in done.stderr
    [check], cases = comparison()["checks"], comparison()["cases"]
    assert [each["case"] for each in cases] == check["unjudged"]
    assert {each["turn"] for each in cases} == {"changed"}
    assert cases[0]["why"] == ["seen, not judged any more"]


def test_a_question_that_two_images_share_is_counted_once(folder: Path) -> None:
    """In a report and a comparison as in the run itself."""
    for name in ("0.jpg", "1.jpg"):
        shutil.copy(f"photos/{name}", f"photos/again-{name}")
    asked("", "run")
    standing, manifest = standing_of(newest()), newest().manifest()
    spent: Any = manifest["tokens"]
    assert standing.tokens == sum(spent.values()) > 0
    assert standing.cost_usd == pytest.approx(manifest["cost_usd"])


def test_checks_that_fail_are_told_of_what_is_accepted(folder: Path) -> None:
    """It is accepted all the same: it may be the best there is."""
    strict = FIND.replace("pass_rate: 0", "pass_rate: 1").replace(
        "max_drop", "at_least: 1, max_drop"
    )
    Path("find.workflow.yaml").write_text(strict.replace("ASKED", NOT_THERE))
    assert askpix("run", "find.workflow.yaml", "--provider", "simulator", "-q").exit_code == 1
    told = askpix("accept", "last")
    assert told.exit_code == 0
    assert "2 checks of this run fail: finds all, recall\n" in told.stderr
    accepted()
    assert "of this run fail" not in askpix("accept", "last").stderr


def test_requests_that_failed_are_of_no_kind(folder: Path) -> None:
    """There was no answer that a model could have given: with simulated ones beside it is no mixture,
    and without any the run is compared all the same."""
    accepted()
    assert asked("", "run", "--record", "recordings", "--limit", "4").exit_code == 0
    some = asked("", "test", "--replay", "recordings")
    assert some.exit_code == 3, some.output
    told = askpix("accept", "last")
    assert "4 of its results have no usable answer" in told.stderr
    assert askpix("accept", "last", "--partial").exit_code == 0
    assert asked(" Please.", "run", "--record", "others").exit_code == 0
    none = asked("", "test", "--replay", "others")
    assert none.exit_code == 3, none.output
    assert "are simulated" not in none.stderr
    assert "recall, against the baseline: " in none.stderr


def test_simulated_answers_do_not_replace_those_of_a_model_unasked(folder: Path) -> None:
    """Nor are they compared with them."""
    accepted()
    path = Path("find.baseline.json")
    path.write_text(path.read_text().replace('"simulated": true', '"simulated": false'))
    told = askpix("accept", "last")
    assert told.exit_code == 2
    assert "they say nothing about one another" in told.stderr
    assert "not compared" in asked(NOT_THERE).stderr
    assert askpix("accept", "last", "--simulated").exit_code == 0


def test_locked_wants_a_baseline(folder: Path) -> None:
    """It says how one is made."""
    told = asked("", "test", "--locked")
    assert told.exit_code == 2
    assert "accept it" in told.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    {
        "Find everything.": "steps.find.prompt: Find everything. → Find all.",
        "schema: boxes": "steps.find.thinking: (not set) → low",
        "iou: 0.5": "check `finds all`: new, or looks at something else than before",
    }.items(),
)
def test_locked_says_what_changed_and_runs_nothing(folder: Path, change: str, told: str) -> None:
    """The baseline belongs to what was accepted."""
    accepted()
    new = {
        "Find everything.": "Find all.",
        "schema: boxes": "schema: boxes, thinking: low",
        "iou: 0.5": "iou: 0.6",
    }[change]
    Path("find.workflow.yaml").write_text(FIND.replace("ASKED", "").replace(change, new))
    before = len(list(Path("runs").iterdir()))
    words = ("find.workflow.yaml", "--provider", "simulator", "--locked")
    done = askpix("test", *words)
    assert done.exit_code == 2
    assert told in done.stderr
    assert len(list(Path("runs").iterdir())) == before


def test_a_baseline_that_does_not_fit_keeps_no_other_workflow_from_its_test(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst exit code is that of the command. At GitHub the mismatch stands at the line that differs."""
    accepted()
    shutil.copy("find.workflow.yaml", "other.workflow.yaml")
    shutil.copy("find.baseline.json", "other.baseline.json")
    Path("other.workflow.yaml").write_text(
        FIND.replace("ASKED", " Please.").replace("{id: find, ", "{id: find,\n    ")
    )
    runs = len(list(Path("runs").iterdir()))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    words = ("other.workflow.yaml", "missing.workflow.yaml", "find.workflow.yaml")
    shutil.copy("find.workflow.yaml", "missing.workflow.yaml")
    told = askpix("test", *words, "--provider", "simulator", "--locked", "--summary", "summary.md")
    assert told.exit_code == 2
    assert len(list(Path("runs").iterdir())) == runs + 1
    annotated = [line.split("::")[1] for line in told.stderr.splitlines() if "::error " in line]
    assert annotated == [
        "error file=other.workflow.yaml,line=6,col=5,endLine=6,endColumn=11,title=other%3A nothing ran",
        "error file=missing.workflow.yaml,line=1,col=1,title=missing%3A nothing ran",
    ]
    verdicts = [line for line in Path("summary.md").read_text().splitlines() if "###" in line]
    assert verdicts == [
        "### ❌ other: nothing ran",
        "### ❌ missing: nothing ran",
        "### ✅ find: 3 checks hold",
    ]


def test_locked_notices_other_images_and_files(folder: Path) -> None:
    """By their content."""
    accepted()
    (folder / "photos/0.jpg").unlink()
    with Path("boxes.csv").open("a") as file:
        file.write("photos/1.jpg,ghost,1,1,9,9\n")
    told = asked("", "test", "--locked").stderr
    assert "truth boxes.csv: changed" in told
    assert "1 case: gone: 0.jpg" in told


def test_locked_passes_where_nothing_changed(folder: Path) -> None:
    """Names, limits and outputs may change: they are no part of what was accepted."""
    accepted()
    told = FIND.replace("ASKED", "").replace("max_drop: 5%", "max_drop: 1%, at_least: 0.5")
    Path("find.workflow.yaml").write_text(told + "outputs: [{save: find, as: csv, to: a.csv}]\n")
    done = askpix("test", "find.workflow.yaml", "--provider", "simulator", "--locked")
    assert done.exit_code == 0, done.output


def test_locked_notices_a_check_that_is_gone(folder: Path) -> None:
    """Else a test would pass because nobody looks any more; without the lock it is said."""
    accepted()
    without = "".join(line for line in FIND.splitlines(True) if "finds all" not in line)
    Path("find.workflow.yaml").write_text(without.replace("ASKED", ""))
    words = ("test", "find.workflow.yaml", "--provider", "simulator", "-q")
    told = askpix(*words, "--locked")
    assert told.exit_code == 2
    assert "check `finds all`: gone, or looks at something else than before" in told.stderr
    told = askpix(*words)
    assert told.exit_code == 0
    assert "the baseline has checks that are not there any more: finds all" in told.stderr


@pytest.mark.parametrize("sent", ["[before]", "[after]", "[after, before]", "[before, after]"])
def test_locked_knows_a_case_by_all_of_its_images(folder: Path, sent: str) -> None:
    """Whichever of them the steps look at, and in whatever order; of a replay, too."""
    for role in ("before", "after"):
        shutil.copytree("photos", role)
    shutil.copy("photos/1.jpg", "after/0.jpg")
    Path("find.workflow.yaml").write_text(
        "version: 1\nimages: {before: before/*, after: after/*}\n"
        f"steps: [{{id: find, prompt: Find all., schema: boxes, images: {sent}}}]\n"
        "checks: [{name: some, that: find.boxes.count, at_least: 0}]\n"
    )
    words = ("find.workflow.yaml", "--provider", "simulator", "-q")
    assert askpix("run", *words).exit_code == 0
    assert askpix("accept", "last").exit_code == 0
    assert askpix("test", *words, "--locked").exit_code == 0
    assert askpix("replay", "last").exit_code == 0
    assert "8 images" in (same := askpix("diff", "last", "find.baseline.json").stdout), same
    for one, other in (("before", "after"), ("after", "before")):  # what is not sent belongs to it
        shutil.copy(f"{other}/0.jpg", f"{one}/2.png")
        told = askpix("test", *words, "--locked")
        assert told.exit_code == 2
        assert "1 case: other images or another row: 2.png" in told.stderr


def test_a_combination_that_is_gone_is_named(folder: Path) -> None:
    """Its checks are still there; and what the test says of the checks it says of the metrics, too."""
    text = FIND.replace("ASKED", "") + "matrix: {thinking: [low, high]}\n"
    Path("find.workflow.yaml").write_text(text)
    words = ("find.workflow.yaml", "--provider", "simulator", "-q")
    assert askpix("run", *words).exit_code == 0
    assert askpix("accept", "last").exit_code == 0
    Path("find.workflow.yaml").write_text(text.replace("low, high", "low"))
    told = askpix("test", *words).stderr
    gone = "finds all (thinking high), recall (thinking high)"
    assert f"the baseline has checks that are not there any more: {gone}\n" in told
    for name in ("finds all", "recall"):
        why = "not compared: only the run before has it"
        assert f"  – {name}, against the baseline (thinking high): {why}\n" in told


def test_a_baseline_of_some_images_is_locked_to_them(folder: Path) -> None:
    """`--limit` holds for the comparison with the baseline, too."""
    accepted_few = asked("", "run", "--limit", "3")
    assert accepted_few.exit_code == 0
    assert askpix("accept", "last").exit_code == 0
    assert asked("", "test", "--locked", "--limit", "3").exit_code == 0
    told = asked("", "test", "--locked")
    assert told.exit_code == 2
    assert "run.limit: 3 → (not set)" in told.stderr
    assert "5 cases: new: " in told.stderr


DAMAGED = {
    "cut off": lambda text: text[:200],
    "of another version": lambda text: text.replace('"baseline": 1', '"baseline": 2'),
    "changed by hand": lambda text: text.replace('"value": 1,', '"value": 0.5,'),
    "of another kind": lambda text: text.replace('"recall": [{', '"recall": [{"x": [1], '),
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_baseline_is_told_and_nothing_runs(folder: Path, how: str) -> None:
    """It is no missing one, and nothing writes over it."""
    accepted()
    file = Path("find.baseline.json")
    file.write_text(DAMAGED[how](file.read_text()))
    before = file.read_bytes(), len(list(Path("runs").iterdir()))
    for told in (asked(""), askpix("accept", "last"), askpix("diff", file.name, "last")):
        assert told.exit_code == 2, told.output
        assert "find.baseline.json cannot be used: " in told.stderr
    assert (file.read_bytes(), len(list(Path("runs").iterdir()))) == before


FILES = (
    "checks.json", "checks.jsonl", "metrics.json", "metrics.jsonl", "results.jsonl", "resolved.yaml",
)  # fmt: skip


def test_of_a_damaged_run_nothing_is_accepted(folder: Path) -> None:
    """A file that is missing or cut off is no reason to accept the rest."""
    asked("", "run")
    run = newest().path
    for name in FILES:
        whole = (run / name).read_bytes()
        for left in (None, whole[: len(whole) // 2] + b"\0"):
            (run / name).unlink()
            if left is not None:
                (run / name).write_bytes(left)
            told = askpix("accept", "last")
            assert (told.exit_code, Path("find.baseline.json").exists()) == (2, False), name
            assert name in told.stderr
            (run / name).write_bytes(whole)
    assert askpix("accept", "last").exit_code == 0


def test_a_replay_can_be_accepted_as_its_run(folder: Path) -> None:
    """It has the same settings, files and images; so it is what the lock wants."""
    asked("", "run")
    run = newest().path
    assert askpix("replay", str(run)).exit_code == 0
    assert askpix("accept", "last").exit_code == 0
    assert "-replay_" in json.loads(Path("find.baseline.json").read_text())["run"]
    assert asked("", "test", "--locked").exit_code == 0


def test_two_runs_are_compared_in_words(folder: Path) -> None:
    """Settings by their words, numbers with intervals, cases with their boxes."""
    asked("", "run")
    first = newest().path.name
    asked(NOT_THERE, "run")
    told = askpix("diff", first, "last").stdout
    assert "steps.find.prompt: Find everything. → Find everything. [[simulate: xyxy-boxes]]" in told
    assert "  recall: worse: 1 → " in told
    assert "8 cases in both: 8 worse, 0 better, 0 changed, 0 same" in told
    markdown = askpix("diff", first, "last", "--format", "markdown").stdout
    assert "| recall | worse | 1 → " in markdown
    data = json.loads(askpix("diff", first, "last", "--format", "json").stdout)
    assert sorted(each["turn"] for each in data["cases"]) == ["worse"] * 8
    (answer,) = data["cases"][0]["answers"]
    assert answer["gone"]
    assert answer["new"]


def test_a_run_is_compared_with_a_baseline_file(folder: Path) -> None:
    """As in a pull request: the file of the other branch against a run."""
    accepted()
    asked(NOT_THERE, "run")
    told = askpix("diff", "find.baseline.json", "last")
    assert told.exit_code == 0
    assert "8 worse" in told.stdout


def test_runs_without_a_case_in_common_are_not_compared(folder: Path) -> None:
    """It says why."""
    asked("", "run")
    first = newest().path.name
    for photo in (folder / "photos").iterdir():
        photo.rename(photo.with_name(f"other-{photo.name}"))
    Path("find.workflow.yaml").write_text(BARE)
    assert askpix("run", "find.workflow.yaml", "--provider", "simulator", "-q").exit_code == 0
    told = askpix("diff", first, "last")
    assert told.exit_code == 2
    assert "no case in common" in told.stderr


def test_a_matrix_says_which_setting_pays(folder: Path) -> None:
    """The dearer one that finds no more does not."""
    text = FIND.replace("Find everything.ASKED", "Find everything. {{ vars.how }}")
    text += 'vars: {how: ""}\nmatrix: {vars.how: ["", "[[simulate: xyxy-boxes]]"]}\n'
    Path("find.workflow.yaml").write_text(text)
    assert askpix("run", "find.workflow.yaml", "--provider", "simulator", "-q").exit_code == 0
    data = json.loads(askpix("diff", "last", "--format", "json").stdout)
    good, bad = data["choices"]
    assert (good["pays"], bad["pays"]) == (True, False)
    assert bad["metrics"][0]["against_first"]["finding"] == "worse"
    table = askpix("diff", "last").stdout.splitlines()
    assert table[0].split() == [
        *("vars.how", "finds", "all", "recall", "valid", "answers"),
        *("cost", "per", "case", "tokens", "per", "case"),
    ]
    assert table[1].split()[:6] == ['""', "8", "of", "8", "1", "1"]
    assert table[1].endswith("pays")
    assert table[4] == 'vars.how: "" → [[simulate: xyxy-boxes]]'
    assert table[5] == (
        "  finds all: worse: of 8 images, 8 held before and fail now, 0 the reverse (p = 0.0078)"
    )
    assert table[6].startswith("  recall: −0.")
    assert table[8].startswith("  cost: +$0.0001 [+$")
    markdown = askpix("diff", "last", "--format", "markdown").stdout
    assert "| vars.how | finds all | recall | valid answers | cost per case |" in markdown
    assert '**vars.how: "" → [[simulate: xyxy-boxes]]**' in markdown
    (effect,) = data["effects"]
    assert (effect["axis"], effect["combinations"]) == ("vars.how", 1)
    assert effect["metrics"][0]["finding"] == "worse"
