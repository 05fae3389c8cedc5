"""Replay: the responses of a run, read and judged again into a new folder. Asks nothing, ever."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from runner.judging import judge
from runner.own_workflow import own_workflow
from runner.report.junit import junit_xml
from runner.stages.again import Again
from runner.store.folder import FolderError, RunFolder
from runner.store.manifest import paths_of
from runner.store.recorded import Recorded
from runner.text.render import Renderer
from runner.text.result_line import to_line
from runner.values.problem import Rejected
from runner.values.request import canonical_json
from runner.values.result import USABLE, Result
from runner.values.verdict import Verdict
from runner.workflow.resolved import as_text
from runner.workflow.spec import AskStep, Workflow


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it. `changed` counts results that are not byte by byte what they were, of `all`;
    `unusable` those without a usable answer."""

    folder: RunFolder
    verdicts: tuple[Verdict, ...]
    all: int
    changed: int
    unusable: int


def replay(
    run: RunFolder, out: Path, say: Callable[[str], None], workflow: Workflow | None = None
) -> Replayed:
    """Reads the stored responses by this workflow, or by that of the run itself, from the copies that
    lie in its folder. Raises `FolderError` when the run has none, `Rejected` for a workflow with
    mistakes, `StoreError` for a store that cannot be read."""
    if not (run.path / "run.sqlite").is_file():
        first = run.manifest().get("replay_of")
        hint = f"; it is a replay itself: name the run, {first}" if first else ""
        raise FolderError(f"{run.path} holds no stored responses (run.sqlite){hint}")
    with own_workflow(run) as own:
        used = workflow or _loaded(own, run)
        manifest = run.manifest()
        _match(used, manifest, run, say)
        key = str(manifest.get("plan") or "replay")
        folder = RunFolder.create(out, f"{used.name}-replay", key, datetime.now(UTC))
        with closing(Recorded.read(run.path)) as journal, Renderer() as renderer:
            steps = manifest.get("steps")
            count = len(steps) if isinstance(steps, Mapping) else 1
            again = Again(used, journal.kept, renderer.render, run.path, count)
            lines = _Lines(again, journal)
            folder.write_results(lines.all())
            verdicts = judge(used, folder, journal.efforts, say)
            told = _with_sources(folder, run, workflow, manifest)
        _write(folder, run, used, told, verdicts)
    return Replayed(folder, verdicts, lines.count, lines.changed, lines.unusable)


def _loaded(own: Callable[[], Workflow], run: RunFolder) -> Workflow:
    try:
        return own()
    except (OSError, Rejected) as error:
        why = error.problems[0].message if isinstance(error, Rejected) else str(error.strerror)
        raise FolderError(
            f"the workflow that {run.path} has kept cannot be read ({why.lower()}); name one with"
            " --workflow FILE"
        ) from None


def _with_sources(
    folder: RunFolder, run: RunFolder, workflow: Workflow | None, manifest: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The manifest, with what shaped the replay; the copies lie in its folder. Without another
    workflow they are those of the run."""
    if run.cases_file.is_file():
        shutil.copy(run.cases_file, folder.cases_file)
    if workflow is None:
        shutil.copytree(run.path / "sources", folder.path / "sources")
        shutil.copy(run.path / "resolved.yaml", folder.path / "resolved.yaml")
        return manifest
    sources = folder.write_sources(workflow)
    folder.write("resolved.yaml", as_text(workflow.resolved))
    roles = dict(zip(sources, (each.role for each in workflow.sources), strict=True))
    return {
        **manifest,
        "name": workflow.name,
        "workflow": str(workflow.path.absolute()),
        "sources": sources,
        "roles": roles,
        "paths": paths_of(sources, workflow),
    }


def _match(
    workflow: Workflow, manifest: Mapping[str, Any], run: RunFolder, say: Callable[[str], None]
) -> None:
    """Says which steps have no answers in the run; raises `FolderError` when that is all of them."""
    known = manifest.get("steps")
    asks = [step.id for step in workflow.steps if isinstance(step, AskStep)]
    missing = [step for step in asks if isinstance(known, Mapping) and step not in known]
    if not missing:
        return
    told = f"{run.path.name} holds no answers to {', '.join(f'`{step}`' for step in missing)}"
    if len(missing) == len(asks):
        asked = ", ".join(f"`{step}`" for step in known or ())
        raise FolderError(
            f"{told}: its steps are {asked}; nothing is asked again, so a step must keep its id"
        )
    say(f"{told}: nothing is asked again")


@dataclass(slots=True)
class _Lines:
    again: Again
    journal: Recorded
    count: int = 0
    changed: int = 0
    unusable: int = 0

    def all(self) -> Iterator[str]:
        """The lines of results.jsonl, made again."""
        results = (result for result, _ in self.journal.results())
        for _, found in groupby(results, key=_job):
            group = list(found)
            before = {result.step: to_line(result) for result in group}
            for result in self.again.results([group]):
                line = to_line(result)
                self.count += 1
                self.changed += before.get(result.step) != line
                self.unusable += result.status not in (*USABLE, "skipped")
                yield line


def _job(result: Result) -> tuple[str, int, str]:
    return result.case, result.repeat, canonical_json(result.combination)


def _write(
    folder: RunFolder,
    run: RunFolder,
    workflow: Workflow,
    manifest: Mapping[str, Any],
    verdicts: Sequence[Verdict],
) -> None:
    folder.write("junit.xml", junit_xml(workflow.name, verdicts, {"replay_of": run.path.name}))
    outcomes = [verdict.outcome for verdict in verdicts]
    told = {
        **manifest,
        "status": "done",
        "replay_of": str(run.path),
        "plan": None,
        "finished": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "checks": {
            each: outcomes.count(each) for each in ("passed", "failed", "warned", "skipped")
        },
        "steps": {step.id: step.title for step in workflow.steps},
    }
    folder.write_json("run.json", told)
