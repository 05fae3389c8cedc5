"""What is known of each model: what it accepts, what it costs, how it counts image tokens.

The facts are data: `models.yaml` beside this file, each with its source and date. An unknown model
is not an error; it is taken to accept everything, and every estimate for it says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

from runner.values.request import Family
from runner.values.shape import Coordinates

DEFAULT_MODEL = "gemini-3.5-flash"
"""Used when a workflow names no model."""

LEVELS = ("none", "minimal", "low", "medium", "high", "xhigh")
"""Every word for `thinking`, from the least to the most."""

TokenRule = Literal["resolution", "tiles"]
"""How images are counted: by a table of resolutions (Gemini 3), or by tiles (2.5 and older)."""

Certainty = Literal["documented", "reported", "transcription", "assumed", "unknown"]

MODEL_DECIDES = -1
"""The `thinking_budget` that leaves the number of tokens to the model."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a group of facts comes from, when it was last looked up there, and how sure it is."""

    page: str
    url: str
    checked: date
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, from one day to another (inclusive). Thoughts cost like
    output."""

    input: float
    output: float
    since: date | None = None
    until: date | None = None
    above_input_tokens: int | None = None
    """When set, the price of requests with more input tokens than this."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `thinking` are the levels it accepts, `budget` the range of `thinking_budget`.

    A fact that nobody documents accepts everything, and its source has the certainty `unknown`.
    """

    name: str
    known: bool = True
    family: Family = "interactions"
    """The endpoint that takes all of its settings; used when the workflow names none."""
    families: tuple[Family, ...] = ("interactions", "generate_content")
    thinking: tuple[str, ...] = LEVELS
    default_thinking: str | None = None
    budget: tuple[int, int] | None = None
    """The least and the most tokens to think with; −1 (the model decides) is accepted besides."""
    budget_may_be_zero: bool = False
    resolutions: tuple[str, ...] = ("low", "medium", "high", "ultra_high")
    image_resolution: bool = True
    """True when the resolution can be set for each image."""
    image_tokens: Mapping[str, int] | None = None
    """Tokens of an image by resolution; `default` when none is said. None: not known."""
    token_rule: TokenRule = "resolution"
    prices: tuple[Price, ...] = ()
    masks: Literal["png", "polygon"] = "polygon"
    input_limit: int = 1_048_576
    output_limit: int = 65_536
    alias_of: str | None = None
    """Set when the name moves from model to model (`gemini-flash-latest`): what it stands for, in
    words, since which model that is today is not documented."""
    deprecated: str | None = None
    """A sentence that names the successor."""
    batch_share: float = 0.5
    """What a token costs within a batch, as a share of its price."""
    in_batch: bool = False
    """Whether `prices` are those within a batch."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    """By group of facts: `thinking`, `images`, `masks`, `limits`, `prices`, `deprecated`."""

    def accepts_thinking(self, level: str) -> bool:
        """Whether the model takes this level (`none minimal low medium high xhigh`).

        What is only assumed refuses nothing: the service decides.
        """
        return level in self.thinking or not self.is_sure("thinking")

    def accepts_budget(self, tokens: int) -> bool:
        """Whether the model takes this `thinking_budget`; what is only assumed refuses nothing."""
        if not self.is_sure("thinking"):
            return True
        if self.budget is None:
            return False
        if tokens == 0:
            return self.budget_may_be_zero
        return tokens == MODEL_DECIDES or self.budget[0] <= tokens <= self.budget[1]

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

    def priced(self, *, in_batch: bool) -> Model:
        """The same model at the prices within a batch, or at the usual ones."""
        if in_batch == self.in_batch:
            return self
        share = self.batch_share if in_batch else 1 / self.batch_share
        prices = (replace(p, input=share * p.input, output=share * p.output) for p in self.prices)
        return replace(self, prices=tuple(prices), in_batch=in_batch)

    def is_sure(self, group: str) -> bool:
        """Whether somebody says so: False for a group of facts that is assumed or unknown."""
        return self._certainty(group) not in ("assumed", "unknown")

    def _certainty(self, group: str) -> Certainty:
        return self.sources[group].certainty if group in self.sources else "unknown"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All known models by name, and when the file was last checked against its sources.

    `images_per_request` and `bytes_per_request` are limits of the service; `safe_bytes_per_request`
    is what every page of its documentation grants.
    """

    models: Mapping[str, Model]
    checked: date
    images_per_request: int = 3600
    bytes_per_request: int = 100_000_000
    safe_bytes_per_request: int = 20_000_000
    coordinates: Mapping[str, Coordinates] = field(default_factory=dict)
    """How models of others write coordinates, by what their names have in common."""

    def coordinates_of(self, name: str) -> Coordinates | None:
        """How a model that is not Gemini's writes coordinates, None when it is not known here.
        Servers spell the same name as they like: `Qwen/Qwen3-VL-8B-Instruct`, `qwen3-vl:8b`."""
        letters = _letters(name)
        return next((found for part, found in self.coordinates.items() if part in letters), None)

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
    return read_catalogue(DATA.read_bytes())


def read_catalogue(content: bytes) -> Catalogue:
    """A catalogue from the bytes of a `models.yaml`. Raises KeyError or ValueError when facts are
    missing from it."""
    import yaml  # only a command that looks at models pays for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # builds without libyaml exist
    data = yaml.load(content, Loader=loader)
    facts = _Facts(data)
    models = {name: facts.model(name, written) for name, written in data["models"].items()}
    if data["default"] != DEFAULT_MODEL:
        raise ValueError(f"the default model is {DEFAULT_MODEL}, not {data['default']}")
    coordinates = {
        _letters(part): Coordinates(str(each["scale"]), each["order"] == "yxyx")  # type: ignore[arg-type]  # a test compares the words
        for part, each in data["coordinates"].items()
    }
    request = data["request"]
    limits = request["images"], request["bytes"], request["safe_bytes"]
    return Catalogue(models, data["checked"], *limits, coordinates)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


class _Facts:
    """The shared parts of the file, by which a model's own lines are read."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def model(self, name: str, written: Mapping[str, Any]) -> Model:
        thinking = written["thinking"]
        images = self.data["image_rules"][written["images"]]
        masks = self.data["mask_rules"][written["masks"]]
        limits = self.data["limits"][written["limits"]]
        deprecated = written.get("deprecated")
        groups = {
            "thinking": thinking,
            "images": images,
            "masks": masks,
            "limits": limits,
            "prices": written["prices"],
        } | ({"deprecated": deprecated} if deprecated else {})
        return Model(
            name=name,
            family=written.get("family", "interactions"),
            thinking=_levels(thinking),
            default_thinking=thinking.get("default"),
            budget=_span(thinking.get("budget")),
            budget_may_be_zero=thinking.get("zero", False),
            resolutions=tuple(images["resolutions"]),
            image_resolution=images["each_image"],
            image_tokens=images["tokens"],
            token_rule=images["rule"],
            prices=tuple(Price(**price) for price in written["prices"]["list"]),
            masks=masks["form"],
            input_limit=limits["input"],
            output_limit=limits["output"],
            alias_of=written.get("alias"),
            deprecated=f"use {deprecated['successor']} instead" if deprecated else None,
            batch_share=self.data["batch"]["share"],
            sources={group: self.source(facts) for group, facts in groups.items()},
        )

    def source(self, facts: Mapping[str, Any]) -> Source:
        page = self.data["sources"][facts["source"]]
        checked = facts.get("checked", self.data["checked"])
        return Source(page["page"], page["url"], checked, facts["certainty"])


def _levels(thinking: Mapping[str, Any]) -> tuple[str, ...]:
    """Levels in the words of a workflow, in which a budget of 0 is `none`."""
    if thinking["certainty"] == "unknown":
        return LEVELS
    return (("none",) if thinking.get("zero") else ()) + tuple(thinking["levels"])


def _span(written: list[int] | None) -> tuple[int, int] | None:
    return (written[0], written[1]) if written else None
