"""How often `askpix test` calls a run worse: when nothing has changed, and when something has.

    python bench/evidence.py          # prints the table of docs/baselines.md

Every image has a chance of its own to be answered rightly: nine in ten nearly always, one in ten by
the toss of a coin; so the same question asked twice gives two runs that differ. A regression takes the
chance away from some images altogether. `accuracy` may not drop at all (`max_drop: 0`), or by 2 %; the
per-image check has no margin.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

import numpy as np

from runner.stages.compare import Margin, compared_checks, compared_metrics
from runner.values.standing import CheckStanding, MetricStanding, Votes

IMAGES = (6, 10, 20, 40, 100, 200)
LOSSES = (0.0, 0.05, 0.1, 0.2, 0.4)
TRIES = 400
DEFINITION = {"metric": "accuracy", "of": "look.label", "against": "row.label"}


def main() -> None:
    """Prints the table."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else TRIES
    print("| images | loss | check | accuracy, `max_drop: 0` | accuracy, `max_drop: 2%` |")
    print("|---|---|---|---|---|")
    for images in IMAGES:
        for loss in LOSSES:
            found = rates(images, loss, tries)
            cells = " | ".join(f"{100 * share:.0f} %" for share in found)
            print(f"| {images} | {100 * loss:.0f} % | {cells} |", flush=True)


def rates(images: int, loss: float, tries: int) -> tuple[float, float, float]:
    """The shares of tries that are called worse, by the check and with either margin."""
    random = np.random.default_rng([images, round(1000 * loss)])
    worse: Counter[int] = Counter()
    for _ in range(tries):
        chances = np.where(random.random(images) < 0.1, 0.5, 0.99)
        before = random.random(images) < chances
        spoilt = random.random(images) < loss
        now = (random.random(images) < chances) & ~spoilt
        for place, finding in enumerate(findings(before, now)):
            worse[place] += finding == "worse"
    return worse[0] / tries, worse[1] / tries, worse[2] / tries


def findings(before: Sequence[bool], now: Sequence[bool]) -> tuple[str, str, str]:
    """What is said of one pair of runs."""
    cases = [str(number) for number in range(len(before))]
    check = compared_checks(_check(before), _check(now), cases)
    margins = (Margin(0.0), Margin(0.02))
    metrics = [compared_metrics(_metric(before), _metric(now), cases, each) for each in margins]
    return check.finding, metrics[0].finding, metrics[1].finding


def _check(right: Sequence[bool]) -> CheckStanding:
    votes = {str(n): Votes(int(each), int(not each)) for n, each in enumerate(right)}
    return CheckStanding("right", {"that": "look.label"}, {}, votes)


def _metric(right: Sequence[bool]) -> MetricStanding:
    parts = {str(n): ({"": (float(each), 1.0)},) for n, each in enumerate(right)}
    return MetricStanding("accuracy", DEFINITION, {}, "more", "", None, parts)


if __name__ == "__main__":
    main()
