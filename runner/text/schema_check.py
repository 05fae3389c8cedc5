"""Finds what is wrong with a JSON Schema itself, before anything is judged by it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from runner.text.linear_regex import Unfit, linear
from runner.text.schema_sentences import TYPES, plain, sentence
from runner.text.suggest import did_you_mean

MAX_DEPTH = 100
MAX_NODES = 20_000

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SchemaViolation:
    """Something that a JSON Schema does not allow: where (`path` in what was judged) and why.

    `message` is a sentence without the place, `keyword` the rule of JSON Schema that was broken,
    `fix` what to write instead, when that is known.
    """

    path: tuple[str | int, ...]
    message: str
    keyword: str
    fix: str | None = None


def check_schema(schema: object) -> tuple[SchemaViolation, ...]:
    """What is wrong with a schema; empty when it can be used. Paths lead into the schema.

    Finds more than the standard's own schema of schemas: misspelt keywords (which the standard
    allows and nobody means), references that lead nowhere, elsewhere or in a circle, and patterns
    that cannot be run in linear time. Never raises.
    """
    if not isinstance(schema, Mapping):
        return (
            SchemaViolation((), f"the schema must be an object, found {plain(schema)}", "type"),
        )
    too_large = _too_large(schema)
    if too_large is not None:
        return (too_large,)
    found = [*_own_rules(schema)]
    told = {violation.path for violation in found}
    found += [each for each in _standard_rules(schema) if each.path not in told]
    if not found:
        found += _circles(schema)
    return tuple(dict.fromkeys(found))


def _too_large(schema: object) -> SchemaViolation | None:
    waiting: list[tuple[object, Path]] = [(schema, ())]
    count = 0
    while waiting:
        node, path = waiting.pop()
        count += 1
        if len(path) > MAX_DEPTH:
            message = f"the schema is nested more than {MAX_DEPTH} levels deep"
            return SchemaViolation(path[:3], message, "depth")
        if count > MAX_NODES:
            return SchemaViolation((), "the schema is too large", "size")
        if isinstance(node, float) and not math.isfinite(node):
            return SchemaViolation(path, f"{node} is no JSON number", "type")
        if isinstance(node, Mapping):
            for key, part in node.items():
                if not isinstance(key, str):
                    return SchemaViolation(path, f"the key {key!r} must be a text", "type")
                waiting.append((part, (*path, key)))
        elif isinstance(node, list | tuple):
            waiting.extend((part, (*path, at)) for at, part in enumerate(node))
    return None


# --- the rules of this program ---------------------------------------------------------------

_ONE = frozenset(
    [
        "additionalItems",
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
    ]
)
"""Keywords whose value is a schema."""
_SEVERAL = frozenset(["allOf", "anyOf", "oneOf", "prefixItems", "items"])
"""Keywords whose value is a list of schemas."""
_NAMED = frozenset(
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"]
)
"""Keywords whose value maps names to schemas."""
_PLAIN = frozenset(
    [
        "$anchor",
        "$comment",
        "$id",
        "$ref",
        "$schema",
        "const",
        "contentEncoding",
        "contentMediaType",
        "default",
        "dependentRequired",
        "deprecated",
        "description",
        "enum",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maxContains",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minContains",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "nullable",
        "pattern",
        "propertyOrdering",
        "readOnly",
        "required",
        "title",
        "type",
        "uniqueItems",
        "writeOnly",
    ]
)
_REFUSED = frozenset(["$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"])
_KNOWN = _ONE | _SEVERAL | _NAMED | _PLAIN


def _own_rules(schema: Mapping[str, Any]) -> Iterator[SchemaViolation]:
    nodes = [*_schemas(schema)]
    everywhere = {name for _, node in nodes for name in _properties(node)}
    for path, node in nodes:
        for keyword, value in node.items():
            yield from _keyword(schema, (*path, keyword), keyword, value)
        yield from _never_there(path, node, everywhere)


def _properties(node: Mapping[str, Any]) -> tuple[str, ...]:
    properties = node.get("properties")
    return tuple(properties) if isinstance(properties, Mapping) else ()


_OPEN = frozenset(["patternProperties", "additionalProperties"])
"""Keywords that describe properties without their names, where they hold a schema."""


def _never_there(
    path: Path, node: Mapping[str, Any], everywhere: Collection[str]
) -> Iterator[SchemaViolation]:
    """What is required and described nowhere: the standard allows it, and no answer would have it.

    Where schemas judge the same value together, another of them may describe it.
    """
    named, required = _properties(node), node.get("required")
    if (
        not named
        or not isinstance(required, list)
        or any(isinstance(node.get(keyword), Mapping) for keyword in _OPEN)
    ):
        return
    together = "$ref" in node or not _SAME_VALUE.isdisjoint((*path, *node))
    known = everywhere if together else named
    for at, name in enumerate(required):
        if isinstance(name, str) and name not in known:
            close = did_you_mean(name, [each for each in named if each not in required])
            close = close or did_you_mean(name, named)
            fix = f"did you mean `{close}`?" if close else "describe it there, or delete it here"
            message = f"`required` names `{name}`, which is not among the `properties`"
            yield SchemaViolation((*path, "required", at), message, "required", fix)


def _keyword(
    root: Mapping[str, Any], path: Path, keyword: str, value: Any
) -> Iterator[SchemaViolation]:
    if keyword == "$ref":
        yield from _reference(root, path, value)
    elif keyword == "pattern" and isinstance(value, str):
        yield from _unfit_pattern(path, value)
    elif keyword == "patternProperties" and isinstance(value, Mapping):
        for pattern in value:
            yield from _unfit_pattern((*path, pattern), pattern)
    elif keyword == "type":
        yield from _type(path, value)
    elif keyword in _REFUSED or keyword == "unevaluatedProperties":
        fix = "write `additionalProperties`" if keyword.startswith("un") else "write `$ref`"
        yield SchemaViolation(path, f"`{keyword}` is not supported", keyword, fix)
    elif keyword in ("$id", "id") and len(path) > 1 and isinstance(value, str):
        fix = "remove it; a part is referred to by its path, `#/$defs/name`"
        yield SchemaViolation(path, "only the whole schema may have an `$id`", keyword, fix)
    elif keyword not in _KNOWN and not keyword.startswith("x-"):
        close = did_you_mean(keyword, _KNOWN)
        if close is not None:
            message = f"there is no keyword `{keyword}` in JSON Schema"
            yield SchemaViolation(path, message, keyword, f"did you mean `{close}`?")


def _type(path: Path, value: Any) -> Iterator[SchemaViolation]:
    for kind in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
        if isinstance(kind, str) and kind not in TYPES:
            close = did_you_mean(kind.lower(), TYPES) or _OTHER_WORDS.get(kind.lower())
            message = f"there is no type `{kind}` in JSON Schema"
            fix = f"did you mean `{close}`?" if close else f"write one of {', '.join(TYPES)}"
            yield SchemaViolation(path, message, "type", fix)


_OTHER_WORDS = {
    "text": "string",
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "yes_no": "boolean",
    "list": "array",
    "dict": "object",
    "none": "null",
}


def _unfit_pattern(path: Path, pattern: str) -> Iterator[SchemaViolation]:
    try:
        linear(pattern)
    except Unfit as error:
        yield SchemaViolation(path, f"the pattern `{pattern}` cannot be used: {error}", "pattern")


def _reference(root: Mapping[str, Any], path: Path, ref: Any) -> Iterator[SchemaViolation]:
    if not isinstance(ref, str):
        yield SchemaViolation(path, "`$ref` must be a text", "$ref")
    elif not ref.startswith("#"):
        fix = "copy that schema under `$defs` and write `#/$defs/name`"
        message = f"`{ref}` leads out of this schema, and nothing is ever fetched"
        yield SchemaViolation(path, message, "$ref", fix)
    elif pointed(root, ref) is None:
        names = [
            f"#/{kind}/{name}" for kind in ("$defs", "definitions") for name in root.get(kind, ())
        ]
        close = did_you_mean(ref, names)
        hint = f"did you mean `{close}`?" if close else None
        yield SchemaViolation(path, f"`{ref}` leads to nothing in this schema", "$ref", hint)


def pointed(root: Mapping[str, Any], ref: str) -> tuple[Path, Any] | None:
    """The path and the schema that a reference like `#/$defs/line` leads to, None for nowhere."""
    if ref == "#":
        return (), root
    if not ref.startswith("#/"):
        return None
    node: Any = root
    path: list[str | int] = []
    for step in unquote(ref[2:]).split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping) and name in node:
            node = node[name]
            path.append(name)
        elif isinstance(node, list) and name.isdecimal() and int(name[:6]) < len(node):
            node = node[int(name[:6])]
            path.append(int(name[:6]))
        else:
            return None
    return (tuple(path), node) if isinstance(node, Mapping | bool) else None


def _schemas(root: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The schema and every schema in it, in the order of the text, with its path."""
    waiting: list[tuple[Path, Any]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        yield path, node
        waiting.extend(reversed(list(_below(path, node))))


def _below(path: Path, node: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for keyword, value in node.items():
        if keyword in _NAMED and isinstance(value, Mapping):
            yield from (((*path, keyword, name), part) for name, part in value.items())
        elif keyword in _SEVERAL and isinstance(value, list):
            yield from (((*path, keyword, at), part) for at, part in enumerate(value))
        elif keyword in _ONE:
            yield (*path, keyword), value


# --- the standard's own rules ----------------------------------------------------------------


def _standard_rules(schema: Mapping[str, Any]) -> Iterator[SchemaViolation]:
    from jsonschema import validators

    judge = validators.validator_for(schema, default=validators.Draft202012Validator)
    seen: set[Path] = set()
    for error in judge(judge.META_SCHEMA).iter_errors(schema):
        path = tuple(error.absolute_path)
        if path in seen:
            continue
        seen.add(path)
        keyword = str(path[-1]) if path and isinstance(path[-1], str) else str(error.validator)
        fix = _written_as(path, error.instance)
        yield SchemaViolation(path, f"`{keyword}` {_why(error)}", keyword, fix)


def _written_as(path: Path, value: Any) -> str | None:
    """How to write a list of one, or the schema of a type: `enum: [red]`, `colour: {type: string}`."""
    match path:
        case (*_, "enum" | "required" | "examples" as keyword) if isinstance(value, str):
            return f"write {keyword}: [{value}]"
        case (*_, "properties") if isinstance(value, list) and value:
            return f"write properties: {{{value[0]}: {{type: string}}, …}}"
        case (*_, str() as name) if isinstance(value, str) and _holds_schemas(path):
            kind = _OTHER_WORDS.get(value.lower(), value if value in TYPES else "string")
            return f"write {name}: {{type: {kind}}}"
    return None


def _holds_schemas(path: Path) -> bool:
    """Whether a schema stands at the end of a path."""
    return path[-1] in _ONE or (len(path) > 1 and path[-2] in _NAMED)


def _why(error: Any) -> str:
    if error.validator == "anyOf" and error.context:
        error = error.context[-1]
    if error.validator == "required":
        return str(error.message)
    return sentence(str(error.validator), error.validator_value, error.instance)


# --- circles ---------------------------------------------------------------------------------

_SAME_VALUE = frozenset(["allOf", "anyOf", "oneOf", "not", "if", "then", "else"])
"""Keywords whose schemas judge the very same value: a circle through them never ends."""


def _circles(root: Mapping[str, Any]) -> Iterator[SchemaViolation]:
    edges = {path: [*_leads_to(root, path, node)] for path, node in _schemas(root)}
    state: dict[Path, bool] = {}  # False: being looked at, True: done
    for start in edges:
        waiting: list[tuple[Path, Iterator[Path]]] = []
        if start not in state:
            state[start] = False
            waiting.append((start, iter(edges[start])))
        while waiting:
            path, following = waiting[-1]
            step = next(following, None)
            if step is None:
                state[path] = True
                waiting.pop()
            elif state.get(step) is False:
                message = "the schema refers to itself without getting any further in the value"
                yield SchemaViolation((*path, "$ref") if path else ("$ref",), message, "$ref")
                return
            elif step not in state and step in edges:
                state[step] = False
                waiting.append((step, iter(edges[step])))


def _leads_to(root: Mapping[str, Any], path: Path, node: Mapping[str, Any]) -> Iterator[Path]:
    target = pointed(root, node["$ref"]) if isinstance(node.get("$ref"), str) else None
    if target is not None:
        yield target[0]
    for below, _ in _below(path, node):
        if below[len(path)] in _SAME_VALUE:
            yield below
