"""metrics.json: the numbers of a run as data; metrics.jsonl: what every answer added to them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from runner.values.measured import Contribution, Measured, MeasuredAnswer
from runner.values.verdict import Verdict


def metrics_json(verdicts: Iterable[Verdict]) -> dict[str, object]:
    """`values` by the name of the metric, with its combination where there are several; then
    everything that is known of each."""
    measured = [(verdict, verdict.measured) for verdict in verdicts if verdict.measured]
    return {
        "version": 1,
        "values": {_title(each): each.value for _, each in measured},
        "metrics": [entry(each) | {"outcome": verdict.outcome} for verdict, each in measured],
    }


def entry(measured: Measured) -> dict[str, object]:
    """One metric in one combination."""
    return {
        "name": measured.name,
        "metric": measured.metric,
        "combination": dict(measured.combination),
        "value": measured.value,
        "low": measured.low,
        "high": measured.high,
        "interval": measured.method,
        "better": measured.better,
        "unit": measured.unit,
        "repeats": list(measured.repeats),
        "spread": measured.spread,
        "judged": measured.judged,
        "lacking": measured.lacking,
        "not_judged": dict(measured.not_judged),
        "labels": {each.label: each.value for each in measured.labels},
        "confusion": {there: dict(found) for there, found in measured.confusion.items()},
        "notes": dict(measured.notes),
    }


def metric_line(answer: MeasuredAnswer) -> str:
    """A line of metrics.jsonl, without its end: enough to compare two runs image by image."""
    line: dict[str, object] = {"check": answer.check, "case": answer.case, "repeat": answer.repeat}
    if answer.combination:
        line["combination"] = dict(answer.combination)
    if isinstance(answer.added, Contribution):
        line["parts"] = {label: [*parts] for label, parts in answer.added.parts.items()}
        if answer.added.lacking:
            line["lacking"] = True
    else:
        line["not_judged"] = answer.added.why
    return json.dumps(line, ensure_ascii=False)


def _title(measured: Measured) -> str:
    if not measured.combination:
        return measured.name
    axes = ", ".join(f"{axis}={value}" for axis, value in measured.combination.items())
    return f"{measured.name} [{axes}]"
