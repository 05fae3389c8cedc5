"""What one attempt means: a pure decision on status, headers and body.

Sources: ai.google.dev, troubleshooting (statuses of generateContent and Files) and the error
reference of the Interactions API; the details of a 429 as users quote them in public issues.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from runner.transport.error_body import ErrorBody, read_error
from runner.transport.json_body import NotJson, json_value
from runner.transport.reply import Reply
from runner.transport.waits import retry_after
from runner.values.response import Failure, FailureKind

Decision = Literal["retry", "throttle", "stop", "give_up"]
"""retry: uses one attempt · throttle: wait, without using one · stop: the same for every request ·
give_up: this request only."""

PATIENCE_SECONDS = 15 * 60.0
"""A longer wait than this is a limit that waiting does not lift."""

LIMIT_ZERO = "limit_zero"
"""The code of a failure that says that this project may not use the model at all."""

TOKENS = "tokens_per_minute"
"""The code of a rate limit that counts tokens; any other counts requests, as far as it says."""


def decide(failure: Failure) -> Decision:
    """What to do about a failure, whoever it came from."""
    if failure.stops_run:
        return "stop"
    match failure.kind:
        case "connect" | "transport" | "overloaded" | "unreadable" | "file_unready":
            return "retry"
        case "rate_limit":
            return "throttle"
        case _:
            return "give_up"


def failure_of(reply: Reply) -> Failure | None:
    """Why this reply is no answer, None when it is one: a 2xx whose body is worth reading."""
    if 300 <= reply.status < 400:
        return Failure(
            "unreadable",
            f"the service answered with a redirect ({reply.status}), which is never followed"
            " with an API key; check the base address",
            status=reply.status,
            stops_run=True,
        )
    if 200 <= reply.status < 300:
        return _no_answer(reply)
    return failure_of_error(reply, read_error(reply.body))


def failure_of_error(reply: Reply, error: ErrorBody) -> Failure:
    """The failure that an error says, read by its code, its status and its words."""
    kind = _kind_of(error.code, reply.status)
    wait = max((error.retry_delay or 0.0, retry_after(reply.headers) or 0.0)) or None
    code, stops = error.code or None, kind in ("credentials", "not_found", "quota")
    said = error.message or _excerpt(reply)
    if error.is_about_key:
        kind, stops = "credentials", True
    elif error.is_about_unready_file:
        kind, stops = "file_unready", False
    elif kind == "credentials" and error.is_about_file:
        # Unknown, expired and foreign files look the same, and like a missing permission.
        kind, stops = "file_gone", False
    elif kind == "rate_limit" and error.has_limit_zero:
        kind, stops, code = "quota", True, LIMIT_ZERO
        said = f"this project may not use this model (limit 0): {said}"
    elif kind == "rate_limit" and (error.is_daily or (wait or 0.0) > PATIENCE_SECONDS):
        kind, stops = "quota", True
    elif kind == "rate_limit" and error.is_about_tokens:
        code = TOKENS
    elif kind == "too_large":
        said = f"the request is too large: {said} `resize:` sends smaller images, `upload: files` uploads them"
    return Failure(
        kind,
        said,
        status=reply.status,
        code=code,
        wait_seconds=wait,
        maybe_billed=kind == "overloaded" and reply.status not in (503, 409),
        stops_run=stops,
        seconds=reply.seconds,
    )


def _no_answer(reply: Reply) -> Failure | None:
    """What a login page, a proxy or nothing at all says in place of an answer, with a 200."""
    body = reply.body.strip()
    if not body:
        return _unreadable(reply, "an empty answer")
    return _unreadable(reply, "a page") if body.startswith(b"<") else None


def json_object(body: bytes) -> Mapping[str, object] | Failure:
    """The JSON object that a successful answer holds; a failure when it holds none.

    An answer cut off where it ended without a Content-Length looks whole to HTTP: that is a
    `transport` failure. Anything else is `unreadable`. Both may have been paid for.
    """
    try:
        value = json_value(body)
    except NotJson as error:
        if error.is_cut_off:
            return Failure("transport", "the answer is cut off", maybe_billed=True)
        return _unreadable(Reply(200, {}, body), "not JSON")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        return _unreadable(Reply(200, {}, body), "not a JSON object")
    return value


def _kind_of(code: str, status: int) -> FailureKind:
    """A request that is too large stays so, whatever code comes with it."""
    return "too_large" if status == 413 else kind_of_code(code) or _kind_of_status(status)


def kind_of_code(code: str) -> FailureKind | None:
    """The kind that a code means, in the words of either endpoint; None for an unknown one."""
    return _KINDS.get(code.lower())


_KINDS: dict[str, FailureKind] = {
    "invalid_request": "bad_request",
    "invalid_argument": "bad_request",
    "parameter_unknown": "bad_request",
    "out_of_range": "bad_request",
    "already_exists": "bad_request",
    "unimplemented": "bad_request",
    "failed_precondition": "credentials",  # the free tier is not for this country, or no billing
    "authentication": "credentials",
    "unauthenticated": "credentials",
    "payment_required": "credentials",
    "permission_denied": "credentials",
    "not_found": "not_found",
    "model_not_found": "not_found",
    "rate_limit_exceeded": "rate_limit",
    "too_many_requests": "rate_limit",
    "resource_exhausted": "rate_limit",
    "quota_exceeded": "quota",
    "aborted": "overloaded",
    "cancelled": "overloaded",
    "api_error": "overloaded",
    "internal": "overloaded",
    "unavailable": "overloaded",
    "service_unavailable": "overloaded",
    "deadline_exceeded": "overloaded",
}


def _kind_of_status(status: int) -> FailureKind:
    match status:
        case 401 | 402 | 403:
            return "credentials"
        case 404:
            return "not_found"
        case 408 | 409 | 425 | 499:
            return "overloaded"
        case 429:
            return "rate_limit"
        case 501:
            return "bad_request"
        case _:
            return "overloaded" if status >= 500 else "bad_request"


def _unreadable(reply: Reply, what: str) -> Failure:
    return Failure(
        "unreadable",
        f"{what} instead of the answer: {_excerpt(reply)}" if reply.body else what,
        status=reply.status,
        maybe_billed=True,
        seconds=reply.seconds,
    )


def _excerpt(reply: Reply) -> str:
    """The status and the beginning of a body that nobody can read, fit for a terminal."""
    text = reply.body[:400].decode("utf-8", "replace")
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    kind = reply.content_type.partition(";")[0].strip()[:60]
    head = f"HTTP {reply.status}" + (f" ({kind})" if kind else "")
    return f"{head}: {plain[:200]}" if plain else head
