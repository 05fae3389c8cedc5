"""The combinations of a matrix: a table of what each reaches and costs, a plot of the two, and what
every axis does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from runner.checks.metrics.limits import number as amount
from runner.report.html.charts import Dot, bar, scatter
from runner.report.html.element import Child, Markup, el, joined, link_to
from runner.report.matrix_text import effects_told
from runner.text.words import money, tokens
from runner.values.difference import Choice, Matrix, Reached

PLOTS = 2
"""So many plots of quality against cost at most: metrics first, then checks."""


def matrix(found: Matrix, combinations: Sequence[Mapping[str, object]]) -> Markup:
    """A row for each combination; it leads to its cases."""
    return el(
        "section",
        el("h2", "Which setting pays", id="matrix-title"),
        el("div", _table(found.choices, combinations), class_="wide", tabindex="0", role="group",
           aria_labelledby="matrix-title"),
        el("p", el("strong", "★ pays"), ": no other combination is as good for less. Brackets are"
           " 95 % intervals.", class_="calm"),
        el("div", *_plots(found.choices), class_="plots"),
        _effects(found),
        class_="panel",
        id="matrix",
        aria_labelledby="matrix-title",
    )  # fmt: skip


def _table(choices: Sequence[Choice], combinations: Sequence[Mapping[str, object]]) -> Markup:
    axes = list(dict.fromkeys(axis for each in choices for axis in each.combination))
    checks = list(dict.fromkeys(name for each in choices for name, *_ in each.held))
    metrics = list(dict.fromkeys(reached.name for each in choices for reached in each.reached))
    heads = ("images", *axes, *checks, *metrics, "cost per case", "tokens per case", "verdict")
    rows = []
    for place, each in enumerate(choices, 1):
        here = _place(each, combinations)
        held = {name: _held(name, count, of, here) for name, count, of in each.held}
        reached = {one.name: _reached(one) for one in each.reached}
        row: list[Child] = [link_to(f"№ {place}", combination=here) if here else f"№ {place}"]
        row += [str(each.combination.get(axis, "—")) for axis in axes]
        row += [held.get(name, "—") for name in checks]
        row += [reached.get(name, "—") for name in metrics]
        cost = money(each.cost_usd)
        row += [
            link_to(cost, combination=here, sort="cost") if here else cost,
            "—" if each.tokens is None else tokens(round(each.tokens)),
        ]
        row.append(el("strong", "★ pays") if each.pays else "")
        cells = (
            el("td", cell, class_="number" if n > len(axes) else None) for n, cell in enumerate(row)
        )
        rows.append(el("tr", *cells, class_="pays" if each.pays else None))
    head = el("tr", *(el("th", each, scope="col") for each in heads))
    return el("table", el("thead", head), el("tbody", *rows))


def _place(choice: Choice, combinations: Sequence[Mapping[str, object]]) -> int:
    found = [*combinations]
    return found.index(choice.combination) + 1 if choice.combination in found else 0


def _held(name: str, count: int, of: int, place: int) -> Markup:
    """For how many it holds; it leads to them."""
    text = f"{count:,} of {of:,}"
    shown = link_to(text, combination=place, held=name) if place and count else text
    return joined(bar(count / of if of else 0), " ", shown)


def _reached(found: Reached) -> Markup:
    if found.value is None:
        return el("span", "—")
    shown = bar(found.value) if not found.unit and 0 <= found.value <= 1 else None
    said = amount(found.value, found.unit)
    if found.low is not None and found.high is not None:
        ends = f"[{amount(found.low, found.unit)}, {amount(found.high, found.unit)}]"
        return joined(shown, " ", said, " ", el("small", ends))
    return joined(shown, " ", said)


def _effects(found: Matrix) -> Markup | None:
    parts = [
        joined(el("dt", title), *(el("dd", line) for line in lines or ("…",)))
        for title, lines in effects_told(found.effects)
    ]
    if not parts:
        return None
    return joined(el("h3", "What each axis does"), el("dl", *parts, class_="effects"))


def _plots(choices: Sequence[Choice]) -> Iterator[Markup]:
    """Quality against cost, of what is not the same for all."""
    plots = [
        (name, unit, dots)
        for name, unit, values in _measures(choices)
        if len(dots := _dots(choices, values)) > 1 and len({each.good for each in dots}) > 1
    ]
    for name, unit, dots in plots[:PLOTS]:
        yield el("figure", scatter(dots, name, unit))


def _measures(choices: Sequence[Choice]) -> Iterator[tuple[str, str, list[float | None]]]:
    for name, unit in dict.fromkeys(
        (one.name, one.unit) for each in choices for one in each.reached
    ):
        values = ({one.name: one.value for one in each.reached} for each in choices)
        yield name, unit, [found.get(name) for found in values]
    for name in dict.fromkeys(name for each in choices for name, *_ in each.held):
        held = ({one: count / of for one, count, of in each.held if of} for each in choices)
        yield name, "", [found.get(name) for found in held]


def _dots(choices: Sequence[Choice], values: Sequence[float | None]) -> list[Dot]:
    return [
        Dot(place, each.cost_usd, value, each.pays)
        for place, (each, value) in enumerate(zip(choices, values, strict=True), 1)
        if each.cost_usd is not None and value is not None
    ]
