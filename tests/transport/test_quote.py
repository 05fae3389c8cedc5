"""What a request may cost, before it is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from runner.catalogue import catalogue
from runner.tokens import input_tokens
from runner.transport.quote import FRAME_TOKENS, quote
from runner.values.request import Request, Settings, TextPart
from runner.values.response import Usage

DAY = date(2026, 11, 20)
FLASH = catalogue().model("gemini-3.5-flash")
PRICE = FLASH.price_on(DAY)
REQUEST = Request("interactions", FLASH.name, (TextPart("What is on it?"),))


def dollars(tokens_in: int, tokens_out: int) -> float:
    assert PRICE is not None
    return (tokens_in * PRICE.input + tokens_out * PRICE.output) / 1e6


def test_max_output_tokens_bounds_the_cost() -> None:
    """Text at a byte a token, plus what a service puts around it; output at its limit."""
    asked = replace(REQUEST, settings=Settings(max_output_tokens=8192))
    found = quote(FLASH, asked, DAY, 400)
    size = len("What is on it?") + FRAME_TOKENS
    assert (found.is_bounded, found.model) == (True, "gemini-3.5-flash")
    assert (found.likely_usd, found.most_usd) == (dollars(size, 400), dollars(size, 8192))


def test_without_it_the_bound_is_the_models_own() -> None:
    """The documented output limit; the quote says that nothing in the request bounds it."""
    found = quote(FLASH, REQUEST, DAY, 400)
    assert not found.is_bounded
    assert found.most_usd == dollars(len("What is on it?") + FRAME_TOKENS, FLASH.output_limit)


def test_a_small_limit_also_bounds_what_is_likely() -> None:
    """Nobody supposes an answer of 400 tokens where 64 are allowed."""
    asked = replace(REQUEST, settings=Settings(max_output_tokens=64))
    found = quote(FLASH, asked, DAY, 400)
    assert found.likely_usd == found.most_usd


def test_an_unknown_price_counts_as_nothing_and_says_none_afterwards() -> None:
    """A budget cannot hold what nobody knows; the plan says so."""
    found = quote(catalogue().model("gemini-99"), REQUEST, DAY, 400)
    assert (found.likely_usd, found.most_usd) == (0.0, 0.0)
    assert found.of(Usage(1, 1)) is None


@given(st.text(), st.text(), st.integers(1, 65536))
def test_the_most_is_never_below_the_estimate(prompt: str, system: str, limit: int) -> None:
    """Whatever is written, in whatever script."""
    asked = Request(
        "interactions",
        FLASH.name,
        (TextPart(prompt),),
        system=system,
        schema={"type": "object", "description": prompt},
        settings=Settings(max_output_tokens=limit),
    )
    found = quote(FLASH, asked, DAY, 400)
    assert 0 < found.likely_usd <= found.most_usd
    assert found.most_usd >= dollars(input_tokens(FLASH, asked).tokens, limit)
