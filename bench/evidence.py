"""How often `askpix test` is wrong, and how often it sees what is there: simulated regressions.

    python bench/evidence.py          # prints the two tables of docs/baselines.md, in about ten minutes
    python bench/evidence.py 50       # with 50 tries a line

Every image has a chance of its own to be answered rightly: nine in ten nearly always, one in ten by
the toss of a coin; so the same question asked twice gives two runs that differ. A regression (`loss`)
takes the chance away from some images altogether.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from statistics import median

import numpy as np
from numpy.random import Generator

from runner.stages.checks_compared import compared_checks
from runner.stages.metrics_compared import Margin, compared_metrics
from runner.values.difference import CheckDifference, MetricDifference
from runner.values.standing import CheckStanding, MetricStanding, Votes

IMAGES = (6, 10, 20, 40, 100, 200)
LOSSES = (0.0, 0.05, 0.1, 0.2, 0.4)
TRIES = 400
TOLD = ((20, 0.0), (40, 0.0), (20, 0.2), (40, 0.2), (100, 0.1))
"""Images and losses at which it is looked at how many images are said to decide."""

DEFINITION = {"metric": "accuracy", "of": "look.label", "against": "row.label"}
MARGINS = (Margin(0.0), Margin(0.05))

Found = tuple[CheckDifference, MetricDifference, MetricDifference]


def main() -> None:
    """Prints the tables."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else TRIES
    for line in chain(findings_table(tries), [""], needed_table(tries)):
        print(line, flush=True)


def findings_table(
    tries: int, sizes: Sequence[int] = IMAGES, losses: Sequence[float] = LOSSES
) -> Iterator[str]:
    """How often each finding comes, of a check and of a metric with two margins."""
    yield (
        "| images | loss | a check: worse | a check: not worse | `max_drop: 0`: worse"
        " | `max_drop: 5%`: worse | `max_drop: 5%`: not worse |"
    )
    yield "|---|---|---|---|---|---|---|"
    for images in sizes:
        for loss in losses:
            told = [[each.finding for each in found] for found in _tries(images, loss, tries)]
            shares = [
                sum(findings[place] == finding for findings in told) / tries
                for place, finding in (
                    *((0, "worse"), (0, "not worse"), (1, "worse")),
                    *((2, "worse"), (2, "not worse")),
                )
            ]
            yield _row(images, loss, shares)


def needed_table(tries: int) -> Iterator[str]:
    """How many images are said to decide, and how often so many really do."""
    yield "| images | loss | a check: would decide | do so | `max_drop: 5%`: would decide | do so |"
    yield "|---|---|---|---|---|---|"
    for images, loss in TOLD:
        found = list(_tries(images, loss, tries))
        cells = []
        for place in (0, 2):
            told = [each.needed for pair in found if (each := pair[place]).needed]
            middle = round(median(told))
            fewer = max(20, tries // 4)
            again = list(_tries(middle, loss, fewer))
            done = sum(pair[place].finding != "not enough evidence" for pair in again)
            cells += [f"{middle:,}", f"{100 * done / fewer:.0f} %"]
        yield f"| {images} | {100 * loss:.0f} % | {' | '.join(cells)} |"


def _row(images: int, loss: float, shares: Sequence[float]) -> str:
    cells = " | ".join(f"{100 * share:.1f} %" for share in shares)
    return f"| {images} | {100 * loss:.0f} % | {cells} |"


def _tries(images: int, loss: float, tries: int) -> Iterator[Found]:
    random = np.random.default_rng([images, round(1000 * loss)])
    for _ in range(tries):
        yield compared(*two_runs(images, loss, random))


def two_runs(images: int, loss: float, random: Generator) -> tuple[Sequence[bool], Sequence[bool]]:
    """Which images two runs of the same images answer rightly."""
    chances = np.where(random.random(images) < 0.1, 0.5, 0.99)
    before = random.random(images) < chances
    spoilt = random.random(images) < loss
    return before.tolist(), ((random.random(images) < chances) & ~spoilt).tolist()


def compared(before: Sequence[bool], now: Sequence[bool]) -> Found:
    """What is said of one pair of runs."""
    cases = [str(number) for number in range(len(before))]
    check = compared_checks(_check(before), _check(now), cases)
    strict, mild = (compared_metrics(_metric(before), _metric(now), cases, m) for m in MARGINS)
    return check, strict, mild


def _check(right: Sequence[bool]) -> CheckStanding:
    votes = {str(n): Votes(int(each), int(not each)) for n, each in enumerate(right)}
    return CheckStanding("right", {"that": "look.label"}, {}, votes)


def _metric(right: Sequence[bool]) -> MetricStanding:
    parts = {str(n): ({"": (float(each), 1.0)},) for n, each in enumerate(right)}
    return MetricStanding("accuracy", DEFINITION, {}, "more", "", None, parts)


if __name__ == "__main__":
    main()
