"""What a run tells a CI service: annotations at the lines of the workflow, a summary of the step."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from runner.cli.saying import say as print_sentence

if TYPE_CHECKING:
    from runner.report.github import Annotation
    from runner.story import Outcome
    from runner.values.problem import Place, Problem
    from runner.workflow.spec import Workflow

MARKDOWN = ("", ".md", ".markdown", ".txt")
"""What a file of Markdown may end in; another file is hardly meant to be replaced by one."""

Command = TypeVar("Command", bound=Callable[..., object])


def ci_options(command: Command) -> Command:
    """`--annotations` and `--summary`."""
    for option in (
        click.option(
            "--summary",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Write what came of it as Markdown; on GitHub it is the summary of the step anyway.",
        ),
        click.option(
            "--annotations",
            type=click.Choice(["github", "none"]),
            help="Mark what fails at its line in the workflow; on GitHub Actions that is the default.",
        ),
    ):
        command = option(command)
    return command


NO = frozenset({"", "0", "false", "no"})

SERVICES = (
    *("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "BUILDKITE"),
    *("TEAMCITY_VERSION", "CODEBUILD_BUILD_ID"),
)
"""What CI services set in the environment; Azure (`TF_BUILD`), Jenkins, TeamCity and CodeBuild set no
`CI` beside it."""


def ci_variable(environ: Mapping[str, str]) -> str | None:
    """What in the environment says that this is a machine of a CI service, where nobody looks at a
    run; None at a person's desk."""
    return next((name for name in SERVICES if environ.get(name, "").lower() not in NO), None)


def repository(environ: Mapping[str, str]) -> Path:
    """The folder from which GitHub names files."""
    return Path(environ.get("GITHUB_WORKSPACE") or ".")


@dataclass(frozen=True, slots=True)
class Ci:
    """Whom to tell. `mutes`: GitHub Actions reads what is printed, and takes lines for commands. `root` is
    the folder of the repository; `at_github` the file that GitHub shows as summary, which holds what
    other commands of the step wrote; `summary` a file of the person's."""

    annotates: bool
    mutes: bool
    root: Path
    at_github: Path | None = None
    summary: Path | None = None

    @classmethod
    def of(
        cls,
        annotations: str | None,
        summary: Path | None,
        environ: Mapping[str, str],
        *,
        is_for_people: bool = True,
    ) -> Ci:
        """As the options and the environment say. Raises `click.UsageError` when it cannot be."""
        if annotations == "github" and not is_for_people:
            raise click.UsageError("--annotations github and --log-format json exclude each other")
        is_github = environ.get("GITHUB_ACTIONS") == "true"
        at_github = environ.get("GITHUB_STEP_SUMMARY") if is_github else None
        if summary is not None:
            if summary.suffix.lower() not in MARKDOWN:
                better = summary.with_suffix(".md").name
                raise click.UsageError(f"--summary writes Markdown: {summary} → write {better}")
            try:
                summary.write_bytes(b"")
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                raise click.UsageError(f"--summary: cannot write {summary}: {why}") from None
        return cls(
            annotations == "github" or (annotations is None and is_for_people and is_github),
            is_for_people and is_github,
            repository(environ),
            Path(at_github) if at_github else None,
            summary,
        )

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Nothing that is printed in here is taken for a command, wherever it comes from: a model could
        have written `##[set-output …]`, or a file be called so."""
        if not self.mutes:
            yield
            return
        token = secrets.token_hex(16)
        _print(f"::stop-commands::{token}")
        try:
            yield
        finally:
            with suppress(OSError):
                sys.stdout.flush()
            _print(f"::{token}::")

    def mistakes(self, problems: Sequence[Problem]) -> None:
        """Tells what is wrong with a file, so that nothing ran."""
        from runner.report.annotations import annotations_of_problems
        from runner.report.markdown import mistakes_markdown

        self._annotate(tuple(annotations_of_problems(problems)))
        self._summarise(lambda: mistakes_markdown(problems))

    def refused(self, name: str, why: str, place: Place | None = None) -> None:
        """Tells why nothing ran, in the words that a person gets."""
        from runner.report.github import Annotation
        from runner.report.markdown import rejected_markdown

        why = why.removeprefix("error: ")
        self._annotate((Annotation("error", f"{name}: nothing ran", why, place),))
        self._summarise(lambda: rejected_markdown(name, why))

    def ended(self, workflow: Workflow, outcome: Outcome, remark: str | None = None) -> None:
        """Tells what came of a run. `remark` is a line in Markdown."""
        from runner.report.annotations import annotations_of_run
        from runner.report.markdown import run_markdown

        stopped = None if outcome.halt.kind is None else outcome.halt.why
        told = (outcome.verdicts, outcome.steps, stopped)
        self._annotate(tuple(annotations_of_run(workflow, *told)))
        self._summarise(lambda: run_markdown(workflow.name, outcome.tally, *told, remark))

    def _annotate(self, annotations: Sequence[Annotation]) -> None:
        if self.annotates:
            from runner.report.github import commands

            for line in commands(annotations, self.root):
                _print(line)

    def _summarise(self, parts: Callable[[], Iterator[str]]) -> None:
        from runner.report.markdown import LARGEST, fitted

        for path in (self.at_github, self.summary):
            if path is None:
                continue
            try:
                with path.open("ab") as file:
                    file.write(fitted(parts(), LARGEST - file.tell()).encode())
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                print_sentence(f"the summary is not written: {path}: {why}")


def tell_mistake(mistake: click.ClickException, environ: Mapping[str, str]) -> None:
    """Shows a mistake on the command line: to a person, and to GitHub unless that is not wanted."""
    context = mistake.ctx if isinstance(mistake, click.UsageError) else None
    given = context.params if context else {}
    is_for_people = given.get("log_format") != "json"
    annotations = given.get("annotations") if is_for_people else None
    ci = Ci.of(annotations, None, environ, is_for_people=is_for_people)
    with ci.muted():
        mistake.show()
    ci.refused(context.command_path if context else "askpix", mistake.format_message())


def _print(line: str) -> None:
    """Not `say`, which escapes what is hidden in a line; whether anybody listens does not matter."""
    with suppress(OSError):
        click.echo(line, err=True)
