"""Every fault does on each endpoint what its line says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.providers.simulator.faults import FAULTS, OnTheWay, Refusal, Shape

PLAIN = "Simulated: no image arrived, and nobody read the prompt."


def command(name: str) -> dict[str, str]:
    return {"x-askpix-simulate": name}


REFUSALS = {
    "rate-limit": (429, "rate_limit_exceeded", "RESOURCE_EXHAUSTED"),
    "retry-after": (429, "rate_limit_exceeded", "RESOURCE_EXHAUSTED"),
    "rate-limit-bare": (429, "rate_limit_exceeded", "RESOURCE_EXHAUSTED"),
    "daily-quota": (429, "quota_exceeded", "RESOURCE_EXHAUSTED"),
    "no-quota": (429, "quota_exceeded", "RESOURCE_EXHAUSTED"),
    "internal": (500, "api_error", "INTERNAL"),
    "overloaded": (503, "service_unavailable", "UNAVAILABLE"),
    "deadline": (504, "deadline_exceeded", "DEADLINE_EXCEEDED"),
    "request-timeout": (408, "api_error", "UNKNOWN"),
    "too-large": (413, "api_error", "UNKNOWN"),
    "bad-request": (400, "invalid_request", "INVALID_ARGUMENT"),
    "leaked-key": (403, "permission_denied", "PERMISSION_DENIED"),
    "no-billing": (402, "payment_required", "UNKNOWN"),
    "no-region": (400, "failed_precondition", "FAILED_PRECONDITION"),
    "no-endpoint": (404, "not_found", "NOT_FOUND"),
    "blocked-http": (400, "safety", "INVALID_ARGUMENT"),
}
OTHER_REFUSALS = {"bad-gateway", "captive-portal", "redirect", "invalid-key"}


def test_every_refusal_is_in_a_table_here() -> None:
    """A new one without a test fails this one."""
    assert {name for name, fault in FAULTS.items() if isinstance(fault, Refusal)} == (
        set(REFUSALS) | OTHER_REFUSALS
    )


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_refusal_has_the_shape_of_its_endpoint_and_is_not_billed(ask: Any, name: str) -> None:
    """A word for Interactions; number, status and details for the rest."""
    status, word, rpc = REFUSALS[name]
    answer = ask.interact("x", headers=command(name))
    assert (answer.status, answer.json["error"]["code"]) == (status, word)
    answer = ask.generate("x", headers=command(name))
    error = answer.json["error"]
    assert (answer.status, error["code"], error["status"]) == (status, status, rpc)
    assert ask("GET", "/simulator/state").json["billed_answers"] == 0


def test_a_rate_limit_says_how_long_to_wait(ask: Any) -> None:
    """As a fraction of seconds, in RetryInfo and in words; the argument is the seconds."""
    error = ask.generate("x", headers=command("rate-limit:0.5")).json["error"]
    kinds = {detail["@type"].rpartition(".")[2]: detail for detail in error["details"]}
    assert kinds["RetryInfo"]["retryDelay"] == "0.5s"
    assert "PerMinute" in kinds["QuotaFailure"]["violations"][0]["quotaId"]
    assert error["message"].endswith("Please retry in 0.5s.")
    assert ask.generate("x", headers=command("retry-after:7")).headers["retry-after"] == "7"


def test_a_daily_quota_is_told_by_its_name(ask: Any) -> None:
    """`PerDay` in quotaId; `limit: 0` when there never was any."""
    for name, limit in (("daily-quota", "250"), ("no-quota", "0")):
        error = ask.generate("x", headers=command(name)).json["error"]
        violation = error["details"][0]["violations"][0]
        assert "PerDay" in violation["quotaId"]
        assert violation["quotaValue"] == limit
    assert "limit: 0" in error["message"]


def test_a_wrong_key_is_told_in_both_shapes(ask: Any) -> None:
    """400 API_KEY_INVALID, 401 for Interactions."""
    assert ask.interact("x", headers=command("invalid-key")).status == 401
    error = ask.generate("x", headers=command("invalid-key")).json["error"]
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize(("name", "status"), [("bad-gateway", 502), ("captive-portal", 200)])
def test_a_page_of_html_comes_instead_of_json(ask: Any, name: str, status: int) -> None:
    """From something between the client and the service."""
    answer = ask.interact("x", headers=command(name))
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=UTF-8")
    assert answer.content.startswith(b"<html>")


def test_a_redirect_leads_elsewhere(ask: Any) -> None:
    """Where the argument says; a client must not follow it with its key."""
    answer = ask.interact("x", headers=command("redirect:http://127.0.0.2:9/there"))
    assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.2:9/there")


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("incomplete", "incomplete", PLAIN),
        ("budget-exceeded", "budget_exceeded", PLAIN),
        ("unknown-status", "daydreaming", PLAIN),
        ("trailing-thought", "completed", PLAIN),
        ("several-items", "completed", PLAIN),
        ("cancelled", "cancelled", ""),
        ("failed", "failed", ""),
        ("blocked-status", "failed", ""),
        ("blocked-step", "failed", ""),
    ],
)
def test_an_interaction_comes_in_another_shape(ask: Any, name: str, status: str, text: str) -> None:
    """Its status, and what is left of its text."""
    answer = ask.interact("x", headers=command(name))
    assert (answer.status, answer.json["status"], answer.text) == (200, status, text)


def test_the_steps_of_strange_interactions(ask: Any) -> None:
    """Thoughts last, text in three items over two steps, the user's input first, `outputs`."""
    kinds = {
        name: [step["type"] for step in ask.interact("x", headers=command(name)).json["steps"]]
        for name in ("trailing-thought", "several-items", "echoed-input")
    }
    assert kinds == {
        "trailing-thought": ["thought", "model_output", "thought"],
        "several-items": ["model_output", "thought", "model_output"],
        "echoed-input": ["user_input", "thought", "model_output"],
    }
    legacy = ask.interact("x", headers=command("legacy-outputs")).json
    assert "steps" not in legacy
    assert [item["type"] for item in legacy["outputs"]] == ["thought", "text"]
    assert legacy["outputs"][1]["text"] == PLAIN


def test_a_block_is_told_in_four_ways(ask: Any) -> None:
    """How the service tells it is not documented: an HTTP error, errors[], the step, the stream."""
    assert ask.interact("x", headers=command("blocked-http")).json["error"]["code"] == "safety"
    errors = ask.interact("x", headers=command("blocked-status:blocklist")).json["errors"]
    assert errors[0]["code"] == "blocklist"
    (step,) = ask.interact("x", headers=command("blocked-step")).json["steps"]
    assert step["error"]["code"] == "safety"
    stream = ask.interact("x", headers=command("blocked-stream"), stream=True).content.decode()
    assert 'event: error\ndata: {"event_type":"error","error":{"code":"safety"' in stream
    assert "interaction.completed" not in stream


def test_a_stream_may_end_with_an_error(ask: Any) -> None:
    """After some of the text; the line that closes the stream still comes."""
    stream = ask.interact("x", headers=command("stream-error"), stream=True).content.decode()
    events = [line[7:] for line in stream.split("\n") if line.startswith("event: ")]
    assert events[-3:] == ["step.delta", "error", "done"]
    path = "/v1/models/gemini-3.5-flash:streamGenerateContent"
    body = {"contents": [{"parts": [{"text": "x"}]}]}
    chunks = ask("POST", path, body, command("stream-error"), alt="sse").content
    last = json.loads(chunks.split(b"\r\n\r\n")[-2].removeprefix(b"data: "))
    assert last["error"]["code"] == 500


def test_a_long_answer_is_continued_on_request(ask: Any) -> None:
    """With the token, once; the two halves are the whole. Both are billed."""
    first = ask.interact("x", headers=command("continuation"), store=False)
    assert first.json["status"] == "requires_continuation"
    token = first.json["continuation_token"]
    second = ask.interact("x", continuation_token=token, store=False)
    assert (second.json["status"], first.text + second.text) == ("completed", PLAIN)
    assert ask.interact("x", continuation_token=token).status == 400
    assert ask("GET", "/simulator/state").json["billed_answers"] == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("blocked-candidate", "SAFETY"),
        ("blocked-candidate:PROHIBITED_CONTENT", "PROHIBITED_CONTENT"),
        ("recitation", "RECITATION"),
    ],
)
def test_generated_content_is_blocked_without_a_text(ask: Any, name: str, reason: str) -> None:
    """By its finishReason."""
    (candidate,) = ask.generate("x", headers=command(name)).json["candidates"]
    assert (candidate["finishReason"], candidate["content"]) == (reason, {"role": "model"})


def test_other_shapes_of_generated_content(ask: Any) -> None:
    """A blocked prompt, no candidates at all, an unknown end, several parts."""
    blocked = ask.generate("x", headers=command("blocked-prompt")).json
    assert blocked["promptFeedback"] == {"blockReason": "SAFETY"}
    assert "candidates" not in blocked
    assert "candidates" not in ask.generate("x", headers=command("no-candidates")).json
    odd = ask.generate("x", headers=command("unknown-finish"))
    assert (odd.json["candidates"][0]["finishReason"], odd.text) == ("STARS_WRONG", PLAIN)
    apart = ask.generate("x", headers=command("parts-apart"))
    assert (len(apart.json["candidates"][0]["content"]["parts"]), apart.text) == (3, PLAIN)


def test_an_answer_may_be_slow(ask: Any, clock: Any) -> None:
    """By the seconds of the command, beside the latency that the service has anyway."""
    ask.service.desk.latency_seconds = 2
    before = clock.time
    ask.interact("x", headers=command("slow:30.5"))
    assert (clock.time - before).total_seconds() == 32.5


@pytest.mark.parametrize(
    ("name", "ends", "reset"),
    [
        ("truncated-body", "within", False),
        ("reset", "before", True),
        ("reset-within", "within", True),
        ("closed", "before", False),
    ],
)
def test_a_line_that_breaks_is_billed(
    service: Any, ask: Any, name: str, ends: str, reset: bool
) -> None:
    """The answer was made, but the client never gets it whole."""
    import asyncio

    body = json.dumps({"model": "gemini-3.5-flash", "input": "x"}).encode()
    sent = {"x-goog-api-key": "K", **command(name)}
    reply = asyncio.run(service.respond("POST", "/v1/interactions", {}, sent, body))
    assert (reply.wire.ends, reply.wire.reset) == (ends, reset)
    assert sum(map(len, reply.pieces)) == (0 if ends == "before" else reply.length // 2)
    assert ask("GET", "/simulator/state").json["billed_answers"] == 1


def test_bodies_that_are_no_answers(ask: Any) -> None:
    """Empty, cut off without a length, no JSON, no UTF-8, endless."""
    whole = ask.interact("x").content
    assert ask.interact("x", headers=command("empty-body")).content == b""
    assert len(ask.interact("x", headers=command("unnoticed-cut")).content) < len(whole) * 0.6
    with pytest.raises(ValueError, match="Expecting"):
        _ = ask.interact("x", headers=command("not-json")).json
    with pytest.raises(UnicodeDecodeError):
        ask.interact("x", headers=command("bad-utf8")).content.decode()
    assert ask.interact("x", headers=command("huge-body:3")).content == b" " * (3 << 20)


def test_every_shape_and_every_way_has_a_test_above() -> None:
    """A new one without a test fails this one."""
    source = Path(__file__).read_text(encoding="utf-8")
    for name, fault in FAULTS.items():
        if isinstance(fault, Shape | OnTheWay):
            assert f'"{name}' in source or name == "dripping"
