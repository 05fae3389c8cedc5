"""A run as a small page of HTML: what it came to, and a few of its images with what was found.

Names of files and words of a model are shown, never acted on: every text is escaped.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from runner.text.excerpt import visible
from runner.text.words import money, number
from runner.values.problem import Rejected
from runner.values.result import Result

if TYPE_CHECKING:
    from runner.api.results import Check, Run

IMAGES = 4
LOOKED_AT = 40
"""So many results are looked at for images on which something was found."""

SIDE = 240
"""Pixels of the long side of a small image."""

CHECKS = 20
LONGEST = 300
MARKS = {"passed": "✓", "failed": "✗", "warned": "!", "skipped": "–"}


def page(run: Run) -> str:
    """The page; what cannot be read any more is left out of it."""
    rows = [
        ("status", f"{run.status}: {run.why}" if run.why else run.status),
        ("results", ", ".join(f"{count:,} {status}" for status, count in run.counts.items())),
        ("cost", _cost(run)),
        ("folder", str(run.folder)),
    ]
    checks = run.checks
    body = [
        f"<b>{_text(run.name)}</b>",
        f"<table>{''.join(_row(*row) for row in rows)}</table>",
        f"<table>{''.join(map(_check, checks[:CHECKS]))}</table>" if checks else "",
        f"<p>{number(len(checks) - CHECKS, 'more check')}</p>" if len(checks) > CHECKS else "",
        "".join(islice(_figures(run), IMAGES)),
    ]
    return f"<div>{''.join(body)}</div>"


def _cost(run: Run) -> str:
    if run.is_simulated:
        return f"nothing: simulated (a model would have cost {money(run.cost_usd)})"
    return money(run.cost_usd)


def _row(name: str, value: str) -> str:
    return f"<tr><th style='text-align:left'>{_text(name)}</th>{_cell(value)}</tr>"


def _check(check: Check) -> str:
    combination = ", ".join(f"{axis} {value}" for axis, value in check.combination.items())
    name = f"{check.name} ({combination})" if combination else check.name
    return f"<tr>{_cell(MARKS[check.outcome])}{_cell(name)}{_cell(check.why)}</tr>"


def _cell(value: str) -> str:
    return f"<td style='text-align:left'>{_text(value)}</td>"


def _text(value: str) -> str:
    short = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    return escape(visible(short))


def _figures(run: Run) -> Iterator[str]:
    try:
        for result in islice(run, LOOKED_AT):
            if result.detections and (shown := _shown(run, result)) is not None:
                yield shown
    except Rejected:
        return


def _shown(run: Run, result: Result) -> str | None:
    try:
        pixels = run.overlay(result)
    except Rejected:
        return None
    pixels.thumbnail((SIDE, SIDE))
    content = BytesIO()
    pixels.save(content, "JPEG", quality=80)
    source = f"data:image/jpeg;base64,{b64encode(content.getvalue()).decode()}"
    found = number(len(result.detections), "thing")
    title = _text(f"{result.case} · {result.step} · {found}")
    return (
        "<figure style='display:inline-block;margin:8px 8px 0 0'>"
        f"<img src='{source}' alt='{title}'><figcaption>{title}</figcaption></figure>"
    )
