"""`askpix doctor`: whether a run would work here, and what to do where it would not.

`--format json` prints one object: `exit_code` and `checks`, a list of objects with `check`, `level`
(`ok`, `warn`, `fail`, `skip`), `says` and `do` (null when there is nothing to do). Neither ever holds
the key.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from runner.cli.exits import DONE, NOTHING_RAN
from runner.cli.options import address_options, outside_option, pairs, var_option
from runner.front.connecting import NO_KEY, is_near, which_service
from runner.front.environment import (
    BASE_URL_NAME,
    OPENAI_URL_NAME,
    env_files_with_a_key,
    environment,
    keys_found,
    what_is_wrong_with_env_files,
)
from runner.roles import OPENAI
from runner.text.excerpt import visible, visible_json
from runner.text.words import number
from runner.transport.secret import KEY_NAMES, OPENAI_KEY_NAME

if TYPE_CHECKING:
    from runner.doctor.finding import Finding
    from runner.roles import Connection
    from runner.workflow.spec import Workflow

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL", "skip": "–   "}
SERVICE_SECONDS = 30.0
PARALLEL = 8
"""What `parallel` is when no workflow says so."""


@click.command(name="doctor")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]…")
@var_option
@outside_option
@address_options
@click.option("--offline", is_flag=True, help="Send nothing: leave out the service and its models.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="runs",
    show_default=True,
    help="The folder in which a run would make its own.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(
    files: tuple[Path, ...],
    variables: tuple[str, ...],
    allow_outside: bool,
    base_url: str | None,
    api_version: str,
    offline: bool,
    out: Path,
    form: Literal["text", "json"],
) -> int:
    """Look whether a run would work on this machine: key, service, models, clock, decoders, disk.

    With FILE, for those workflows: Gemini, or the server of `provider: openai`, or both. A service is
    asked for its list of models (not with --offline), and no model is asked anything. Exit code 0 when nothing fails, else 2: a run would not begin, or not end well.
    """
    from runner.doctor.finding import fails
    from runner.transport.secret import Secret

    patient = _Patient(files, base_url, api_version, out, offline)
    found = [*_workflows(patient, variables, allow_outside), *_findings(patient)]
    names = (*KEY_NAMES, OPENAI_KEY_NAME)
    keys = [each.key for each in keys_found(*patient.folders, names=names)]
    hide = Secret.of_environment(os.environ).and_of(*keys)
    code = NOTHING_RAN if fails(found) else DONE
    if form == "json":
        told = {"exit_code": code, "checks": [_as_json(finding) for finding in found]}
        click.echo(visible_json(hide.hidden_json(told), indent=2))
    else:
        click.echo("\n".join(hide.hidden(line) for line in _lines(found)))
    return code


@dataclass(slots=True)
class _Patient:
    """What is looked at. The workflows that can be read are filled in. `given_url` is that of the
    command line."""

    files: Sequence[Path]
    given_url: str | None
    api_version: str
    out: Path
    offline: bool
    workflows: list[Workflow] = field(default_factory=list)

    @property
    def folders(self) -> list[Path]:
        """Where `.env` files are looked for."""
        return [Path("."), *(file.parent for file in self.files)]

    @property
    def asks_gemini(self) -> bool:
        """Whether the service matters: always, unless all that was named does without it."""
        named = self._providers
        return not named or len(self.workflows) < len(self.files) or "gemini" in named

    @property
    def asks_openai(self) -> bool:
        """Whether a workflow asks an OpenAI-compatible server."""
        return OPENAI in self._providers

    @property
    def asks_both(self) -> bool:
        """Whether one address cannot be that of all workflows."""
        return self.asks_openai and "gemini" in self._providers

    @property
    def _providers(self) -> set[str]:
        return {step.provider for workflow in self.workflows for step in workflow.asks}

    @property
    def gemini_url(self) -> str | None:
        """The address of Gemini, where it is not the usual one."""
        given = None if self.asks_openai else self.given_url
        return given or os.environ.get(BASE_URL_NAME)

    @property
    def openai_url(self) -> str | None:
        """The address of the OpenAI-compatible server."""
        given = None if self.asks_both else self.given_url
        return given or os.environ.get(OPENAI_URL_NAME) or None

    def models(self, provider: str) -> list[str]:
        """The models that a provider is asked for, in the order of the files."""
        from runner.stages.expand import settings_of

        named = [
            settings_of(step, combination)[0]
            for workflow in self.workflows
            for step in workflow.asks
            if step.provider == provider
            for combination in workflow.combinations
        ]
        return [*dict.fromkeys(named)]

    @property
    def revisions(self) -> list[str]:
        """The workflows that send an Api-Revision."""
        return [
            workflow.path.name
            for workflow in self.workflows
            if any(
                name.lower() == "api-revision"
                for step in workflow.asks
                for name in step.settings.headers
            )
        ]

    @property
    def parallel(self) -> int:
        """The most requests that a workflow wants in flight."""
        return max((workflow.run.parallel for workflow in self.workflows), default=PARALLEL)


def _workflows(
    patient: _Patient, variables: Sequence[str], allow_outside: bool
) -> Iterator[Finding]:
    from runner.doctor.finding import Finding
    from runner.values.problem import Rejected, errors_of
    from runner.workflow.load import load

    given: Mapping[str, str] = pairs(variables)
    for file in patient.files:
        environ = environment(Path("."), file.parent)
        try:
            workflow = load(file, vars=given, environ=environ, allow_outside=allow_outside)
        except Rejected as rejected:
            count = number(len(errors_of(rejected.problems)), "mistake")
            yield Finding("workflow", "fail", f"{file} has {count}", f"askpix validate {file}")
            continue
        patient.workflows.append(workflow)
        told = f"{file} can be read; {number(len(workflow.warnings), 'warning')}"
        how = f"askpix validate {file}" if workflow.warnings else ""
        yield Finding("workflow", "ok", told, how)


def _findings(patient: _Patient) -> Iterator[Finding]:
    from runner.doctor import codecs, disk, machine
    from runner.doctor import key as keys

    yield machine.python()
    yield from machine.packages()
    yield from machine.extras()
    if patient.asks_gemini or not patient.asks_openai:
        yield from _gemini(patient)
    if patient.asks_openai:
        yield from _openai(patient)
    yield from keys.readable_by_others([*env_files_with_a_key(*patient.folders)])
    yield from codecs.codecs()
    yield from disk.out_folder(patient.out)
    yield from disk.cache(os.environ)
    yield machine.terminal({"stdout": sys.stdout, "stderr": sys.stderr})
    yield machine.open_files(patient.parallel, machine.limit_of_open_files())


def _gemini(patient: _Patient) -> Iterator[Finding]:
    """The key and the address of Gemini, and what the service says."""
    from runner.catalogue import DEFAULT_MODEL
    from runner.doctor import key as keys
    from runner.doctor import network
    from runner.providers.gemini import BASE_URL

    url, models = patient.gemini_url, patient.models("gemini") or [DEFAULT_MODEL]
    found = [*keys_found(*patient.folders)]
    faults = () if found else [*what_is_wrong_with_env_files(*patient.folders)]
    needed = patient.asks_gemini and not keys.is_this_machine(url)
    yield from keys.key(found, faults, needed=needed)
    yield keys.address(url, BASE_URL)
    yield from network.network(url or BASE_URL, os.environ)
    yield from keys.api_version(patient.api_version, models, patient.revisions)
    yield from _service(patient, found[0].key if found else None, models)


def _service(patient: _Patient, key: str | None, models: Sequence[str]) -> Sequence[Finding]:
    """What the service says, or why it was not asked."""
    from runner.doctor.finding import Finding
    from runner.doctor.key import is_this_machine

    if patient.offline:
        return [Finding("service", "skip", "not asked (--offline): key, models and clock")]
    if not patient.asks_gemini:
        return [Finding("service", "skip", "not asked: these workflows do not ask Gemini")]
    if key is None and is_this_machine(patient.gemini_url):
        key = NO_KEY
    if key is None:
        return [Finding("service", "skip", "not asked: there is no key")]
    import asyncio

    from runner.doctor.service import service

    connection = _connection(key, patient.gemini_url, patient.api_version)
    return asyncio.run(service(connection, models))


def _openai(patient: _Patient) -> Iterator[Finding]:
    """The same of an OpenAI-compatible server."""
    from runner.doctor import chat_server, network
    from runner.doctor import key as keys
    from runner.doctor.finding import Finding

    found = [*keys_found(*patient.folders, names=(OPENAI_KEY_NAME,))]
    yield keys.server_key(found)
    if patient.asks_both and patient.given_url:
        yield Finding("address", "fail", which_service(patient.given_url))
    url = patient.openai_url
    address = chat_server.address(url, is_near=is_near(url))
    yield address
    if url is None or address.level == "fail":
        return
    yield from network.network(url, os.environ)
    if patient.offline:
        yield Finding("server", "skip", "not asked (--offline): key and models")
        return
    import asyncio

    connection = _connection(found[0].key if found else None, url, patient.api_version)
    yield from asyncio.run(chat_server.server(connection, patient.models(OPENAI)))


def _connection(key: str | None, url: str | None, api_version: str) -> Connection:
    from runner.roles import Connection
    from runner.values.request import Policy

    policy = Policy(retries=0, timeout_seconds=SERVICE_SECONDS)
    return Connection(key, url, api_version, policy=policy)


def _lines(found: Sequence[Finding]) -> Iterator[str]:
    width = max(len(finding.check) for finding in found)
    for finding in found:
        yield visible(f"{MARKS[finding.level]}  {finding.check:<{width}}  {finding.says}")
        if finding.do:
            yield visible(f"{'':<{width + 8}}→ {finding.do}")
    bad = sum(finding.level == "fail" for finding in found)
    odd = sum(finding.level == "warn" for finding in found)
    told = [f"{number(bad, 'check fails', 'checks fail')}"] if bad else []
    told += [number(odd, "warning")] if odd else []
    yield ""
    yield f"{', '.join(told)}." if told else "Nothing is wrong."


def _as_json(finding: Finding) -> dict[str, object]:
    return {
        "check": finding.check,
        "level": finding.level,
        "says": finding.says,
        "do": finding.do or None,
    }
