"""Progress for people: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from runner.cli.excerpt import visible
from runner.cli.saying import fall_silent
from runner.cli.words import money, tokens
from runner.values.tally import Tally

if TYPE_CHECKING:
    from rich.progress import Progress

Watch = Callable[[Tally], None]

PLAIN_SECONDS = 30.0
PLAIN_SHARE = 0.1


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

    def __call__(self, tally: Tally) -> None:
        """Prints a line when it is time for one."""
        now = self._clock()
        far = tally.done - self._last_done >= max(1.0, tally.total * PLAIN_SHARE)
        if not far and now - self._last_time < PLAIN_SECONDS and tally.done < tally.total:
            return
        self._last_time, self._last_done = now, tally.done
        try:
            print(line(tally, self._budget), file=self._stream, flush=True)
        except OSError:
            fall_silent()


def line(tally: Tally, budget_usd: float | None = None) -> str:
    """The totals as one line: `212/400 · 3 without answer · $0.21 of $1.00 · 1.9M tokens`."""
    parts = [f"{tally.done:,}/{tally.total:,}"]
    if tally.unusable:
        parts.append(f"{tally.unusable:,} without an answer")
    parts.append(money(tally.cost_usd) + (f" of {money(budget_usd)}" if budget_usd else ""))
    parts.append(
        f"{tokens(tally.input_tokens + tally.output_tokens + tally.thought_tokens)} tokens"
    )
    return " · ".join(parts)


def _is_live(stream: TextIO) -> bool:
    import os

    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


@contextmanager
def _live(total: int, budget_usd: float | None) -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _bar_watch(bar, total, budget_usd)


def _bar_watch(bar: Progress, total: int, budget_usd: float | None) -> Watch:
    from rich.markup import escape

    task = bar.add_task(f"0/{total:,}", total=total)
    shown: set[str] = set()

    def watch(tally: Tally) -> None:
        bar.update(task, completed=tally.done, description=escape(line(tally, budget_usd)))
        if tally.last_error and tally.last_error not in shown and len(shown) < 20:
            shown.add(tally.last_error)
            try:
                bar.console.print(escape(visible(f"  {tally.last_error[:300]}")), highlight=False)
            except OSError:
                fall_silent()

    return watch
