"""Counts what one check finds in one combination, in memory that does not grow with the cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from runner.checks.words import counted, share
from runner.values.verdict import CaseVerdict, Outcome, Verdict

KEPT = 1000
"""Cases that failed, and cases that were not judged, that a verdict names; the rest is counted."""


@dataclass(slots=True)
class Votes:
    """What the repeats of one case said."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    why: str = ""

    @property
    def all(self) -> int:
        """The number of repeats that were heard."""
        return self.passed + self.failed + self.skipped

    def add(self, repeat: int, verdict: CaseVerdict) -> None:
        """Counts one repeat; the reason of the first that failed is kept."""
        match verdict.passed:
            case True:
                self.passed += 1
            case False:
                self.why = self.why if self.failed else f"repeat {repeat}: {verdict.why}"
                self.failed += 1
            case None:
                self.why = self.why or verdict.why
                self.skipped += 1

    def verdict(self, case: str) -> CaseVerdict:
        """A case passes when most of its judged repeats pass; a tie fails."""
        judged = self.passed + self.failed
        if judged == 0:
            return CaseVerdict(case, None, self.why)
        if self.passed > self.failed:
            return CaseVerdict(case, True, "")
        return CaseVerdict(case, False, f"holds in {self.passed} of {judged} repeats; {self.why}")


@dataclass(slots=True)
class Ballot:
    """Takes the verdicts of cases one by one. `repeats` is how often each case is asked.

    The repeats of a case may come in any order; a case is settled when all were heard, or at the
    end. With one repeat nothing waits.
    """

    repeats: int = 1
    judged: int = 0
    passed: int = 0
    skipped: int = 0
    named: list[CaseVerdict] = field(default_factory=list)
    named_skipped: int = 0
    open: dict[str, Votes] = field(default_factory=dict)

    def add(self, repeat: int, verdict: CaseVerdict) -> None:
        """One case in one repeat."""
        if self.repeats == 1:
            self._settle(verdict)
            return
        votes = self.open.setdefault(verdict.case, Votes())
        votes.add(repeat, verdict)
        if votes.all >= self.repeats:
            del self.open[verdict.case]
            self._settle(votes.verdict(verdict.case))

    def verdict(
        self, name: str, combination: Mapping[str, object], needed: float, warns: bool
    ) -> Verdict:
        """The verdict over everything that was added."""
        for case, votes in self.open.items():
            self._settle(votes.verdict(case))
        self.open.clear()
        return Verdict(
            name=name,
            outcome=self._outcome(needed, warns),
            combination=combination,
            judged=self.judged,
            passed=self.passed,
            skipped=self.skipped,
            reached=self.passed / self.judged if self.judged else 0.0,
            needed=needed,
            why=self._why(needed),
            cases=tuple(self.named),
        )

    def _settle(self, verdict: CaseVerdict) -> None:
        if verdict.passed is None:
            self.skipped += 1
            if self.named_skipped < KEPT:
                self.named_skipped += 1
                self.named.append(verdict)
            return
        self.judged += 1
        self.passed += verdict.passed
        if not verdict.passed and self.judged - self.passed <= KEPT:
            self.named.append(verdict)

    def _outcome(self, needed: float, warns: bool) -> Outcome:
        if self.judged == 0:
            return "skipped"
        if self.passed >= _cases_needed(needed, self.judged):
            return "passed"
        return "warned" if warns else "failed"

    def _why(self, needed: float) -> str:
        if self.judged == 0:
            return self._nothing_judged()
        of = counted(self.judged, "case", "cases")
        parts = [f"holds for {self.passed:,} of {of}"]
        if self.passed < self.judged or needed < 1:
            parts[0] += f" ({share(self.passed / self.judged)}), needed {share(needed)}"
        if self.skipped:
            parts.append(f"{counted(self.skipped, 'case was', 'cases were')} not judged")
        failing = [case for case in self.named if case.passed is False]
        if failing:
            parts.append(f"{failing[0].case}: {failing[0].why}")
        return "; ".join(parts)

    def _nothing_judged(self) -> str:
        if not self.skipped:
            return "nothing to judge: there is no case"
        first = self.named[0]
        none = counted(self.skipped, "case was", "cases were")
        return f"nothing to judge: {none} not judged; {first.case}: {first.why}"


def _cases_needed(needed: float, judged: int) -> int:
    """How many cases are that share; 0.95 of 20 is 19, although 0.95 · 20 > 19 in binary."""
    return ceil(needed * judged - 1e-9)
