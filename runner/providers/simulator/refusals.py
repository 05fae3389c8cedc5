"""Requests that are refused: what the service says, in its own words.

Sources: ai.google.dev, error reference and rate limits; the 429 bodies quoted in GitHub issues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

from runner.providers.simulator.errors import ApiError, bad_key
from runner.providers.simulator.reply import HTML, Reply
from runner.values.request import Family

Args: TypeAlias = tuple[str, ...]

RETRY_SECONDS = "22.9"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit by the names that the service has for it."""

    metric: str
    id: str


REQUESTS = Limit(
    "generate_content_free_tier_requests", "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
)
TOKENS = Limit(
    "generate_content_free_tier_input_token_count",
    "GenerateContentInputTokensPerModelPerMinute-FreeTier",
)


def rate_limit(args: Args, family: Family) -> ApiError:
    seconds = args[0] if args else RETRY_SECONDS
    return _quota(f"Please retry in {seconds}s.", "PerMinute", seconds, "60", "rate_limit_exceeded")


def daily_quota(args: Args, family: Family) -> ApiError:
    said = "Please retry in 10h17m32.4s."
    return _quota(said, "PerDay", "37052.4", "250", "quota_exceeded")


def no_quota(args: Args, family: Family) -> ApiError:
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    said = f"* Quota exceeded for metric: {metric}, limit: 0\nPlease retry in 22.9s."
    return _quota(said, "PerDay", RETRY_SECONDS, "0", "quota_exceeded")


def exhausted(limit: Limit, model: str, most: int, seconds: float) -> ApiError:
    """A limit a minute is used up for so many seconds, told in tenths by the words and in whole
    seconds by RetryInfo, as users quote it."""
    tenths = ceil(seconds * 10) / 10
    metric = f"generativelanguage.googleapis.com/{limit.metric}"
    said = f"* Quota exceeded for metric: {metric}, limit: {most}, model: {model}\n"
    said += f"Please retry in {tenths:.1f}s."
    word = "rate_limit_exceeded"
    return _refusal(said, limit, model, str(int(tenths)), str(most), word)


def _quota(said: str, period: str, seconds: str, limit: str, word: str) -> ApiError:
    requests = Limit(REQUESTS.metric, f"GenerateRequests{period}PerProjectPerModel-FreeTier")
    return _refusal(said, requests, "simulated", seconds, limit, word)


def _refusal(said: str, limit: Limit, model: str, seconds: str, most: str, word: str) -> ApiError:
    violation = {
        "quotaMetric": f"generativelanguage.googleapis.com/{limit.metric}",
        "quotaId": limit.id,
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": most,
    }
    kind = "type.googleapis.com/google.rpc."
    message = (
        "You exceeded your current quota, please check your plan and billing details. "
        f"For more information on this error, head to: {_LIMITS}.\n{said}"
    )
    details = (
        {"@type": f"{kind}QuotaFailure", "violations": [violation]},
        {
            "@type": f"{kind}Help",
            "links": [{"description": "Learn more about Gemini API quotas", "url": _LIMITS}],
        },
        {"@type": f"{kind}RetryInfo", "retryDelay": f"{seconds}s"},
    )
    return ApiError(429, message, word=word, details=details)


_LIMITS = "https://ai.google.dev/gemini-api/docs/rate-limits"


def says(status: int, message: str, word: str | None = None) -> Callable[[Args, Family], ApiError]:
    return lambda args, family: ApiError(status, message, word=word)


def retry_after(args: Args, family: Family) -> ApiError:
    headers = {"retry-after": args[0] if args else "3"}
    return ApiError(429, "Resource has been exhausted (e.g. check quota).", headers=headers)


def page(status: int) -> Callable[[Args, Family], Reply]:
    text = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return lambda args, family: Reply(status, HTML, text.encode())


def redirect(args: Args, family: Family) -> Reply:
    where = ":".join(args) or "http://127.0.0.2:9/elsewhere"
    return Reply(302, {"location": where}, b"")


def blocked_http(args: Args, family: Family) -> ApiError:
    """How either endpoint would say this is not documented; google.rpc has its `reason` for it."""
    word = args[0] if args else "safety"
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    details = ({"@type": kind, "reason": word.upper(), "domain": "googleapis.com"},)
    said = "The request was blocked for safety reasons."
    return ApiError(400, said, word=word, details=details)


def key_error(family: Family) -> ApiError:
    """A wrong key. For Interactions the status is not certain: the error reference lists 401."""
    if family == "interactions":
        return ApiError(401, "API key not valid. Please pass a valid API key.")
    return bad_key()


def not_active(name: str) -> ApiError:
    """A file that is still being processed, or failed to be."""
    return ApiError(400, f"The File {name} is not in an ACTIVE state and usage is not allowed.")
