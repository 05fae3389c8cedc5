"""Lists in pages, as the service gives them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from runner.providers.simulator.errors import ApiError

T = TypeVar("T")


def page(
    items: Sequence[T], query: Mapping[str, str], *, usual: int, most: int
) -> tuple[Sequence[T], str | None]:
    """One page of a list, and the token of the next one. Raises a 400 for a wrong token."""
    size = _number(query.get("pageSize") or "0", "page_size") or usual
    start = _number(query.get("pageToken") or "0", "page_token")
    end = start + min(size, most)
    return items[start:end], str(end) if end < len(items) else None


def _number(text: str, name: str) -> int:
    if not text.isdigit():
        raise ApiError(400, f"Invalid value at '{name}': {text!r}")
    return int(text)
