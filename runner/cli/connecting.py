"""How a run reaches the service: the address, the key, and what stands in for both."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from runner.cli.environment import (
    BASE_URL_NAME,
    api_key,
    environment,
    what_is_wrong_with_env_files,
)
from runner.cli.exits import NOTHING_RAN
from runner.cli.recording import connected
from runner.roles import Connection
from runner.values.request import Policy
from runner.workflow.spec import Workflow

if TYPE_CHECKING:
    from runner.transport.recording import Recordings

NO_KEY = "no-key-is-needed-on-this-machine"
"""Sent to a service on this machine when there is no key: a simulator or a test takes any."""


def connection_of(
    workflow: Workflow, base_url: str | None, api_version: str, recordings: Recordings | None
) -> Connection:
    """The connection of a workflow. An address comes from the command line or from the environment
    itself, never from a file: a file that came with a workflow could send the key elsewhere.
    Leaves the program when a key is needed and there is none."""
    address = base_url or os.environ.get(BASE_URL_NAME)
    key = api_key(environment(Path("."), workflow.path.parent))
    if key is None and _is_this_machine(address):
        key = NO_KEY
    elif key is None and not (recordings and recordings.only_replays):
        _need_key(workflow)
    options = workflow.run
    connection = Connection(
        key=key,
        base_url=address,
        api_version=api_version,
        parallel=options.parallel,
        policy=Policy(retries=options.retries, timeout_seconds=options.timeout_seconds),
    )
    return connected(connection, recordings)


def asks_gemini(workflow: Workflow) -> bool:
    """Whether a step asks the real API, or what stands in for it at another address."""
    return any(step.provider == "gemini" for step in workflow.steps)


def is_paid(workflow: Workflow, connection: Connection) -> bool:
    """Whether somebody may send a bill: not a recording, and nothing on this machine."""
    return (
        asks_gemini(workflow)
        and connection.transport is None
        and not _is_this_machine(connection.base_url)
    )


def asks_elsewhere(workflow: Workflow, connection: Connection) -> bool:
    """Whether requests go to another address than that of the service."""
    is_live = connection.transport is None and connection.base_url is not None
    return is_live and asks_gemini(workflow)


def _is_this_machine(address: str | None) -> bool:
    host = urlsplit(address or "").hostname or ""
    return host == "localhost" or host.startswith("127.")


def _need_key(workflow: Workflow) -> None:
    if not asks_gemini(workflow) or workflow.run.cache == "only":
        return
    click.echo("error: no key for the Gemini API.", err=True)
    for fault in what_is_wrong_with_env_files(Path("."), workflow.path.parent):
        click.echo(f"  {fault}", err=True)
    click.echo(
        "  set GEMINI_API_KEY, or write GEMINI_API_KEY=… into a file named .env here\n"
        "  (a key is free at https://aistudio.google.com/apikey);\n"
        "  to rehearse without one, add:  --provider simulator",
        err=True,
    )
    raise SystemExit(NOTHING_RAN)
