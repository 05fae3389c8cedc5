"""Many images in one request: `all`, and cells of a table that name several."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.catalogue import catalogue
from runner.stages.gather import gather
from runner.stages.image_problems import find_pattern_problems
from runner.stages.passing import uses_of
from runner.story import make_plan
from runner.values.image import Image, UnreadableImage
from runner.workflow.load import load
from runner.workflow.spec import Workflow

Load = Callable[..., Workflow]
STEP = "steps: [{id: say, prompt: What?}]"


@pytest.fixture
def loaded(draw: Any, tmp_path: Path) -> Load:
    """A workflow of this text beside two folders with images; `table` is a file beside it."""
    content = draw.encoded(draw.scene(), "PNG")
    for name in ("doc1/1.png", "doc1/2.png", "doc1/10.png", "doc2/1.png", "ref.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)

    def load_text(text: str, **tables: str) -> Workflow:
        for name, lines in tables.items():
            (tmp_path / name.replace("_", ".")).write_text(lines)
        file = tmp_path / "w.workflow.yaml"
        file.write_text(f"version: 1\n{text}\n{'' if 'steps:' in text else STEP}")
        return load(file, environ={})

    return load_text


def cases(workflow: Workflow) -> list[tuple[str, list[str]]]:
    """Every case with its images, as `role name`, or the reason why there is none."""
    return [
        (
            case.name,
            [
                f"{image.role} {image.name}" if isinstance(image, Image) else image.issue.why
                for image in case.images
            ],
        )
        for case in gather(workflow)
    ]


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (
            "{all: doc1/*.png}",
            [("doc1", ["image 1.png", "image 2.png", "image 10.png"])],
        ),
        (
            "{pages: {all: doc1/}}",
            [("doc1", ["pages 1.png", "pages 2.png", "pages 10.png"])],
        ),
        (
            "{pages: {all: [doc2/*, doc1/1*.png]}}",
            [("doc2", ["pages doc2/1.png", "pages doc1/1.png", "pages 10.png"])],
        ),
        ("{pages: {all: '*.png'}}", [("pages", ["pages ref.png"])]),
        (
            "{sample: ref.png, pages: {all: doc2/*}}",
            [("ref.png", ["sample ref.png", "pages 1.png"])],
        ),
        (
            "{page: doc1/*, samples: {all: [ref.png, doc2/1.png]}}",
            [
                (name, [f"page {name}", "samples ref.png", "samples 1.png"])
                for name in ("1.png", "2.png", "10.png")
            ],
        ),
    ],
)
def test_all_of_some_images_are_in_one_request(
    loaded: Load, images: str, found: list[tuple[str, list[str]]]
) -> None:
    """In the order in which people count; beside images of other names they go with each of those. A
    single case is called after the folder."""
    workflow = loaded(f"images: {images}")
    assert cases(workflow) == found
    assert find_pattern_problems(workflow) == ()
    assert make_plan(workflow).requests == len(found)


def test_images_that_go_with_every_case_are_read_once(loaded: Load) -> None:
    """However many cases there are."""
    workflow = loaded("images: {page: doc1/*, samples: {all: [ref.png, doc2/1.png]}}")
    first, second, third = gather(workflow)
    assert first.images[1] is second.images[1] is third.images[1]


def test_more_images_than_a_request_may_have_are_told(loaded: Load, tmp_path: Path) -> None:
    """Before anything runs, and of a row as its failure."""
    most = catalogue().images_per_request
    for number in range(most):
        os.link(tmp_path / "ref.png", tmp_path / f"doc2/{number:05}.png")
    (problem,) = find_pattern_problems(loaded("images: {pages: {all: doc2/*}}"))
    assert (problem.code, problem.severity) == ("W456", "error")
    assert "more than 3,600 images" in problem.message
    table = {"t_csv": "id,pages\na,doc2/*\nb,doc1/*\n"}
    workflow = loaded("dataset: {file: t.csv, image_columns: pages, id_column: id}", **table)
    (_, whys), (_, images) = cases(workflow)
    assert whys == ["line 2 of t.csv, column `pages`: more than 3,600 images in one request"]
    assert len(images) == 3


def test_a_row_with_several_images_is_called_by_its_line(loaded: Load) -> None:
    """Unless a column names it: no single image of it would be the right name."""
    table = {"t_csv": "pages\ndoc1/*\ndoc2/*\n"}
    workflow = loaded("dataset: {file: t.csv, image_columns: pages}", **table)
    assert [name for name, _ in cases(workflow)] == ["line 2", "1.png"]


def test_a_pattern_in_a_cell_stays_inside(loaded: Load, tmp_path: Path) -> None:
    """As any other path of a workflow."""
    (tmp_path / "in").mkdir()
    file = tmp_path / "in/w.workflow.yaml"
    file.write_text(f"version: 1\ndataset: {{file: t.csv, image_columns: pages}}\n{STEP}")
    (tmp_path / "in/t.csv").write_text("pages\n../doc1/*.png\n")
    loaded("images: ref.png")
    workflow = load(file, environ={})
    assert [problem.code for problem in find_pattern_problems(workflow)] == ["W452"]
    for case in gather(workflow):
        assert all(isinstance(image, UnreadableImage) for image in case.images)


def test_what_goes_with_every_case_is_sent_as_often(loaded: Load) -> None:
    """A list, of which nobody knows yet how long it is, counts for three."""
    text = (
        "images: {{{images}}}\n"
        "steps:\n"
        "- {{id: find, prompt: What?, schema: boxes}}\n"
        "- {{id: each, prompt: And this?, for_each: find.boxes}}\n"
    )
    several = loaded(text.format(images="page: [doc1/*, ref.png], samples: {all: [ref.png]}"))
    alone = loaded(text.format(images="page: ref.png, samples: {all: [doc1/*]}"))
    for workflow, expected in ((several, [4, 16]), (alone, [4, 4])):
        uses = uses_of(workflow)
        case = next(iter(gather(workflow)))
        images = [image for image in case.images if isinstance(image, Image)]
        assert [uses(images[0]), uses(images[-1])] == expected


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (
            {"t_csv": "id,pages\na,doc1/*.png\nb,doc2/\nc,doc2/1.png\n"},
            [
                ("a", ["pages 1.png", "pages 2.png", "pages 10.png"]),
                ("b", ["pages 1.png"]),
                ("c", ["pages 1.png"]),
            ],
        ),
        (
            {
                "t_jsonl": "\n".join(
                    json.dumps({"id": id, "pages": pages})
                    for id, pages in (
                        ("a", ["doc2/1.png", "doc1/1*.png"]),
                        ("b", []),
                        ("c", ["doc1/x*.png"]),
                        ("d", ["ref.png", 3]),
                    )
                )
            },
            [
                ("a", ["pages doc2/1.png", "pages doc1/1.png", "pages 10.png"]),
                ("b", ["line 2 of t.jsonl, column `pages`: no image is named here"]),
                ("c", ["line 3 of t.jsonl, column `pages`: `doc1/x*.png` matches no image"]),
                ("d", ["line 4 of t.jsonl, column `pages`: the name of an image is a text"]),
            ],
        ),
    ],
)
def test_a_cell_may_name_several_images(
    loaded: Load, table: dict[str, str], found: list[tuple[str, list[str]]]
) -> None:
    """By a pattern, a folder, or a list of names: all of them are in the row's request."""
    (name,) = table
    file = name.replace("_", ".")
    workflow = loaded(
        f"dataset: {{file: {file}, image_columns: [pages, more], id_column: id}}", **_with(table)
    )
    assert [(case, images[:-1]) for case, images in cases(workflow)] == found


def _with(table: dict[str, str]) -> dict[str, str]:
    """The table with a column `more`, which names one image."""
    ((name, text),) = table.items()
    if name == "t_csv":
        head, *rows = text.splitlines()
        return {name: "\n".join([f"{head},more", *(f"{row},ref.png" for row in rows)])}
    rows = [json.dumps({**json.loads(row), "more": "ref.png"}) for row in text.splitlines()]
    return {name: "\n".join(rows)}
