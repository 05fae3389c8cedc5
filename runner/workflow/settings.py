"""How a step asks: its own settings, the defaults, and what the models in question accept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.catalogue import DEFAULT_MODEL
from runner.values.problem import Route
from runner.values.request import Settings
from runner.values.shape import GEMINI_COORDINATES, Coordinates

AXES = (
    "model",
    "thinking",
    "thinking_budget",
    "media_resolution",
    "temperature",
    "top_p",
    "max_output_tokens",
    "seed",
)
"""Settings that a matrix may vary; besides them any variable: `vars.thing`."""

SETTINGS = (
    "provider",
    "model",
    "api",
    *AXES[1:],
    "safety",
    "headers",
    "prompt_position",
    "coords",
)
"""Every setting of a step and of `defaults`."""

RIVALS = {"thinking": "thinking_budget", "thinking_budget": "thinking"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings of a step and where each was written; no route for what nobody wrote.

    `own` are those of the step itself, including the rival of one (`thinking_budget` for
    `thinking`): no axis reaches them.
    """

    values: Mapping[str, Any]
    routes: Mapping[str, Route | None]
    own: frozenset[str]

    @property
    def model(self) -> str:
        """The model when no axis chooses one."""
        return str(self.values.get("model", DEFAULT_MODEL))

    @property
    def provider(self) -> str:
        """Who answers."""
        return str(self.values.get("provider", "gemini"))

    @property
    def coordinates(self) -> Coordinates:
        """The convention of its coordinates."""
        coords = self.values.get("coords") or {}
        if not coords:
            return GEMINI_COORDINATES
        scale = str(coords.get("scale") or 1000)
        return Coordinates(scale, (coords.get("order") or "yxyx") == "yxyx")  # type: ignore[arg-type]  # the schema's words

    @property
    def settings(self) -> Settings:
        """As they are sent."""
        plain = {key: self.values[key] for key in AXES[1:] if key in self.values}
        whole = {key: int(plain[key]) for key in _WHOLE if key in plain}
        maps = {key: dict(self.values.get(key, {})) for key in ("safety", "headers")}
        return Settings(**{**plain, **whole, **maps})


_WHOLE = ("thinking_budget", "seed", "max_output_tokens")


def chosen(
    step: Mapping[str, Any],
    route: Route,
    defaults: Mapping[str, Any],
    overrides: Mapping[str, object],
) -> Chosen:
    """The settings of a step: the command line's win over its own, those over the defaults."""
    values: dict[str, Any] = {}
    routes: dict[str, Route | None] = {}
    layers: tuple[tuple[Mapping[str, Any], Route | None], ...] = (
        (defaults, ("defaults",)),
        (step, route),
        (overrides, None),
    )
    for layer, base in layers:
        for key in SETTINGS:
            if layer.get(key) is None:
                continue
            values.pop(RIVALS.get(key, ""), None)
            values[key] = layer[key]
            routes[key] = (*base, key) if base is not None else None
    own = {key for key in SETTINGS if step.get(key) is not None or key in overrides}
    return Chosen(values, routes, frozenset(own | {RIVALS[key] for key in own if key in RIVALS}))
