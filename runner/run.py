"""The whole story on one page: a workflow in, a run folder out."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from runner.executors.local import Local
from runner.exporters import EXPORTERS
from runner.providers import PROVIDERS
from runner.report.checks_json import checks_json
from runner.report.junit import junit_xml
from runner.roles import Ask, Connection
from runner.sources.prepare import prepare
from runner.stages.answer import Asked, Sent, answered, unasked
from runner.stages.check import check
from runner.stages.expand import NotBuilt, build, jobs
from runner.stages.gather import gather
from runner.stages.lint_images import advice
from runner.stages.plan import ASSUMED_OUTPUT_TOKENS, Plan, plan
from runner.store.folder import RunFolder
from runner.store.manifest import Manifest
from runner.text.render import Renderer
from runner.tokens import cost, input_tokens
from runner.transport.budget import Budget
from runner.transport.retry import retrying
from runner.values.image import Image, Prepared, UnreadableImage
from runner.values.job import Job
from runner.values.problem import Problem
from runner.values.request import Request
from runner.values.response import Failure, Usage
from runner.values.result import USABLE, Result, ResultImage
from runner.values.tally import Tally
from runner.values.verdict import Verdict
from runner.workflow.spec import AskStep, Workflow

LOOKED_AT = 50
"""So many images are decoded for the guide's advice: it takes a while."""

HaltKind = Literal["interrupted", "limit", "service", "on_error"]
"""interrupted: by a person · limit: budget or daily quota · service: the same failure would meet
every request (key, model) · on_error: the workflow says `on_error: stop`."""


@dataclass(slots=True)
class Halt:
    """Why a run ends before its plan does. The first reason stays."""

    kind: HaltKind | None = None
    why: str = ""

    def now(self, kind: HaltKind, why: str) -> None:
        """Nothing more is asked; what is under way comes to its end."""
        if self.kind is None:
            self.kind, self.why = kind, why


@dataclass(frozen=True, slots=True)
class Options:
    """How this machine carries out a run."""

    connection: Connection
    out: Path
    allow_private: bool = False
    watch: Callable[[Tally], None] = lambda tally: None


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

    Raises `FolderError` before anything is asked when the folder cannot be written.
    """
    folder = RunFolder.create(options.out, workflow.name, plan.key, datetime.now(UTC))
    manifest = Manifest.begin(workflow, plan, folder.write_sources(workflow), options.connection)
    folder.write_json("run.json", manifest.as_json())
    folder.write("resolved.yaml", _as_yaml(workflow.resolved))
    tally = Tally(total=plan.cases * plan.combinations * plan.repeats * len(workflow.steps))
    halt = Halt()
    asking = Asking(workflow, options, halt, tally)
    with folder.spool() as spool:
        try:
            asyncio.run(asking.all(spool.append))
        finally:
            folder.finish_results(spool)
    verdicts = _judge(workflow, folder)
    written = _write_outputs(workflow, folder)
    _write_verdicts(workflow, folder, verdicts, tally)
    status = halt.kind or "done"
    folder.write_json("run.json", manifest.end(status, halt.why, tally, verdicts).as_json())
    return Outcome(folder.path, tally, verdicts, written, halt)


@dataclass(slots=True)
class Asking:
    """The part of a run that waits for the service."""

    workflow: Workflow
    options: Options
    halt: Halt
    tally: Tally
    sent: dict[str, Prepared] = field(default_factory=dict)
    asks: dict[str, Ask] = field(default_factory=dict)
    renderer: Renderer = field(default_factory=Renderer)
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        limits = self.workflow.run
        self.budget = Budget(limits.max_cost_usd, limits.max_requests)

    async def all(self, keep: Callable[[Result], None]) -> None:
        """Every job of the plan; each result goes to `keep` as soon as it is there."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.renderer)
            stack.enter_context(_stop_on_signals(self.halt))
            for name in {step.provider for step in self.workflow.steps}:
                provider = PROVIDERS.load(name)()
                opened = provider.open(self.options.connection, self._fetch)
                ask = await stack.enter_async_context(opened)
                self.asks[name] = retrying(ask, self.options.connection.policy)
            executor = Local(self.workflow.run.parallel)
            async for results in executor.run(self._jobs(), self._job):
                for result in results:
                    keep(result)
                    self.tally.add(result)
                self.options.watch(self.tally)

    def _jobs(self) -> Iterator[Job]:
        cases = gather(self.workflow, allow_private=self.options.allow_private)
        for job in jobs(self.workflow, cases):
            if self.halt.kind is not None:
                return
            yield job

    async def _job(self, job: Job) -> list[Result]:
        """One case through its steps; what was answered before a halt is kept."""
        results: dict[str, Result] = {}
        for position, step in enumerate(self.workflow.steps):
            ordinal = job.number * len(self.workflow.steps) + position
            result = await self._step(job, step, ordinal, results)
            if result is None:
                break
            results[step.id] = result
            if result.status not in USABLE and self.workflow.run.on_error == "stop":
                self.halt.now("on_error", f"{result.case}: {result.error}")
        return list(results.values())

    async def _step(
        self, job: Job, step: AskStep, ordinal: int, earlier: Mapping[str, Result]
    ) -> Result | None:
        """One answer, or None when the run was halted before this step was asked."""
        request = build(self.workflow, step, job, earlier, self.renderer.render)
        asked = Asked(job, step, ordinal, _images_of(request, job))
        if isinstance(request, NotBuilt):
            return unasked(asked, request)
        if self.halt.kind is not None:
            return None
        model = self.workflow.models[request.model]
        estimate = self._estimate(request)
        if refusal := self.budget.reserve(estimate):
            self.halt.now("limit", refusal)
            return None
        reply = await self.asks[step.provider](request)
        sent: Sent = {
            image.digest: self.sent[image.digest]
            for image in request.images
            if image.digest in self.sent
        }
        result = answered(asked, request, reply, model, date.today(), sent)
        self.budget.settle(estimate, 0.0 if isinstance(reply, Failure) else result.cost_usd)
        if isinstance(reply, Failure) and (reply.stops_run or reply.kind == "quota"):
            self.halt.now("limit" if reply.kind == "quota" else "service", reply.message)
            return None
        return result

    def _estimate(self, request: Request) -> float:
        model = self.workflow.models[request.model]
        output = request.settings.max_output_tokens or ASSUMED_OUTPUT_TOKENS
        usage = Usage(input_tokens(model, request).tokens, output)
        return cost(model, usage, date.today()) or 0.0

    def _fetch(self, image: Image) -> Prepared:
        prepared = prepare(image)
        self.sent[image.digest] = Prepared(b"", prepared.mime, prepared.size, prepared.sha256)
        return prepared


def _images_of(request: Request | NotBuilt, job: Job) -> tuple[Image | UnreadableImage, ...]:
    return request.images if isinstance(request, Request) else job.case.images


def _judge(workflow: Workflow, folder: RunFolder) -> tuple[Verdict, ...]:
    cases = folder.case_results(workflow.vars)
    return check(workflow.checks, cases, workflow.combinations, workflow.run.repeat)


def _write_outputs(workflow: Workflow, folder: RunFolder) -> dict[str, Sequence[Path]]:
    written: dict[str, Sequence[Path]] = {}
    for output in workflow.outputs:
        exporter = EXPORTERS.load(output.format)(output.save)
        results = folder.results(output.save.root)
        written[output.to] = exporter.write(results, folder.outputs / output.to, _open_image)
    return written


def _write_verdicts(
    workflow: Workflow, folder: RunFolder, verdicts: Sequence[Verdict], tally: Tally
) -> None:
    folder.write_json("checks.json", checks_json(verdicts))
    folder.write("junit.xml", junit_xml(workflow.name, verdicts, _properties(tally)))


def _properties(tally: Tally) -> dict[str, str]:
    return {
        "models": ", ".join(sorted(tally.models)),
        "cost_usd": f"{tally.cost_usd:.6f}",
        "simulated": str(tally.simulated > 0).lower(),
    }


def _open_image(image: ResultImage) -> bytes | None:
    """The bytes of an image of a result, if it is a file that is still here."""
    if image.path is None or "://" in image.path:
        return None
    try:
        return Path(image.path).read_bytes()
    except OSError:
        return None


def _as_yaml(value: object) -> str:
    import yaml

    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100))


@contextmanager
def _stop_on_signals(halt: Halt) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) lets what is under way end; the second stops at once."""
    loop = asyncio.get_running_loop()
    asking = asyncio.current_task()

    def stop() -> None:
        if halt.kind == "interrupted" and asking is not None:
            asking.cancel()
        halt.now("interrupted", "interrupted")

    signals = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in signals:
            loop.add_signal_handler(number, stop)
    except (NotImplementedError, RuntimeError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
