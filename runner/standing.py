"""The standing of a run: read from its folder, whatever became of its workflow since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from runner.checks.metrics.answers import TOKENS
from runner.roles import CaseResults
from runner.stages.measure import Meters
from runner.stages.shaping import settings_of
from runner.store.folder import FolderError, RunFolder
from runner.text.source import read
from runner.values.measured import Contribution, MeasuredAnswer
from runner.values.problem import Place, Rejected
from runner.values.request import canonical_json
from runner.values.result import USABLE, Result
from runner.values.standing import CheckStanding, MetricStanding, Parts, Standing, Votes
from runner.workflow.spec import MetricSpec

EVERY_RUN = {"valid answers": "valid_answer_rate", "cost": "cost_usd", "tokens": "tokens"}
"""Metrics that every run has, whether its workflow asks for them or not."""

NOT_SHAPING = frozenset({"workflow", "extended", "prompt", "library"})
"""Sources whose content stands in the resolved workflow, and would tell of every comment."""


def standing_of(folder: RunFolder) -> Standing:
    """Raises `FolderError` when the run has no results to be compared by."""
    manifest = folder.manifest()
    if not folder.results_file.is_file():
        raise FolderError(f"{folder.path} has no results.jsonl yet: let the run come to its end")
    seen = _Seen()
    repeat = int(_number(_at(manifest, "counts", "repeats"))) or 1
    combinations, own = _judged(folder)
    meters = _meters(repeat, seen.keep)
    for case in folder.case_results({}):
        seen.add(case)
        meters.add(case)
    theirs = _of_every_run(meters, seen.parts, own)
    return Standing(
        workflow=str(manifest.get("name")),
        run=folder.path.name,
        plan=str(manifest.get("plan") or ""),
        simulated=seen.simulated > 0,
        repeat=repeat,
        models=tuple(sorted(seen.models)),
        settings=_settings(folder.path),
        files=files_of(manifest),
        images=seen.images,
        checks=combinations,
        metrics=(*own, *theirs),
        cost_usd=round(seen.cost_usd, 9),
        tokens=seen.tokens,
        seconds=_took(manifest),
        partial=tuple(_partial(manifest, seen.unusable)),
        is_mixed=seen.simulated not in (0, seen.answered),
    )


def files_of(manifest: Mapping[str, object]) -> dict[str, str]:
    """The files that shaped a run beside what stands in its resolved workflow."""
    roles = _mapping(manifest.get("roles"))
    return {
        f"{roles.get(name, 'file')} {name}": str(digest)
        for name, digest in _mapping(manifest.get("sources")).items()
        if roles.get(name) not in NOT_SHAPING
    }


def content_of(images: Iterable[str], row: Mapping[str, object]) -> tuple[str, ...]:
    """What a case is made of: the SHA-256 of its images, or the address of one that only the service
    sees; and a digest of its row, whose columns may say what is right."""
    if not row:
        return tuple(images)
    digest = sha256(canonical_json(row).encode()).hexdigest()
    return (*images, f"row {digest[:16]}")


def _images(results: Mapping[str, Result]) -> Iterator[str]:
    """The images that any step of a case was about, without the cut-outs of others."""
    found = (image for result in results.values() for image in result.images)
    yield from dict.fromkeys(each.sha256 or each.path or each.name for each in found)


@dataclass(slots=True)
class _Seen:
    images: dict[str, tuple[str, ...]] = field(default_factory=dict)
    parts: dict[tuple[str, str], dict[str, dict[int, Parts]]] = field(default_factory=dict)
    unusable: int = 0
    simulated: int = 0
    answered: int = 0
    models: set[str] = field(default_factory=set)
    cost_usd: float = 0.0
    tokens: int = 0

    def add(self, case: CaseResults) -> None:
        self.images.setdefault(case.case, content_of(_images(case.steps), case.row))
        for result in case.steps.values():
            self.unusable += result.status not in (*USABLE, "skipped")
            self.answered += bool(result.model)
            self.simulated += bool(result.model) and result.simulated
            self.models |= {result.model} - {""}
            self.cost_usd += result.cost_usd or 0.0
            self.tokens += sum(result.usage.get(kind, 0) for kind in TOKENS)

    def keep(self, answer: MeasuredAnswer) -> None:
        if isinstance(answer.added, Contribution):
            key = answer.check, canonical_json(answer.combination)
            of_case = self.parts.setdefault(key, {}).setdefault(answer.case, {})
            of_case[answer.repeat] = answer.added.parts


def _judged(folder: RunFolder) -> tuple[tuple[CheckStanding, ...], tuple[MetricStanding, ...]]:
    entries = [_mapping(each) for each in _list(_json(folder.path / "checks.json"), "checks")]
    votes: dict[tuple[str, str], dict[str, list[int]]] = {}
    for line in _lines(folder.path / "checks.jsonl"):
        of_case = votes.setdefault(_key(line, "check"), {}).setdefault(line["case"], [0, 0])
        if line["passed"] is not None:
            of_case[not line["passed"]] += 1
    seen = _Seen()
    for line in _lines(folder.path / "metrics.jsonl"):
        if "parts" in line:
            parts = {label: tuple(each) for label, each in line["parts"].items()}
            about = (line["check"], line["case"], line.get("combination", {}), line["repeat"])
            seen.keep(MeasuredAnswer(*about, Contribution(parts)))
    details = {
        _key(each, "name"): each for each in _list(_json(folder.path / "metrics.json"), "metrics")
    }
    checks = tuple(
        CheckStanding(
            name=str(each["name"]),
            definition=_mapping(each.get("definition")),
            combination=_mapping(each.get("combination")),
            votes={case: Votes(*held) for case, held in votes.get(_key(each, "name"), {}).items()},
        )
        for each in entries
        if "metric" not in each
    )
    metrics = tuple(
        _metric(each, details[_key(each, "name")], seen.parts.get(_key(each, "name"), {}))
        for each in entries
        if "metric" in each and _key(each, "name") in details
    )
    return checks, metrics


def _metric(
    entry: Mapping[str, Any], detail: Mapping[str, Any], parts: Mapping[str, Mapping[int, Parts]]
) -> MetricStanding:
    return MetricStanding(
        name=entry["name"],
        definition=_mapping(entry.get("definition")),
        combination=_mapping(entry.get("combination")),
        better=detail["better"],
        unit=detail["unit"],
        value=detail["value"],
        low=detail["low"],
        high=detail["high"],
        spread=detail["spread"],
        parts={case: _in_order(repeats) for case, repeats in parts.items()},
    )


def _in_order(repeats: Mapping[int, Parts]) -> tuple[Parts | None, ...]:
    return tuple(repeats.get(number) for number in range(1, max(repeats) + 1))


def _meters(repeat: int, keep: Any) -> Meters:
    nowhere = Place("", 1, 1)
    specs = [MetricSpec(name, metric, {}, nowhere) for name, metric in EVERY_RUN.items()]
    return Meters(specs, repeat, keep)


def _of_every_run(
    meters: Meters,
    parts: Mapping[tuple[str, str], Mapping[str, Mapping[int, Parts]]],
    own: tuple[MetricStanding, ...],
) -> Iterator[MetricStanding]:
    taken = [each.definition for each in own]
    for verdict in meters.verdicts():
        measured = verdict.measured
        if measured is None or verdict.definition in taken or measured.value is None:
            continue
        yield MetricStanding(
            name=verdict.name,
            definition=verdict.definition,
            combination=verdict.combination,
            better=measured.better,
            unit=measured.unit,
            value=measured.value,
            low=measured.low,
            high=measured.high,
            spread=measured.spread,
            parts={
                case: _in_order(repeats)
                for case, repeats in parts.get(
                    (verdict.name, canonical_json(verdict.combination)), {}
                ).items()
            },
            is_own=False,
        )


def _settings(folder: Path) -> dict[str, object]:
    try:
        data = read((folder / "resolved.yaml").read_bytes(), "resolved.yaml").data
    except (OSError, Rejected):
        return {}
    return settings_of(_mapping(data))


def _partial(manifest: Mapping[str, object], unusable: int) -> Iterator[str]:
    if manifest.get("status") != "done":
        yield f"the run is not finished ({manifest.get('status')})"
    missing = int(_number(_at(manifest, "counts", "not_asked")))
    if missing:
        yield f"{missing:,} of its results are missing"
    if unusable:
        yield f"{unusable:,} of its results have no usable answer"


def _took(manifest: Mapping[str, object]) -> float | None:
    with suppress(ValueError, TypeError):
        ends = [datetime.fromisoformat(str(manifest[name])) for name in ("started", "finished")]
        return (ends[1] - ends[0]).total_seconds()
    return None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}


def _key(entry: Mapping[str, Any], name: str) -> tuple[str, str]:
    return str(entry[name]), canonical_json(entry.get("combination") or {})


def _list(value: object, key: str) -> list[Any]:
    found = _mapping(value).get(key)
    return found if isinstance(found, list) else []


def _at(value: Mapping[str, object], *keys: str) -> object:
    found: object = value
    for key in keys:
        found = _mapping(found).get(key)
    return found


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
