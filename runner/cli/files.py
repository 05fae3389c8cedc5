"""`askpix files` — what is uploaded with this key: what is there, and making room.

`--format json` prints one object: `files`, each with `name`, `bytes`, `mime`, `state`, `expires` and
`ours` (whether askpix uploaded it), and for `clean` also `deleted`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import click

from runner.cli.cache import ask
from runner.cli.exits import NOTHING_RAN
from runner.cli.options import address_options
from runner.cli.saying import say
from runner.front.connecting import NO_KEY, is_this_machine
from runner.front.environment import BASE_URL_NAME, api_key, environment
from runner.text.excerpt import visible, visible_json
from runner.text.words import number, weight
from runner.values.response import Failure

if TYPE_CHECKING:
    from runner.providers.gemini.files import Files, RemoteFile

Form = Literal["text", "json"]
T = TypeVar("T")

_format = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.group()
def command() -> None:
    """List or delete the images that are uploaded with your key.

    A workflow with `upload: files` or `auto` uploads images; they cost nothing and are gone after
    48 hours. All files of a project together may have 20 GB.
    """


@command.command(name="list")
@address_options
@_format
def list_files(base_url: str | None, api_version: str, form: Form) -> int:
    """List the files of your key: which are ours, and when they expire."""
    found = _talk(base_url, api_version, lambda files: files.listed())
    if form == "json":
        click.echo(visible_json(_as_json(found), indent=2))
    else:
        click.echo("\n".join(page(found)))
    return 0


@command.command()
@click.option("--all", "every", is_flag=True, help="Also files that askpix did not upload.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@address_options
@_format
def clean(base_url: str | None, api_version: str, every: bool, yes: bool, form: Form) -> int:
    """Delete the files that askpix uploaded. A run that needs them uploads them again."""
    found = _talk(base_url, api_version, lambda files: files.listed())
    chosen = [file for file in found if every or is_ours(file)]
    if chosen:
        whose = "" if every else " that askpix uploaded"
        ask(f"Delete {number(len(chosen), 'file')}{whose} ({_spoken(chosen)})?", yes)
        _talk(base_url, api_version, lambda files: _deleted(files, chosen))
    if form == "json":
        left = [file for file in found if file not in chosen]
        click.echo(visible_json({**_as_json(left), "deleted": len(chosen)}, indent=2))
    else:
        click.echo(f"{number(len(chosen), 'file')} deleted ({_spoken(chosen)})")
    return 0


def is_ours(file: RemoteFile) -> bool:
    """Whether askpix uploaded a file, on this machine or another: by the name that it shows."""
    from runner.providers.gemini.uploads import NAME

    return file.display_name.startswith(NAME)


def page(files: Sequence[RemoteFile]) -> list[str]:
    """The files as lines for people."""
    ours = sum(map(is_ours, files))
    lines = [f"{number(len(files), 'file')} ({_spoken(files)}), {ours:,} uploaded by askpix"]
    for file in files:
        whose = "askpix" if is_ours(file) else file.display_name or "—"
        until = (file.expires or "—")[:16].replace("T", " ")
        line = f"  {file.name}  {_spoken([file]):>9}  {file.state}  until {until}  {whose}"
        lines.append(visible(line))
    return lines


def _as_json(files: Sequence[RemoteFile]) -> dict[str, object]:
    return {
        "files": [
            {
                "name": file.name,
                "bytes": file.size_bytes,
                "mime": file.mime,
                "state": file.state,
                "expires": file.expires,
                "ours": is_ours(file),
            }
            for file in files
        ]
    }


async def _deleted(files: Files, chosen: Sequence[RemoteFile]) -> Failure | None:
    """Deletes files; one that is gone already is deleted, too."""
    for file in chosen:
        failure = await files.delete(file.name)
        if failure is not None and failure.kind not in ("file_gone", "not_found"):
            return failure
    return None


def _talk(
    base_url: str | None, api_version: str, work: Callable[[Files], Awaitable[T | Failure]]
) -> T:
    """What the service answered; a sentence and exit code 2 when it did not."""
    import asyncio

    address = base_url or os.environ.get(BASE_URL_NAME)
    key = api_key(environment(Path("."))) or (NO_KEY if is_this_machine(address) else None)
    if key is None:
        say(
            "error: no key for the Gemini API; set GEMINI_API_KEY, or write it into a file .env here"
        )
        raise SystemExit(NOTHING_RAN)
    outcome = asyncio.run(_asked(address, key, api_version, work))
    if isinstance(outcome, Failure):
        say(f"error: {outcome.message}")
        raise SystemExit(NOTHING_RAN)
    return outcome


async def _asked(
    address: str | None,
    key: str,
    api_version: str,
    work: Callable[[Files], Awaitable[T | Failure]],
) -> T | Failure:
    from runner.providers.gemini import BASE_URL
    from runner.providers.gemini.files import Files
    from runner.providers.gemini.session import refuse
    from runner.roles import Connection
    from runner.transport.client import Channel, open_client

    connection = Connection(key=key, base_url=address, api_version=api_version)
    if failure := refuse(connection):
        return failure
    async with open_client(connection) as client:
        channel = Channel(client, connection.policy, key)
        return await work(Files(channel, (address or BASE_URL).rstrip("/"), api_version))


def _spoken(files: Sequence[RemoteFile]) -> str:
    return weight(sum(file.size_bytes for file in files))
