"""Requests that are refused: what the service says, in its own words.

Sources: ai.google.dev, error reference and rate limits; the 429 bodies quoted in GitHub issues.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from runner.providers.simulator.errors import ApiError, bad_key
from runner.providers.simulator.reply import HTML, Reply
from runner.values.request import Family

Args: TypeAlias = tuple[str, ...]

RETRY_SECONDS = "22.9"


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


def _quota(said: str, period: str, seconds: str, limit: str, word: str) -> ApiError:
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": f"GenerateRequests{period}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"location": "global", "model": "simulated"},
        "quotaValue": limit,
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
    word = args[0] if args else "safety"
    return ApiError(400, "The request was blocked for safety reasons.", word=word)


def key_error(family: Family) -> ApiError:
    """A wrong key. For Interactions the status is not certain: the error reference lists 401."""
    if family == "interactions":
        return ApiError(401, "API key not valid. Please pass a valid API key.")
    return bad_key()


def not_active(name: str) -> ApiError:
    """A file that is still being processed, or failed to be."""
    return ApiError(400, f"The File {name} is not in an ACTIVE state and usage is not allowed.")
