"""Progress for people: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING, TextIO

from runner.cli.saying import fall_silent
from runner.text.excerpt import visible
from runner.text.words import money, number, tokens
from runner.values.tally import Tally

if TYPE_CHECKING:
    from rich.progress import Progress

Watch = Callable[[Tally], None]

PLAIN_SECONDS = 30.0
PLAIN_SHARE = 0.1

WIDE, NARROW = 24, 80
"""The columns of the bar, and of a terminal on which it is a quarter as wide."""


@contextmanager
def progress(total: int, *, quiet: bool, budget_usd: float | None) -> Iterator[Watch]:
    """What to call with the totals after every result. Everything goes to stderr."""
    if quiet or total == 0:
        yield lambda tally: None
    elif _is_live(sys.stderr):
        with _live(total, budget_usd) as watch:
            yield watch
    else:
        yield Heartbeat(sys.stderr, budget_usd)


class Heartbeat:
    """A plain line every 30 seconds or every tenth of the way, and at the end."""

    def __init__(
        self,
        stream: TextIO,
        budget_usd: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._budget, self._clock = stream, budget_usd, clock
        self._last_time, self._last_done = clock(), 0
        self._batches = ""

    def __call__(self, tally: Tally) -> None:
        """Prints a line when it is time for one."""
        now = self._clock()
        news = batches(tally)
        far = news != self._batches or tally.done - self._last_done >= max(
            1.0, tally.total * PLAIN_SHARE
        )
        if not far and now - self._last_time < PLAIN_SECONDS and tally.done < tally.total:
            return
        self._last_time, self._last_done, self._batches = now, tally.done, news
        try:
            print(line(tally, self._budget), file=self._stream, flush=True)
        except OSError:
            fall_silent()


def line(tally: Tally, budget_usd: float | None = None, room: float = inf) -> str:
    """The totals as one line: `212/400 · 3 without answer · $0.21 of $1.00 · 1.9M tokens`. The
    tokens are left out when there is no room for so many letters."""
    parts = [f"{tally.done:,}/{tally.total:,}"]
    if tally.likely_entries:
        about = "" if tally.listed >= tally.lists else "about "
        parts.append(f"{tally.entries:,} of {about}{tally.likely_entries:,} entries")
    if tally.unusable:
        parts.append(f"{tally.unusable:,} without an answer")
    parts.append(money(tally.cost_usd) + (f" of {money(budget_usd)}" if budget_usd else ""))
    used = f"{tokens(tally.input_tokens + tally.output_tokens + tally.thought_tokens)} tokens"
    rest = [*filter(None, [batches(tally)])]
    whole = " · ".join([*parts, used, *rest])
    return whole if len(whole) <= room else " · ".join([*parts, *rest])


def batches(tally: Tally) -> str:
    """What is heard of the batches that are not over: `2 batches: 1 pending, 1 running`."""
    heard = (str(each["state"]) for each in tally.batches.values())
    states = Counter("on the way" if state in SENDING else state for state in heard)
    told = [f"{states[state]:,} {state}" for state in UNDER_WAY if states[state]]
    count = sum(states[state] for state in UNDER_WAY)
    return f"{number(count, 'batch', 'batches')}: {', '.join(told)}" if told else ""


SENDING = ("written", "uploaded", "creating")
UNDER_WAY = ("on the way", "pending", "running")
"""States of a batch in which it is still to be waited."""


def _is_live(stream: TextIO) -> bool:
    import os

    from runner.cli.ci import ci_variable

    return stream.isatty() and os.environ.get("TERM") != "dumb" and not ci_variable(os.environ)


@contextmanager
def _live(total: int, budget_usd: float | None) -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    bar_width = WIDE if console.width >= NARROW else WIDE // 4
    columns = (
        BarColumn(bar_width=bar_width),
        TextColumn("{task.description}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _bar_watch(bar, total, budget_usd, console.width - bar_width - len("  00:00:00"))


def _bar_watch(bar: Progress, total: int, budget_usd: float | None, room: int) -> Watch:
    from rich.markup import escape

    task = bar.add_task(f"0/{total:,}", total=total)
    shown: set[str] = set()

    def watch(tally: Tally) -> None:
        bar.update(task, completed=tally.done, description=escape(line(tally, budget_usd, room)))
        if tally.last_error and tally.last_error not in shown and len(shown) < 20:
            shown.add(tally.last_error)
            try:
                bar.console.print(escape(visible(f"  {tally.last_error[:300]}")), highlight=False)
            except OSError:
                fall_silent()

    return watch
