"""Numbers as people write them, in the unit of their key."""

from __future__ import annotations

import pytest

from runner.workflow.amounts import amount_in


@pytest.mark.parametrize(
    ("key", "text", "number"),
    [
        ("tokens_per_minute", "4M", "4000000"),
        ("tokens_per_minute", "4 million", "4000000"),
        ("tokens_per_minute", "1.5m tokens per minute", "1500000"),
        ("tokens_per_minute", "250k TPM", "250000"),
        ("requests_per_minute", "1k", "1000"),
        ("requests_per_minute", "60/min", "60"),
        ("requests_per_minute", "60 rpm", "60"),
        ("requests_per_minute", "10 requests/s", "600"),
        ("requests_per_minute", "90 per hour", "1.5"),
        ("requests_per_minute", "60 per week", None),
        ("max_cost_usd", "$5", "5"),
        ("max_cost_usd", "US$ 1,000", "1000"),
        ("max_cost_usd", "5.50 USD", "5.5"),
        ("max_cost_usd", "0,5 dollars", "0.5"),
        ("max_cost_usd", "1k", "1000"),
        ("max_cost_usd", "5 EUR", "5"),
        ("max_cost_usd", "€5", "5"),
        ("limit", "5 EUR", None),
        ("limit", "100 images", "100"),
        ("max_requests", "2k requests", "2000"),
        ("max_requests", "10k", "10000"),
        ("max_requests", "$5", None),
        ("timeout_seconds", "2m", "120"),
        ("timeout_seconds", "2 hours", "7200"),
        ("timeout_seconds", "500 ms", "0.5"),
        ("limit", "many", None),
        ("limit", "5 of 6", None),
        ("limit", "", None),
        ("limit", "1.2.3", None),
    ],
)
def test_the_number_that_is_meant(key: str, text: str, number: str | None) -> None:
    """Ready to be pasted; what has another unit is not guessed at."""
    assert amount_in(text, key) == number
