"""Check: results × checks → verdicts, in one pass over the cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.checks.ballot import Ballot
from runner.checks.that import That
from runner.roles import CaseResults
from runner.stages.definition import definition_of
from runner.values.reference import Reference
from runner.values.request import canonical_json
from runner.values.verdict import JudgedCase, Verdict
from runner.workflow.spec import CheckSpec, Combination

Keep = Callable[[JudgedCase], None]


def check(
    specs: Sequence[CheckSpec],
    cases: Iterable[CaseResults],
    combinations: Sequence[Combination] = (),
    repeats: int = 1,
    keep: Keep = lambda judged: None,
) -> tuple[Verdict, ...]:
    """The verdict of every check on every combination that it is about, checks in their order.

    `cases` is read once and none of it is kept. `combinations` are those of the plan: one without
    any case still gets its verdict, which says that there was nothing to judge. `repeats` is how
    often each case was asked. `keep` gets what every check says of every case.
    """
    judges = [Judge(spec, check_of(spec), repeats, keep) for spec in specs]
    for judge in judges:
        for combination in combinations:
            judge.seat(combination, canonical_json(combination))
    for case in cases:
        key = canonical_json(case.combination)
        for judge in judges:
            judge.add(case, key)
    return tuple(verdict for judge in judges for verdict in judge.verdicts())


def check_of(spec: CheckSpec) -> That:
    """The check that a spec describes."""
    options = {comparison.name: comparison.value for comparison in spec.comparisons}
    if isinstance(options.get("same_as"), str):
        options["same_as"] = Reference.parse(str(options["same_as"]))
    return That(
        that=spec.that,
        ignore_case=spec.ignore_case,
        tolerance=spec.tolerance,
        pass_rate=spec.pass_rate,
        level=spec.level,
        only=spec.only,
        name=spec.name,
        **spec.manner,  # type: ignore[arg-type]  # so has it those
        **options,  # type: ignore[arg-type]  # load has checked their types
    )


@dataclass(slots=True)
class Judge:
    """One check and its ballots, one for each combination that it is about."""

    spec: CheckSpec
    check: That
    repeats: int
    keep: Keep = lambda judged: None
    ballots: dict[str, tuple[Mapping[str, object], Ballot]] = field(default_factory=dict)

    def seat(self, combination: Mapping[str, object], key: str) -> Ballot | None:
        """The ballot of a combination; None when the check is not about it. `key` is its text."""
        if key not in self.ballots:
            if not self.check.applies_to(combination):
                return None
            self.ballots[key] = (combination, Ballot(self.repeats))
        return self.ballots[key][1]

    def add(self, case: CaseResults, key: str) -> None:
        """Judges one case."""
        ballot = self.seat(case.combination, key)
        if ballot is not None:
            verdict = self.check.judge_case(case)
            ballot.add(case.repeat, verdict)
            about = (self.spec.name, case.case, case.combination, case.repeat)
            self.keep(JudgedCase(*about, verdict.passed))

    def verdicts(self) -> Iterator[Verdict]:
        """One for each combination; a check that met none says so, too."""
        seats = self.ballots.values() or [(self.check.only, Ballot(self.repeats))]
        for combination, ballot in seats:
            verdict = self.check.verdict(ballot, combination)
            definition = definition_of(self.spec)
            yield replace(verdict, place=self.spec.place, definition=definition)
