"""Keys that the format does not have: what their author may have meant, or where they belong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runner.text.suggest import did_you_mean
from runner.values.problem import Problem, Route
from runner.workflow.document import Document
from runner.workflow.schema import Violation, definition, workflow_schema
from runner.workflow.secret_words import IN_ENV, KEYS_FOR_KEYS, NEVER_HERE
from runner.workflow.words import as_yaml, one_of, where

SYNONYMS: Mapping[tuple[str, str], str] = {
    ("step", "name"): "id",
    ("step", "question"): "prompt",
    ("step", "ask"): "prompt",
    ("step", "text"): "prompt",
    ("step", "user"): "prompt",
    ("step", "system_prompt"): "system",
    ("step", "system_instruction"): "system",
    ("step", "messages"): "prompt",
    ("step", "message"): "prompt",
    ("step", "response_format"): "schema",
    ("step", "response_schema"): "schema",
    ("step", "output_schema"): "schema",
    ("step", "answer"): "schema",
    ("step", "list"): "list_of",
    ("step", "record"): "fields",
    ("step", "thinking_level"): "thinking",
    ("step", "max_tokens"): "max_output_tokens",
    ("step", "resolution"): "media_resolution",
    ("step", "foreach"): "for_each",
    ("step", "from"): "boxes",
    ("step", "masks"): "boxes",
    ("step", "things"): "boxes",
    ("step", "boxes"): "into",
    ("step", "with"): "add",
    ("step", "margin"): "padding",
    ("step", "sort_by"): "sort",
    ("step", "order_by"): "sort",
    ("step", "limit"): "keep",
    ("step", "top"): "keep",
    ("step", "value"): "number",
    ("defaults", "thinking_level"): "thinking",
    ("defaults", "max_tokens"): "max_output_tokens",
    ("defaults", "resolution"): "media_resolution",
    ("outputs", "format"): "as",
    ("outputs", "type"): "as",
    ("outputs", "file"): "to",
    ("outputs", "path"): "to",
    ("outputs", "folder"): "to",
    ("outputs", "of"): "save",
    ("outputs", "from"): "save",
    ("outputs", "step"): "save",
    ("checks", "of"): "that",
    ("checks", "value"): "that",
    ("checks", "equal"): "equals",
    ("checks", "is"): "equals",
    ("checks", "min"): "at_least",
    ("checks", "max"): "at_most",
    ("checks", "minimum"): "at_least",
    ("checks", "maximum"): "at_most",
    ("checks", "greater_than"): "at_least",
    ("checks", "more_than"): "at_least",
    ("checks", "gt"): "at_least",
    ("checks", "gte"): "at_least",
    ("checks", "less_than"): "at_most",
    ("checks", "fewer_than"): "at_most",
    ("checks", "lt"): "at_most",
    ("checks", "lte"): "at_most",
    ("checks", "regex"): "matches",
    ("checks", "in"): "one_of",
    ("run", "concurrency"): "parallel",
    ("run", "workers"): "parallel",
    ("run", "budget"): "max_cost_usd",
    ("run", "max_cost"): "max_cost_usd",
    ("run", "timeout"): "timeout_seconds",
    ("run", "repeats"): "repeat",
    ("", "tests"): "checks",
    ("", "asserts"): "checks",
    ("", "variables"): "vars",
    ("", "settings"): "defaults",
    ("", "config"): "defaults",
    ("", "files"): "images",
    ("", "photos"): "images",
    ("", "pictures"): "images",
    ("", "tasks"): "steps",
    ("", "save"): "outputs",
    ("field", "options"): "choices",
    ("field", "values"): "choices",
    ("field", "enum"): "choices",
    ("field", "allowed"): "choices",
    ("field", "one_of"): "choices",
    ("field", "kind"): "type",
    ("field", "desc"): "description",
    ("field", "minimum"): "min",
    ("field", "maximum"): "max",
    ("dataset", "path"): "file",
    ("dataset", "csv"): "file",
    ("dataset", "images"): "image_columns",
    ("dataset", "columns"): "image_columns",
    ("dataset", "id"): "id_column",
    ("dataset", "folder"): "image_folder",
}
"""Words of other tools: part of the file and the word, and ours."""


NO_CONDITIONS = "a condition is written when: {that: find.boxes.count, at_least: 1}"
NO_ORDER = "delete it: steps run from top to bottom, and a prompt names answers as {{ find.boxes }}"
ONE_BY_ONE = "write for_each: with a list, such as find.boxes"

GOES_ON = (
    "if it goes on with the text above it, write that text as a block: `prompt: |`, and all its "
    "lines below it, indented more"
)

NO_ADDRESS = (
    "an address never stands in a file, so that no file decides where your images go: write "
    "--base-url, or set OPENAI_BASE_URL or GOOGLE_GEMINI_BASE_URL"
)

ADVICE: Mapping[tuple[str, str], str] = {
    **{(part, "base_url"): NO_ADDRESS for part in ("", "defaults", "step", "run")},
    **{(part, "endpoint"): NO_ADDRESS for part in ("", "defaults", "step", "run")},
    ("step", "if"): NO_CONDITIONS,
    ("step", "unless"): NO_CONDITIONS,
    ("step", "condition"): NO_CONDITIONS,
    ("step", "foreach"): ONE_BY_ONE,
    ("step", "loop"): ONE_BY_ONE,
    ("step", "needs"): NO_ORDER,
    ("step", "depends_on"): NO_ORDER,
    ("step", "after"): NO_ORDER,
    ("step", "type"): "what the answer looks like is written as `schema:` or `fields:`",
    ("field", "required"): "delete it: every field must be filled in unless it is `optional: true`",
    ("field", "default"): "delete it; a field that may be missing is `optional: true`",
    ("", "messages"): "write what to ask as `prompt:` in a step, under `steps:`",
}
"""Words of other tools for which the format has no word, and what to do."""


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """A key that does not exist here. `meant` is the key to read it as, when that is clear.

    `explains` names the top-level keys that are missing because of it.
    """

    problem: Problem
    route: Route
    meant: str | None
    explains: frozenset[str] = frozenset()


def unknown_keys(violation: Violation, document: Document) -> Iterator[UnknownKey]:
    """Every key of a mapping that is not in the format, each with its problem."""
    taken = set(violation.value) if isinstance(violation.value, dict) else set()
    for name in violation.names:
        found = _unknown_key(name, taken, violation, document)
        if found.meant:
            taken.add(found.meant)
        yield found


def _unknown_key(
    name: str, taken: set[str], violation: Violation, document: Document
) -> UnknownKey:
    route = (*violation.route, name)
    if KEYS_FOR_KEYS.fullmatch(name):
        return UnknownKey(_secret(name, route, document), route, None)
    known = list(violation.node.get("properties", {}))
    free = [key for key in known if key not in taken]
    meant, home, explains = _meaning(name, violation.route, known, free)
    fix: str | None = f"did you mean `{meant}`?" if meant else home
    if violation.route == ("matrix",):
        fix = _axis(name, violation, document) or fix
        meant = None if name == "vars" else meant
    problem = Problem(
        "W201",
        f"unknown key `{name}`{where(violation.route, document.data)}",
        document.place(route, key=True),
        fix=fix,
        allowed=() if fix else tuple(sorted(known)),
    )
    return UnknownKey(problem, route, meant if meant in free else None, explains)


def _secret(name: str, route: Route, document: Document) -> Problem:
    message = f"`{name}`{where(route[:-1], document.data)}: {NEVER_HERE}"
    fix = f"delete the line, and {IN_ENV}"
    return Problem("W130", message, document.place(route, key=True), fix=fix)


def _axis(name: str, violation: Violation, document: Document) -> str | None:
    """What to write for an axis of a variable that lacks its `vars.`"""
    inner = document.value((*violation.route, name))
    if name == "vars" and isinstance(inner, dict) and inner:
        first, values = next(iter(inner.items()))
        return f"write it on one line: vars.{first}: {as_yaml(values)}"
    variables = document.value(("vars",))
    if isinstance(variables, dict) and name in variables:
        return f"did you mean `vars.{name}`?"
    return None


def _meaning(
    name: str, route: Route, known: list[str], free: list[str]
) -> tuple[str | None, str | None, frozenset[str]]:
    """What was meant, or else where the key belongs and what is missing there because of it."""
    synonym = SYNONYMS.get((_part(route), name.lower().replace("-", "_")))
    if synonym in known:
        return synonym, None, frozenset()
    advice = ADVICE.get((_part(route), name.lower().replace("-", "_")))
    if advice:
        return None, advice, frozenset({"steps"} if name == "messages" else ())
    if " " in name.strip():
        return None, GOES_ON, frozenset()
    plain = name.lower().rstrip("s")
    for key in free:
        if key.rstrip("s") == plain:
            return key, None, frozenset()
    for key in free:
        if len(plain) > 2 and key.startswith(plain):
            return key, None, frozenset()
    home, explains = _home(name, route)
    if home:
        return None, home, explains
    return did_you_mean(name, known), None, frozenset()


def _part(route: Route) -> str:
    match route:
        case ():
            return ""
        case ("steps", int()):
            return "step"
        case ("steps", int(), "fields" | "list_of", str()):
            return "field"
        case (str() as key, *_):
            return key
        case _:
            return ""


def _home(name: str, route: Route) -> tuple[str | None, frozenset[str]]:
    """Where in the file a key of this name belongs."""
    top = route == ()
    in_step = len(route) == 2 and route[0] == "steps"
    if name in definition("step_ask")["properties"] and not in_step:
        if not top and name in ("id", "images", "examples", "schema", "fields"):
            return None, frozenset()
        if name in workflow_schema()["properties"]["defaults"]["properties"]:
            return f"it belongs under `defaults:` or into a step{_at_top(top)}", frozenset()
        return "it belongs into a step, under `steps:`", frozenset({"steps"})
    if in_step and name == "for_each":
        return "delete it: this step already takes the whole list", frozenset()
    kinds = [kind for kind in _KINDS if name in definition(f"step_{kind}")["properties"]]
    if in_step and kinds:
        kind = one_of(f"do: {each}" for each in kinds)
        return f"it belongs to a step with {kind}", frozenset()
    if name in definition("run")["properties"]:
        return "it belongs under `run:`, at the top of the file", frozenset()
    if not top and name in workflow_schema()["properties"]:
        return f"`{name}:` belongs to the top of the file, without spaces before it", frozenset()
    return None, frozenset()


_KINDS = ("crop", "filter", "merge", "compute")


def _at_top(top: bool) -> str:
    return "" if top else ", not here"
