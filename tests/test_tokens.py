"""Estimates of tokens and cost before anything is sent."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.catalogue import catalogue
from runner.tokens import Estimate, cost, image_tokens, input_tokens, text_tokens
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image
from runner.values.request import ImagePart, Request, Resolution, Settings, TextPart
from runner.values.response import Usage

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("size", "estimate"),
    [
        (Size(384, 384), Estimate(258, True, "no side longer than 384 pixels: one tile")),
        (Size(1, 1), Estimate(258, True, "no side longer than 384 pixels: one tile")),
        (Size(960, 540), Estimate(1548, False, "tiles of 258 tokens")),
        (Size(540, 960), Estimate(1548, False, "tiles of 258 tokens")),
        (Size(385, 384), Estimate(4 * 258, False, "tiles of 258 tokens")),
        (Size(1000, 1000), Estimate(4 * 258, False, "tiles of 258 tokens")),
        (Size(10000, 400), Estimate(76 * 258, False, "tiles of 258 tokens")),
        (None, Estimate(258, False, "size unknown: at least one tile")),
    ],
)
def test_an_image_of_2_5_is_counted_in_tiles(size: Size | None, estimate: Estimate) -> None:
    """The documentation's own example: 960 × 540 is 6 tiles of 258 tokens."""
    assert image_tokens(catalogue().model("gemini-2.5-flash"), size, None) == estimate


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_any_size_has_tiles(width: int, height: int) -> None:
    """At least one, also for an image of one pixel's width."""
    estimate = image_tokens(catalogue().model("gemini-2.5-pro"), Size(width, height), "high")
    assert estimate.tokens >= 258
    assert estimate.tokens % 258 == 0


@pytest.mark.parametrize(
    ("model", "resolution", "tokens", "rule"),
    [
        ("gemini-3.5-flash", None, 1120, "an image at most 1,120 at default resolution"),
        ("gemini-3.5-flash", "low", 280, "an image at most 280 at low resolution"),
        ("gemini-3.5-flash", "medium", 560, "an image at most 560 at medium resolution"),
        ("gemini-3.5-flash", "high", 1120, "an image at most 1,120 at high resolution"),
        ("gemini-3.5-flash", "ultra_high", 2240, "an image at most 2,240 at ultra_high resolution"),
        (
            "gemini-4-argon",
            "low",
            280,
            "an image at most 280 at low resolution, assumed as for Gemini 3",
        ),
        ("gemini-2.5-flash", "low", 64, "an image at most 64 at low resolution"),
        ("gemini-2.5-flash", "medium", 256, "an image at most 256 at medium resolution"),
        ("gemini-2.5-flash", "high", 1548, "tiles of 258 tokens"),
        ("a-model-of-next-year", None, 1120, "model not known: as Gemini 3 at most"),
    ],
)
def test_an_image_is_counted_by_its_model_and_resolution(
    model: str, resolution: Resolution | None, tokens: int, rule: str
) -> None:
    """Every number is an estimate and says by which rule."""
    estimate = image_tokens(catalogue().model(model), Size(960, 540), resolution)
    assert estimate == Estimate(tokens, False, rule)


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2)])
def test_a_text_takes_a_token_for_four_characters(text: str, tokens: int) -> None:
    """Rounded up."""
    assert text_tokens(text).tokens == tokens


def test_a_request_is_the_sum_of_its_parts() -> None:
    """Images at their own resolution or the common one, texts, the system's words, the schema."""
    image = Image("a", "image", DataOrigin(b""), "image/png", size=Size(960, 540))
    request = Request(
        "interactions",
        "gemini-3.5-flash",
        (TextPart("12345678"), ImagePart(image), ImagePart(image, "ultra_high")),
        system="1234",
        settings=Settings(media_resolution="low"),
        schema={"a": 1},
    )
    assert input_tokens(catalogue().model(request.model), request) == Estimate(
        280 + 2240 + 2 + 1 + 2,
        False,
        "an image at most 280 at low resolution; an image at most 2,240 at ultra_high resolution; text at 4 characters a token",
    )


@pytest.mark.parametrize(
    ("model", "usage", "usd"),
    [
        ("gemini-3.5-flash", Usage(1_000_000, 0, 0), 1.50),
        ("gemini-3.5-flash", Usage(0, 1_000_000, 0), 9.00),
        ("gemini-3.5-flash", Usage(0, 0, 1_000_000), 9.00),
        ("gemini-3.5-flash", Usage(1120, 12, 90), (1120 * 1.5 + 102 * 9) / 1e6),
        ("gemini-2.5-pro", Usage(300_000, 1000, 0), (300_000 * 2.5 + 1000 * 15) / 1e6),
        ("gemma-4-31b-it", Usage(1, 1, 1), None),
        ("a-model-of-next-year", Usage(1, 1, 1), None),
    ],
)
def test_thoughts_cost_like_output(model: str, usage: Usage, usd: float | None) -> None:
    """A price that nobody knows makes no cost of zero."""
    found = cost(catalogue().model(model), usage, TODAY)
    assert found == (None if usd is None else pytest.approx(usd))
