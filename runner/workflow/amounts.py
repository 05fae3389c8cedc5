"""Numbers with a unit, as people write them: `4M`, `$5`, `60/min`, `2 minutes`."""

from __future__ import annotations

import re
from fractions import Fraction

from runner.workflow.telling import number_in


def amount_in(text: str, key: str) -> str | None:
    """The number that is meant as the value of a key, in the unit of that key; None for what has
    another unit, or is no number. Money of another currency is taken as it is: see `in_dollars`."""
    found = _AMOUNT.fullmatch(text.strip())
    number = number_in(found["number"]) if found else None
    if found is None or number is None or (found["dollar"] and not key.endswith("_usd")):
        return None
    factor = _factor(" ".join(found["unit"].lower().split()), key)
    return None if factor is None else _plain(Fraction(number) * factor)


def in_dollars(text: str) -> str:
    """What is said beside the number of an amount in another currency."""
    return ", in US dollars" if _OTHER_CURRENCY.search(text) else ""


_OTHER_CURRENCY = re.compile("€|£|¥|euros?|eur|chf|gbp", re.IGNORECASE)

_AMOUNT = re.compile(
    r"(?P<dollar>(?:US)?\$|[€£¥])?\s*(?P<number>[-+]?\d[\d.,'’_]*)\s*(?P<unit>[A-Za-z$€£¥/ ]*)"
)

_MANY = {
    "": 1,
    "k": 1_000,
    "thousand": 1_000,
    "m": 1_000_000,
    "mio": 1_000_000,
    "million": 1_000_000,
}

_SECONDS = {
    **dict.fromkeys(("ms", "milliseconds"), Fraction(1, 1000)),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), Fraction(1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), Fraction(60)),
    **dict.fromkeys(("h", "hour", "hours"), Fraction(3600)),
}

_RATE = re.compile(
    r"(?P<many>k|m|mio|million|thousand)? ?(?:(?:requests?|tokens?) ?)?"
    r"(?:(?P<letters>[rt]pm)|(?:/|per ) ?(?P<unit>[a-z]+))?"
)
"""`k`, `rpm`, `k tokens/min`, `requests per second`."""


def _factor(unit: str, key: str) -> Fraction | None:
    """What a number with this unit is multiplied by."""
    if key.endswith("_seconds"):
        return _SECONDS.get(unit)
    if key.endswith("_usd"):
        unit = _OTHER_CURRENCY.sub("", unit)
        unit = re.sub(r"(us)?\$|usd|dollars?|us dollars?", "", unit).strip()
    if key.endswith("_per_minute"):
        return _rate(unit)
    unit = re.sub(r" ?(images?|requests?|tokens?|times|pixels?|px)$", "", unit)
    return Fraction(_MANY[unit]) if unit in _MANY else None


def _rate(unit: str) -> Fraction | None:
    found = _RATE.fullmatch(unit)
    span = _SECONDS.get(found["unit"] or "min") if found else None
    return None if found is None or span is None else _MANY[found["many"] or ""] * 60 / span


def _plain(number: Fraction) -> str:
    """The number as the format writes it: `4000000`, `0.5`."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):g}"
