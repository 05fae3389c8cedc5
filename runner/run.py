"""The whole story on one page: a workflow in, a run folder out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from runner.exporters import EXPORTERS
from runner.report.checks_json import checks_json
from runner.report.junit import junit_xml
from runner.roles import Connection, OpenImage
from runner.stages.check import check
from runner.stages.execute import Asking, Halt
from runner.stages.gather import gather
from runner.stages.lint_images import advice
from runner.stages.plan import Plan, plan
from runner.store.folder import RunFolder
from runner.store.manifest import Manifest
from runner.text.render import Renderer
from runner.values.problem import Problem
from runner.values.result import Result, ResultImage
from runner.values.tally import Tally
from runner.values.verdict import Verdict
from runner.workflow.resolved import as_text
from runner.workflow.spec import Workflow

LOOKED_AT = 50
"""So many images are decoded for the guide's advice: it takes a while."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this machine carries out a run. `watch` gets the totals after every result, `say` a
    sentence that a person should read at once."""

    connection: Connection
    out: Path
    allow_private: bool = False
    watch: Callable[[Tally], None] = lambda tally: None
    say: Callable[[str], None] = lambda sentence: None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind. `written` maps the `to:` of every output to its files."""

    folder: Path
    tally: Tally
    verdicts: tuple[Verdict, ...]
    written: Mapping[str, Sequence[Path]]
    halt: Halt

    @property
    def exit_code(self) -> int:
        """The exit code of README: the most urgent of what happened."""
        match self.halt.kind:
            case "interrupted":
                return 130
            case "limit":
                return 5
            case "service":
                return 5 if self.tally.done > self.tally.unusable else 2
        if self.tally.unusable:
            return 3
        return 1 if any(verdict.outcome == "failed" for verdict in self.verdicts) else 0


def make_plan(workflow: Workflow) -> Plan:
    """What a run of this workflow will ask; reads the images, asks nothing, downloads nothing."""
    with Renderer() as renderer:
        return plan(workflow, gather(workflow, fetch=False), renderer.render, date.today())


def advice_on_images(workflow: Workflow) -> tuple[Problem, ...]:
    """What the guide would say about the first images: turned, blurred, too small; warnings."""
    return advice(gather(workflow, fetch=False), LOOKED_AT)


def run(workflow: Workflow, plan: Plan, options: Options) -> Outcome:
    """Asks everything in the plan, judges the answers and writes the run folder.

    Raises `FolderError` before anything is asked when the folder cannot be written. A disk that is
    full later ends the run like any limit: what is written stays.
    """
    folder = RunFolder.create(options.out, workflow.name, plan.key, datetime.now(UTC))
    manifest = Manifest.begin(workflow, plan, folder.write_sources(workflow), options.connection)
    folder.write_json("run.json", manifest.as_json())
    folder.write("resolved.yaml", as_text(workflow.resolved))
    tally = Tally(total=plan.cases * plan.combinations * plan.repeats * len(workflow.steps))
    halt = Halt()
    asking = Asking(
        workflow,
        options.connection,
        halt,
        folder.path / "images",
        options.say,
        options.allow_private,
    )
    verdicts: tuple[Verdict, ...] = ()
    written: dict[str, Sequence[Path]] = {}
    try:
        _ask(asking, folder, tally, options.watch)
        verdicts = _judge(workflow, folder)
        folder.write_json("checks.json", checks_json(verdicts))
        took = (manifest.started.isoformat(), manifest.seconds_until(datetime.now(UTC)))
        folder.write("junit.xml", junit_xml(workflow.name, verdicts, _properties(tally), *took))
        _write_outputs(workflow, folder, _opener(asking.inline), written)
    except OSError as error:
        halt.now("limit", _disk(error))
    manifest = manifest.end(halt.kind or "done", halt.why, tally, verdicts)
    with suppress(OSError):  # on a full disk the manifest of the beginning stays
        folder.write_json("run.json", manifest.as_json())
    return Outcome(folder.path, tally, verdicts, written, halt)


def _ask(asking: Asking, folder: RunFolder, tally: Tally, watch: Callable[[Tally], None]) -> None:
    """Asks everything; what was answered is in results.jsonl, whatever ends it."""
    with folder.spool() as spool:

        def keep(result: Result) -> None:
            spool.append(result)
            tally.add(result)
            watch(tally)

        try:
            asyncio.run(_ask_all(asking, keep))
        finally:
            folder.finish_results(spool)


def _disk(error: OSError) -> str:
    where = f" {error.filename}" if error.filename else " the run folder"
    return f"cannot write{where}: {(error.strerror or str(error)).lower()}"


async def _ask_all(asking: Asking, keep: Callable[[Result], None]) -> None:
    try:
        async for results in asking.results():
            for result in results:
                keep(result)
    except asyncio.CancelledError:
        if asking.halt.kind is None:  # not the second Ctrl-C, which only ends this early
            raise


def _judge(workflow: Workflow, folder: RunFolder) -> tuple[Verdict, ...]:
    cases = folder.case_results(workflow.vars)
    return check(workflow.checks, cases, workflow.combinations, workflow.run.repeat)


def _write_outputs(
    workflow: Workflow,
    folder: RunFolder,
    open_image: OpenImage,
    written: dict[str, Sequence[Path]],
) -> None:
    for output in workflow.outputs:
        exporter = EXPORTERS.load(output.format)(output.save)
        results = folder.results(output.save.root)
        written[output.to] = exporter.write(results, folder.outputs / output.to, open_image)


def _properties(tally: Tally) -> dict[str, str]:
    return {
        "models": ", ".join(sorted(tally.models)),
        "cost_usd": f"{tally.cost_usd:.6f}",
        "simulated": str(tally.simulated > 0).lower(),
    }


def _opener(inline: Mapping[str, bytes]) -> OpenImage:
    """Opens the images of results: those of the workflow itself, and files that are still here."""

    def open_image(image: ResultImage) -> bytes | None:
        if image.sha256 in inline:
            return inline[image.sha256 or ""]
        if image.path is None or "://" in image.path:
            return None
        try:
            return Path(image.path).read_bytes()
        except OSError:
            return None

    return open_image
