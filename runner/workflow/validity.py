"""What of a document fits the format: its problems, and the data without what is wrong.

Later stages look only at what is left, so one mistake is told once: a misspelt key is read as what
was meant, and a value that cannot be understood is taken out (None in its place).
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from runner.values.problem import Problem, Route
from runner.workflow.document import Document, value_at
from runner.workflow.schema import Violation, violations
from runner.workflow.unknown_keys import UnknownKey, unknown_keys
from runner.workflow.violations import told
from runner.workflow.written_conditions import condition_in
from runner.workflow.wrong_words import likely_kind

MOST_ROUNDS = 4
"""A misspelt key may hide others below it; deeper than this nobody nests."""

_MISSING = ("required", "anyOf")


@dataclass(frozen=True, slots=True)
class Fitting:
    """A document of which every value fits, and what was wrong with the rest.

    `broken` are the routes of values that were taken out.
    """

    document: Document
    problems: tuple[Problem, ...]
    broken: frozenset[Route]

    def is_broken(self, *route: str | int) -> bool:
        """Whether something stood here that could not be understood."""
        return any(each[: len(route)] == route for each in self.broken)


def fitting(document: Document) -> Fitting:
    """The part of a document that fits the format, with all problems of the rest."""
    data = {key: value for key, value in document.data.items() if key != "extends"}
    found = violations(data)
    extends = _about_extends(document)
    if not found and not extends:
        return Fitting(replace(document, data=data), (), frozenset())
    document = replace(document, data=deepcopy(data))
    document, unknown, kinds, found = _as_meant(document, found)
    rest = [
        each
        for each in found
        if each.keyword != "additionalProperties"
        and not _is_explained(each, unknown)
        and not _is_said_in_that(each, found)
        and not _is_kind(each)
    ]
    problems = [
        *extends,
        *_told(kinds, document),
        *(each.problem for each in unknown),
        *_told(rest, document),
    ]
    nameless = [each for each in found if _is_kind(each)]
    broken = _broken([*rest, *nameless]) | {each.route for each in unknown if not each.meant}
    cleaned = _taken_out(document, broken)
    return Fitting(cleaned, tuple(dict.fromkeys(problems)), frozenset(broken))


def _about_extends(document: Document) -> list[Problem]:
    found = document.data.get("extends", "as expected")
    if isinstance(found, str) and found:
        return []
    alone = violations({"version": 1, "extends": found})
    return _told(alone, document)


def _is_kind(violation: Violation) -> bool:
    """Whether the kind of a step is wrong: nothing else of the step was judged then."""
    return len(violation.route) == 3 and violation.route[::2] == ("steps", "do")


def _with_likely_kinds(document: Document, kinds: Iterable[Violation]) -> bool:
    """Writes into steps of a kind that does not exist what they may be meant to be."""
    changed = False
    for violation in kinds:
        step: Any = value_at(document.data, violation.route[:-1])
        kind = likely_kind(str(violation.value)) or (
            "ask" if {"prompt", "prompt_file"} & step.keys() else None
        )
        if kind:
            step["do"] = kind
            changed = True
    return changed


def _as_meant(
    document: Document, found: tuple[Violation, ...]
) -> tuple[Document, list[UnknownKey], list[Violation], tuple[Violation, ...]]:
    """The document with misspelt keys and kinds of steps as they were meant and without the other
    unknown keys; these keys and kinds, and what is wrong with the rest."""
    unknown: list[UnknownKey] = []
    kinds: list[Violation] = []
    for _ in range(MOST_ROUNDS):
        nameless = [each for each in found if _is_kind(each) and each not in kinds]
        kinds += nameless
        if nameless and _with_likely_kinds(document, nameless):
            found = violations(document.data)
        news = [
            key
            for violation in found
            if violation.keyword == "additionalProperties"
            for key in unknown_keys(violation, document)
        ]
        if not news:
            break
        unknown += news
        document = _reread(document, news)
        found = violations(document.data)
    return document, unknown, kinds, found


def _reread(document: Document, keys: Iterable[UnknownKey]) -> Document:
    """The document in which unknown keys are read as what was meant, or left out."""
    written = dict(document.written)
    origins = dict(document.origins)
    for key in keys:
        owner = value_at(document.data, key.route[:-1])
        name = key.route[-1]
        if not isinstance(owner, dict) or name not in owner:
            continue
        value = owner.pop(name)
        if key.meant and key.meant not in owner:
            owner[key.meant] = value
            meant = (*key.route[:-1], key.meant)
            written[meant] = str(name)
            origins[meant] = document.origin(key.route)
    return replace(document, written=written, origins=origins)


def _is_explained(violation: Violation, unknown: list[UnknownKey]) -> bool:
    """Whether something is missing only because it was written under an unknown key."""
    if violation.keyword not in (*_MISSING, "minProperties"):
        return False
    here = [key for key in unknown if key.route[:-1] == violation.route and not key.meant]
    if violation.route:
        return bool(here)
    return any(set(violation.names) & key.explains for key in here)


def _is_said_in_that(violation: Violation, found: Iterable[Violation]) -> bool:
    """Whether a comparison is missing that was written into `that:`, as a text."""
    route = (*violation.route, "that")
    return violation.keyword == "anyOf" and any(
        each.keyword == "pattern" and each.route == route and condition_in(str(each.value))
        for each in found
    )


def _told(found: Iterable[Violation], document: Document) -> list[Problem]:
    """One problem for each value: the first rule that it breaks says enough."""
    problems: list[Problem] = []
    seen: set[Route] = set()
    for violation in sorted(found, key=_importance):
        if violation.keyword not in (*_MISSING, "propertyNames"):
            if violation.route in seen:
                continue
            seen.add(violation.route)
        problem = told(violation, document)
        if problem:
            problems.append(problem)
    return problems


_FIRST = ("const", "type", "enum")


def _importance(violation: Violation) -> int:
    return _FIRST.index(violation.keyword) if violation.keyword in _FIRST else len(_FIRST)


def _broken(found: Iterable[Violation]) -> set[Route]:
    """The values that later stages must not see. Where only a key is missing, the rest is good."""
    broken: set[Route] = set()
    for violation in found:
        match violation.keyword:
            case "required" | "anyOf" if isinstance(violation.value, dict):
                continue
            case "propertyNames":
                broken.add((*violation.route, violation.names[0]))
            case _:
                broken.add(violation.route)
    return broken


def _taken_out(document: Document, broken: Iterable[Route]) -> Document:
    for route in sorted(broken, key=len, reverse=True):
        if not route:
            continue
        owner: Any = value_at(document.data, route[:-1])
        last: Any = route[-1]
        present = last in owner if isinstance(owner, dict) else isinstance(owner, list)
        if present:
            owner[last] = None
    return document
