"""How many tokens a request takes and what it costs, before it is sent: estimates, named as such.

Sources: ai.google.dev, image understanding (tiles), media resolution (tables), tokens (a token is
about four characters). The numbers themselves stand in `models.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from runner.catalogue import Model
from runner.values.geometry import Size
from runner.values.request import ImagePart, Request, Resolution
from runner.values.response import Usage

TILE_TOKENS = 258
SMALL_SIDE = 384
"""An image with no side longer than this is one tile."""

CHARACTERS_PER_TOKEN = 4
UNKNOWN_IMAGE_TOKENS = 1120
"""Taken for an image of an unknown model: what Gemini 3 takes at most when nothing is said."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of tokens, whether the documentation fixes it, and the rule it was reckoned by."""

    tokens: int
    exact: bool
    rule: str


def image_tokens(model: Model, size: Size | None, resolution: Resolution | None) -> Estimate:
    """What one image takes of the input: `size` in pixels as sent, None when nobody here knows it."""
    table = model.image_tokens
    if table is None:
        return Estimate(UNKNOWN_IMAGE_TOKENS, False, "model not known: as Gemini 3 at most")
    if (named := table.get(resolution or "default")) is not None:
        sure = "" if model.is_sure("images") else ", assumed as for Gemini 3"
        return Estimate(
            named,
            False,
            f"an image at most {named:,} at {resolution or 'default'} resolution{sure}",
        )
    if model.token_rule == "tiles":
        return _by_tiles(size)
    return Estimate(max(table.values()), False, f"at most: it has no {resolution} resolution")


def text_tokens(text: str) -> Estimate:
    """What a text takes: a token for about four characters, rounded up."""
    return Estimate(-(-len(text) // CHARACTERS_PER_TOKEN), False, "text at 4 characters a token")


def input_tokens(model: Model, request: Request) -> Estimate:
    """What a request takes of the input: its images, its texts and its response schema, with those of the examples."""
    overall = request.settings.media_resolution
    images = [
        image_tokens(model, part.image.sent_size, part.resolution or overall)
        for part in request.sent_parts
        if isinstance(part, ImagePart)
    ]
    estimates = images + [text_tokens(text) for text in request.texts]
    rules = dict.fromkeys(estimate.rule for estimate in estimates if estimate.tokens)
    return Estimate(sum(e.tokens for e in estimates), False, "; ".join(rules))


def cost(model: Model, usage: Usage, day: date) -> float | None:
    """US dollars for this usage at the price of that day, None when one of them is not known.

    Thoughts are billed like output and counted apart from it. Tokens from a cache are counted in
    the input; their discount is not documented well enough to be taken off.
    """
    price = model.price_on(day, usage.input_tokens)
    if price is None or not usage.is_known:
        return None
    output = usage.output_tokens + usage.thought_tokens
    return (usage.input_tokens * price.input + output * price.output) / 1e6


def _by_tiles(size: Size | None) -> Estimate:
    """258 tokens a tile; the side of a tile is the shorter side of the image, divided by 1.5.

    The page does not clamp the side of a tile; an older one clamps it to 256–768 pixels.
    """
    if size is None:
        return Estimate(TILE_TOKENS, False, "size unknown: at least one tile")
    if max(size.width, size.height) <= SMALL_SIDE:
        return Estimate(TILE_TOKENS, True, f"no side longer than {SMALL_SIDE} pixels: one tile")
    unit = max(1, min(size.width, size.height) * 2 // 3)
    tiles = -(-size.width // unit) * -(-size.height // unit)
    return Estimate(tiles * TILE_TOKENS, False, f"tiles of {TILE_TOKENS} tokens")
