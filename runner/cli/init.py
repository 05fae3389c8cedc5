"""`askpix init` — a first workflow in this folder, and what an editor and git should know of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from runner import library
from runner.cli.exits import NOTHING_RAN
from runner.cli.schema import FILE_NAME as SCHEMA
from runner.cli.starter import Images, images_here, sample, starter
from runner.text.suggest import did_you_mean

DEFAULT = "detect/boxes"

WISHES: Mapping[str, tuple[str, str]] = {
    "find": ("detect/boxes", "find things and draw boxes around them"),
    "cut": ("segment/masks", "cut things out, pixel by pixel"),
    "count": ("count/objects", "count things"),
    "classify": ("classify/label", "sort images, one label for each"),
    "read": ("read/lines", "read text"),
    "describe": ("describe/caption", "describe images in words"),
    "compare": ("compare/changes", "compare two images of the same place"),
}
"""The word to type, the shipped workflow, and what it is for."""

ENV_EXAMPLE = """\
# Copy this file to .env and write your key into it. Never commit .env.
# A key is free: https://aistudio.google.com/apikey
GEMINI_API_KEY=
"""

IGNORED = (".env", "runs/")
"""What git should leave alone: the key, and the folders of runs."""

SETTINGS = {"yaml.schemas": {f"./{SCHEMA}": ["*.workflow.yaml", "*.workflow.yml"]}}


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to write if it is not there yet."""

    path: Path
    content: bytes


@click.command()
@click.option("--example", metavar="NAME", help="Start from this one; `askpix library` lists them.")
@click.option("--yes", is_flag=True, help="Ask nothing; take the usual answers.")
def command(example: str | None, yes: bool) -> int:
    """Start: write a commented workflow into this folder. Nothing is ever overwritten."""
    name = example.removeprefix("lib:") if example else DEFAULT if yes else _ask()
    shipped = library.workflows().get(name)
    if shipped is None:
        close = did_you_mean(name, library.workflows())
        hint = f"did you mean `{close}`?" if close else "`askpix library` lists all"
        click.echo(f"error: there is no example `{name}`; {hint}", err=True)
        return NOTHING_RAN
    here = Path.cwd()
    workflow = f"{name.rpartition('/')[2]}.workflow.yaml"
    images = images_here(here, pair=name.startswith("compare/"))
    text = starter(shipped.read_text(encoding="utf-8"), images, SCHEMA, workflow)
    files = _files(here, workflow, text, images, to_read=name.startswith("read/"))
    try:
        for line in set_up(here, files):
            click.echo(line, err=True)
    except OSError as error:
        click.echo(f"error: cannot write into {here}: {error.strerror}", err=True)
        return NOTHING_RAN
    click.echo(_next(workflow), err=True)
    return 0


def set_up(here: Path, files: Sequence[NewFile]) -> Iterator[str]:
    """Writes what is missing; a line about each file. Raises OSError."""
    for file in files:
        shown = file.path.relative_to(here).as_posix()
        yield f"  wrote  {shown}" if _write_new(file) else f"  kept   {shown} ({_kept(file)})"
    missing = _missing_lines(here / ".gitignore")
    if missing:
        _append(here / ".gitignore", missing)
        yield f"  added  {', '.join(missing)} to .gitignore"


def _files(here: Path, workflow: str, text: str, images: Images, to_read: bool) -> list[NewFile]:
    samples = [
        NewFile(here / name, sample(number, to_read))
        for number, name in enumerate(images.samples, 1)
    ]
    return [
        NewFile(here / workflow, text.encode()),
        *samples,
        NewFile(here / ".env.example", ENV_EXAMPLE.encode()),
        NewFile(here / SCHEMA, library.schema_file("workflow").read_bytes()),
        NewFile(
            here / ".vscode" / "settings.json", (json.dumps(SETTINGS, indent=2) + "\n").encode()
        ),
    ]


def _write_new(file: NewFile) -> bool:
    """False when something of this name is there already; it is left alone."""
    file.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.path.open("xb") as stream:
            stream.write(file.content)
    except FileExistsError:
        return False
    return True


def _kept(file: NewFile) -> str:
    """What to do about a file that was there."""
    if file.path.name == "settings.json" and SCHEMA.encode() not in file.path.read_bytes():
        return f"it was there; add {json.dumps(SETTINGS)[1:-1]}"
    return "it was there"


def _missing_lines(path: Path) -> list[str]:
    """Lines that a .gitignore lacks."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    there = {line.strip() for line in text.splitlines()}
    return [line for line in IGNORED if not {line, f"/{line}", line.rstrip("/")} & there]


def _append(path: Path, lines: Sequence[str]) -> None:
    ends_well = not path.exists() or path.read_bytes()[-1:] in (b"\n", b"")
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(("" if ends_well else "\n") + "".join(f"{line}\n" for line in lines))


def _ask() -> str:
    """What the person wants to do; the usual answer when nobody is there to be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return DEFAULT
    click.echo("What do you want to do with your images?", err=True)
    for word, (_, about) in WISHES.items():
        click.echo(f"  {word:<9} {about}", err=True)
    wish = click.prompt("Type a word", type=click.Choice(list(WISHES)), default="find", err=True)
    return WISHES[wish][0]


def _next(workflow: str) -> str:
    return f"""
Next:
  askpix validate {workflow}
      finds every mistake; needs no key and no network
  askpix run {workflow} --provider simulator
      a rehearsal without a key: no model looks at the images
  askpix run {workflow}
      asks Gemini; first copy .env.example to .env and write your key into it"""
