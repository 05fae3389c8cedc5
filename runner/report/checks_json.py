"""checks.json: the verdicts of a run as data; checks.jsonl: what they said of every case."""

from __future__ import annotations

import json
from collections.abc import Iterable

from runner.values.problem import Place
from runner.values.verdict import JudgedCase, Verdict


def checks_json(verdicts: Iterable[Verdict]) -> dict[str, object]:
    """Counts by outcome, and every verdict with the cases that did not pass.

    `cases_left_out` counts failing and skipped cases beyond those that are listed.
    """
    entries = list(verdicts)
    outcomes = ("passed", "failed", "warned", "skipped")
    return {
        "version": 1,
        "counts": {
            outcome: sum(verdict.outcome == outcome for verdict in entries) for outcome in outcomes
        },
        "checks": [_entry(verdict) for verdict in entries],
    }


def judged_line(judged: JudgedCase) -> str:
    """A line of checks.jsonl, without its end: enough to compare two runs image by image."""
    line: dict[str, object] = {"check": judged.check, "case": judged.case, "repeat": judged.repeat}
    if judged.combination:
        line["combination"] = dict(judged.combination)
    line["passed"] = judged.passed
    return json.dumps(line, ensure_ascii=False)


def _entry(verdict: Verdict) -> dict[str, object]:
    measured = verdict.measured
    return {
        "name": verdict.name,
        "outcome": verdict.outcome,
        "combination": dict(verdict.combination),
        **({"metric": measured.metric, "value": measured.value} if measured else {}),
        "judged": verdict.judged,
        "passed": verdict.passed,
        "skipped": verdict.skipped,
        "reached": verdict.reached,
        "needed": verdict.needed,
        "why": verdict.why,
        "place": _place(verdict.place),
        "definition": dict(verdict.definition),
        "cases": [
            {"case": case.case, "passed": case.passed, "why": case.why} for case in verdict.cases
        ],
        "cases_left_out": verdict.judged - verdict.passed + verdict.skipped - len(verdict.cases),
    }


def _place(place: Place | None) -> dict[str, object] | None:
    if place is None:
        return None
    return {"file": place.file, "line": place.line, "column": place.column}
