"""What the answer of a step must look like: `schema`, `fields`, `list_of`, or nothing for a text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner import library
from runner.text.suggest import did_you_mean
from runner.values.problem import Rejected, Route
from runner.values.shape import GEMINI_COORDINATES, Coordinates, Shape
from runner.workflow.document import Document, is_sound
from runner.workflow.extends import LIBRARY
from runner.workflow.files import NotReadable, content_of, missing_file
from runner.workflow.findings import Findings
from runner.workflow.outside import outside
from runner.workflow.painted import painted
from runner.workflow.schema import definition
from runner.workflow.schema_files import Placed, read_schema
from runner.workflow.shapes import (
    TEXT,
    shape_from_fields,
    shape_from_list_of,
    shape_from_schema,
)
from runner.workflow.spec import Prompt, SourceFile
from runner.workflow.words import as_yaml, quoted
from runner.workflow.wrong_words import OTHER_TYPES

SPACES = ("box", "point", "polygon", "mask", "box_3d")


@dataclass(frozen=True, slots=True)
class AnswerSpec:
    """The shape of a step's answer; None when it could not be understood, which is told.

    `descriptions` are templates in it, by the field that they describe. `used` is the name under
    `schemas:` that the step takes it from.
    """

    shape: Shape | None
    png_shape: Shape | None = None
    descriptions: Mapping[str, Prompt] = field(default_factory=dict)
    used: str | None = None


@dataclass(slots=True)
class Answers:
    """Reads the shapes of answers; every schema file is read once and kept in `sources`."""

    findings: Findings
    schemas: Mapping[str, object]
    sources: dict[Path, SourceFile] = field(default_factory=dict)
    _read: dict[object, Mapping[str, Any] | None] = field(default_factory=dict)

    def of_step(
        self, step: Mapping[str, Any], route: Route, coordinates: Coordinates
    ) -> AnswerSpec:
        """The answer of one step."""
        for key, build in (("fields", shape_from_fields), ("list_of", shape_from_list_of)):
            if key in step:
                return self._of_fields(step[key], (*route, key), build, coordinates)
        if "schema" not in step:
            return AnswerSpec(TEXT)
        given, here = step["schema"], (*route, "schema")
        used = given if isinstance(given, str) and given in self.schemas else None
        schema = self._schema(given, here)
        if schema is None:
            return AnswerSpec(None, used=used)
        if not schema:
            return AnswerSpec(TEXT, used=used)
        return _spec(schema, coordinates, used)

    def schema_of(self, given: object, route: Route) -> Mapping[str, Any] | None:
        """The JSON Schema that a check names, as `schema:` of a step does; None when told."""
        return self._schema(given, route)

    def check_unused(self, used: set[str]) -> None:
        """Reads the schemas that no step uses, so that their mistakes are told, too."""
        for name, value in self.schemas.items():
            if name not in used and value is not None:
                self._named(name)

    def _of_fields(
        self, fields: Any, route: Route, build: Any, coordinates: Coordinates
    ) -> AnswerSpec:
        if not isinstance(fields, dict) or not is_sound(fields):
            return AnswerSpec(None)
        self._check_limits(fields, route)
        shape = build(fields, coordinates)
        png = painted(shape) if coordinates == GEMINI_COORDINATES else None
        return AnswerSpec(shape, png, self._descriptions(fields, route, shape))

    def _check_limits(self, fields: Mapping[str, Any], route: Route) -> None:
        for name, spec in fields.items():
            if not isinstance(spec, dict):
                continue
            low, high = spec.get("min"), spec.get("max")
            limits = [key for key in ("min", "max") if spec.get(key) is not None]
            if limits and spec.get("type") not in ("number", "integer"):
                message = f"`{limits[0]}` is only for numbers, and field `{name}` is none"
                fix = "add type: number, or delete the line"
                self.findings.error("W204", (*route, name, limits[0]), message, fix, key=True)
            elif low is not None and high is not None and low > high:
                message = f"no number is at least {low:g} and at most {high:g}"
                self.findings.error("W206", (*route, name, "min"), message, "swap min and max")

    def _descriptions(
        self, fields: Mapping[str, Any], route: Route, shape: Shape
    ) -> Mapping[str, Prompt]:
        """The templates among the descriptions, as they stand in the schema that is sent."""
        sent = _properties(shape)
        found: dict[str, Prompt] = {}
        for name, spec in fields.items():
            words = spec.get("description") if isinstance(spec, dict) else None
            if isinstance(words, str) and "{" in words:
                template = str(sent[name].get("description", words))
                place = self.findings.document.place_in((*route, name, "description"), 1, 1)
                found[name] = Prompt(template, place)
        return found

    def _schema(self, given: object, route: Route) -> Mapping[str, Any] | None:
        """The JSON Schema that `schema:` names; an empty one for plain text, None if told."""
        if isinstance(given, dict):
            if _looks_like_fields(given):
                message = "`schema` takes a JSON Schema, and these look like fields"
                self.findings.error("W445", route, message, _as_fields(given))
                return None
            return self._checked(given, self.findings.document, route)
        if not isinstance(given, str):
            return None
        shipped = library.response_schemas()
        if given in self.schemas:
            return self._named(given)
        if given == "text":
            return {}
        if given.removeprefix(LIBRARY) in shipped:
            return self._shipped(shipped[given.removeprefix(LIBRARY)])
        if given.startswith(LIBRARY) or not looks_like_file(given):
            self._unknown(given, route, [*self.schemas, *shipped, "text"])
            return None
        return self._from_file(given, route)

    def _unknown(self, given: str, route: Route, known: list[str]) -> None:
        close = did_you_mean(given.removeprefix(LIBRARY), known)
        fix = f"did you mean `{close}`?" if close else None
        message = f"there is no answer shape {quoted(given)}"
        self.findings.error("W444", route, message, fix, allowed=known)

    def _named(self, name: str) -> Mapping[str, Any] | None:
        if name in self._read:
            return self._read[name]
        value, route = self.schemas[name], ("schemas", name)
        if isinstance(value, str):
            self._read[name] = self._from_file(value, route)
        elif isinstance(value, dict):
            self._read[name] = self._checked(value, self.findings.document, route)
        else:
            self._read[name] = None
        return self._read[name]

    def _shipped(self, path: Path) -> Mapping[str, Any]:
        content = path.read_bytes()
        self.sources.setdefault(path, SourceFile(path, "library", content))
        schema: dict[str, Any] = json.loads(content)
        return schema

    def _from_file(self, name: str, route: Route) -> Mapping[str, Any] | None:
        path = self.findings.document.path(route, name)
        if path not in self._read:
            self._read[path] = self._open(name, path, route)
        return self._read[path]

    def _open(self, name: str, path: Path, route: Route) -> Mapping[str, Any] | None:
        place = self.findings.document.place(route)
        try:
            content = content_of(path, self.findings.document.within)
        except NotReadable as error:
            if error.outside:
                self.findings.problems.append(outside(name, place))
                return None
            if error.missing:
                problem = missing_file("W444", name, path, place, "with a JSON Schema")
                self.findings.problems.append(problem)
                return None
            message = f"{quoted(name)} cannot be read: {error.why}"
            self.findings.error("W444", place, message, "name a file that holds a JSON Schema")
            return None
        self.sources.setdefault(path, SourceFile(path, "schema", content))
        try:
            source = read_schema(content, str(path))
        except Rejected as rejected:
            self.findings.problems.extend(rejected.problems)
            return None
        return self._checked(source.data, source, ())

    def _checked(
        self, schema: Any, source: Placed | Document, route: Route
    ) -> Mapping[str, Any] | None:
        """The schema when it is one; `source` knows the places of what is below the route."""
        from runner.text.json_schema import check_schema

        harmless = True
        for violation in check_schema(schema):
            place = source.place((*route, *violation.path), key=_is_keyword(violation))
            self.findings.error("W445", place, violation.message, violation.fix)
            harmless = False
        if harmless and not _is_answer(schema):
            message = "this JSON Schema does not describe an answer"
            fix = "start with type: object and properties, or with type: array and items"
            self.findings.error("W445", source.place(route), message, fix)
            harmless = False
        spaces_fit = self._check_spaces(schema, source, route)
        return schema if harmless and spaces_fit else None

    def _check_spaces(self, node: Any, source: Placed | Document, route: Route) -> bool:
        if isinstance(node, list):
            below = [self._check_spaces(e, source, (*route, i)) for i, e in enumerate(node)]
            return all(below)  # a generator would stop at the first mistake
        if not isinstance(node, dict):
            return True
        space = node.get("x-space")
        fits = space is None or space in SPACES
        if not fits:
            close = did_you_mean(str(space), SPACES)
            fix = f"did you mean `{close}`?" if close else f"write one of {', '.join(SPACES)}"
            message = f"there is no kind of coordinates {quoted(space)}"
            self.findings.error("W445", source.place((*route, "x-space")), message, fix)
        below = [self._check_spaces(value, source, (*route, key)) for key, value in node.items()]
        return fits and all(below)


def _spec(schema: Mapping[str, Any], coordinates: Coordinates, used: str | None) -> AnswerSpec:
    shape = shape_from_schema(schema, coordinates)
    given = schema.get("x-prompt-suffix-png")
    png = None
    if coordinates == GEMINI_COORDINATES:
        png = painted(shape, given if isinstance(given, str) else None)
    return AnswerSpec(shape, png, used=used)


def _properties(shape: Shape) -> dict[str, Mapping[str, Any]]:
    """The fields of a record by the author's names, as they stand in the schema."""
    node: Any = shape.schema
    if shape.list_key:
        node = node["properties"][shape.list_key]["items"]
    return {each.get("x-name", name): each for name, each in node["properties"].items()}


def looks_like_file(name: str) -> bool:
    """Whether a text under `schema:` names a file and no shape."""
    return "/" in name or "\\" in name or name.endswith((".json", ".yaml", ".yml"))


def _looks_like_fields(given: Mapping[str, Any]) -> bool:
    """Whether what stands under `schema:` is `{label: text}`, which stands under `fields:`."""
    words = {*definition("field")["then"]["enum"], *OTHER_TYPES}
    kinds = [each.get("type") if isinstance(each, dict) else each for each in given.values()]
    return (
        bool(kinds)
        and "type" not in given
        and all(isinstance(kind, str) and kind in words for kind in kinds)
    )


def _as_fields(given: Mapping[str, Any]) -> str:
    """How to write what looks like fields: `{a: string}` is `fields: {a: text}`."""
    fields = {
        name: OTHER_TYPES.get(kind, kind) if isinstance(kind, str) else kind
        for name, kind in given.items()
    }
    return (
        "write `fields:` for `schema:`" if fields == given else f"write fields: {as_yaml(fields)}"
    )


def _is_keyword(violation: Any) -> bool:
    """Whether the key is the mistake and not its value."""
    return bool(
        violation.message.startswith("there is no keyword")
    ) or violation.keyword.startswith("unevaluated")


def _is_answer(schema: Any) -> bool:
    words = ("type", "properties", "items", "anyOf", "oneOf", "allOf", "$ref", "enum")
    return isinstance(schema, dict) and any(word in schema for word in words)
