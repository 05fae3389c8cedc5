"""Opening a workflow file with what a person changes of it for now."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from runner.front.environment import BASE_URL_NAME, OPENAI_URL_NAME, environment
from runner.text.suggest import did_you_mean
from runner.transport.secret import Secret
from runner.values.problem import OnlyAPart, Problem, Rejected, errors_of
from runner.workflow.secret_words import is_key
from runner.workflow.spec import Workflow

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True)
class Opening:
    """A workflow file, and what is different from what stands in it; None changes nothing."""

    path: Path
    vars: Mapping[str, str] = field(default_factory=dict)
    provider: str | None = None
    limit: int | None = None
    batch: bool | None = None
    parallel: int | None = None
    cache: str | None = None
    allow_outside: bool = False

    def load(self) -> Workflow:
        """The workflow, with its warnings. Raises `Rejected` with every problem of the file."""
        from runner.workflow.load import load

        if mistake := unknown_provider(self.provider):
            raise Rejected.because(mistake)
        mode = None if self.batch is None else "batch" if self.batch else "live"
        given = {
            "provider": self.provider,
            "run.limit": self.limit,
            "run.mode": mode,
            "run.parallel": self.parallel,
            "run.cache": self.cache,
        }
        workflow = load(
            self.path,
            vars=self.vars,
            overrides={name: value for name, value in given.items() if value is not None},
            environ=environment(Path("."), self.path.parent),
            allow_outside=self.allow_outside,
        )
        if workflow.partial:
            raise OnlyAPart.because(
                f"{self.path} says `partial: true`: it is only a part, for others to extend.\n"
                f"  write a file with `extends: {self.path.name}` and `images:`, and run that"
            )
        return workflow


def problems_before(workflow: Workflow) -> tuple[Problem, ...]:
    """What is to be told before anything is asked: the warnings of the file, and what is wrong with
    the files that it names."""
    from runner.stages.image_problems import find_pattern_problems

    return (*workflow.warnings, *find_pattern_problems(workflow))


def reject_errors(problems: tuple[Problem, ...]) -> None:
    """Raises `Rejected` with all of them when one is an error."""
    if errors_of(problems):
        raise Rejected(*problems)


def unknown_provider(name: str | None) -> str | None:
    """Why there is no such provider; None when there is."""
    if name is None:
        return None
    from runner.providers import PROVIDERS

    known = (*PROVIDERS, *PROVIDERS.outside())
    if name in known:
        return None
    close = did_you_mean(name, known)
    hint = f"did you mean `{close}`?" if close else f"there are: {', '.join(known)}"
    return f"there is no provider `{name}`; {hint}"


def with_a_secret(addresses: Mapping[Name, str | None]) -> Name | None:
    """The name of an address that holds a key, a password or a query; None when none does. Addresses
    are shown and written down."""
    secret = Secret.of_environment(environment(Path(".")))
    for name, address in addresses.items():
        with suppress(ValueError):  # no address at all, which is told when it is asked
            parts = urlsplit(address or "")
            if parts.query or parts.username or parts.password or is_key(address or "", secret):
                return name
    return None


NO_SECRETS = "an address holds no key, no password and no `?`; askpix sends the key itself"


def addresses_of(environ: Mapping[str, str]) -> Mapping[str, str | None]:
    """The addresses that the environment names, by the name of their variable."""
    return {name: environ.get(name) for name in (BASE_URL_NAME, OPENAI_URL_NAME)}
