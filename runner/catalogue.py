"""What is known of each model: what it accepts, what it costs, how it counts image tokens.

The facts are data: `models.yaml` beside this file, each with its source and date. An unknown model
is not an error; it is taken to accept everything, and every estimate for it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal

from runner.values.request import Family

DEFAULT_MODEL = "gemini-3.5-flash"
"""Used when a workflow names no model."""

TokenRule = Literal["resolution", "tiles"]
"""How images are counted: by a table of resolutions (Gemini 3), or by tiles (2.5 and older)."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, from a day on (inclusive). Thoughts cost like output."""

    input: float
    output: float
    since: date | None = None
    until: date | None = None
    above_input_tokens: int | None = None
    """When set, the price of requests with more input tokens than this."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `thinking` are the levels it accepts, `budget` the range of `thinking_budget`."""

    name: str
    known: bool = True
    family: Family = "interactions"
    families: tuple[Family, ...] = ("interactions", "generate_content")
    thinking: tuple[str, ...] = ()
    default_thinking: str | None = None
    budget: tuple[int, int] | None = None
    budget_may_be_zero: bool = False
    resolutions: tuple[str, ...] = ("low", "medium", "high", "ultra_high")
    image_resolution: bool = True
    """True when the resolution can be set for each image."""
    image_tokens: Mapping[str, int] | None = None
    token_rule: TokenRule = "resolution"
    prices: tuple[Price, ...] = ()
    masks: Literal["png", "polygon"] = "polygon"
    input_limit: int = 1_048_576
    output_limit: int = 65_536
    alias_of: str | None = None
    """Set when the name moves from model to model (`gemini-flash-latest`)."""
    deprecated: str | None = None
    """A sentence that names the successor."""
    source: str = ""
    checked: date | None = None

    def price_on(self, day: date, input_tokens: int = 0) -> Price | None:
        """The price that holds on a day for a request of this size, None when it is not known."""
        valid = [
            price
            for price in self.prices
            if (price.since is None or price.since <= day)
            and (price.until is None or day <= price.until)
            and (price.above_input_tokens is None or input_tokens > price.above_input_tokens)
        ]
        return max(valid, key=lambda price: price.above_input_tokens or 0) if valid else None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All known models by name, and when the file was last checked against its sources."""

    models: Mapping[str, Model]
    checked: date

    def model(self, name: str) -> Model:
        """The model of this name; an unknown one accepts everything (`known` is False)."""
        return self.models.get(name) or Model(name=name, known=False)

    def close(self, name: str) -> tuple[str, ...]:
        """Known names that look like this one."""
        return tuple(get_close_matches(name, self.models, n=3))


DATA = Path(__file__).resolve().parent / "models.yaml"


@cache
def catalogue() -> Catalogue:
    """The catalogue that is shipped with this version."""
    raise NotImplementedError
