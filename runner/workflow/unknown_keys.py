"""Keys that the format does not have: what their author may have meant, or where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.text.suggest import did_you_mean
from runner.values.problem import Problem, Route
from runner.workflow.document import Document
from runner.workflow.other_words import ADVICE, GOES_ON, SYNONYMS, TRANSLATIONS
from runner.workflow.schema import Violation, definition, workflow_schema
from runner.workflow.secret_words import IN_ENV, KEYS_FOR_KEYS, NEVER_HERE
from runner.workflow.telling import as_name
from runner.workflow.words import as_yaml, one_of, where
from runner.workflow.written_conditions import beyond


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
    if name.lower() in STRICT and meant in ("at_least", "at_most"):
        fix = _strict(name, meant, violation)
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


STRICT = frozenset({"greater_than", "more_than", "gt", "less_than", "fewer_than", "lt"})
"""Comparisons in which the end itself does not count, as it does here."""


def _strict(name: str, meant: str, violation: Violation) -> str:
    """What to write for `greater_than: 5`: of a count, `at_least: 6`."""
    owner = violation.value if isinstance(violation.value, dict) else {}
    written = as_yaml(owner.get(name))
    said = beyond(str(owner.get("that")), meant, written)
    also = "" if said != f"{meant}: {written}" else f"; {written} itself holds, too"
    return f"write {said}{also}"


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
    part, word = _part(route), as_name(name)
    for synonym in (SYNONYMS.get((part, word)), *TRANSLATIONS.get(word, ())):
        if synonym in known:
            return synonym, None, frozenset()
    advice = ADVICE.get((part, word))
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
        return f"it belongs under `run:`{_at_the_top(top)}", frozenset()
    if not top and name in workflow_schema()["properties"]:
        return f"`{name}:` belongs to the top of the file, without spaces before it", frozenset()
    homes = (home for kind, home in _HOMES.items() if name in definition(kind)["properties"])
    return next((f"it belongs {home}" for home in homes), None), frozenset()


_HOMES = {
    "check_that": "into a check, under `checks:`",
    "check_metric": "into a check, under `checks:`",
    "output": "into an output, under `outputs:`",
    "dataset": "under `dataset:`",
    "field": "into a field, under `fields:` or `list_of:`",
}
"""Parts of the file, and what is said of a key that stands in another one."""

_KINDS = ("crop", "filter", "merge", "compute")


def _at_the_top(top: bool) -> str:
    return "" if top else ", at the top of the file"


def _at_top(top: bool) -> str:
    return "" if top else ", not here"
