"""NAME.baseline.json: a standing as a file for git, and back. Stable order, a line for each thing that
changes by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from runner.library import schema_file
from runner.report.difference_words import axes_told
from runner.text.json_schema import validate
from runner.values.standing import CheckStanding, MetricStanding, Parts, Standing, Votes

VERSION = 1

ANEW = "restore it from git, or delete it and make it anew with `askpix accept RUN`"


class NoBaseline(ValueError):
    """A file that is no baseline, or none that can be read; the message says why and what to do."""

    def __init__(self, why: str, remedy: str = ANEW) -> None:
        super().__init__(f"{why}; {remedy}")


def baseline_json(standing: Standing) -> str:
    """The file. The same standing is the same text."""
    data = {
        "baseline": VERSION,
        "workflow": standing.workflow,
        "run": standing.run,
        "plan": standing.plan,
        "simulated": standing.simulated,
        "partial": list(standing.partial),
        "repeat": standing.repeat,
        "models": list(standing.models),
        "cost_usd": standing.cost_usd,
        "tokens": standing.tokens,
        "settings": {name: _setting(value) for name, value in standing.settings.items()},
        "files": dict(sorted(standing.files.items())),
        "checks": [_check(each) for each in standing.checks],
        "metrics": [_metric(each) for each in standing.metrics],
        "cases": {
            case: {
                "images": list(images),
                "checks": {_name(each): _outcome(each.votes.get(case)) for each in standing.checks},
                "metrics": {_name(each): _parts(each.parts.get(case)) for each in standing.metrics},
            }
            for case, images in sorted(standing.images.items())
        },
    }
    return _spelled(data) + "\n"


def read_baseline(text: str) -> Standing:
    """The standing of a file. Raises `NoBaseline`."""
    if _CONFLICT.search(text):
        why = "git has left the marks of a merge conflict in it (<<<<<<<)"
        raise NoBaseline(why, f"keep one side of it whole, or {ANEW.partition('or ')[2]}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as mistake:
        raise NoBaseline(f"it is no JSON ({mistake})") from None
    version = data.get("baseline") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise NoBaseline(
            f"it is of version {version}, and this askpix reads {VERSION}", "update askpix"
        )
    schema = json.loads(schema_file("baseline").read_bytes())
    for violation in validate(data, schema):
        place = ".".join(map(str, violation.path))
        raise NoBaseline(f"it is no baseline: {place and f'`{place}` '}{violation.message}")
    standing = _standing(data)
    for entry, check in zip(data["checks"], standing.checks, strict=True):
        if entry != _check(check):
            raise NoBaseline(
                f"it was changed by hand: of `{_name(check)}` it says {entry['holds']} hold and"
                f" {entry['fails']} fail, and its cases say otherwise"
            )
    return standing


_CONFLICT = re.compile(r"^(<{7} |>{7} |={7}$)", re.MULTILINE)


def _setting(value: object) -> object:
    """A text of several lines is a list of them, so that git shows the one that changed."""
    return value.split("\n") if isinstance(value, str) and "\n" in value else value


def _check(check: CheckStanding) -> dict[str, object]:
    held = [votes.held for votes in check.votes.values()]
    counts = {"holds": held.count(True), "fails": held.count(False)}
    return _about(check) | counts | {"definition": dict(check.definition)}


def _metric(metric: MetricStanding) -> dict[str, object]:
    return {
        **_about(metric),
        "value": _rounded(metric.value),
        "low": _rounded(metric.low),
        "high": _rounded(metric.high),
        "spread": _rounded(metric.spread),
        "better": metric.better,
        "unit": metric.unit,
        "own": metric.is_own,
        "definition": dict(metric.definition),
    }


def _rounded(value: float | None) -> float | int | None:
    return None if value is None else _short(round(float(value), 9))


def _short(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _about(each: CheckStanding | MetricStanding) -> dict[str, object]:
    combination = {"combination": dict(each.combination)} if each.combination else {}
    return {"name": each.name, **combination}


def _name(each: CheckStanding | MetricStanding) -> str:
    """What a case calls it: of a matrix with the combination."""
    return f"{each.name} ({axes_told(each.combination)})" if each.combination else each.name


def _outcome(votes: Votes | None) -> str | None:
    """`held`, `failed`, of several repeats `held 2 of 3`; null: not judged."""
    if votes is None or not (count := votes.passed + votes.failed):
        return None
    if count == 1:
        return "held" if votes.passed else "failed"
    return f"held {votes.passed} of {count}"


def _parts(repeats: Iterable[Parts | None] | None) -> list[dict[str, list[float]] | None] | None:
    """What each repeat adds by label."""
    if repeats is None:
        return None
    return [
        None
        if parts is None
        else {label: [_short(float(number)) for number in parts[label]] for label in sorted(parts)}
        for parts in repeats
    ]


def _standing(data: Mapping[str, Any]) -> Standing:
    cases = data["cases"]
    return Standing(
        workflow=data["workflow"],
        run=data["run"],
        plan=data["plan"],
        simulated=data["simulated"],
        repeat=data["repeat"],
        models=tuple(data["models"]),
        settings={
            name: "\n".join(value) if isinstance(value, list) else value
            for name, value in data["settings"].items()
        },
        files=data["files"],
        images={name: tuple(case["images"]) for name, case in cases.items()},
        checks=tuple(_read_check(each, cases) for each in data["checks"]),
        metrics=tuple(_read_metric(each, cases) for each in data["metrics"]),
        cost_usd=data["cost_usd"],
        tokens=data["tokens"],
        partial=tuple(data["partial"]),
    )


def _read_check(entry: Mapping[str, Any], cases: Mapping[str, Any]) -> CheckStanding:
    check = CheckStanding(entry["name"], entry["definition"], entry.get("combination", {}), {})
    votes = {case: _votes(each["checks"].get(_name(check))) for case, each in cases.items()}
    return replace(check, votes={case: each for case, each in votes.items() if each})


def _votes(outcome: str | None) -> Votes | None:
    if outcome in ("held", "failed"):
        return Votes(int(outcome == "held"), int(outcome == "failed"))
    if outcome is None:
        return None
    passed, count = map(int, re.findall(r"\d+", outcome))
    return Votes(passed, count - passed)


def _read_metric(entry: Mapping[str, Any], cases: Mapping[str, Any]) -> MetricStanding:
    metric = MetricStanding(
        entry["name"],
        entry["definition"],
        entry.get("combination", {}),
        entry["better"],
        entry["unit"],
        entry["value"],
        {},
        entry["low"],
        entry["high"],
        entry["spread"],
        entry["own"],
    )
    parts = {case: each["metrics"].get(_name(metric)) for case, each in cases.items()}
    return replace(
        metric, parts={case: tuple(map(_read_parts, each)) for case, each in parts.items() if each}
    )


def _read_parts(parts: Mapping[str, list[float]] | None) -> Parts | None:
    return None if parts is None else {label: tuple(each) for label, each in parts.items()}


_OPEN = {"settings": 2, "files": 1, "checks": 1, "metrics": 1, "cases": 2}
"""How deep the parts of the file are spread over lines; what is deeper stays on one."""


def _spelled(data: Mapping[str, object]) -> str:
    lines = [f'  "{key}": {_block(value, _OPEN.get(key, 0), 2)}' for key, value in data.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _block(value: object, depth: int, indent: int) -> str:
    space = " " * (indent + 2)
    if depth and isinstance(value, Mapping) and value:
        inner = [
            f"{space}{_line(key)}: {_block(each, depth - 1, indent + 2)}"
            for key, each in value.items()
        ]
        return "{\n" + ",\n".join(inner) + "\n" + " " * indent + "}"
    if depth and isinstance(value, list) and value:
        items = [f"{space}{_block(each, depth - 1, indent + 2)}" for each in value]
        return "[\n" + ",\n".join(items) + "\n" + " " * indent + "]"
    return _line(value)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
