"""The content of a report: what the files of a run folder tell beside its results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.report.html.content import CheckTold, Content, StepTold
from runner.store.folder import RunFolder
from runner.text.source import read
from runner.values.problem import Rejected
from runner.values.request import canonical_json
from runner.values.result import FINE
from runner.values.standing import Standing


def content_of(folder: RunFolder, standing: Standing) -> tuple[Content, list[bool]]:
    """What there is to tell of a run; and of each check of the standing, whether it only warns."""
    manifest = folder.manifest()
    checks = list(_checks(folder.path, standing))
    written = _resolved(folder.path).get("checks") or ()
    warns = {str(each.get("name")) for each in written if each.get("level") == "warning"}
    warned = [each.name in warns for each in standing.checks]
    found = {canonical_json(each.combination): each.combination for each in standing.metrics}
    found |= {canonical_json(each.combination): each.combination for each in standing.checks}
    several = [each for each in found.values() if each] or [{}]
    return Content(
        standing=standing,
        started=str(manifest.get("started", "")).replace("T", " ").removesuffix("Z"),
        cases=len(standing.images),
        unusable=_unusable(manifest),
        combinations=several,
        steps=list(_steps(folder.path)),
        checks=checks,
        remarks=[each[:1].upper() + each[1:] + "." for each in standing.partial],
    ), warned


def _checks(folder: Path, standing: Standing) -> Iterator[CheckTold]:
    checks = _numbers((each.name, each.combination) for each in standing.checks)
    metrics = _numbers((each.name, each.combination) for each in standing.metrics if each.is_own)
    for each in _entries(folder):
        is_metric = "metric" in each
        combination = each.get("combination") or {}
        key = str(each.get("name")), canonical_json(combination)
        yield CheckTold(
            name=key[0],
            outcome=str(each.get("outcome", "skipped")),
            combination=combination,
            number=(metrics if is_metric else checks).get(key, -1),
            is_metric=is_metric,
            judged=int(each.get("judged") or 0),
            passed=int(each.get("passed") or 0),
            needed=float(each.get("needed") or 0.0),
            why=str(each.get("why", "")),
            reasons={str(case["case"]): str(case["why"]) for case in each.get("cases", ())},
        )


def _numbers(named: Iterable[tuple[str, Mapping[str, object]]]) -> dict[tuple[str, str], int]:
    return {(name, canonical_json(axes)): n for n, (name, axes) in enumerate(named)}


def _entries(folder: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads((folder / "checks.json").read_bytes())
        return [each for each in data["checks"] if isinstance(each, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _steps(folder: Path) -> Iterator[StepTold]:
    for step in _resolved(folder).get("steps") or ():
        if isinstance(step, dict) and "id" in step:
            texts = (step.get(name) for name in ("title", "prompt", "system"))
            yield StepTold(str(step["id"]), *(str(each) if each else None for each in texts))


def _resolved(folder: Path) -> dict[str, Any]:
    try:
        data = read((folder / "resolved.yaml").read_bytes(), "resolved.yaml").data
    except (OSError, Rejected):
        return {}
    return data if isinstance(data, dict) else {}


def _unusable(manifest: Mapping[str, object]) -> int:
    counts = manifest.get("counts")
    statuses = counts.get("by_status") if isinstance(counts, Mapping) else None
    return sum(count for status, count in (statuses or {}).items() if status not in FINE)
