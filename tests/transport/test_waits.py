"""How long the service asks to wait, in each way in which it may say so."""

from __future__ import annotations

import pytest

from runner.transport.waits import duration, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("46s", 46.0),
        ("3.5s", 3.5),
        ("0s", 0.0),
        ("10h17m5.7s", 37025.7),
        ("2m", 120.0),
        (" 46s ", 46.0),
        ({"seconds": 46}, 46.0),
        ({"seconds": "46", "nanos": 250_000_000}, 46.25),
        ({}, 0.0),
        ({"seconds": -1}, None),
        ({"seconds": True}, None),
        ({"seconds": "1e9"}, None),
        ("-1s", None),
        ("", None),
        ("s", None),
        ("46", None),
        ("٤٦s", None),
        ("1e9s", None),
        ("9" * 40 + "s", None),
        (46, None),
        (None, None),
        ([], None),
    ],
)
def test_a_duration_is_seconds_or_nothing(value: object, seconds: float | None) -> None:
    """What is absurd is no duration: nobody waits for it."""
    assert duration(value) == seconds


NOON = "Fri, 20 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7.5 "}, 7.5),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT", "date": NOON}, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 13:00:30 +0100", "date": NOON}, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT", "date": NOON}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, None),
        ({"retry-after": "soon", "date": NOON}, None),
        ({"retry-after": "-7"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Fri, 99 Nov 99999999999 12:00:30 GMT", "date": NOON}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date_of_the_service(
    headers: dict[str, str], seconds: float | None
) -> None:
    """A date is compared with the service's own clock; without one it says nothing."""
    assert retry_after(headers) == seconds
