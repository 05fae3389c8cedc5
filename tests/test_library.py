"""What is shipped works: answer shapes, workflows, examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image, ImageDraw

from runner import library
from runner.cli import group
from runner.values.shape import Shape
from runner.workflow.load import load

SHAPES = library.response_schemas()
WORKFLOWS = library.workflows()
EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*/*.workflow.yaml"))

# ai.google.dev, structured output: the part of JSON Schema that Gemini understands. What it says of
# lengths (minItems, maxItems) is left out on purpose: on coordinates inside a list they can make
# the service refuse the schema as too complex.
UNDERSTOOD = {
    "type", "format", "title", "description", "enum", "items", "minimum", "maximum", "anyOf",
    "properties", "additionalProperties", "required",
}  # fmt: skip
TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}
SPACES = {"box", "point", "polygon", "mask"}
WIRE_NAMES = {"box": "box_2d", "point": "point", "polygon": "mask", "mask": "mask"}


def schema_of(name: str) -> dict[str, object]:
    """The annotated schema of an answer shape."""
    schema: dict[str, object] = json.loads(SHAPES[name].read_text(encoding="utf-8"))
    return schema


def nodes(schema: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The schema and every schema in it."""
    yield schema
    properties = schema.get("properties", {})
    assert isinstance(properties, Mapping)
    for inner in [*properties.values(), *([schema["items"]] if "items" in schema else [])]:
        yield from nodes(inner)


def test_the_answer_shapes_are_these() -> None:
    """A new shape is added on purpose, and here."""
    assert sorted(SHAPES) == [
        "answer", "boxes", "caption", "changes", "classification", "count", "lines", "masks",
        "points", "polygons", "rows",
    ]  # fmt: skip


def test_the_shipped_workflows_are_these() -> None:
    """A new workflow is added on purpose, and here."""
    assert sorted(WORKFLOWS) == [
        "classify/label", "compare/changes", "count/objects", "describe/answer",
        "describe/caption", "describe/each", "detect/boxes", "detect/small", "inspect/defects", "point/points", "read/lines", "read/table",
        "segment/masks", "segment/polygons",
    ]  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_an_answer_shape_is_json_schema(name: str) -> None:
    """Any JSON Schema tool can read it, and it says in words what it is."""
    schema = schema_of(name)
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert [key for key in ("title", "description") if not schema.get(key)] == []


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_sent_is_inside_the_part_of_json_schema_that_gemini_understands(name: str) -> None:
    """No keyword is sent that the service ignores or refuses, and none of the runner's own."""
    sent = Shape(schema=schema_of(name)).wire_schema
    assert sent is not None
    assert [node for node in nodes(sent) if not set(node) <= UNDERSTOOD] == []
    assert [node for node in nodes(sent) if node.get("type") not in TYPES] == []


@pytest.mark.parametrize("name", SHAPES)
def test_every_record_names_all_its_properties_as_required(name: str) -> None:
    """The service leaves out what is not required; each property is described for it."""
    for node in nodes(schema_of(name)):
        if node.get("type") == "object":
            properties = node["properties"]
            assert isinstance(properties, Mapping)
            assert node["required"] == list(properties)
            assert [key for key, value in properties.items() if not value.get("description")] == []


@pytest.mark.parametrize("name", SHAPES)
def test_coordinates_are_marked_and_travel_under_the_names_that_models_know(name: str) -> None:
    """A property is marked with a space if and only if its name on the wire is that of a space."""
    for node in nodes(schema_of(name)):
        properties = node.get("properties", {})
        assert isinstance(properties, Mapping)
        for key, value in properties.items():
            space = value.get("x-space")
            assert (space in SPACES) == (key in WIRE_NAMES.values())
            if space:
                assert key == WIRE_NAMES[space]


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_with_coordinates_says_their_convention_in_the_prompt(name: str) -> None:
    """The order and the range of the numbers stand in the prompt of each shape that has any."""
    schema = schema_of(name)
    conventions = {
        "box_2d": "[ymin, xmin, ymax, xmax]",
        "point": "[y, x]",
        "mask": "[x, y]",
    }
    named = {key for node in nodes(schema) for key in dict(node.get("properties", {}))}  # type: ignore[call-overload]
    suffix = str(schema.get("x-prompt-suffix", ""))
    told = {key: (words in suffix) for key, words in conventions.items()}
    assert told == {key: key in named for key in conventions}
    assert ("0-1000" in suffix) == bool(named & set(conventions))


def test_only_masks_have_words_for_models_that_paint_them() -> None:
    """Gemini 2.5 paints masks as PNG when it is asked in words, and not in JSON mode."""
    assert [name for name in SHAPES if "x-prompt-suffix-png" in schema_of(name)] == ["masks"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a pair of small images of the same name: two things, then one of them."""
    for role, things in {"before": 2, "after": 1}.items():
        (tmp_path / role).mkdir()
        image = Image.new("RGB", (96, 64), "white")
        for number in range(things):
            ImageDraw.Draw(image).ellipse((8 + 48 * number, 16, 40 + 48 * number, 48), "darkred")
        image.save(tmp_path / role / "a.png")
    return tmp_path


def extending(name: str, folder: Path) -> Path:
    """A workflow of somebody who takes a shipped one and says only which images."""
    pair = "{before: before/*.png, after: after/*.png}"
    images = pair if name.startswith("compare/") else "before/*.png"
    file = folder / f"{name.replace('/', '-')}.workflow.yaml"
    file.write_text(f"version: 1\nextends: lib:{name}\nimages: {images}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_shipped_workflow_needs_nothing_but_images(name: str, photos: Path) -> None:
    """`extends: lib:…` and `images:` make a workflow without a mistake and without a warning."""
    workflow = load(extending(name, photos), environ={})
    assert workflow.warnings == ()
    assert [entry.base for images in workflow.images for entry in images.entries] == [
        photos for _ in workflow.images
    ]
    assert workflow.outputs


def test_shipped_workflows_have_names_and_descriptions_of_their_own() -> None:
    """Nobody meets two workflows under one name, or one that does not say what it is for."""
    written = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in WORKFLOWS.values()]
    assert len({workflow["name"] for workflow in written}) == len(WORKFLOWS)
    assert len({workflow["description"] for workflow in written}) == len(WORKFLOWS)


def test_every_shipped_workflow_runs_to_its_last_file(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline, one run for each, with usable answers and every output."""
    monkeypatch.chdir(photos)
    files = [str(extending(name, photos)) for name in WORKFLOWS]

    outcome = CliRunner().invoke(
        group, ["run", *files, "--provider", "simulator", "--quiet"], catch_exceptions=False
    )

    assert outcome.exit_code == 0, outcome.output
    for file in files:
        workflow = load(Path(file), environ={})
        (run,) = photos.glob(f"runs/*_{workflow.name}_*")
        lines = (run / "results.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["step"] for line in lines] == [step.id for step in workflow.steps]
        assert {json.loads(line)["status"] for line in lines} <= {"ok", "empty", "skipped"}
        outputs = {output.to: run / "outputs" / output.to for output in workflow.outputs}
        assert [to for to, path in outputs.items() if not path.exists()] == [], workflow.name


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_an_example_has_no_mistake_and_no_warning(file: Path) -> None:
    """Every example loads as it is shipped."""
    assert load(file, environ={}).warnings == ()


def test_examples_are_small_and_say_where_their_images_are_from() -> None:
    """Every image of the examples is named in SOURCES.md; no file is larger than 100 KB."""
    root = EXAMPLES[0].parent.parent
    images = sorted(
        path
        for path in root.glob("*/*/*")
        if path.suffix in {".jpg", ".png", ".webp", ".heic"} and "runs" not in path.parts
    )
    sources = (root / "SOURCES.md").read_text(encoding="utf-8")
    named = {path for path in images if f"{path.parent.name}/{path.name}" in sources}
    assert set(images) - named == set()
    assert [path for path in images if path.stat().st_size > 100_000] == []
