"""How long a service asks to wait, in seconds, from the ways in which it says so."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Mapping
from email.utils import parsedate_tz

_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9}(?:\.\d{1,12})?)s)?", re.ASCII)


def duration(value: object) -> float | None:
    """Seconds in a `google.protobuf.Duration` (`46s`, `3.5s`, `{"seconds": 46, "nanos": 0}`) or in
    the words of a message (`10h17m5.7s`); None when it is none of these."""
    if isinstance(value, Mapping):
        seconds, nanos = value.get("seconds", 0), value.get("nanos", 0)
        if not (_whole(seconds) and _whole(nanos)):
            return None
        return max(0.0, min(float(int(seconds)), 1e9)) + min(int(nanos), 999_999_999) / 1e9
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not any(found.groups()):
        return None
    hours, minutes, seconds = found.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in `Retry-After`: a number, or a date.

    A date is compared with the service's own `Date`, never with the clock of this machine, which
    may be wrong. Names of headers are in lower case.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value, re.ASCII):
        return float(value)
    until, now = instant(value), instant(headers.get("date", ""))
    return None if until is None or now is None else float(max(0, until - now))


def instant(text: str) -> int | None:
    """Seconds since 1970 in the date of an HTTP header; None when it is none."""
    try:
        parsed = parsedate_tz(text)
        return timegm(parsed[:9]) - (parsed[9] or 0) if parsed else None
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _whole(value: object) -> bool:
    """True for a whole number that is not negative, also when it is written as a text (int64)."""
    return bool(re.fullmatch(r"\d{1,12}", str(value), re.ASCII)) and not isinstance(value, bool)
