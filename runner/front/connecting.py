"""How a run reaches the service: the address, the key, and what stands in for both."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.front.environment import (
    BASE_URL_NAME,
    OPENAI_URL_NAME,
    api_key,
    environment,
    openai_key,
    what_is_wrong_with_env_files,
)
from runner.roles import OPENAI, Connection, Service
from runner.transport.secret import KEY_NAMES, OPENAI_KEY_NAME
from runner.values.problem import Rejected
from runner.values.request import Policy
from runner.workflow.spec import Workflow

if TYPE_CHECKING:
    from runner.transport.recording import Recordings

NO_KEY = "no-key-is-needed-on-this-machine"
"""Sent to a service on this machine when there is no key: a simulator or a test takes any."""


def connection_of(
    workflow: Workflow,
    base_url: str | None,
    api_version: str,
    recordings: Recordings | None,
    key: str | None = None,
) -> Connection:
    """The connection of a workflow. An address comes from whoever runs it or from the environment
    itself, never from a file: a file that came with a workflow could send the key elsewhere. Each
    service has its own address and its own key; a `key` that is given wins over the environment's.
    Raises `Rejected` when a key or an address is needed and there is none."""
    environ = environment(Path("."), workflow.path.parent)
    replays = recordings is not None and recordings.only_replays
    services: dict[str, Service] = {}
    if asks_openai(workflow):
        if asks_gemini(workflow) and (base_url or key):
            raise Rejected.because(which_service(base_url))
        services[OPENAI] = _openai(workflow, base_url, environ, replays, key)
        base_url = key = None
    address, key = _gemini(workflow, base_url, environ, replays, key)
    options = workflow.run
    connection = Connection(
        key=key,
        base_url=address,
        api_version=api_version,
        parallel=options.parallel,
        policy=Policy(retries=options.retries, timeout_seconds=options.timeout_seconds),
        services=services,
    )
    return _connected(connection, recordings)


def which_service(base_url: str | None) -> str:
    """What to say where one address or one key is given for two services."""
    if base_url:
        names, what = (BASE_URL_NAME, OPENAI_URL_NAME), "where one of them is"
    else:
        names, what = (KEY_NAMES[-1], OPENAI_KEY_NAME), "which key is whose"
    return f"this workflow asks two services: set {names[0]} or {names[1]} to say {what}"


def _connected(connection: Connection, recordings: Recordings | None) -> Connection:
    """The connection with these recordings before the service, or in its place."""
    if recordings is None:
        return connection
    if recordings.only_replays:
        return replace(connection, transport=recordings.transport(None), replays=True)
    return replace(connection, wrap=recordings.transport)


def _gemini(
    workflow: Workflow,
    base_url: str | None,
    environ: Mapping[str, str],
    replays: bool,
    key: str | None,
) -> tuple[str | None, str | None]:
    """The address and the key of Gemini; neither for a workflow that asks another service only."""
    if asks_openai(workflow) and not asks_gemini(workflow):
        return None, None
    address = base_url or os.environ.get(BASE_URL_NAME)
    key = key or api_key(environ)
    if key is None and is_this_machine(address):
        key = NO_KEY
    elif key is None and not replays:
        _need_key(workflow)
    return address, key


def _openai(
    workflow: Workflow,
    base_url: str | None,
    environ: Mapping[str, str],
    replays: bool,
    key: str | None,
) -> Service:
    """The address and the key of the OpenAI-compatible server; many need no key."""
    address = base_url or os.environ.get(OPENAI_URL_NAME) or None
    if address is None and not replays and workflow.run.cache != "only":
        raise Rejected.because(
            "no address of a server for `provider: openai`.\n"
            f"  set {OPENAI_URL_NAME}, or add --base-url with, on this machine, usually\n"
            "    http://127.0.0.1:11434/v1   Ollama\n"
            "    http://127.0.0.1:8000/v1    vLLM\n"
            "    http://127.0.0.1:8080/v1    llama.cpp"
        )
    return Service(address.rstrip("/") if address else None, key or openai_key(environ))


def asks_gemini(workflow: Workflow) -> bool:
    """Whether a step asks the real API, or what stands in for it at another address."""
    return any(step.provider == "gemini" for step in workflow.asks)


def asks_openai(workflow: Workflow) -> bool:
    """Whether a step asks an OpenAI-compatible server."""
    return any(step.provider == OPENAI for step in workflow.asks)


def is_paid(workflow: Workflow, connection: Connection) -> bool:
    """Whether somebody may send a bill: not a recording, nothing on this machine, and no server
    of one's own network."""
    if connection.transport is not None:
        return False
    if asks_gemini(workflow) and not is_this_machine(connection.base_url):
        return True
    return asks_openai(workflow) and not is_near(connection.of(OPENAI).base_url)


def asks_elsewhere(workflow: Workflow, connection: Connection) -> bool:
    """Whether requests go to another address than that of the service."""
    is_live = connection.transport is None and connection.endpoint is not None
    return is_live and (asks_gemini(workflow) or asks_openai(workflow))


def is_this_machine(address: str | None) -> bool:
    """Whether an address is one of this machine: a simulator or a test, which needs no key."""
    host = _host(address)
    return host == "localhost" or host.startswith("127.")


def is_near(address: str | None) -> bool:
    """Whether a server is on this machine or in a private network, by its number or by a name that
    no name of the internet looks like."""
    host = _host(address)
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal"))


def _host(address: str | None) -> str:
    try:
        return urlsplit(address or "").hostname or ""
    except ValueError:  # no address at all, which is told when it is asked
        return ""


def _need_key(workflow: Workflow) -> None:
    if not asks_gemini(workflow) or workflow.run.cache == "only":
        return
    faults = what_is_wrong_with_env_files(Path("."), workflow.path.parent)
    raise Rejected.because(
        "\n".join(
            (
                "no key for the Gemini API.",
                *(f"  {fault}" for fault in faults),
                "  set GEMINI_API_KEY, or write GEMINI_API_KEY=… into a file named .env here",
                "  (a key is free at https://aistudio.google.com/apikey);",
                "  to rehearse without one, add:  --provider simulator",
            )
        )
    )
