"""The data of a page: what its script knows, as JSON texts in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from runner.report.difference_words import axes_told
from runner.report.html.content import Content, StepTold
from runner.report.html.marks import ORDER, SIGNS
from runner.report.html.palettes import colours, letters
from runner.values.request import canonical_json

Data = Iterator[tuple[str, Iterable[str]]]
"""JSON texts by their names, in pieces."""


def data_of(content: Content, cases: Iterable[str], images: Iterable[Mapping[str, object]]) -> Data:
    """The data of a page. Images come last: they are made as they are written."""
    yield "marks", [_json([[mark, SIGNS[mark]] for mark in ORDER])]
    yield "colours", [_json(colours())]
    yield "letters", [_json(letters())]
    yield "combinations", [_json([axes_told(each) for each in content.combinations])]
    yield "steps", [_json([_step(each) for each in content.steps])]
    number_of = {canonical_json(each): n for n, each in enumerate(content.combinations)}
    for kind, listed in (
        ("checks", content.standing.checks),
        ("metrics", content.standing.metrics),
    ):
        named = [
            [each.name, number_of.get(canonical_json(each.combination), 0), _about(each.definition)]
            for each in listed
        ]
        yield kind, [_json(named)]
    yield "runs", [_json(_runs(content))]
    yield "causes", [_json(_causes(content))]
    yield "cases", _listed(cases)
    yield "images", _listed(map(_json, images))


def _runs(content: Content) -> dict[str, str]:
    told = {"now": content.standing.run}
    if content.differences is not None:
        told["before"] = content.differences.before.run
    return told


def _causes(content: Content) -> list[list[object]]:
    """Of each check and metric that was compared: the cases that it says are worse, and better, and the
    number of the combination in which it says so."""
    found = content.differences
    if found is None:
        return []
    told = [(each.name, each.combination, each.broken, each.fixed) for each in found.checks]
    told += [
        (each.name, each.combination, each.worse, each.better)
        for each in found.metrics
        if not each.unit
    ]
    number_of = {canonical_json(each): n for n, each in enumerate(content.combinations)}
    return [
        [
            f"{name} ({axes})" if (axes := axes_told(combination)) else name,
            list(worse),
            list(better),
            number_of.get(canonical_json(combination), 0),
        ]
        for name, combination, worse, better in told
    ]


def _about(definition: Mapping[str, object]) -> str:
    """The step that a check or metric looks at."""
    return str(definition.get("that") or definition.get("of") or "").partition(".")[0]


def _listed(parts: Iterable[str]) -> Iterator[str]:
    yield "["
    for number, part in enumerate(parts):
        yield f"{',' if number else ''}{part}"
    yield "]"


def _step(step: StepTold) -> dict[str, str]:
    told = {"id": step.id, "title": step.title, "prompt": step.prompt, "system": step.system}
    return {key: value for key, value in told.items() if value}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
