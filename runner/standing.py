"""The standing of a run: read from its folder, whatever became of its workflow since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import chain
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
    """Raises `FolderError` when the run has no results to be compared by, or is damaged."""
    manifest = folder.manifest()
    if not manifest:
        raise _damaged(folder, "run.json")
    if not folder.results_file.is_file():
        raise FolderError(f"{folder.path} has no results.jsonl yet: let the run come to its end")
    with _whole(folder, "cases.jsonl"):
        seen = _Seen(dict(_several(folder)))
    repeat = int(_number(_at(manifest, "counts", "repeats"))) or 1
    meters = _meters(repeat, seen.keep)
    with _whole(folder, "results.jsonl"):
        for case in folder.case_results({}):
            seen.add(case)
            meters.add(case)
    checks = _judged_checks(folder, seen.cases)
    own = _judged_metrics(folder, seen.cases)
    theirs = _of_every_run(meters, seen.parts, own)
    return Standing(
        workflow=str(manifest.get("name")),
        run=folder.path.name,
        plan=str(manifest.get("plan") or ""),
        simulated=seen.simulated > 0,
        repeat=repeat,
        models=tuple(sorted(seen.models)),
        settings=_settings(folder),
        files=files_of(manifest),
        images=seen.images,
        checks=checks,
        metrics=(*own, *theirs),
        cost_usd=round(seen.cost_usd, 9),
        tokens=seen.tokens,
        seconds=_took(manifest),
        partial=tuple(_partial(manifest, seen.unusable)),
        failed=tuple(
            str(each["name"]) for each in _entries(folder, "checks") if each["outcome"] == "failed"
        ),
        is_mixed=seen.simulated not in (0, seen.answered),
    )


def _damaged(folder: RunFolder, name: str) -> FolderError:
    return FolderError(
        f"{folder.path / name} is missing or damaged: the command of the run with --resume makes it"
        " again (a replay: askpix replay)"
    )


@contextmanager
def _whole(folder: RunFolder, name: str) -> Iterator[None]:
    """Raises `FolderError` for a file that cannot be read to its end."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError):
        raise _damaged(folder, name) from None


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


Several = Mapping[tuple[str, str], str]
"""What each image of a case is known by, by its role and name."""


def _several(folder: RunFolder) -> Iterator[tuple[str, Several]]:
    """The cases of several images; one of a single image is what its results are about."""
    if folder.cases_file.is_file():
        with folder.cases_file.open(encoding="utf-8") as file:
            for case in map(json.loads, file):
                yield case["case"], {(i["role"], i["name"]): i["is"] for i in case["images"]}


def _images(results: Mapping[str, Result], several: Several) -> Iterator[str]:
    """All images of a case, whichever of them a step is about; what was downloaded by its content."""
    found: dict[tuple[str, str], str] = {}
    for image in chain.from_iterable(result.images for result in results.values()):
        if image.sha256 or (image.role, image.name) not in found:
            found[image.role, image.name] = image.sha256 or image.path or image.name
    own = (found.get(key, known) for key, known in several.items()) if several else found.values()
    yield from dict.fromkeys(own)


@dataclass(slots=True)
class _Seen:
    several: Mapping[str, Several] = field(default_factory=dict)
    images: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cases: dict[str, set[str]] = field(default_factory=dict)
    """By combination."""
    parts: dict[tuple[str, str], dict[str, dict[int, Parts]]] = field(default_factory=dict)
    unusable: int = 0
    simulated: int = 0
    answered: int = 0
    models: set[str] = field(default_factory=set)
    cost_usd: float = 0.0
    tokens: int = 0
    questions: set[int] = field(default_factory=set)

    def add(self, case: CaseResults) -> None:
        if case.case not in self.images:
            images = _images(case.steps, self.several.get(case.case, {}))
            self.images[case.case] = content_of(images, case.row)
        self.cases.setdefault(canonical_json(case.combination), set()).add(case.case)
        for result in case.steps.values():
            self.unusable += result.status not in (*USABLE, "skipped")
            if result.has_arrived:
                self.answered += bool(result.model)
                self.simulated += bool(result.model) and result.simulated
                self.models |= {result.model} - {""}
            if self.is_new(result, case):
                self.cost_usd += result.cost_usd or 0.0
                self.tokens += sum(result.usage.get(kind, 0) for kind in TOKENS)

    def is_new(self, result: Result, case: CaseResults) -> bool:
        """Whether no other case has asked exactly the same, as cases of identical images do."""
        images = self.images[case.case] or (case.case,)
        of_many = result.step, images, canonical_json(case.combination)
        question = hash((result.request_key or of_many, case.repeat))
        if question in self.questions:
            return False
        self.questions.add(question)
        return True

    def keep(self, answer: MeasuredAnswer) -> None:
        if isinstance(answer.added, Contribution):
            key = answer.check, canonical_json(answer.combination)
            of_case = self.parts.setdefault(key, {}).setdefault(answer.case, {})
            of_case[answer.repeat] = answer.added.parts


def _judged_checks(folder: RunFolder, cases: Mapping[str, set[str]]) -> tuple[CheckStanding, ...]:
    entries = [each for each in _entries(folder, "checks") if "metric" not in each]
    votes: dict[tuple[str, str], dict[str, list[int]]] = {}
    with _whole(folder, "checks.jsonl"):
        for line in _lines(folder.path / "checks.jsonl", entries):
            of_case = votes.setdefault(_key(line, "check"), {}).setdefault(line["case"], [0, 0])
            if line["passed"] is not None:
                of_case[not line["passed"]] += 1
        _ensure_all(entries, votes, cases)
    return tuple(
        CheckStanding(
            name=str(each["name"]),
            definition=_mapping(each.get("definition")),
            combination=_mapping(each.get("combination")),
            votes={case: Votes(*held) for case, held in votes.get(_key(each, "name"), {}).items()},
        )
        for each in entries
    )


def _judged_metrics(folder: RunFolder, cases: Mapping[str, set[str]]) -> tuple[MetricStanding, ...]:
    entries = [each for each in _entries(folder, "checks") if "metric" in each]
    seen = _Seen()
    told: dict[tuple[str, str], set[str]] = {}
    with _whole(folder, "metrics.jsonl"):
        for line in _lines(folder.path / "metrics.jsonl", entries):
            told.setdefault(_key(line, "check"), set()).add(line["case"])
            if "parts" in line:
                parts = {label: tuple(each) for label, each in line["parts"].items()}
                about = (line["check"], line["case"], line.get("combination", {}), line["repeat"])
                seen.keep(MeasuredAnswer(*about, Contribution(parts)))
        _ensure_all(entries, told, cases)
    with _whole(folder, "metrics.json"):
        found = _entries(folder, "metrics") if entries else []
        details = {_key(each, "name"): each for each in found}
        return tuple(
            _metric(each, details[_key(each, "name")], seen.parts.get(_key(each, "name"), {}))
            for each in entries
        )


def _entries(folder: RunFolder, name: str) -> list[dict[str, Any]]:
    """What checks.json or metrics.json lists."""
    with _whole(folder, f"{name}.json"):
        found = json.loads((folder.path / f"{name}.json").read_bytes())
        return [dict(each) for each in found[name]]


def _ensure_all(
    entries: Iterable[Mapping[str, Any]],
    told: Mapping[tuple[str, str], Iterable[str]],
    cases: Mapping[str, set[str]],
) -> None:
    """Raises `ValueError` when a case that has results is not told of by a check or metric."""
    for each in entries:
        key = _key(each, "name")
        if set(told.get(key, ())) != cases.get(key[1], set()):
            raise ValueError(key)


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
    taken, names = [each.definition for each in own], {each.name for each in own}
    for verdict in meters.verdicts():
        measured = verdict.measured
        if measured is None or verdict.definition in taken or measured.value is None:
            continue
        yield MetricStanding(
            name=f"{verdict.name} of the run" if verdict.name in names else verdict.name,
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


def _settings(folder: RunFolder) -> dict[str, object]:
    try:
        data = read((folder.path / "resolved.yaml").read_bytes(), "resolved.yaml").data
    except (OSError, Rejected):
        raise _damaged(folder, "resolved.yaml") from None
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
    with suppress(ValueError, KeyError):
        ends = [datetime.fromisoformat(str(manifest[name])) for name in ("started", "finished")]
        return (ends[1] - ends[0]).total_seconds()
    return None


def _lines(path: Path, entries: Iterable[object]) -> Iterator[dict[str, Any]]:
    """The lines of a file that is there when there is something to tell of."""
    if any(True for _ in entries):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def _key(entry: Mapping[str, Any], name: str) -> tuple[str, str]:
    return str(entry[name]), canonical_json(entry.get("combination") or {})


def _at(value: Mapping[str, object], *keys: str) -> object:
    found: object = value
    for key in keys:
        found = _mapping(found).get(key)
    return found


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
