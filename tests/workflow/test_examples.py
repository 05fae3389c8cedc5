"""`examples:` — read with the file, from wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from runner.values.problem import Rejected
from runner.workflow.load import load
from runner.workflow.spec import AskStep, Workflow

HEAD = "version: 1\nimages: photos/*.png\nsteps:\n- id: find\n  prompt: Find it.\n"
PAIRS = (
    "version: 1\nimages: {before: photos/a.png, after: photos/b.png}\n"
    "steps:\n- id: compare\n  prompt: What changed?\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, side in (("photos/a", 40), ("photos/b", 50), ("shots/one", 100), ("shots/two", 200)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (side, side), "white").save(tmp_path / f"{name}.png")
    return tmp_path


def loaded(folder: Path, text: str, **more: str) -> Workflow:
    files: Mapping[str, str] = {"w.workflow.yaml": text, **more}
    for name, content in files.items():
        (folder / name.replace("__", "/")).write_text(content)
    return load(folder / "w.workflow.yaml", environ={})


def first(workflow: Workflow) -> AskStep:
    return workflow.asks[0]


def shown(workflow: Workflow) -> list[tuple[list[tuple[str, str]], str]]:
    """The images by role, and the answer, of every example."""
    return [
        ([(image.role, image.name) for image in example.images], example.answer)
        for example in first(workflow).examples
    ]


def codes(folder: Path, text: str) -> list[str]:
    with pytest.raises(Rejected) as rejected:
        loaded(folder, text)
    return [problem.code for problem in rejected.value.problems]


ONE = [([("image", "one.png")], '{"boxes": [{"label": "cup", "box_2d": [200, 100, 400, 300]}]}')]
BOX = "{label: cup, box: [10, 20, 30, 40]}"


@pytest.mark.parametrize(
    "examples",
    [
        f"[{{images: shots/one.png, answer: [{BOX}]}}]",
        f"[{{images: [shots/one.png], answer: {{boxes: [{BOX}]}}}}]",
        f"[{{images: {{image: shots/one.png}}, answer: [{BOX}]}}]",
        "[{images: shots/one.png, answer_file: shots/one.json}]",
        "{file: shots/all.yaml}",
        "{file: shots/all.json}",
    ],
)
def test_an_example_stands_in_the_step_or_in_files(folder: Path, examples: str) -> None:
    """Every way leads to the same; paths in a file start from that file."""
    workflow = loaded(
        folder,
        HEAD + f"  schema: boxes\n  examples: {examples}\n",
        **{
            "shots__one.json": json.dumps([{"label": "cup", "box": [10, 20, 30, 40]}]),
            "shots__all.yaml": f"- images: one.png\n  answer: [{BOX}]\n",
            "shots__all.json": '[{"images": "one.png", "answer_file": "one.json"}]',
        },
    )
    assert shown(workflow) == ONE
    assert workflow.warnings == ()


def test_the_files_of_examples_are_among_the_sources(folder: Path) -> None:
    """A run copies them: the list, the answers and the images themselves."""
    text = HEAD + "  schema: boxes\n  examples: {file: shots/all.yaml}\n"
    workflow = loaded(
        folder,
        text,
        **{
            "shots__one.json": "[]",
            "shots__all.yaml": "- {images: one.png, answer_file: one.json}\n",
        },
    )
    files = {each.path.name for each in workflow.sources if each.role == "example"}
    assert files == {"all.yaml", "one.json", "one.png"}


@pytest.mark.parametrize(
    "images",
    [
        "{after: shots/two.png, before: shots/one.png}",
        "[shots/one.png, shots/two.png]",
    ],
)
def test_the_images_of_an_example_have_the_roles_of_the_step(folder: Path, images: str) -> None:
    """By name, or in the order of the step."""
    text = PAIRS + f"  examples: [{{images: {images}, answer: Nothing.}}]\n"
    roles = [("before", "one.png"), ("after", "two.png")]
    assert shown(loaded(folder, text)) == [(roles, "Nothing.")]
    only = text.replace("  examples", "  images: [after, before]\n  examples")
    assert {role for role, _ in shown(loaded(folder, only))[0][0]} == {"before", "after"}


def test_images_that_are_sent_together_are_shown_together(folder: Path) -> None:
    """`all` takes as many as there are."""
    text = (
        "version: 1\nimages: {all: photos/*.png}\nsteps:\n- id: count\n  prompt: How many?\n"
        "  examples: [{images: [shots/one.png, shots/two.png], answer: Two.}]\n"
    )
    roles = [("image", "one.png"), ("image", "two.png")]
    assert shown(loaded(folder, text)) == [(roles, "Two.")]


@pytest.mark.parametrize(
    "images", ["shots/one.png", "{before: shots/one.png}", "[shots/one.png]", "{a: b, before: c}"]
)
def test_an_example_needs_every_image_of_the_step(folder: Path, images: str) -> None:
    """And no other."""
    assert codes(folder, PAIRS + f"  examples: [{{images: {images}, answer: x}}]\n") == ["W457"]


def test_an_example_has_an_image_of_this_machine(folder: Path) -> None:
    """Missing files and web addresses are told; one outside the folder, too."""
    for name, code in (
        ("shots/none.png", "W457"),
        ("https://example.com/a.png", "W457"),
        ("w.workflow.yaml", "W457"),
        ("../one.png", "W452"),
    ):
        (folder.parent / "one.png").write_bytes((folder / "shots/one.png").read_bytes())
        text = HEAD + f"  examples: [{{images: {name}, answer: x}}]\n"
        assert codes(folder, text) == [code], name


def test_a_text_in_the_workflow_may_be_the_image(folder: Path) -> None:
    """As under `images:`."""
    import base64

    data = base64.b64encode((folder / "shots/one.png").read_bytes()).decode()
    text = HEAD + f'  examples: [{{images: "data:image/png;base64,{data}", answer: White.}}]\n'
    (example,) = first(loaded(folder, text)).examples
    assert (example.images[0].size, example.answer) == (
        first(loaded(folder, HEAD + "  examples: [{images: shots/one.png, answer: x}]\n"))
        .examples[0]
        .images[0]
        .size,
        "White.",
    )


def test_a_prompt_that_names_a_case_needs_one_for_each_example(folder: Path) -> None:
    """Variables and the images themselves are all that an example has."""
    for prompt, own, problems in (
        ("In {{ vars.place }}, {{ image.name }}?", "", []),
        ("Is it {{ case.name }}?", "", ["W459"]),
        ("Is it {{ case.name }}?", "prompt: 'Is it {{ case.name }}?', ", ["W459"]),
        ("Is it {{ case.name }}?", "prompt: Is it one?, ", []),
    ):
        text = (
            "version: 1\nimages: photos/*.png\nvars: {place: Rome}\nsteps:\n- id: find\n"
            f"  prompt: '{prompt}'\n"
            f"  examples: [{{images: shots/one.png, {own}answer: x}}]\n"
        )
        if "vars" not in prompt:
            text = text.replace("vars: {place: Rome}\n", "")
        if problems:
            assert codes(folder, text) == problems
        else:
            assert loaded(folder, text).warnings == ()


def test_an_example_of_tiles_is_no_larger_than_a_tile(folder: Path) -> None:
    """The model would see it at another scale than what it is asked about."""
    text = HEAD + "  schema: boxes\n  tile: 128\n  examples: [{images: IMAGE, answer: []}]\n"
    assert len(first(loaded(folder, text.replace("IMAGE", "shots/one.png"))).examples) == 1
    assert codes(folder, text.replace("IMAGE", "shots/two.png")) == ["W457"]


def test_the_examples_of_an_extended_file_start_from_it(folder: Path) -> None:
    """As all of its paths do."""
    (folder / "team").mkdir()
    (folder / "shots").rename(folder / "team/shots")
    (folder / "team/base.workflow.yaml").write_text(
        HEAD.replace("images: photos/*.png\n", "partial: true\n")
        + "  examples: [{images: shots/one.png, answer: White.}]\n"
    )
    text = "version: 1\nextends: team/base.workflow.yaml\nimages: photos/*.png\n"
    assert shown(loaded(folder, text)) == [([("image", "one.png")], "White.")]
