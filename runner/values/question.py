"""A request on its way, with a name for people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A request on its way, as a journal names it: `name` for people (case and step), `ordinal` the
    place of its result in the plan, `estimate_usd` about what it will cost."""

    key: str
    ordinal: int
    name: str
    estimate_usd: float = 0.0
