"""run.json: what ran, with what, how it ended; enough to know in three years what this was."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from runner.catalogue import catalogue
from runner.roles import Connection
from runner.stages.plan import Plan
from runner.values.tally import Tally
from runner.values.verdict import Verdict
from runner.version import VERSION
from runner.workflow.spec import Workflow

MANIFEST_VERSION = 1

PACKAGES = (
    "click", "google-re2", "httpx", "httpx-aiohttp", "aiohttp", "jinja2", "jsonschema", "numpy",
    "pillow", "pillow-heif", "pyyaml",
)  # fmt: skip
"""The packages whose version can change a result or a request."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of run.json. Holds no key: a connection gives only its address."""

    name: str
    workflow: str
    status: str
    started: datetime
    plan: Plan
    sources: Mapping[str, str]
    roles: Mapping[str, str]
    """What each of the sources is to the workflow: `prompt`, `truth`, …"""
    paths: Mapping[str, str]
    """Where each of them was: two files of one name have copies of two names."""
    endpoint: str | None
    api_version: str
    providers: tuple[str, ...]
    steps: Mapping[str, str | None]
    """The title of each step by its id."""
    tally: Tally
    mode: str = "live"
    finished: datetime | None = None
    why: str = ""
    verdicts: tuple[Verdict, ...] = ()

    @staticmethod
    def begin(
        workflow: Workflow,
        plan: Plan,
        sources: Mapping[str, str],
        connection: Connection,
        before: Mapping[str, object],
        tally: Tally,
    ) -> Manifest:
        """The manifest of a run that begins, or goes on: `before` is then what run.json said."""
        return Manifest(
            name=workflow.name,
            workflow=str(workflow.path),
            status="running",
            started=_instant(before.get("started")) or datetime.now(UTC),
            plan=plan,
            sources=sources,
            roles=dict(zip(sources, (each.role for each in workflow.sources), strict=True)),
            paths=paths_of(sources, workflow),
            endpoint=connection.endpoint,
            api_version=connection.api_version,
            providers=tuple(sorted({step.provider for step in workflow.asks})),
            steps={step.id: step.title for step in workflow.steps},
            tally=tally,
            mode=workflow.run.mode,
        )

    def end(self, status: str, why: str, verdicts: Sequence[Verdict]) -> Manifest:
        """The manifest of the same run when nothing more will be asked."""
        return replace(
            self,
            status=status,
            why=why,
            finished=datetime.now(UTC),
            verdicts=tuple(verdicts),
        )

    def seconds_until(self, moment: datetime) -> float:
        """How long the run has taken by then."""
        return (moment - self.started).total_seconds()

    def as_json(self) -> dict[str, object]:
        """The manifest as plain data, in the order in which a person reads it."""
        return {
            "manifest": MANIFEST_VERSION,
            "name": self.name,
            "status": self.status,
            "why": self.why or None,
            "started": _utc(self.started),
            "finished": _utc(self.finished),
            "simulated": self.tally.simulated > 0,
            "counts": _counts(self.plan, self.tally),
            "tokens": {
                "input": self.tally.input_tokens,
                "output": self.tally.output_tokens,
                "thought": self.tally.thought_tokens,
            },
            "cost_usd": round(self.tally.cost_usd, 9),
            "cost_complete": not self.tally.unpriced,
            "doubtful_usd": round(self.tally.doubtful_usd, 9),
            "by_model": self.tally.spent_as_json(),
            "mode": self.mode,
            "batches": [dict(batch) for batch in self.tally.batches.values()],
            "checks": _outcomes(self.verdicts),
            "models_asked": list(self.plan.models),
            "models_answered": dict(sorted(self.tally.models.items())),
            "steps": dict(self.steps),
            "providers": list(self.providers),
            "endpoint": self.endpoint,
            "api_version": self.api_version,
            "plan": self.plan.key,
            "workflow": self.workflow,
            "sources": dict(self.sources),
            "roles": dict(self.roles),
            "paths": dict(self.paths),
            "prices_checked": catalogue().checked.isoformat(),
            "versions": _versions(),
        }


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _utc(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _counts(plan: Plan, tally: Tally) -> dict[str, object]:
    return {
        "cases": plan.cases,
        "unreadable_cases": plan.unreadable,
        "combinations": plan.combinations,
        "repeats": plan.repeats,
        "requests_planned": plan.requests,
        "results": tally.done,
        "not_asked": tally.not_asked,
        "by_status": dict(sorted(tally.by_status.items())),
        "detections": tally.detections,
    }


def paths_of(sources: Iterable[str], workflow: Workflow) -> dict[str, str]:
    """The absolute path of every source, by the name of its copy."""
    places = (os.path.abspath(each.path) for each in workflow.sources)
    return dict(zip(sources, places, strict=True))


def _outcomes(verdicts: Sequence[Verdict]) -> dict[str, int]:
    counts = {"passed": 0, "failed": 0, "warned": 0, "skipped": 0}
    for verdict in verdicts:
        counts[verdict.outcome] += 1
    return counts


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"askpix": VERSION, "python": sys.version.split()[0], "system": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a distribution"
    return found
