"""`askpix report` and `askpix diff --format html`: one page of a run, whatever it holds."""

from __future__ import annotations

import html
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import runner.reporting
from runner.cli import group

EXAMPLES = Path(__file__).parents[3] / "examples"
HOSTILE = "</script><img src=x onerror=document.title=666>"
HOSTILE_NAME = "<!--<img src=x onerror=document.title=666> javascript:alert(1) &amp;.jpg"


def ask(*words: str | Path) -> Result:
    return CliRunner().invoke(group, [str(word) for word in words])


class Tags(HTMLParser):
    """What a page really consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


@pytest.fixture(scope="session")
def page(place: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of the second run against the first."""
    target = tmp_path_factory.mktemp("page") / "r.html"
    done = ask("report", place.now, "--against", place.before, "--to", target)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{target}\n"
    return target.read_text()


def test_the_page_stands_in_the_folder_of_the_run(place: Any):
    done = ask("report", place.before)
    assert (done.exit_code, done.stdout) == (0, f"{place.before / 'report.html'}\n")
    assert (place.before / "report.html").read_text().startswith("<!doctype html>")


def test_nothing_of_what_a_model_or_a_file_name_says_is_markup(page: str):
    """No tag, no attribute and no comment of theirs; and the data say literally what they said."""
    tags = Tags(page).found
    assert {tag for tag, _ in tags}.isdisjoint({"img", "iframe", "object", "base", "link", "form"})
    assert not [name for _, has in tags for name in has if name.startswith("on") or name == "style"]
    links = [str(has["href"]) for tag, has in tags if tag == "a"]
    assert links
    assert {link[0] for link in links} == {"#"}
    assert [has.get("type") for tag, has in tags if tag == "script"] == ["application/json", None]
    assert "<!--" not in page
    data = data_of(page)
    assert HOSTILE_NAME in [item["case"] for item in data["cases"]]
    labels = [
        thing["label"] for item in data["cases"] for one in item["now"] for thing in one["things"]
    ]
    assert HOSTILE in labels


def test_cases_come_worst_first_with_what_became_of_them(page: str):
    cases = data_of(page)["cases"]
    assert [(item["case"], item["marks"], item.get("turn")) for item in cases] == [
        (HOSTILE_NAME, ["worse", "fails"], "worse"),
        ("turned.jpg", ["mistakes", "changed"], "changed"),
        ("coffee.jpg", ["mistakes", "changed"], "changed"),
        ("coins.webp", ["better"], "better"),
        ("rocket.heic", ["better"], "better"),
    ]


def test_what_is_right_is_told_for_the_step_that_is_judged(page: str):
    """In the pixels of the upright image, beside what was found."""
    cases = {item["case"]: item for item in data_of(page)["cases"]}
    told = {answer["step"]: answer.get("truth") for answer in cases["coffee.jpg"]["now"]}
    assert [thing["box"] for thing in told["keep"][0]["things"]] == [
        [170, 15, 410, 210], [70, 68, 398, 380],
    ]  # fmt: skip
    assert told["cut"] is None


def test_without_scripts_the_numbers_are_there(page: str):
    shown = page.partition('<script type="application/json"')[0]
    assert "Which" not in shown  # no matrix
    for said in ("enough", "holds for", "recall" if "recall" in shown else "found", "noscript"):
        assert said in shown
    assert "<ins>" in shown
    assert "&lt;/script&gt;&lt;img src=x" in re.sub(r"</?(ins|del)>", "", shown)


def test_a_matrix_says_which_setting_pays(place: Any, tmp_path: Path):
    done = ask("diff", place.matrix, "--format", "html", "--to", tmp_path / "m.html")
    assert done.exit_code == 0, done.output
    shown = (tmp_path / "m.html").read_text().partition('<script type="application/json"')[0]
    assert "★ pays" in shown
    assert "enough against the cost per case" in shown
    assert "vars.least: 1 → 7, over all else (2 pairs)" in shown


def test_a_difference_is_a_page_in_the_folder_of_the_later_run(place: Any):
    done = ask("diff", place.before, place.now, "--format", "html")
    assert (done.exit_code, done.stdout) == (0, f"{place.now / 'diff.html'}\n")


def test_a_folder_has_the_images_beside_the_page(place: Any, tmp_path: Path):
    """Larger than within a page; and the policy takes them from there alone."""
    done = ask("report", place.now, "--to", f"{tmp_path}/shown/")
    assert done.stdout == f"{tmp_path / 'shown' / 'index.html'}\n"
    shown = html.unescape((tmp_path / "shown" / "index.html").read_text())
    assert "img-src 'self' file:;" in shown
    assert [image["src"] for image in data_of(shown)["images"]] == [
        f"images/{number:05}.webp" for number in range(1, 6)
    ]
    assert len([*(tmp_path / "shown" / "images").iterdir()]) == 5


def test_many_cases_make_a_folder_and_more_are_not_all_shown(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The worst are; the page and the terminal say how many there are."""
    monkeypatch.setattr(runner.reporting, "WITHIN", 2)
    monkeypatch.setattr(runner.reporting, "MOST", 3)
    run = tmp_path / "runs" / place.now.name
    shutil.copytree(place.now, run)
    done = ask("report", run)
    assert done.stdout == f"{run / 'report' / 'index.html'}\n"
    assert done.stderr == "shown are the worst 3 of 5 cases\n"
    shown = (run / "report" / "index.html").read_text()
    assert "shown are the 3 worst of 5 cases" in shown
    assert len(data_of(shown)["cases"]) == 3


def test_an_image_that_is_gone_is_told_in_its_place(place: Any, tmp_path: Path):
    """The report is made all the same, and says so."""
    shutil.copytree(place.path, tmp_path / "moved")
    run = next((tmp_path / "moved" / "now").iterdir())
    manifest = run / "run.json"
    manifest.write_text(manifest.read_text().replace(str(place.path), str(tmp_path / "moved")))
    (tmp_path / "moved" / "photos" / "coffee.jpg").write_bytes(b"another one")
    done = ask("report", run)
    assert done.exit_code == 0
    assert "1 image of 5 cannot be shown; the page says why\n" in done.stderr
    images = {
        image["name"]: image for image in data_of((run / "report.html").read_text())["images"]
    }
    assert images["coffee.jpg"]["why"] == "the image is not here any more, or is not what it was"
    assert "src" in images["turned.jpg"]


def test_a_run_is_compared_with_a_baseline_file(place: Any, tmp_path: Path):
    """A baseline has no answers: what changed in the numbers is told, and nothing is drawn of before."""
    assert ask("accept", place.before, "--to", tmp_path / "b.json").exit_code == 0
    done = ask("report", place.now, "--against", tmp_path / "b.json", "--to", tmp_path / "r.html")
    assert done.exit_code == 0, done.output
    shown = (tmp_path / "r.html").read_text()
    assert "Compared with" in shown
    assert "before" not in data_of(shown)["cases"][0]


def test_only_a_report_is_replaced_by_a_report(place: Any, tmp_path: Path):
    """A table or a photograph in its place stays, and so does a folder of other things."""
    table, photos, fresh = tmp_path / "list.html", tmp_path / "photos", tmp_path / "fresh"
    table.write_text("my table")
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"a")
    told = [ask("report", place.now, "--to", target) for target in (table, photos)]
    assert [each.exit_code for each in told] == [2, 2]
    assert told[0].stderr == (
        f"error: {table} exists and is no report; choose another place, or move it away\n"
    )
    assert told[1].stderr == (
        f"error: {photos} holds other files; choose a folder that is empty, or not there yet\n"
    )
    assert table.read_text() == "my table"
    assert [each.name for each in photos.iterdir()] == ["a.jpg"]
    for _ in range(2):
        assert ask("report", place.now, "--to", f"{fresh}/").exit_code == 0
        assert ask("report", place.now, "--to", tmp_path / "r.html").exit_code == 0


GATED = """\
version: 1
images: photos/*
vars: {how: ""}
steps:
  - {id: find, prompt: "Find everything. {{ vars.how }}", schema: boxes}
checks:
  - {name: several, that: find.count, at_least: 2}
  - {name: many, metric: mean, of: find.count, max_drop: 5%}
"""


def test_the_report_of_a_test_says_what_the_test_said(tmp_path: Path):
    """It is compared with the baseline as it was then, also when a newer one has been accepted."""
    path = tmp_path / "gate.workflow.yaml"
    path.write_text(GATED)
    shutil.copytree(EXAMPLES / "11-regression-in-ci" / "photos", tmp_path / "photos")
    ran = ["--provider", "simulator", "-q", "--out", str(tmp_path / "runs")]
    folder = Path(ask("run", path, *ran).stdout.strip())
    assert ask("accept", folder).exit_code == 0
    worse = ask("test", path, *ran, "--var", "how=[[simulate: single-object]]")
    assert worse.exit_code == 1, worse.output
    tested = Path(worse.stdout.strip())
    assert ask("accept", tested).exit_code == 0
    assert ask("report", tested).exit_code == 0
    shown = html.unescape((tested / "report.html").read_text())
    assert f"Worse than {folder.name}, by more than chance" in re.sub("<[^>]+>", "", shown)
    assert (
        "not judged" not in shown.partition("<script")[0]
    )  # the comparison judges what has no limit of its own
    (tested / "baseline.json").write_text("{")
    done = ask("report", tested)
    assert done.exit_code == 0
    assert "not compared with its baseline: " in done.stderr


def test_a_report_is_not_green_when_nothing_was_judged(place: Any, tmp_path: Path):
    """A check that had nothing to look at is none that holds, and what it is stands there."""
    path = tmp_path / "idle.workflow.yaml"
    (tmp_path / "t.csv").write_text("image,right\nphotos/coffee.jpg,many\n")
    path.write_text(
        GATED.partition("checks:")[0].replace(
            "images: photos/*", "dataset: {file: t.csv, image_columns: image}"
        )
        + "  - {id: many, when: {that: find.count, at_least: 999}, do: compute, text: many}\n"
        + "checks:\n  - {that: many.text, equals: many}\n"
        + "  - {metric: accuracy, of: many.text, against: row.right, at_least: 90%}\n"
    )
    shutil.copytree(place.path / "photos", tmp_path / "photos")
    done = ask("run", path, "--provider", "simulator", "-q", "--out", tmp_path / "runs")
    folder = Path(done.stdout.strip())
    assert ask("report", folder).exit_code == 0
    shown = re.sub("<[^>]+>", "", (folder / "report.html").read_text())
    assert "? Nothing was judged: 2 checks had nothing to look at" in shown
    assert "nothing to judge" in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["report", "nothing"], "error: there is no run `nothing`, and none in runs;"),
        (["report", "NOW", "--against", "nothing"], "error: there is no run `nothing`"),
        (
            ["report", "NOW", "--to", "/dev/null/x.html"],
            "error: the report is not written: /dev/null",
        ),
        (["diff", "NOW", "--format", "html"], "has no matrix; name a second run"),
        (["diff", "NOW", "NOW", "--to", "x"], "--to goes with --format html"),
    ],
)
def test_what_cannot_be_is_told(
    place: Any, words: list[str], says: str, tmp_path: Path, monkeypatch: Any
):
    monkeypatch.chdir(tmp_path)
    done = ask(*(str(place.now) if word == "NOW" else word for word in words))
    assert done.exit_code == 2
    assert says in done.stderr


@pytest.mark.parametrize("target", ["x.txt", "x"])
def test_a_page_is_written_into_what_is_called_a_page(
    place: Any, tmp_path: Path, target: str
) -> None:
    """Into `.html`, or a folder; never into a file that says it is something else."""
    done = ask("report", place.now, "--to", tmp_path / target)
    assert done.exit_code == 2
    assert f"a report is HTML; write {tmp_path / 'x.html'}, or a folder: {tmp_path / target}/" in (
        done.stderr
    )
    assert not list(tmp_path.iterdir())
