"""Which setting pays: the combinations of a matrix and what its axes do, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.checks.metrics.limits import number as amount
from runner.report.difference_text import cell
from runner.report.difference_words import check_told, metric_told, signed
from runner.text.words import money, number, tokens
from runner.values.difference import Choice, Effect, Matrix, MetricDifference, Reached

SHOWN = 30
"""Effects that are listed; `--format json` has all."""


def matrix_text(found: Matrix) -> Iterator[str]:
    """Lines for a terminal: a table of combinations, then what each axis does."""
    rows = _rows(found.choices)
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = (f"{each:<{width}}" for each, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    yield ""
    for title, lines in effects_told(found.effects):
        yield title
        yield from (f"  {line}" for line in lines)
        yield ""
    yield _note(found)


def matrix_markdown(found: Matrix) -> Iterator[str]:
    """The same as Markdown."""
    head, *rows = _rows(found.choices)
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(map(cell, row))} |"
    yield ""
    for title, lines in effects_told(found.effects):
        yield f"**{cell(title)}**"
        yield ""
        yield from (f"- {cell(line)}" for line in lines)
        yield ""
    yield _note(found)


def _rows(choices: Sequence[Choice]) -> list[list[str]]:
    """A line for each combination; first those of the first one's checks and metrics."""
    axes = list(dict.fromkeys(axis for each in choices for axis in each.combination))
    checks = list(dict.fromkeys(name for each in choices for name, *_ in each.held))
    metrics = list(dict.fromkeys(reached.name for each in choices for reached in each.reached))
    rows = [[*axes, *checks, *metrics, "cost per case", "tokens per case", ""]]
    for each in choices:
        held = {name: f"{count:,} of {of:,}" for name, count, of in each.held}
        reached = {one.name: _reached(one) for one in each.reached}
        row = [_value(each.combination[axis]) if axis in each.combination else "" for axis in axes]
        row += [held.get(name, "—") for name in checks]
        row += [reached.get(name, "—") for name in metrics]
        row += [money(each.cost_usd), "—" if each.tokens is None else tokens(round(each.tokens))]
        rows.append([*row, "pays" if each.pays else ""])
    return rows


def _reached(found: Reached) -> str:
    if found.value is None:
        return "—"
    said = amount(found.value, found.unit)
    if found.low is None or found.high is None:
        return said
    return f"{said} [{amount(found.low, found.unit)}, {amount(found.high, found.unit)}]"


def effects_told(effects: Sequence[Effect]) -> Iterator[tuple[str, list[str]]]:
    """In words: each step of an axis with what it does to every check and metric."""
    for each in effects[:SHOWN]:
        over = "" if each.pairs == 1 else f", over all else ({number(each.pairs, 'pair')})"
        title = f"{each.axis}: {_value(each.before)} → {_value(each.now)}{over}"
        lines = [f"{check.name}: {check_told(check)}" for check in each.checks]
        yield title, [*lines, *(f"{metric.name}: {_told(metric)}" for metric in each.metrics)]
    if len(effects) > SHOWN:
        yield f"and {len(effects) - SHOWN:,} more: --format json has all", []


def _told(found: MetricDifference) -> str:
    """`+0.03 [−0.01, +0.07] (0.91 → 0.94 over 40 images)`."""
    if found.change is None or found.low is None or found.high is None:
        return metric_told(found)
    unit = found.unit
    if found.change == 0 and found.low == -found.high:
        return f"the same ({amount(found.now or 0.0, unit)} over {number(found.pairs, 'image')})"
    ends = f"{signed(found.low, unit)}, {signed(found.high, unit)}"
    assert found.before is not None
    assert found.now is not None
    went = f"{amount(found.before, unit)} → {amount(found.now, unit)}"
    said = f"{signed(found.change, unit)} [{ends}] ({went} over {number(found.pairs, 'image')})"
    clear = found.low > 0 or found.high < 0
    return said if clear else f"{said}: no more than chance"


def _value(value: object) -> str:
    text = " ".join(str(value).split())
    return text or '""'


def _note(found: Matrix) -> str:
    said = "pays: no other combination is as good for less. Brackets are 95% intervals."
    return f"{said} Simulated: this says nothing about a model." if found.run.simulated else said
