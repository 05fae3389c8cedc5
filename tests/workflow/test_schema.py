"""The JSON Schema of workflow files: for editors, for `askpix explain`, and for `load`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from runner.catalogue import LEVELS
from runner.checks import CHECKS
from runner.checks.compare import COMPARATORS as HELD
from runner.checks.metrics import METRICS
from runner.checks.positions import RELATIONS
from runner.checks.that import That
from runner.exporters import EXPORTERS
from runner.library import schema_file
from runner.measures.texts import NORMALISATIONS
from runner.providers import PROVIDERS
from runner.values.request import GeminiFamily, Resolution, Settings
from runner.workflow.comparisons import COMPARATORS, POSITIONS
from runner.workflow.metrics import OPTIONS
from runner.workflow.outputs import FORMATS
from runner.workflow.schema import definition, violations, workflow_schema
from runner.workflow.settings import AXES, SETTINGS
from runner.workflow.shapes import FIELD_TYPES
from runner.workflow.spec import MetricSpec, RunOptions
from runner.workflow.wrong_words import RESERVED

SCHEMA = json.loads(schema_file("workflow").read_text("utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
FILES = [
    *sorted((Path(__file__).parents[1] / "accepted").rglob("*.workflow.yaml")),
    *sorted((Path(__file__).parents[2] / "workflows").rglob("*.workflow.yaml")),
]


class _Plain(yaml.SafeLoader):
    """YAML as an editor reads it: dates and `off` stay texts."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":bool"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


@cache
def read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=_Plain)


def described(node: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that the schema describes, by its path in the schema."""
    if isinstance(node, list):
        for index, each in enumerate(node):
            yield from described(each, f"{at}/{index}")
    if not isinstance(node, dict):
        return
    for keyword in ("properties", "patternProperties"):
        for name, inner in node.get(keyword, {}).items():
            if "$ref" in inner:
                inner = definition(inner["$ref"].rpartition("/")[2])
            if not inner.get("doNotSuggest") and keys_of(inner) != {"const"}:
                yield f"{at}/{name}", inner
    for key, inner in node.items():
        if key not in ("examples", "default", "enum", "const", "defaultSnippets"):
            yield from described(inner, f"{at}/{key}")


def keys_of(node: dict[str, Any]) -> set[str]:
    return set(node)


def test_it_is_a_json_schema_of_draft_07() -> None:
    """Editors read draft-07 best."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize(
    ("at", "node"), list(described(SCHEMA)), ids=[at for at, _ in described(SCHEMA)]
)
def test_every_key_has_a_description_and_examples_that_fit(at: str, node: dict[str, Any]) -> None:
    """Editors show them on hover, `askpix explain` prints them."""
    assert node["description"].endswith((".", ")")) or node["description"][-1].isalnum()
    assert "picture" not in node["description"].lower()
    assert node["examples"]
    judge = jsonschema.Draft7Validator({**node, "definitions": SCHEMA["definitions"]})
    for example in node["examples"]:
        assert not list(judge.iter_errors(example)), example


def test_words_of_a_choice_have_a_description_each() -> None:
    """Editors show one line beside each word."""
    for at, node in nodes(SCHEMA):
        if "enumDescriptions" in node:
            assert len(node["enumDescriptions"]) == len(node["enum"]), at


def test_no_choice_between_shapes_is_made_by_one_of() -> None:
    """With `oneOf` validators and editors blame the wrong key."""
    used = {keyword for _, node in nodes(SCHEMA) for keyword in node}
    assert "oneOf" not in used


def nodes(node: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in the schema."""
    yield at, node
    for key, inner in node.items():
        if key in ("properties", "patternProperties", "definitions"):
            for name, each in inner.items():
                yield from nodes(each, f"{at}/{name}")
        elif key in ("items", "additionalProperties", "propertyNames", "if", "then", "else", "not"):
            if isinstance(inner, dict):
                yield from nodes(inner, f"{at}/{key}")
        elif key in ("allOf", "anyOf"):
            for index, each in enumerate(inner):
                yield from nodes(each, f"{at}/{key}/{index}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_files_that_load_are_clean_in_an_editor(path: Path) -> None:
    """Also those with keys that this version cannot run."""
    assert [error.message for error in VALIDATOR.iter_errors(read(path))] == []


def test_every_key_of_the_format_stands_in_an_accepted_file() -> None:
    """No key is described that was never loaded."""
    used: set[str] = set()
    for path in FILES:
        used |= keys(read(path))
    known = {at.rpartition("/")[2] for at, _ in described(SCHEMA)}
    free = {"^x-", r"^vars\.[a-z][a-z0-9_]*$", "civic_integrity", "jailbreak", "hate_speech"}
    free |= {"sexually_explicit"} | {name for name in known if name.startswith("image_")}
    assert known - used - (free - {"image_columns", "image_folder"}) == set()


def keys(data: Any) -> set[str]:
    if isinstance(data, dict):
        return set(data).union(*map(keys, data.values()))
    return set().union(*map(keys, data)) if isinstance(data, list) else set()


def enum(*route: str) -> list[Any]:
    """The words under a key of a definition."""
    node: Any = SCHEMA["definitions"]
    for key in route:
        node = node[key]
    return list(node.get("enum") or node["anyOf"][0]["enum"])


def test_schema_dictionaries_and_spec_name_the_same_things() -> None:
    """To add a plug-in or a setting means to add it everywhere."""
    definitions = SCHEMA["definitions"]
    assert set(enum("output", "properties", "as")) == set(EXPORTERS)
    assert set(FORMATS) == set(EXPORTERS)
    assert set(enum("setting_provider")) == set(PROVIDERS)
    assert {f"check_{name}" for name in CHECKS} <= set(definitions)
    assert tuple(enum("setting_thinking")) == LEVELS
    assert tuple(enum("setting_media_resolution")) == get_args(Resolution)
    assert tuple(enum("setting_api")) == get_args(GeminiFamily)
    assert set(definitions["field"]["then"]["enum"]) == set(FIELD_TYPES)
    assert (
        definitions["field"]["properties"]["type"]["enum"] == definitions["field"]["then"]["enum"]
    )
    assert tuple(RESERVED) == tuple(
        re.search(r"\?!\((.*?)\)", definitions["step_id"]["pattern"])[1].split("|")  # type: ignore[index]
    )


def test_settings_are_the_same_words_everywhere() -> None:
    """In a step, in `defaults`, as axes of a matrix, and in what is sent."""
    named = [f"setting_{name}" for name in SETTINGS]
    assert {name for name in SCHEMA["definitions"] if name.startswith("setting_")} == set(named)
    assert set(SCHEMA["properties"]["defaults"]["properties"]) == set(SETTINGS)
    assert set(SETTINGS) <= set(definition("step_ask")["properties"])
    assert set(SCHEMA["properties"]["matrix"]["properties"]) == set(AXES)
    assert set(definition("combo")["properties"]) == set(AXES)
    assert set(AXES) - {"model"} <= set(Settings.__dataclass_fields__)


def test_comparators_are_the_same_everywhere() -> None:
    """In the schema, in what references may be compared with, and in what judges."""
    named = {name.removeprefix("compare_") for name in SCHEMA["definitions"] if "compare_" in name}
    assert named == set(COMPARATORS) == set(HELD) | set(RELATIONS) | {"same_as"}
    assert set(RELATIONS) == POSITIONS
    assert named <= set(definition("check_that")["properties"])
    assert named <= set(definition("when")["properties"])
    fields = set(That.__dataclass_fields__)
    assert set(definition("check_that")["properties"]) == fields


def test_metrics_are_the_same_everywhere() -> None:
    """In the schema and in the room; their options are keys of the format."""
    assert enum("check_metric", "properties", "metric") == list(METRICS)
    options = {each.name for metric in METRICS.values() for each in fields(metric)}  # type: ignore[arg-type]
    assert options == set(OPTIONS)
    spec = set(MetricSpec.__dataclass_fields__) - {"options", "place"}
    assert set(definition("check_metric")["properties"]) == spec | options
    for name in ("check_that", "check_metric"):
        words = definition(name)["properties"]["normalise"]["items"]["enum"]
        assert tuple(words) == NORMALISATIONS


def test_options_of_a_run_are_the_same_everywhere() -> None:
    """What can be run, and what is refused until it can."""
    known = set(definition("run")["properties"])
    assert known == set(RunOptions.__dataclass_fields__)


def test_defaults_in_the_schema_are_those_of_a_run() -> None:
    """What an editor shows as the default is what happens."""
    options = RunOptions()
    for name, node in definition("run")["properties"].items():
        if "default" in node and hasattr(options, name):
            assert node["default"] == getattr(options, name), name


@pytest.mark.parametrize(
    ("data", "broken"),
    [
        ({"version": 1, "partial": True}, []),
        ({"version": 2, "partial": True}, [(("version",), "const", ())]),
        (
            {"version": 1, "partial": True, "imagess": "a", "stepps": []},
            [((), "additionalProperties", ("imagess", "stepps"))],
        ),
        ({"version": 1, "partial": True, "vars": {"A": 1}}, [(("vars",), "propertyNames", ("A",))]),
        (
            {"version": 1, "images": "a.png", "steps": [{"id": "x"}]},
            [(("steps", 0), "required", ("prompt",))],
        ),
    ],
)
def test_a_violation_names_the_keys_that_it_is_about(data: object, broken: list[object]) -> None:
    """What the library calls the object, a person calls the key: too many, missing or misnamed."""
    assert [(each.route, each.keyword, each.names) for each in violations(data)] == broken


def test_the_schema_that_is_read_is_the_one_that_is_shipped() -> None:
    """`load` and `askpix schema` use one file."""
    assert workflow_schema() == SCHEMA
