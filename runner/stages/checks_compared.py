"""One per-image check of two runs: what broke, what was mended, and what that says."""

from __future__ import annotations

from collections.abc import Iterable

from runner.measures.evidence import Interval, judged_pairs, mcnemar, paired, pairs_needed
from runner.values.difference import CheckDifference, Finding
from runner.values.standing import CheckStanding


def compared_checks(
    before: CheckStanding,
    now: CheckStanding,
    cases: Iterable[str],
    unjudged: Iterable[str] = (),
    *,
    is_same: bool = False,
) -> CheckDifference:
    """One per-image check over the cases that both have judged; `unjudged` are those that only the
    earlier one has. `is_same` as of a metric."""
    unjudged = tuple(unjudged)
    rows = [
        (case, old.held, new.held, old.is_flaky or new.is_flaky)
        for case in cases
        if before.judges(case) and now.judges(case)
        for old, new in [(before.votes[case], now.votes[case])]
    ]
    broken = tuple(case for case, old, new, _ in rows if old and not new)
    fixed = tuple(case for case, old, new, _ in rows if new and not old)
    counts = len(broken), len(fixed)
    if not rows and unjudged:
        unsure: Finding = "not enough evidence"
        return CheckDifference(now.name, now.combination, unsure, unjudged=unjudged)
    if not rows:
        why = "no image was judged in both"
        return CheckDifference(now.name, now.combination, "not comparable", why=why)
    is_unmoved = is_same and all(before.votes[case] == now.votes[case] for case, *_ in rows)
    finding = "not worse" if is_unmoved else judged_pairs(*counts, len(rows))
    change = Interval(0.0, 0.0, 0.0) if is_unmoved else paired(*counts, len(rows))
    return CheckDifference(
        now.name,
        now.combination,
        finding,
        len(rows),
        broken,
        fixed,
        tuple(case for case, *_, flaky in rows if flaky),
        mcnemar(*counts),
        change.low,
        change.high,
        pairs_needed(*counts, len(rows)) if finding == "not enough evidence" else None,
        unjudged=unjudged,
    )
