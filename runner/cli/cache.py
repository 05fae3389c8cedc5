"""`askpix cache` — answers kept across runs: what is there, and making room.

`--format json` prints one object: `path`, `bytes`, `limit_bytes`, `answers`, `oldest` (when the
answer was last wanted that will go first; null when there is none), `set_aside` (damaged files that
were kept), and for `clean` also `deleted`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import click

from runner.cli.exits import NOTHING_RAN
from runner.cli.numbers import Number
from runner.text.words import number
from runner.values.bounds import MOST

if TYPE_CHECKING:
    from runner.store.cache import Cache, CacheInfo
    from runner.store.cache_place import CachePlace

Form = Literal["text", "json"]

AGAIN = "a run that wants such an answer again pays for it again"

_format = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.group()
def command() -> None:
    """Show or empty the cache: answers that no run pays for again.

    ASKPIX_CACHE names another folder for it, ASKPIX_CACHE_MB how large it may become (1000).
    """


@command.command()
@_format
def info(form: Form) -> int:
    """Say where the cache is and what is in it."""
    with _opened() as cache:
        place, about = cache.place, cache.info()
    click.echo(json.dumps(as_json(place, about)) if form == "json" else page(place, about))
    return 0


@command.command()
@click.option(
    "--older-than",
    "days",
    type=Number(0, MOST),
    metavar="DAYS",
    help="Only answers that no run wanted for so many days.",
)
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@_format
def clean(days: float | None, yes: bool, form: Form) -> int:
    """Delete answers. A run that wants them again pays for them again."""
    with _opened() as cache:
        before = cache.info()
        if before.answers:
            count = number(before.answers, "answer")
            what = f"all {count}" if days is None else f"what nobody wanted for {days:g} days"
            ask(f"Delete {what} from {cache.place.file}? {AGAIN[0].upper()}{AGAIN[1:]}.", yes)
        deleted = cache.clean(days)
        place, about = cache.place, cache.info()
    if form == "json":
        click.echo(json.dumps({**as_json(place, about), "deleted": deleted}))
    else:
        click.echo(f"{number(deleted, 'answer')} deleted; {_megabytes(about.bytes)} are in use")
        if deleted:
            click.echo(f"  {AGAIN}", err=True)
    return 0


def as_json(place: CachePlace, about: CacheInfo) -> dict[str, object]:
    """What `--format json` prints."""
    return {
        "path": str(place.file),
        "bytes": about.bytes,
        "limit_bytes": place.limit_bytes,
        "answers": about.answers,
        "oldest": f"{about.oldest:%Y-%m-%dT%H:%M:%SZ}" if about.oldest else None,
        "set_aside": [str(path) for path in about.set_aside],
    }


def page(place: CachePlace, about: CacheInfo) -> str:
    """The same for people."""
    lines = [
        str(place.file),
        f"  answers  {about.answers:,}",
        f"  size     {_megabytes(about.bytes)} of {_megabytes(place.limit_bytes)}",
    ]
    if about.oldest:
        lines.append(f"  oldest   last wanted on {about.oldest:%Y-%m-%d}")
    lines += [f"  damaged  {path}" for path in about.set_aside]
    return "\n".join(lines)


@contextmanager
def _opened() -> Iterator[Cache]:
    """The cache of this person; a sentence and exit code 2 when there is none."""
    from runner.store.cache import Cache
    from runner.store.cache_place import cache_place

    try:
        cache = Cache(cache_place(os.environ), lambda sentence: click.echo(sentence, err=True))
    except ValueError as mistake:
        raise click.UsageError(str(mistake)) from None
    try:
        if cache.off is not None:
            if not cache.place.limit_bytes:  # a wish; a run says nothing about it
                click.echo(f"no cache: {cache.off}", err=True)
            raise SystemExit(NOTHING_RAN)
        yield cache
    except OSError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    finally:
        cache.close()


def ask(question: str, yes: bool) -> None:
    """Asks a person; where nobody can answer, `--yes` must have been said."""
    if yes:
        return
    if not _somebody_is_there():
        raise click.UsageError("nobody is here to be asked; to delete without a question add --yes")
    if not click.confirm(question, err=True):
        raise click.exceptions.Exit(NOTHING_RAN)


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _megabytes(size: int) -> str:
    """`0.3 MB`, `1,000 MB`."""
    megabytes = size / (1 << 20)
    return f"{megabytes:,.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"
