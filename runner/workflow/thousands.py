"""Whole numbers with a point between their digits: `1.000` is one, and may be meant as a thousand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.values.problem import Route
from runner.workflow.findings import Findings

WHOLE = ("max_output_tokens", "thinking_budget", "seed", "limit", "max_requests")
"""What takes whole numbers, and large ones."""


def tell_thousands(data: Mapping[str, Any], findings: Findings) -> None:
    """Every `1.000` where only whole numbers make sense: nobody writes the zeros of a one."""
    for route, value in _numbers(data):
        if not isinstance(value, float):
            continue
        written = findings.document.text(route)
        if re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+", written):
            key, whole = route[-1], written.replace(".", "")
            message = f"`{written}` is the number {value:g}: a point starts the decimals"
            fix = f"write {key}: {whole}, or {key}: {value:g}"
            findings.error("W204", route, message, fix)


def _numbers(data: Mapping[str, Any]) -> Iterator[tuple[Route, object]]:
    owners: list[tuple[Route, object]] = [((key,), data.get(key)) for key in ("defaults", "run")]
    owners += [(("steps", index), step) for index, step in enumerate(data.get("steps") or ())]
    for route, owner in owners:
        if isinstance(owner, dict):
            yield from (((*route, key), owner[key]) for key in WHOLE if key in owner)
