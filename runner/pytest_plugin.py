"""A plugin of pytest: every check of a `*.workflow.yaml` is a test.

    [tool.pytest.ini_options]
    askpix_collect = true

Without that line only files that are named on the command line are collected, so that installing the
package changes nobody's tests. Answers come from `recordings/` beside the workflow: no network, no key,
no cost. It stands on the public API alone, and imports no more than that before it finds a workflow.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

import runner

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

SUFFIX = ".workflow.yaml"
RECORDINGS = "recordings"
Answers = Literal["recordings", "cache", "simulator", "live"]
ANSWERS: dict[Answers, str] = {
    "recordings": "those in recordings/ beside the workflow; no network, no key",
    "cache": "those that earlier runs on this machine have got",
    "simulator": "no model: classical image analysis, for rehearsals",
    "live": "those of the service, which costs money",
}
USABLE = ("ok", "empty", "partial", "skipped")
PATIENCE_SECONDS = 86_400.0
"""So long a process waits for the run of another one; a process that dies lets go at once."""

_SHARED = pytest.StashKey[str]()


class AskpixWarning(pytest.PytestWarning):
    """A check with `level: warning` that does not hold."""


class DoesNotHold(Exception):
    """Why a test fails, in words; no traceback says more."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--askpix-collect`, `--askpix-answers`, and the same in the configuration."""
    options = parser.getgroup("askpix", "workflows of askpix")
    collect = f"collect every *{SUFFIX}, not only those that are named"
    answers = "whose answers are judged: " + "; ".join(f"{k}: {v}" for k, v in ANSWERS.items())
    options.addoption("--askpix-collect", action="store_true", help=collect)
    options.addoption("--askpix-answers", choices=tuple(ANSWERS), help=answers)
    parser.addini("askpix_collect", collect, type="bool", default=False)
    parser.addini("askpix_answers", answers, default="recordings")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The workflow in a file, if workflows are wanted."""
    if not file_path.name.endswith(SUFFIX):
        return None
    config, named = parent.config, parent.session.isinitpath(file_path)
    wanted = config.getoption("askpix_collect") or config.getini("askpix_collect")
    if not named and (not wanted or _is_copy(file_path)):
        return None
    collected: pytest.Collector = WorkflowFile.from_parent(parent, path=file_path)
    return collected


def _is_copy(file: Path) -> bool:
    """Whether it is what a run has kept of its workflow."""
    return file.parent.name == "sources" and (file.parent.parent / "run.json").exists()


class WorkflowFile(pytest.File):
    """A workflow. It is run once, by the first of its tests that needs it."""

    _ran: tuple[str, str] | None = None

    def collect(self) -> Iterable[pytest.Item]:
        """A test for the run, and one for each check. Raises `CollectError` with every mistake."""
        try:
            workflow = runner.load(_from_here(self.path))
        except runner.OnlyAPart as part:
            if self.session.isinitpath(self.path):
                raise self.CollectError(str(part)) from None
            return
        except runner.Rejected as rejected:
            raise self.CollectError(str(rejected)) from None
        yield RunItem.from_parent(self, name="runs")
        for name, place in workflow.checks.items():
            yield CheckItem.from_parent(self, name=name, file=place.file, line=place.line)

    def run(self) -> runner.Run:
        """The run of this session. Raises `DoesNotHold` when there is none."""
        if self._ran is None:
            shared = getattr(self.config, "workerinput", {}).get("askpix_shared")
            self._ran = _once(self.path, shared, self._ask) if shared else self._ask()
        folder, why = self._ran
        if not folder:
            raise DoesNotHold(why)
        return runner.open_run(folder)

    def _ask(self) -> tuple[str, str]:
        """The folder of a run; or none, and why."""
        try:
            changes = self._answers()
            run = runner.run(self.path, out=self.config.rootpath / "runs", yes=True, **changes)
        except (runner.Rejected, DoesNotHold) as rejected:
            return "", str(rejected)
        return str(run.folder), ""

    def _answers(self) -> dict[str, Any]:
        config = self.config
        answers = config.getoption("askpix_answers") or config.getini("askpix_answers")
        match answers:
            case "recordings":
                return {"replay": self._recordings()}
            case "cache":
                return {"cache": "only", "begin": "fresh"}
            case "simulator":
                return {"provider": "simulator", "begin": "fresh"}
            case "live":
                return {}
        raise DoesNotHold(f"askpix_answers: {answers} is none of {', '.join(ANSWERS)}")

    def _recordings(self) -> Path:
        folder = self.path.parent / RECORDINGS
        if folder.is_dir():
            return folder
        path, shown = (_shown(each, self.config) for each in (self.path, folder))
        raise DoesNotHold(
            f"there are no recordings of {path}\n"
            f"  to make them (this asks the service):  askpix run {path} --record {shown}\n"
            f"  to be answered by others:  --askpix-answers cache|simulator|live"
        )


class _Item(pytest.Item):
    """What a workflow promises; a failure is told in words."""

    parent: WorkflowFile

    def repr_failure(self, excinfo: ExceptionInfo[BaseException]) -> str | TerminalRepr:  # type: ignore[override]  # as in pytest's own example
        """The words, and a traceback only for what is a bug."""
        if isinstance(excinfo.value, DoesNotHold | AskpixWarning):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands, and how it is headed."""
        return self.path, 0, f"{self.path.name}: {self.name}"


class RunItem(_Item):
    """That the run comes to its end, with a usable answer to every request."""

    def runtest(self) -> None:
        """Raises `DoesNotHold`."""
        run = self.parent.run()
        lines = [] if run.status == "done" else [f"stopped before the end: {run.why}"]
        lines += _unanswered(run)
        if lines:
            folder = _shown(run.folder, self.config)
            raise DoesNotHold("\n".join([f"{_shown(self.path, self.config)}: {folder}", *lines]))


class CheckItem(_Item):
    """That a check holds, in every combination."""

    def __init__(self, *, file: str, line: int, **named: Any) -> None:
        super().__init__(**named)
        self.file, self.line = Path(os.path.abspath(file)), line

    def runtest(self) -> None:
        """Raises `DoesNotHold`; skips what could not be judged."""
        try:
            run = self.parent.run()
        except DoesNotHold as refused:  # the whole of it is told once, by the test of the run
            why = str(refused).partition("\n")[0]
            raise DoesNotHold(f"{self._place()}\nnothing ran: {why}") from None
        judged = [check for check in run.checks if check.name == self.name]
        failed = [check for check in judged if check.outcome == "failed"]
        warned = [check for check in judged if check.outcome == "warned"]
        if not judged:
            raise DoesNotHold(f"{self._place()}\nit was not judged: {run.why}")
        if failed:
            raise DoesNotHold("\n".join([self._place(), *_told(failed)]))
        if warned:
            self.warn(AskpixWarning("\n".join([self.name, *_told(warned)])))
        elif all(check.outcome == "skipped" for check in judged):
            pytest.skip(judged[0].why)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The line of the check; pytest counts from 0."""
        return self.file, self.line - 1, f"{self.path.name}: {self.name}"

    def _place(self) -> str:
        return f"{_shown(self.file, self.config)}:{self.line}: {self.name}"


def _told(checks: Iterable[runner.Check]) -> Iterator[str]:
    for check in checks:
        axes = ", ".join(f"{axis} {value}" for axis, value in check.combination.items())
        yield f"{axes}: {check.why}" if axes else check.why
        told = next((case for case in check.cases if f"; {check.why}".endswith(f"; {case}")), None)
        yield from (f"  {case}" for case in check.cases if case is not told)


def _unanswered(run: runner.Run) -> Iterator[str]:
    for result in run:
        parts = [(result.status, result.error)]
        parts += [(entry.status, entry.error) for entry in result.entries]
        for status, error in parts:
            if status not in USABLE:
                yield f"{result.case}, {result.step}: {status}: {error or 'no reason is known'}"


def _from_here(path: Path) -> Path:
    """A shorter name of the file, for messages."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _shown(path: Path, config: pytest.Config) -> str:
    """The path from the folder of the session."""
    try:
        return path.relative_to(config.rootpath).as_posix()
    except ValueError:
        return str(path)


# -- several processes (pytest-xdist) ---------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker where the workers meet, so that a workflow runs once for all of them."""
    config: pytest.Config = node.config
    if _SHARED not in config.stash:
        config.stash[_SHARED] = tempfile.mkdtemp(prefix="askpix-")
    node.workerinput["askpix_shared"] = config.stash[_SHARED]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes the place where they met."""
    if (shared := config.stash.get(_SHARED, None)) is not None:
        shutil.rmtree(shared, ignore_errors=True)


def _once(file: Path, shared: str, ask: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    """What the first process to come here got; the others wait for it. A transaction of SQLite is a
    lock that every system has, and that is released when its process dies."""
    import sqlite3

    place = Path(shared) / f"{sha256(str(file).encode()).hexdigest()}.sqlite"
    place.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(place, PATIENCE_SECONDS, isolation_level=None)) as database:
        database.execute("begin exclusive")
        database.execute("create table if not exists runs (folder text, why text)")
        ran: tuple[str, str] | None = database.execute("select folder, why from runs").fetchone()
        if ran is None:
            ran = ask()
            database.execute("insert into runs values (?, ?)", ran)
        database.execute("commit")
    return ran
