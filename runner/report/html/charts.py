"""Charts of the overview as SVG: small, and each with its numbers beside it as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from runner.checks.metrics.limits import number as amount
from runner.report.html.element import Markup, el
from runner.text.words import money

WIDE, HIGH = 90, 12


def bar(share: float, needed: float | None = None) -> Markup:
    """A share of all, with a stroke at what is needed."""
    full = round(max(0.0, min(1.0, share)) * WIDE, 1)
    parts = [
        el("rect", x=0, y=2, width=WIDE, height=8, class_="rail"),
        el("rect", x=0, y=2, width=full, height=8, class_="full"),
    ]
    if needed:
        parts.append(_stroke(min(1.0, needed) * WIDE, "limit"))
    return _small(*parts)


def interval(
    low: float, value: float, high: float, unit: str, limit: float | None = None
) -> Markup:
    """Where a value is between the ends of its interval, on a rail from 0 to 1, or to its end."""
    top = 1.0 if not unit and high <= 1 else max(high, limit or 0.0, 1e-12)
    x, y, z = (max(0.0, min(1.0, each / top)) * WIDE for each in (low, value, high))
    parts = [
        el("rect", x=0, y=5, width=WIDE, height=2, class_="rail"),
        el("rect", x=round(x, 1), y=3, width=max(1.0, round(z - x, 1)), height=6, class_="span"),
        _stroke(y, "value"),
    ]
    if limit is not None:
        parts.append(_stroke(limit / top * WIDE, "limit"))
    return _small(*parts)


def _stroke(x: float, name: str) -> Markup:
    return el("rect", x=round(x - 1, 1), y=0, width=2, height=HIGH, class_=name)


def _small(*parts: Markup) -> Markup:
    return el("svg", *parts, class_="bar", viewBox=f"-1 0 {WIDE + 2} {HIGH}", width=WIDE,
              height=HIGH, aria_hidden="true")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dot:
    """A combination: what it costs per case, how good it is, and whether it pays."""

    number: int
    cost: float
    good: float
    pays: bool


PLOT_WIDE, PLOT_HIGH, LEFT, BOTTOM, TOP, RIGHT = 420, 240, 52, 40, 34, 28


def scatter(dots: Sequence[Dot], name: str, unit: str) -> Markup:
    """Cost to the right, quality upward. The numbers are those of the table beside it."""
    costs, goods = [each.cost for each in dots], [each.good for each in dots]
    across = _Axis(0.0, max(costs) * 1.1 or 1.0, LEFT, PLOT_WIDE - RIGHT)
    up = _Axis(*_around(goods, unit), PLOT_HIGH - BOTTOM, TOP)
    parts = [*_grid(across, up, name, unit)]
    best = sorted((each for each in dots if each.pays), key=lambda each: each.cost)
    if len(best) > 1:
        way = " ".join(f"{across.at(e.cost):.1f},{up.at(e.good):.1f}" for e in best)
        parts.append(el("polyline", points=way, class_="front"))
    for each in dots:
        x, y = round(across.at(each.cost), 1), round(up.at(each.good), 1)
        parts.append(el("circle", cx=x, cy=y, r=10, class_="dot pays" if each.pays else "dot"))
        parts.append(el("text", f"{each.number}", x=x, y=y + 4, class_="in-dot"))
    said = f"{name} against the cost per case; the numbers are in the table"
    return el("svg", el("title", said), *parts, class_="plot", role="img",
              viewBox=f"0 0 {PLOT_WIDE} {PLOT_HIGH}", aria_label=said)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Axis:
    least: float
    most: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value stands, in units of the drawing."""
        return self.start + (value - self.least) / (self.most - self.least) * (
            self.end - self.start
        )

    def ticks(self) -> list[float]:
        """Round numbers from one end to the other."""
        step = _round((self.most - self.least) / 3)
        first, last = ceil(self.least / step - 1e-9), floor(self.most / step + 1e-9)
        return [n * step for n in range(first, last + 1)]


def _round(step: float) -> float:
    """The 1, 2 or 5 of a power of ten that is next to it."""
    power: float = 10.0 ** floor(log10(step))
    return power * min((1, 2, 5, 10), key=lambda each: abs(each * power - step))


def _around(values: Sequence[float], unit: str) -> tuple[float, float]:
    """The ends of an axis for these values; no share is more than 1 or less than 0."""
    least, most = min(values), max(values)
    room = (most - least) * 0.25 or abs(most) * 0.1 or 0.1
    if unit == "" and least >= 0 and most <= 1:
        return max(0.0, least - room), max(min(1.0, most + room), least + room / 2)
    return least - room, most + room


def _grid(across: _Axis, up: _Axis, name: str, unit: str) -> list[Markup]:
    parts = []
    for value in up.ticks():
        y = round(up.at(value), 1)
        parts.append(el("line", x1=LEFT, x2=PLOT_WIDE - RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(el("text", _short(value, unit), x=LEFT - 6, y=y + 4, class_="tick end"))
    for value in across.ticks():
        x = round(across.at(value), 1)
        parts.append(el("text", money(value), x=x, y=PLOT_HIGH - BOTTOM + 16, class_="tick"))
    middle = (LEFT + PLOT_WIDE - RIGHT) / 2
    parts.append(el("text", "cost per case →", x=middle, y=PLOT_HIGH - 6, class_="axis"))
    parts.append(el("text", f"↑ {name}", x=8, y=17, class_="axis start"))
    return parts


def _short(value: float, unit: str) -> str:
    return amount(float(f"{value:.3g}"), unit)
