"""What one attempt means: a table of the answers that the service is known to give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.transport.classify import TOKENS, Decision, decide, failure_of, json_object
from runner.transport.reply import Reply
from runner.values.response import Failure


def rpc(code: int, status: str, message: str = "No.", *details: dict[str, Any]) -> bytes:
    """An error of generateContent and Files."""
    error = {"code": code, "status": status, "message": message, "details": list(details)}
    return json.dumps({"error": error}).encode()


def word(code: str, message: str = "No.") -> bytes:
    """An error of the Interactions API."""
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def retry_info(delay: object) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota(name: str, value: str = "250") -> dict[str, Any]:
    violation = {"quotaMetric": "m", "quotaId": name, "quotaValue": value}
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}


INVALID_KEY = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
}
A_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
TOKENS_A_MINUTE = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
A_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
NO_FILE = "You do not have permission to access the File abc or it may not exist."
NOT_READY = "The File abc is not in an ACTIVE state and usage is not allowed."
LIMIT_ZERO = "Quota exceeded for metric: x, limit: 0, model: gemini-2.5-pro"
THINKING = "Thinking level MINIMAL is not supported for this model."

TABLE: dict[str, tuple[int, bytes, dict[str, str], Decision, str, float | None]] = {
    # 400
    "invalid argument": (400, rpc(400, "INVALID_ARGUMENT"), {}, "give_up", "bad_request", None),
    "invalid request": (400, word("invalid_request"), {}, "give_up", "bad_request", None),
    "unknown field": (400, word("parameter_unknown"), {}, "give_up", "bad_request", None),
    "thinking level": (400, rpc(400, "INVALID_ARGUMENT", THINKING), {}, "give_up", "bad_request", None),
    "wrong key": (400, rpc(400, "INVALID_ARGUMENT", "No.", INVALID_KEY), {}, "stop", "credentials", None),
    "wrong key in words": (400, rpc(400, "INVALID_ARGUMENT", "API key not valid. Please pass…"), {}, "stop", "credentials", None),
    "expired key": (400, word("invalid_request", "API key expired."), {}, "stop", "credentials", None),
    "country or billing": (400, rpc(400, "FAILED_PRECONDITION"), {}, "stop", "credentials", None),
    "file not ready": (400, rpc(400, "FAILED_PRECONDITION", NOT_READY), {}, "retry", "file_unready", None),
    "nothing said": (400, b"", {}, "give_up", "bad_request", None),
    # 401 to 404, 413, 416
    "no key": (401, word("authentication"), {}, "stop", "credentials", None),
    "no money": (402, word("payment_required"), {}, "stop", "credentials", None),
    "forbidden": (403, rpc(403, "PERMISSION_DENIED"), {}, "stop", "credentials", None),
    "leaked key": (403, rpc(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), {}, "stop", "credentials", None),
    "file gone": (403, rpc(403, "PERMISSION_DENIED", NO_FILE), {}, "give_up", "file_gone", None),
    "file gone, in words": (403, word("permission_denied", NO_FILE), {}, "give_up", "file_gone", None),
    "no such model": (404, word("model_not_found"), {}, "stop", "not_found", None),
    "no such page": (404, b"<html>", {}, "stop", "not_found", None),
    "too large": (413, b"<html>", {}, "give_up", "too_large", None),
    "too large, with another code": (413, word("api_error"), {}, "give_up", "too_large", None),
    "out of range": (416, word("out_of_range"), {}, "give_up", "bad_request", None),
    # 429
    "rate, RetryInfo": (429, rpc(429, "RESOURCE_EXHAUSTED", "No.", retry_info("22s")), {}, "throttle", "rate_limit", 22.0),
    "rate, fraction": (429, rpc(429, "RESOURCE_EXHAUSTED", "No.", quota(A_MINUTE), retry_info("22.9s")), {}, "throttle", "rate_limit", 22.9),
    "rate, duration in parts": (429, rpc(429, "RESOURCE_EXHAUSTED", "No.", retry_info({"seconds": "3", "nanos": 500_000_000})), {}, "throttle", "rate_limit", 3.5),
    "rate, in words": (429, rpc(429, "RESOURCE_EXHAUSTED", "Quota.\nPlease retry in 22.9s."), {}, "throttle", "rate_limit", 22.9),
    "rate, header": (429, word("rate_limit_exceeded"), {"retry-after": "7"}, "throttle", "rate_limit", 7.0),
    "rate, date": (429, word("too_many_requests"), {"retry-after": "Fri, 20 Nov 2026 00:00:30 GMT", "date": "Fri, 20 Nov 2026 00:00:00 GMT"}, "throttle", "rate_limit", 30.0),
    "rate, the longer wait": (429, rpc(429, "RESOURCE_EXHAUSTED", "No.", retry_info("22s")), {"retry-after": "40"}, "throttle", "rate_limit", 40.0),
    "rate, RetryInfo without its fraction": (429, rpc(429, "RESOURCE_EXHAUSTED", "Please retry in 22.9s.", retry_info("22s")), {}, "throttle", "rate_limit", 22.9),
    "rate, no hint": (429, b"", {}, "throttle", "rate_limit", None),
    "quota of a day": (429, rpc(429, "RESOURCE_EXHAUSTED", "No.", quota(A_DAY), retry_info("22s")), {}, "stop", "quota", 22.0),
    "quota in words": (429, word("quota_exceeded"), {}, "stop", "quota", None),
    "a long wait": (429, rpc(429, "RESOURCE_EXHAUSTED", "Please retry in 10h17m5.7s."), {}, "stop", "quota", 37025.7),
    "limit 0": (429, rpc(429, "RESOURCE_EXHAUSTED", LIMIT_ZERO, retry_info("22s")), {}, "stop", "quota", 22.0),
    "limit 0, in the details": (429, rpc(429, "RESOURCE_EXHAUSTED", "No.", quota(A_MINUTE, "0")), {}, "stop", "quota", None),
    "limit 0.5 is not 0": (429, rpc(429, "RESOURCE_EXHAUSTED", "limit: 0.5"), {}, "throttle", "rate_limit", None),
    # 408, 409, 499, 5xx
    "timeout": (408, b"", {}, "retry", "overloaded", None),
    "conflict": (409, word("aborted"), {}, "retry", "overloaded", None),
    "taken": (409, word("already_exists"), {}, "give_up", "bad_request", None),
    "cancelled": (499, rpc(499, "CANCELLED"), {}, "retry", "overloaded", None),
    "internal": (500, rpc(500, "INTERNAL"), {}, "retry", "overloaded", None),
    "api error": (500, word("api_error"), {}, "retry", "overloaded", None),
    "not implemented": (501, b"", {}, "give_up", "bad_request", None),
    "bad gateway": (502, b"<html>", {}, "retry", "overloaded", None),
    "unavailable": (503, rpc(503, "UNAVAILABLE", "The model is overloaded."), {"retry-after": "5"}, "retry", "overloaded", 5.0),
    "deadline": (504, word("deadline_exceeded"), {}, "retry", "overloaded", None),
    "a status of next year": (599, b"", {}, "retry", "overloaded", None),
    # what is no error
    "redirect": (302, b"", {"location": "http://127.0.0.9"}, "stop", "unreadable", None),
    "not modified": (304, b"", {}, "stop", "unreadable", None),
    "nothing": (200, b"  \n", {}, "retry", "unreadable", None),
    "no content": (204, b"", {}, "retry", "unreadable", None),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_every_answer_has_one_decision(name: str) -> None:
    """Ask again, wait, stop the run, or give up this request; and how long the service asks for."""
    status, body, headers, decision, kind, wait = TABLE[name]
    failure = failure_of(Reply(status, headers, body))
    assert failure is not None
    told = (decide(failure), failure.kind, failure.wait_seconds, failure.status)
    assert told == (decision, kind, wait, status)


@pytest.mark.parametrize("content", [b"{}", b"7"])
def test_a_successful_answer_is_no_failure(content: bytes) -> None:
    """Whether it can be read is decided by its reader."""
    assert failure_of(Reply(200, {}, content)) is None


def test_limit_zero_is_said_in_words() -> None:
    """Waiting never helps: this project may not use the model."""
    failure = failure_of(Reply(429, {}, rpc(429, "RESOURCE_EXHAUSTED", LIMIT_ZERO)))
    assert failure is not None
    assert failure.code == "limit_zero"
    assert failure.message == f"this project may not use this model (limit 0): {LIMIT_ZERO}"


@pytest.mark.parametrize(
    ("status", "billed"), [(400, False), (429, False), (500, True), (503, False), (504, True)]
)
def test_a_server_error_may_have_been_paid_for(status: int, billed: bool) -> None:
    """Unless the service says that it never began."""
    failure = failure_of(Reply(status))
    assert failure is not None
    assert failure.maybe_billed is billed


def test_what_a_proxy_says_is_fit_for_a_terminal() -> None:
    """One line, no control characters, not the whole page."""
    page = b"<html>\r\n\x1b[31m \x00" + b"a" * 9000
    failure = failure_of(Reply(502, {"content-type": "text/html; charset=utf-8"}, page))
    assert failure is not None
    assert failure.message == "HTTP 502 (text/html): <html> [31m " + "a" * 188
    assert failure.message.isprintable()


def test_a_long_message_is_cut() -> None:
    """A thousand characters say enough."""
    failure = failure_of(Reply(400, {}, word("invalid_request", "x" * 5000)))
    assert failure is not None
    assert failure.message == "x" * 1000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
errors = st.fixed_dictionaries(
    {},
    optional={
        "code": json_values,
        "status": json_values,
        "message": json_values,
        "details": json_values
        | st.lists(
            st.fixed_dictionaries(
                {"@type": st.sampled_from(["x.RetryInfo", "x.QuotaFailure", "x.ErrorInfo"])},
                optional={"retryDelay": json_values, "violations": json_values},
            )
        ),
    },
)
bodies = (
    st.binary()
    | json_values.map(lambda v: json.dumps(v).encode())
    | errors.map(lambda error: json.dumps({"error": error}).encode())
)
headers = st.dictionaries(st.sampled_from(["retry-after", "date", "content-type"]), st.text())


@given(st.integers(100, 999), headers, bodies)
def test_whatever_comes_is_decided(status: int, headers: dict[str, str], body: bytes) -> None:
    """No answer crashes the runner; a wait is finite and never negative."""
    failure = failure_of(Reply(status, headers, body))
    if failure is None:
        failure = json_object(body) if 200 <= status < 300 else None  # type: ignore[assignment]
    if isinstance(failure, Failure):
        assert decide(failure) in ("retry", "throttle", "stop", "give_up")
        assert failure.message
        wait = failure.wait_seconds
        assert wait is None or 0 < wait < 1e10


OF_REQUESTS = "* Quota exceeded for metric: a.com/generate_content_free_tier_requests, limit: 9"
OF_TOKENS = "* Quota exceeded for metric: a.com/free_tier_input_token_count, limit: 9"


@pytest.mark.parametrize(
    ("body", "is_about_tokens"),
    [
        (rpc(429, "RESOURCE_EXHAUSTED", "No.", quota(TOKENS_A_MINUTE)), True),
        (rpc(429, "RESOURCE_EXHAUSTED", "No.", quota(A_MINUTE)), False),
        (rpc(429, "RESOURCE_EXHAUSTED", "No.", quota(TOKENS_A_MINUTE), quota(A_MINUTE)), False),
        (word("rate_limit_exceeded", OF_TOKENS), True),
        (word("rate_limit_exceeded", OF_REQUESTS), False),
        (word("rate_limit_exceeded", f"{OF_TOKENS}\n{OF_REQUESTS}"), False),
        (word("rate_limit_exceeded", "Too many tokens."), False),
        (b"", False),
    ],
)
def test_a_rate_limit_of_tokens_is_told_from_one_of_requests(
    body: bytes, is_about_tokens: bool
) -> None:
    """By the names of the limits, in the details or in the message; in doubt it is of requests."""
    failure = failure_of(Reply(429, {}, body))
    assert failure is not None
    assert (failure.kind, failure.code == TOKENS) == ("rate_limit", is_about_tokens)


def test_what_was_never_sent_is_given_up() -> None:
    """The run was halted while it waited for its turn."""
    assert decide(Failure("not_sent", "the run was halted")) == "give_up"
