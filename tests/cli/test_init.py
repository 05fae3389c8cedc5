"""`askpix init` leaves a workflow that runs as it is, and never touches what was there."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from runner import library
from runner.cli import group
from runner.cli.starter import images_here, sample
from runner.stages.gather import gather
from runner.workflow.load import load


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the command is called."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*options: str) -> Result:
    return CliRunner().invoke(group, ["init", *options], standalone_mode=False)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_an_empty_folder_gets_all_that_a_first_run_needs(folder: Path) -> None:
    """A workflow, an image, the schema for editors, a place for the key, lines for git."""
    outcome = init("--yes")
    assert outcome.return_value == 0
    assert outcome.stdout == ""
    assert files(folder) == [
        ".env.example",
        ".gitignore",
        ".vscode/settings.json",
        "boxes.workflow.yaml",
        "photos/sample.png",
        "workflow.schema.json",
    ]
    assert (folder / ".gitignore").read_text() == ".env\nruns/\n"
    settings = json.loads((folder / ".vscode/settings.json").read_text())
    assert list(settings["yaml.schemas"]) == ["./workflow.schema.json"]
    assert outcome.stderr == (
        "  wrote  boxes.workflow.yaml\n"
        "  wrote  photos/sample.png\n"
        "  wrote  .env.example\n"
        "  wrote  workflow.schema.json\n"
        "  wrote  .vscode/settings.json\n"
        "  added  .env, runs/ to .gitignore\n"
        "\n"
        "Next:\n"
        "  askpix validate boxes.workflow.yaml\n"
        "      finds every mistake; needs no key and no network\n"
        "  askpix run boxes.workflow.yaml --provider simulator\n"
        "      a rehearsal without a key: no model looks at the images\n"
        "  askpix run boxes.workflow.yaml\n"
        "      asks Gemini; first copy .env.example to .env and write your key into it\n"
    )


def test_the_workflow_begins_with_what_it_is_and_what_to_do(folder: Path) -> None:
    """And names the images where the shipped one says that it is only a part."""
    init("--yes")
    lines = (folder / "boxes.workflow.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[:12] == [
        "# yaml-language-server: $schema=workflow.schema.json",
        "#",
        "# Find things and draw a box around each of them.",
        "#",
        "#   askpix validate boxes.workflow.yaml    finds every mistake",
        "#   askpix plan boxes.workflow.yaml        says what it would cost",
        "#   askpix run boxes.workflow.yaml         asks Gemini",
        "#   askpix explain prompt                  explains any word of this file",
        "version: 1",
        "name: boxes",
        "description: Find things and draw a box around each of them.",
        "images: photos                   # your images: a folder, a pattern (photos/*.jpg), a file, a web address, or a list of these",
    ]
    assert not any(line.startswith("partial:") for line in lines)


@pytest.mark.parametrize("name", sorted(library.workflows()))
def test_every_example_is_a_valid_workflow_with_images(name: str, folder: Path) -> None:
    """Without an error and without a warning."""
    outcome = init("--example", name)
    assert outcome.return_value == 0
    path = folder / f"{name.rpartition('/')[2]}.workflow.yaml"
    workflow = load(path, environ={})
    assert workflow.warnings == ()
    for images in workflow.images:
        (entry,) = images.entries
        assert len([path for path in Path(entry.value).iterdir() if path.is_file()]) == 1


def test_an_image_of_another_type_is_asked_about_too(folder: Path) -> None:
    """Somebody puts a photograph beside the sample."""
    init("--yes")
    (folder / "photos/cat.JPEG").write_bytes(sample(1))
    workflow = load(folder / "boxes.workflow.yaml", environ={})
    assert [case.name for case in gather(workflow)] == ["cat.JPEG", "sample.png"]


def test_nothing_is_ever_overwritten(folder: Path) -> None:
    """What was there is kept and told; git's list only gets the lines that it lacks."""
    (folder / "boxes.workflow.yaml").write_text("mine")
    (folder / ".vscode").mkdir()
    (folder / ".vscode/settings.json").write_text("{}")
    (folder / ".gitignore").write_text("*.pyc\n/runs/")
    (folder / ".env.example").write_text("mine")
    outcome = init("--yes")
    assert (folder / "boxes.workflow.yaml").read_text() == "mine"
    assert (folder / ".vscode/settings.json").read_text() == "{}"
    assert (folder / ".env.example").read_text() == "mine"
    assert (folder / ".gitignore").read_text() == "*.pyc\n/runs/\n.env\n"
    assert outcome.stderr.splitlines()[:6] == [
        "  kept   boxes.workflow.yaml (it was there)",
        "  wrote  photos/sample.png",
        "  kept   .env.example (it was there)",
        "  wrote  workflow.schema.json",
        '  kept   .vscode/settings.json (it was there; add "yaml.schemas": '
        '{"./workflow.schema.json": ["*.workflow.yaml", "*.workflow.yml"]})',
        "  added  .env to .gitignore",
    ]
    before = {path: (folder / path).read_bytes() for path in files(folder)}
    init("--yes")
    assert {path: (folder / path).read_bytes() for path in files(folder)} == before


@pytest.mark.parametrize(
    ("there", "pattern"),
    [
        (["a.jpg", "b.jpg", "notes.txt"], "*.jpg"),
        (["a.jpg", "b.jpg", "c.png"], "."),
        (["a.JPG", "notes.txt"], "*.JPG"),
        (["photos/a.webp", "photos/b.jpg", "docs/x.pdf"], "photos"),
        (["my photos/a.heic"], "my photos"),
        (["[odd]/a.jpg", "c: x/a.jpg", ".hidden/a.jpg", "runs/x/a.jpg", "photos/deep/a.jpg"], None),
        ([], None),
    ],
)
def test_images_that_are_there_are_used(
    there: list[str], pattern: str | None, folder: Path
) -> None:
    """In the folder or in its first subfolder with images; otherwise a sample is drawn."""
    for name in there:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    images = images_here(folder, pair=False)
    assert images.patterns == {"": pattern or "photos"}
    assert images.samples == (() if pattern else ("photos/sample.png",))


@pytest.mark.parametrize(
    ("image", "pattern"),
    [
        ("a.jpg", "*.jpg"),
        ("photos #1/a.jpg", "photos #1"),
        ("2026/a.jpg", "2026"),
        ("true/a.jpg", "true"),
    ],
)
def test_a_pattern_that_needs_quotes_gets_them(image: str, pattern: str, folder: Path) -> None:
    """* would be a link in YAML, and # the start of a comment."""
    (folder / image).parent.mkdir(exist_ok=True)
    (folder / image).write_bytes(sample(1))
    init("--yes")
    workflow = load(folder / "boxes.workflow.yaml", environ={})
    assert workflow.images[0].entries[0].text == pattern


def test_images_of_several_types_in_the_folder_itself_are_all_asked_about(folder: Path) -> None:
    """A pattern would leave some out."""
    (folder / "a.jpg").write_bytes(sample(1))
    (folder / "b.png").write_bytes(sample(1))
    init("--yes")
    workflow = load(folder / "boxes.workflow.yaml", environ={})
    assert [case.name for case in gather(workflow)] == ["a.jpg", "b.png"]


def test_two_images_to_compare_are_named(folder: Path) -> None:
    """Those in the folders before and after, or samples of which the second lacks something."""
    outcome = init("--example", "lib:compare/changes")
    assert outcome.return_value == 0
    before, after = (folder / f"{role}/sample.png" for role in ("before", "after"))
    assert before.read_bytes() == sample(1)
    assert after.read_bytes() == sample(2) != sample(1)
    for role in ("before", "after"):
        (folder / role / "sample.png").rename(folder / role / "roof.jpg")
    images = images_here(folder, pair=True)
    assert images.patterns == {"before": "before", "after": "after"}
    assert images.samples == ()


def test_the_sample_is_an_image_with_distinct_things() -> None:
    """So that the simulator finds something; the same bytes every time."""
    with Image.open(BytesIO(sample(1))) as image:
        assert (image.format, image.size) == ("PNG", (640, 420))
        assert len(image.getcolors()) == 4
    assert sample(1) == sample(1)
    assert sample(1, text=True) != sample(1)


def test_an_unknown_example_gets_the_close_one() -> None:
    """Nothing is written."""
    outcome = init("--example", "detect/boxs")
    assert outcome.return_value == 2
    assert (
        outcome.stderr == "error: there is no example `detect/boxs`; did you mean `detect/boxes`?\n"
    )
    assert files(Path.cwd()) == []


def test_a_file_in_the_way_is_told_without_a_traceback(folder: Path) -> None:
    """`.vscode` is a file here, so nothing can be written into it."""
    (folder / ".vscode").write_text("")
    outcome = init("--yes")
    assert outcome.return_value == 2
    assert outcome.stderr.splitlines()[-1].startswith(f"error: cannot write into {folder}: ")
