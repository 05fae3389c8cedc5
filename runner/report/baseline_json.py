"""NAME.baseline.json: a standing as a file for git, and back. Stable order, a line for each thing that
changes by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from runner.values.standing import CheckStanding, MetricStanding, Parts, Standing, Votes

VERSION = 1

NOT_KEPT = frozenset({"seconds_p95"})
"""What the network decides says nothing about a workflow a month later."""


class NoBaseline(ValueError):
    """A file that is no baseline; the message says why."""


def baseline_json(standing: Standing) -> str:
    """The file. The same standing is the same text."""
    metrics = [m for m in standing.metrics if m.definition.get("metric") not in NOT_KEPT]
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
        "settings": dict(standing.settings),
        "files": dict(sorted(standing.files.items())),
        "checks": [_check(each) for each in standing.checks],
        "metrics": [_metric(each) for each in metrics],
        "cases": {
            case: _case(case, images, standing.checks, metrics)
            for case, images in sorted(standing.images.items())
        },
    }
    return _spelled(data) + "\n"


def read_baseline(text: str) -> Standing:
    """The standing of a file. Raises `NoBaseline`."""
    try:
        data = json.loads(text)
        if data["baseline"] != VERSION:
            raise NoBaseline(
                f"it is of version {data['baseline']}, and this askpix reads {VERSION}"
            )
        return _standing(data)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as mistake:
        if isinstance(mistake, NoBaseline):
            raise
        raise NoBaseline(f"it is no baseline ({type(mistake).__name__}: {mistake})") from None


def _check(check: CheckStanding) -> dict[str, object]:
    held = [votes.held for votes in check.votes.values()]
    counts = {"holds": held.count(True), "fails": held.count(False)}
    return _about(check) | counts | {"definition": dict(check.definition)}


def _metric(metric: MetricStanding) -> dict[str, object]:
    return {
        **_about(metric),
        "value": metric.value,
        "low": metric.low,
        "high": metric.high,
        "spread": metric.spread,
        "better": metric.better,
        "unit": metric.unit,
        "own": metric.is_own,
        "definition": dict(metric.definition),
    }


def _about(each: CheckStanding | MetricStanding) -> dict[str, object]:
    combination = {"combination": dict(each.combination)} if each.combination else {}
    return {"name": each.name, **combination}


def _case(
    case: str,
    images: Iterable[str],
    checks: Iterable[CheckStanding],
    metrics: Iterable[MetricStanding],
) -> dict[str, object]:
    """What the checks and metrics say of it, in their order: of a check how often it held and how
    often not, of a metric what each repeat adds by label."""
    return {
        "images": list(images),
        "checks": [_votes(each.votes.get(case)) for each in checks],
        "metrics": [_parts(each.parts.get(case)) for each in metrics],
    }


def _votes(votes: Votes | None) -> list[int] | None:
    return None if votes is None else [votes.passed, votes.failed]


def _parts(repeats: Iterable[Parts | None] | None) -> list[dict[str, list[float]] | None] | None:
    if repeats is None:
        return None
    return [
        None if parts is None else {label: [*each] for label, each in sorted(parts.items())}
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
        settings=data["settings"],
        files=data["files"],
        images={name: tuple(case["images"]) for name, case in cases.items()},
        checks=tuple(
            CheckStanding(
                each["name"],
                each["definition"],
                each.get("combination", {}),
                {
                    name: Votes(*case["checks"][number])
                    for name, case in cases.items()
                    if case["checks"][number] is not None
                },
            )
            for number, each in enumerate(data["checks"])
        ),
        metrics=tuple(
            MetricStanding(
                each["name"],
                each["definition"],
                each.get("combination", {}),
                each["better"],
                each["unit"],
                each["value"],
                {
                    name: tuple(map(_read_parts, case["metrics"][number]))
                    for name, case in cases.items()
                    if case["metrics"][number] is not None
                },
                each["low"],
                each["high"],
                each["spread"],
                each["own"],
            )
            for number, each in enumerate(data["metrics"])
        ),
        cost_usd=data["cost_usd"],
        tokens=data["tokens"],
        partial=tuple(data["partial"]),
    )


def _read_parts(parts: Mapping[str, list[float]] | None) -> Parts | None:
    return None if parts is None else {label: tuple(each) for label, each in parts.items()}


_OPEN = {"settings": 1, "files": 1, "checks": 1, "metrics": 1, "cases": 2}
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
