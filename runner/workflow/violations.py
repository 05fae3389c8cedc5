"""What a file breaks of the JSON Schema, told to the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from runner.text.suggest import did_you_mean
from runner.values.problem import Problem, Route
from runner.workflow.document import Document
from runner.workflow.schema import Violation
from runner.workflow.words import as_yaml, kind_of, name_of, named_part, one_of, quoted, where

RESERVED = (
    "vars row item image images truth case run steps matrix answer".split()  # noqa: SIM905
)
"""Names that no step may have: they mean something else in a reference."""


def told(violation: Violation, document: Document) -> Problem | None:
    """The problem of one violation; None when another violation tells it already."""
    tell = _TELLERS.get(violation.keyword, _anything)
    return tell(violation, document)


def _type(violation: Violation, document: Document) -> Problem:
    types = [violation.limit] if isinstance(violation.limit, str) else list(violation.limit)
    name = _name(violation, document)
    found = violation.value
    if found is None:
        return _problem(
            violation, document, "W208", f"{name} is empty", _example(violation, "write")
        )
    wanted = _wanted(types, violation)
    message = f"{name} must be {wanted}, found {kind_of(found)}"
    return _problem(violation, document, "W204", message, _type_fix(types, violation, document))


def _wanted(types: list[str], violation: Violation) -> str:
    match violation.route:
        case ("steps",):
            return "a list of steps"
        case ("checks",) | ("outputs",) | ("matrix_skip",):
            return f"a list of {violation.route[0]}"
        case ("steps", int()) | ("checks", int()) | ("outputs", int()):
            return "written as keys and values"
        case ("matrix", str()):
            return "a list of the values to try"
    named = [_TYPE_WORDS[each] for each in types if each in _TYPE_WORDS]
    if set(types) >= {"number", "string"} and "pattern" in violation.node:
        return "a number or a percentage"
    *most, last = named
    return f"{', '.join(most)} or {last}" if most else last


_TYPE_WORDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys with values",
}


def _type_fix(types: list[str], violation: Violation, document: Document) -> str | None:
    found, key = violation.value, _key(violation.route)
    written = document.text(violation.route)
    match found:
        case list() if violation.route[:1] == ("defaults",) or violation.route[:1] == ("steps",):
            if key in _AXES:
                return (
                    f"to try several values write them under `matrix:`, as {key}: {as_yaml(found)}"
                )
            if len(found) == 1 and "string" in types and isinstance(found[0], str):
                return _write(key, found[0])
        case list() if len(found) == 1 and not isinstance(found[0], dict | list):
            return _write(key, found[0])
        case bool() if "string" in types:
            return f'put it in quotes: "{written}"'
        case int() | float() if "string" in types and not isinstance(found, bool):
            return f'put it in quotes: "{written}"'
        case str() if types in (["number"], ["integer"]) and _is_number(found):
            return _write(key, f"{found.strip().replace(',', '.')}, without quotes")
        case str() if types == ["boolean"] and found.lower() in _YES_NO:
            return _write(key, _YES_NO[found.lower()])
        case str() | int() | float() if "array" in types and "object" not in types:
            if violation.node.get("items", {}).get("type") not in ("object", None) or (
                violation.route[:1] == ("matrix",)
            ):
                return f"write {key}: [{as_yaml(found)}]"
        case dict() if types == ["array"]:
            return _list_fix(found, violation.route)
    return _example(violation, "write")


_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_AXES = frozenset(
    "model thinking thinking_budget media_resolution temperature top_p max_output_tokens seed".split()  # noqa: SIM905
)


def _list_fix(found: Mapping[str, Any], route: Route) -> str | None:
    """Steps, checks and outputs written as keys where a list is meant."""
    name = next(iter(found), "")
    if route == ("steps",) and isinstance(found.get(name), dict):
        return f"steps are a list, in order: write `- id: {name}` and its keys below it"
    if route and route[0] in ("steps", "checks", "outputs", "matrix_skip"):
        return f"put a dash before the first key of each: `- {name}: …`"
    return None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*[-+]?\d+([.,]\d+)?\s*", text) is not None


def _required(violation: Violation, document: Document) -> Problem:
    route, name = violation.route, violation.names[0]
    owner = named_part(route, document.data) or "the file"
    if route[:1] == ("checks",) and name == "that":
        message, fix = f"{owner} does not say what to look at", "write `that:` or `metric:`"
    elif name == "prompt":
        message, fix = f"{owner} needs `prompt`", "write `prompt:` or `prompt_file:`"
    elif name == "version":
        message, fix = "the file needs `version`", "write `version: 1` into the first line"
    elif name == "matrix":
        message, fix = "there is no `matrix` to skip anything of", "write `matrix:`, or delete this"
        at = (*route, "matrix_skip")
        return _problem(violation, document, "W202", message, fix, at=at, key=True)
    else:
        needed = one_of(violation.names, "and")
        message, fix = f"{owner} needs {needed}", _example_of(name, violation.node) or ""
    at = _first_key(route, document)
    return _problem(violation, document, "W202", message, fix, at=at, key=True)


def _any_of(violation: Violation, document: Document) -> Problem | None:
    told_there = violation.node.get("errorMessage")
    if told_there:
        message, _, fix = told_there.rstrip(".").partition(": ")
        if violation.route:
            owner = named_part(violation.route, document.data)
            message = f"{owner}: {message[0].lower()}{message[1:]}"
        at = _first_key(violation.route, document)
        return _problem(violation, document, "W202", message, fix or None, at=at, key=True)
    choices = [word for each in violation.limit for word in each.get("enum", ())]
    return _choice(violation, document, choices) if choices else None


def _enum(violation: Violation, document: Document) -> Problem:
    return _choice(violation, document, list(violation.limit))


def _choice(violation: Violation, document: Document, choices: list[Any]) -> Problem:
    found, key = violation.value, _key(violation.route)
    names = [as_yaml(choice) for choice in choices]
    close = did_you_mean(found, names) if isinstance(found, str) else None
    if key == "thinking" and isinstance(found, int) and not isinstance(found, bool):
        fix = f"for a number of tokens write `thinking_budget: {found}`"
    elif key == "thinking" and found in ("off", "no", False):
        fix = "write thinking: none"
    elif close:
        fix = f"did you mean `{close}`?"
    else:
        fix = None
    what = _CHOICE_WORDS.get(key)
    if what:
        message = f"there is no {what} {quoted(found)}"
    else:
        message = f"{_name(violation, document)} cannot be {quoted(found)}"
    if fix is None:
        fix = f"write {one_of(names)}" if len(names) <= 8 else None
    return _problem(violation, document, "W205", message, fix, allowed=tuple(names))


_CHOICE_WORDS = {"as": "output format", "do": "kind of step", "metric": "metric"}


def _const(violation: Violation, document: Document) -> Problem:
    if violation.route == ("version",):
        found = violation.value
        message = f"`version` is always 1 in this format, found {kind_of(found)}"
        return _problem(violation, document, "W205", message, "write version: 1")
    message, _, rest = str(violation.limit).rstrip(".").partition(": ")
    owner = where(violation.route[:-1], document.data)
    fix = "keep one and delete the other" + (f"; {rest}" if rest else "")
    return _problem(violation, document, "W203", f"{message}{owner}", fix, key=True)


def _least(violation: Violation, document: Document) -> Problem:
    word = "more than" if violation.keyword == "exclusiveMinimum" else "at least"
    message = f"{_name(violation, document)} must be {word} {violation.limit}"
    return _problem(violation, document, "W206", message, _example(violation, "write"))


def _most(violation: Violation, document: Document) -> Problem:
    found, key = violation.value, _key(violation.route)
    message = f"{_name(violation, document)} can be at most {violation.limit}"
    fix = None
    if "string" in violation.node.get("type", ()) and isinstance(found, int | float):
        fix = f"write {found:g}% or {found / 100:g}" if 1 < found <= 100 else "write 95% or 0.95"
    elif key in ("parallel", "repeat", "retries", "temperature", "top_p"):
        fix = f"write {key}: {violation.limit}"
    return _problem(violation, document, "W206", message, fix)


def _pattern(violation: Violation, document: Document) -> Problem:
    found, key = str(violation.value), _key(violation.route)
    words = str(violation.node.get("patternErrorMessage", ""))
    name = _name(violation, document)
    if "reference is written" in words or "name of an image" in words:
        return _reference(violation, document, found, words)
    if key == "id":
        return _id(violation, document, found)
    if "percentage" in words or "share" in words:
        number = found.strip().rstrip("%").replace(",", ".").replace(" ", "")
        fix = f"write {number}%" if _is_number(number) and "%" in found else None
        message = f"{name} is neither a number nor a percentage: {quoted(found)}"
        return _problem(violation, document, "W204", message, fix or _lower(words))
    return _problem(violation, document, "W204", f"{name} cannot be {quoted(found)}", _lower(words))


def _reference(violation: Violation, document: Document, found: str, words: str) -> Problem:
    bare = re.sub(r"^\$?\{+\s*|\s*\}+$", "", found).strip()
    if bare != found and re.fullmatch(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*", bare):
        message = f"{_name(violation, document)} is a plain reference, without braces"
        return _problem(violation, document, "W301", message, f"write {bare}")
    if "name of an image" in words:
        message = f"{quoted(found)} is no name of an image"
        fix = "files are named in `images:` at the top; write its name here, for example image"
        return _problem(violation, document, "W301", message, fix)
    if re.search(r"[\[\]]", found):
        fix = "a whole list is meant: leave the brackets out"
    elif found != (lower := found.lower().replace("-", "_").replace(" ", "")) and re.fullmatch(
        r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", lower
    ):
        fix = f"did you mean `{lower}`?"
    else:
        fix = "write the id of a step, a dot, and a part of its answer: find.boxes"
    return _problem(violation, document, "W301", f"{quoted(found)} is not a reference", fix)


def _id(violation: Violation, document: Document, found: str) -> Problem:
    if found in RESERVED:
        message = f"no step can be called `{found}`: the word has a meaning of its own"
        return _problem(violation, document, "W207", message, f"write for example id: my_{found}")
    message = f"{quoted(found)} cannot be the id of a step: only small letters, digits and _"
    return _problem(violation, document, "W207", message, f"write id: {as_name(found)}")


def as_name(text: str) -> str:
    """A name that the format accepts, as near to this text as possible."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return name if re.match(r"[a-z]", name) else f"n_{name}".rstrip("_")


def _property_name(violation: Violation, document: Document) -> Problem:
    name = violation.names[0]
    at = (*violation.route, name)
    owner = named_part(violation.route, document.data) or "the file"
    if violation.route[-1:] == ("headers",):
        message, fix = f"{quoted(name)} is no name of a header", "letters, digits and - only"
    else:
        message = f"{quoted(name)} in {owner} is no possible name: small letters, digits and _"
        fix = f"write {as_name(name)}"
    return _problem(violation, document, "W207", message, fix, at=at, key=True)


def _empty(violation: Violation, document: Document) -> Problem:
    found, count = violation.value, violation.limit
    name = _name(violation, document)
    if isinstance(found, list) and found:
        message = f"{name} needs {count} entries, found {len(found)}"
        if _key(violation.route) == "between":
            message, fix = f"{name} takes two numbers", "write the smallest and the largest: [1, 5]"
            return _problem(violation, document, "W204", message, fix)
        return _problem(violation, document, "W208", message, _example(violation, "write"))
    return _problem(violation, document, "W208", f"{name} is empty", _example(violation, "write"))


def _too_many(violation: Violation, document: Document) -> Problem:
    message = f"{_name(violation, document)} takes two numbers"
    return _problem(
        violation, document, "W204", message, "write the smallest and the largest: [1, 5]"
    )


def _twice(violation: Violation, document: Document) -> Problem:
    entries = violation.value if isinstance(violation.value, list) else []
    for index, entry in enumerate(entries):
        if entry in entries[:index]:
            message = f"{quoted(entry)} is twice in {_name(violation, document)}"
            at = (*violation.route, index)
            return _problem(violation, document, "W210", message, "delete one", at=at)
    return _anything(violation, document)


def _anything(violation: Violation, document: Document) -> Problem:
    message = f"{_name(violation, document)} does not fit the format"
    return _problem(violation, document, "W204", message, _example(violation, "write"))


_TELLERS: Mapping[str, Callable[[Violation, Document], Problem | None]] = {
    "type": _type,
    "required": _required,
    "anyOf": _any_of,
    "enum": _enum,
    "const": _const,
    "minimum": _least,
    "exclusiveMinimum": _least,
    "maximum": _most,
    "pattern": _pattern,
    "propertyNames": _property_name,
    "minLength": _empty,
    "minItems": _empty,
    "minProperties": _empty,
    "maxItems": _too_many,
    "uniqueItems": _twice,
}


def _problem(
    violation: Violation,
    document: Document,
    code: str,
    message: str,
    fix: str | None,
    *,
    at: Route | None = None,
    key: bool = False,
    allowed: tuple[str, ...] = (),
) -> Problem:
    route = violation.route if at is None else at
    place = document.place(route, key=key)
    return Problem(code, message, place, fix=fix, allowed=() if fix else allowed)


def _name(violation: Violation, document: Document) -> str:
    owner = where(_owner(violation.route), document.data)
    return name_of(violation.route, document.data) + owner


def _owner(route: Route) -> Route:
    """The part of the file that a value belongs to, when its key alone does not say it."""
    match route:
        case ("steps", int() as number, _, *_):
            return ("steps", number)
        case ("checks" | "outputs" | "matrix_skip" as part, int() as number, _, *_):
            return (part, number)
        case _:
            return ()


def _key(route: Route) -> str:
    return next((part for part in reversed(route) if isinstance(part, str)), "")


def _first_key(route: Route, document: Document) -> Route:
    """The first key of a mapping, where one that is missing is told; the route itself if none."""
    found = document.value(route)
    return (*route, next(iter(found))) if isinstance(found, dict) and found else route


def _example(violation: Violation, verb: str) -> str | None:
    examples = _examples(violation.node)
    key = _key(violation.route)
    return f"{verb} {key}: {as_yaml(examples[0])}" if examples and key else None


def _example_of(name: str, node: Mapping[str, Any]) -> str | None:
    described = node.get("properties", {}).get(name)
    examples = _examples(described) if described else []
    return f"write for example {name}: {as_yaml(examples[0])}" if examples else f"add `{name}:`"


def _examples(node: Mapping[str, Any]) -> list[Any]:
    found = node.get("examples", [])
    if not found and "$ref" in node:
        from runner.workflow.schema import definition

        found = definition(node["$ref"].rpartition("/")[2]).get("examples", [])
    return list(found)


def _write(key: str, value: object) -> str:
    return f"write {key}: {value if isinstance(value, str) else as_yaml(value)}"


def _lower(words: str) -> str | None:
    return words[:1].lower() + words[1:].rstrip(".") if words else None
