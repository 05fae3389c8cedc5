"""`askpix export` writes the results of a run in another format, or says why it cannot."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli import group
from runner.cli.export import formats
from runner.exporters import EXPORTERS

ROOT = Path(__file__).resolve().parents[2]

WORKFLOW = """\
version: 1
name: cups
images: photos/*.jpg
steps:
  - {id: find, prompt: Find every cup., schema: boxes}
  - {id: say, prompt: Describe the image.}
run: {cache: off}
"""


def ask(*words: str) -> Result:
    return CliRunner().invoke(group, words, prog_name="askpix", catch_exceptions=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photographs, a workflow and its finished run."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(ROOT / "examples/01-first-boxes/photos", folder / "photos")
    (folder / "cups.workflow.yaml").write_text(WORKFLOW)
    with contextlib.chdir(folder):
        done = ask("run", "cups.workflow.yaml", "--provider", "simulator", "--quiet")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in which one stands; the folder of its run."""
    shutil.copytree(made, tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    (folder,) = Path("runs").iterdir()
    manifest = json.loads((folder / "run.json").read_text())
    manifest["workflow"] = str(Path("cups.workflow.yaml").absolute())
    (folder / "run.json").write_text(json.dumps(manifest))
    return folder


def test_the_last_run_is_written_as_coco(run: Path) -> None:
    """Its images by their paths, every box; and the line that says so."""
    done = ask("export", "last", "--save", "find.boxes", "--as", "coco", "--to", "out/cups.json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"find.boxes of {run} as coco: out/cups.json (1 file)\n"
    file = json.loads(Path("out/cups.json").read_text())
    lines = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    found = [line for line in lines if line["step"] == "find"]
    assert [image["file_name"] for image in file["images"]] == [
        "photos/coffee.jpg",
        "photos/rocket.jpg",
    ]
    assert len(file["annotations"]) == sum(len(line["detections"]) for line in found)
    assert file["info"]["simulated"] is True


def test_what_is_there_is_not_replaced_without_force(run: Path) -> None:
    """With it, files of the same name are; others stay."""
    words = ("export", run.name, "--save", "find", "--as", "yolo", "--to", "out")
    assert ask(*words).exit_code == 0
    Path("out/mine.txt").write_text("mine")
    Path("out/data.yaml").write_text("mine")
    again = ask(*words)
    assert (again.exit_code, again.stderr) == (
        2,
        "error: out is not empty; choose another place, or replace files with --force\n",
    )
    assert Path("out/data.yaml").read_text() == "mine"
    assert ask(*words, "--force").exit_code == 0
    assert "names:" in Path("out/data.yaml").read_text()
    assert Path("out/mine.txt").read_text() == "mine"
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--as", "coko", "--to", "x"),
            "Invalid value for --as: there is no format `coko`; did you mean `coco`?",
        ),
        (
            ("--as", "coco", "--to", "x.json"),
            "error: {run} has results of 2 steps; write --save find or --save say",
        ),
        (
            ("--as", "coco", "--to", "x.json", "--save", "fund.boxes"),
            "error: {run} has no step `fund`; did you mean `find`?",
        ),
        (
            ("--as", "coco", "--to", "x.json", "--save", "say"),
            "error: `say` holds no boxes, points or outlines, and coco needs them; csv, json, jsonl,"
            " parquet and text take anything",
        ),
        (
            ("--as", "masks_indexed", "--to", "x", "--save", "find"),
            "error: `find` holds no masks, and masks_indexed needs them; csv, json, jsonl, parquet and"
            " text take anything",
        ),
        (
            ("--as", "coco", "--to", "photos", "--save", "find"),
            "error: photos is a folder, and coco writes one file; write --to"
            " photos/results.coco.json",
        ),
        (
            ("--as", "yolo", "--to", "cups.workflow.yaml", "--save", "find"),
            "error: cups.workflow.yaml is a file, and yolo writes a folder of files",
        ),
        (
            ("--as", "coco", "--to", "cups.workflow.yaml", "--save", "find"),
            "error: cups.workflow.yaml exists; choose another place, or replace files with --force",
        ),
        (
            ("--as", "coco", "--to", "cups.workflow.yaml/x.json", "--save", "find"),
            "error: cannot write cups.workflow.yaml/x.json: ",
        ),
        (
            ("--as", "coco", "--to", "x", "--padding", "5"),
            "Invalid value for --padding: it has no meaning for coco",
        ),
        (
            ("--as", "coco", "--to", "x", "--field-of-view", "60"),
            "Invalid value for --field-of-view: it has no meaning for coco",
        ),
        (
            ("--as", "csv", "--to", "x", "--join-points"),
            "Invalid value for --join-points: it has no meaning for csv",
        ),
        (
            ("--as", "coco", "--to", "x", "--images"),
            "Invalid value for --images: it has no meaning for coco",
        ),
        (
            ("--as", "crops", "--to", "x", "--padding", "much"),
            "Invalid value for --padding: write pixels (20) or a share of the box (5%)",
        ),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    words: tuple[str, ...], said: str, run: Path
) -> None:
    """With exit code 2."""
    before = sorted(Path().rglob("*"))
    done = ask("export", "last", *words)
    assert done.exit_code == 2
    assert said.format(run=run) in done.stderr
    assert sorted(Path().rglob("*")) == before


def test_an_unfinished_run_gives_what_it_has_and_says_so(run: Path) -> None:
    """Here one that was killed before its files were written."""
    manifest = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**manifest, "status": "running"}))
    (run / "results.jsonl").unlink()
    done = ask("export", "last", "--save", "find", "--as", "csv", "--to", "boxes.csv")
    assert (done.exit_code, done.stderr) == (
        0,
        "this run is unfinished (running): what it has is written\n",
    )
    assert len(Path("boxes.csv").read_text().splitlines()) > 2


def test_what_is_not_in_it_is_printed(run: Path) -> None:
    """A failure is told, and is no image without things."""
    lines = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    lines[0] |= {"status": "refused", "error": "SAFETY\x1b[31m", "detections": [], "answer": None}
    (run / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = ask("export", "last", "--save", "find", "--as", "coco", "--to", "x.json")
    assert done.exit_code == 0
    assert done.stderr == (
        "not in it, or not all of it (x.json.not-written.txt):\n"
        "  coffee.jpg: refused: SAFETY\\x1b[31m\n"
    )
    assert len(json.loads(Path("x.json").read_text())["images"]) == 1


@pytest.mark.parametrize("form", ["csv", "coco", "crops"])
def test_a_place_that_cannot_be_made_is_told_with_its_path(form: str, run: Path) -> None:
    """Whatever the reason of the machine: the folder of processes takes no file of anyone."""
    Path("file").write_text("mine")
    for place, why in (("file/x/y", "not a directory"), ("a" * 300 + "/x", "file name too long")):
        done = ask("export", "last", "--save", "find", "--as", form, "--to", place)
        assert (done.exit_code, done.stderr) == (2, f"error: cannot write {place}: {why}\n")
    if Path("/proc/self").exists():
        done = ask("export", "last", "--save", "find", "--as", form, "--to", "/proc/x")
        why = "cannot write /proc/x: no such file or directory"
        assert (done.exit_code, done.stderr) == (2, f"error: {why}\n")


def test_a_name_that_promises_another_format_is_refused(run: Path) -> None:
    """A table of commas is no workbook, whatever it is called."""
    done = ask("export", "last", "--save", "find", "--as", "csv", "--to", "out/b.xlsx")
    why = "out/b.xlsx is not named like what csv writes; write --to out/b.csv"
    assert (done.exit_code, done.stderr) == (2, f"error: {why}\n")
    assert not Path("out").exists()


def test_images_are_copied_only_as_they_were(run: Path) -> None:
    """One that was changed after the run is another image."""
    Path("photos/rocket.jpg").write_bytes(Path("photos/coffee.jpg").read_bytes())
    done = ask("export", "last", "--save", "find", "--as", "voc", "--to", "voc", "--images")
    assert [path.name for path in Path("voc/JPEGImages/photos").iterdir()] == ["coffee.jpg"]
    assert "rocket.jpg: the image is not on this machine" in done.stderr


def test_a_run_is_exported_from_anywhere(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its images are found beside the folder of its runs, from which it was begun."""
    folder = run.absolute()
    monkeypatch.chdir(folder.parents[2])
    done = ask("export", str(folder), "--save", "find", "--as", "crops", "--to", "crops")
    assert (done.exit_code, done.stderr) == (0, "")
    assert any(Path("crops/photos/coffee").iterdir())


def test_help_lists_every_format_with_a_line() -> None:
    """Those of the schema are those that there are."""
    text = ask("export", "--help").output
    assert list(formats()) == list(EXPORTERS)
    assert all(f"  {name} " in text for name in EXPORTERS)


@pytest.mark.parametrize("form", list(EXPORTERS))
def test_every_format_takes_a_real_run(form: str, run: Path) -> None:
    """From the command line, boxes of real photographs."""
    part = "say" if form == "text" else "find"
    done = ask("export", "last", "--save", part, "--as", form, "--to", f"out/{form}")
    masks = form.startswith("masks")
    assert done.exit_code == (2 if masks else 0), done.output
    assert Path("out").exists() != masks
