"""What an error says, whichever of the service's shapes it has: its code, its words, its details.

Interactions write `{"error": {"code": "invalid_request", "message": …}}`, everything else writes
google.rpc: `{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": …, "details": […]}}`.
Both are read everywhere, alone or in a list. A proxy writes HTML, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from runner.transport.json_body import NotJson, json_value
from runner.transport.waits import duration

LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error in one shape. `code` is the service's word for it (`INVALID_ARGUMENT`,
    `invalid_request`), empty when it gave none; `retry_delay` is what it asks to wait, in seconds.
    """

    code: str = ""
    message: str = ""
    reason: str = ""
    quotas: tuple[tuple[str, str], ...] = ()
    """The id and the value of each limit that was hit."""
    retry_delay: float | None = None

    @property
    def is_about_key(self) -> bool:
        """The key is wrong, expired or blocked; or the account may not use the service at all."""
        words = r"API key (not valid|expired|not found)|reported as leaked|billing account"
        return self.reason.startswith("API_KEY") or bool(
            re.search(words, self.message, re.IGNORECASE)
        )

    @property
    def is_about_file(self) -> bool:
        """An uploaded file is not there, or belongs to another key."""
        return bool(
            re.search(r"access the File\b|\bFile\b.*may not exist", self.message, re.IGNORECASE)
        )

    @property
    def is_about_unready_file(self) -> bool:
        """An uploaded file is still being looked at; it will be there soon."""
        return "not in an ACTIVE state" in self.message

    @property
    def is_daily(self) -> bool:
        """A limit a day was hit."""
        return any("PerDay" in name for name, _ in self.quotas)

    @property
    def is_about_tokens(self) -> bool:
        """A limit of tokens was hit, and none of requests: by the ids of the limits, or by the
        metrics that the message names."""
        names = [name for name, _ in self.quotas] or re.findall(r"\bmetric: (\S+)", self.message)
        return bool(names) and all("token" in name.lower() for name in names)

    @property
    def has_limit_zero(self) -> bool:
        """The limit is 0: waiting for it never helps."""
        by_value = any(value == "0" for _, value in self.quotas)
        return by_value or bool(re.search(r"\blimit: 0\b(?!\.)", self.message))


def read_error(body: bytes) -> ErrorBody:
    """The error in these bytes; an empty one when there is none to read."""
    try:
        return error_of(json_value(body))
    except NotJson:
        return ErrorBody()


def error_of(value: object) -> ErrorBody:
    """The error in a JSON value: the whole body, or the value of its key `error`."""
    if isinstance(value, list):
        return error_of(value[0]) if value else ErrorBody()
    if not isinstance(value, Mapping):
        return ErrorBody(message=value[:LONGEST_MESSAGE] if isinstance(value, str) else "")
    if "error" in value:
        return error_of(value["error"])
    return _error(value)


def _error(error: Mapping[str, object]) -> ErrorBody:
    said = error.get("message")
    message = " ".join(said.split()) if isinstance(said, str) else ""  # in one line, for people
    details = error.get("details")
    typed = [d for d in details if isinstance(d, Mapping)] if isinstance(details, list) else []
    return ErrorBody(
        code=_code(error),
        message=message[:LONGEST_MESSAGE],
        reason=_first(typed, "ErrorInfo", "reason"),
        quotas=tuple(quota for detail in _of(typed, "QuotaFailure") for quota in _quotas(detail)),
        retry_delay=_delay(typed, message),
    )


def _code(error: Mapping[str, object]) -> str:
    status, code = error.get("status"), error.get("code")
    if isinstance(status, str) and status:
        return status
    return code if isinstance(code, str) else ""


def _of(details: list[Mapping[str, object]], kind: str) -> list[Mapping[str, object]]:
    return [detail for detail in details if str(detail.get("@type", "")).endswith(kind)]


def _first(details: list[Mapping[str, object]], kind: str, key: str) -> str:
    return next((str(detail[key]) for detail in _of(details, kind) if key in detail), "")


def _quotas(detail: Mapping[str, object]) -> list[tuple[str, str]]:
    violations = detail.get("violations")
    return [
        (str(violation.get("quotaId", "")), str(violation.get("quotaValue", "")))
        for violation in (violations if isinstance(violations, list) else [])
        if isinstance(violation, Mapping)
    ]


def _delay(details: list[Mapping[str, object]], message: str) -> float | None:
    """The longest wait that it asks for: RetryInfo may leave out the fraction that the words tell."""
    asked = [duration(detail.get("retryDelay")) for detail in _of(details, "RetryInfo")]
    said = re.search(r"retry in (\S{1,40}?s)\b", message, re.IGNORECASE)
    asked.append(duration(said[1]) if said else None)
    return max((seconds for seconds in asked if seconds is not None), default=None)
