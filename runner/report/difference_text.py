"""`askpix diff` for people: on the terminal, or as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.report.difference_words import (
    check_told,
    metric_told,
    name_told,
    named,
    setting_told,
)
from runner.text.words import money, number, tokens
from runner.values.difference import (
    CaseDifference,
    CheckDifference,
    Differences,
    MetricDifference,
    Side,
    Turn,
)

SHOWN = 20
"""Cases of one kind that are listed; `--format json` has all."""


SAID: tuple[Turn, ...] = ("worse", "better", "changed", "flaky", "same")


def difference_text(found: Differences) -> Iterator[str]:
    """Lines for a terminal."""
    yield f"before  {_side(found.before)}"
    yield f"now     {_side(found.now)}"
    yield ""
    for title, lines in _parts(found):
        yield title
        yield from (f"  {line}" for line in lines)
        yield ""
    yield _end(found)


def difference_markdown(found: Differences) -> Iterator[str]:
    """The same as Markdown: a table of numbers, lists of cases."""
    yield f"### {_end(found)}"
    yield ""
    yield "| | run | cost | tokens | time |"
    yield "|---|---|---|---|---|"
    for name, side in (("before", found.before), ("now", found.now)):
        took = "" if side.seconds is None else f"{side.seconds:,.0f} s"
        mark = " (simulated)" if side.simulated else ""
        cost = money(side.cost_usd)
        yield f"| {name} | {cell(side.run)}{mark} | {cost} | {tokens(side.tokens)} | {took} |"
    yield ""
    rows = [*map(_check_row, found.checks), *map(_metric_row, found.metrics)]
    if rows:
        yield "| check or metric | finding | over the same images |"
        yield "|---|---|---|"
        yield from (f"| {' | '.join(map(cell, row))} |" for row in rows)
        yield ""
    for title, lines in _parts(found):
        if title not in ("checks", "metrics"):
            yield f"**{title}**"
            yield ""
            yield from (f"- {cell(line)}" for line in lines)
            yield ""


def _parts(found: Differences) -> Iterator[tuple[str, list[str]]]:
    """The parts that have something to tell."""
    everything = {
        "settings": [setting_told(each) for each in found.settings],
        "files": [f"{name} changed" for name in found.files],
        "checks": [f"{name_told(each)}: {check_told(each)}" for each in found.checks],
        "metrics": [f"{name_told(each)}: {metric_told(each)}" for each in found.metrics],
        **{
            title: list(
                _cases(_firmest([each for each in found.cases if each.turn == title], found))
            )
            for title in ("worse", "better", "flaky", "changed")
        },
        "not counted": list(_left_out(found)),
    }
    yield from ((title, lines) for title, lines in everything.items() if lines)


def _firmest(cases: Sequence[CaseDifference], found: Differences) -> Sequence[CaseDifference]:
    """Those first of which a check says so: a metric of one image moves with every answer."""
    firm = {case for check in found.checks for case in (*check.broken, *check.fixed)}
    return sorted(cases, key=lambda each: each.case not in firm)


def _cases(cases: Sequence[CaseDifference]) -> Iterator[str]:
    for case in cases[:SHOWN]:
        told = [*case.why]
        for each in case.answers:
            if each.is_same:
                continue
            parts = []
            if each.status_before != each.status_now:
                parts.append(f"{each.status_before} → {each.status_now}")
            if each.matched or each.gone or each.new:
                same = number(each.matched, "thing") + " in both"
                how = "" if each.overlap is None else f" (overlap {each.overlap:.2f})"
                parts.append(f"{same}{how}, {len(each.gone)} gone, {len(each.new)} new")
            told.append(f"{each.step}: {', '.join(parts) or 'another answer'}")
        yield f"{case.case}: {'; '.join(told)}" if told else case.case
    if len(cases) > SHOWN:
        yield f"and {len(cases) - SHOWN:,} more"


def _left_out(found: Differences) -> Iterator[str]:
    for cases, what in (
        (found.only_before, "only before"),
        (found.only_now, "only now"),
        (found.other_images, "other images or another row under the same name"),
    ):
        if cases:
            yield f"{number(len(cases), 'case')} {what}: {named(cases)}"
    if found.twins:
        yield f"{number(len(found.twins), 'case')} of the same images as another: {named(found.twins)}"


def _end(found: Differences) -> str:
    turns = [each.turn for each in found.cases]
    counts = ", ".join(f"{turns.count(t)} {t}" for t in SAID if t in turns or t != "flaky")
    said = f"{number(found.pairs, 'case')} in both: {counts}"
    if not found.has_answers:
        said += " (by their checks and metrics: a baseline file holds no answers)"
    if found.is_mixed:
        said += "; one run is simulated and the other is not: this says nothing about a model"
    return said


def _side(side: Side) -> str:
    took = "" if side.seconds is None else f", {side.seconds:,.0f} s"
    mark = ", simulated" if side.simulated else ""
    return f"{side.run}: {money(side.cost_usd)}, {tokens(side.tokens)} tokens{took}{mark}"


def _check_row(found: CheckDifference) -> tuple[str, str, str]:
    return name_told(found), found.finding, check_told(found).removeprefix(f"{found.finding}: ")


def _metric_row(found: MetricDifference) -> tuple[str, str, str]:
    why = metric_told(found).removeprefix(f"{found.finding}: ")
    return name_told(found), found.finding or "", why


def cell(text: str) -> str:
    """A text that stays in its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
