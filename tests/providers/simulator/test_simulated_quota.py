"""What the simulated service allows a minute, and how it refuses more than that."""

from __future__ import annotations

from typing import Any

from runner.providers.simulator.desk import Desk
from runner.providers.simulator.quota import Quota
from runner.transport.classify import TOKENS, failure_of
from runner.transport.reply import Reply


def test_nothing_is_refused_unless_there_is_a_limit(ask: Any) -> None:
    """The simulator as it comes answers everything."""
    assert {ask.interact("x").status for _ in range(30)} == {200}


def test_a_request_too_many_is_refused_until_the_minute_is_over(
    desk: Desk, ask: Any, clock: Any
) -> None:
    """The minute begins with the first request; nothing is billed for what is refused."""
    desk.quota = Quota(requests_per_minute=2)
    assert [ask.interact("x").status for _ in range(3)] == [200, 200, 429]
    clock.forward(seconds=59.9)
    assert ask.interact("x").status == 429
    clock.forward(seconds=0.1)
    assert [ask.generate("x").status for _ in range(3)] == [200, 200, 429]
    assert ask("GET", "/simulator/state").json["billed_answers"] == 4


def test_a_refusal_says_what_was_hit_and_how_long_to_wait(desk: Desk, ask: Any, clock: Any) -> None:
    """In the shape that users quote: whole seconds in RetryInfo, tenths in the words."""
    desk.quota = Quota(requests_per_minute=1)
    ask.generate("x")
    clock.forward(seconds=37.14)
    error = ask.generate("x").json["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert error["message"].endswith(
        "* Quota exceeded for metric: "
        "generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 1, "
        "model: gemini-3.5-flash\nPlease retry in 22.9s."
    )
    kind = "type.googleapis.com/google.rpc."
    quota, _, retry = error["details"]
    assert quota == {
        "@type": f"{kind}QuotaFailure",
        "violations": [
            {
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                "quotaDimensions": {"location": "global", "model": "gemini-3.5-flash"},
                "quotaValue": "1",
            }
        ],
    }
    assert retry == {"@type": f"{kind}RetryInfo", "retryDelay": "22s"}


def test_the_runner_understands_which_limit_it_was(desk: Desk, ask: Any) -> None:
    """Requests or tokens, and the exact wait, of either endpoint: the details or the words say it."""
    for quota, is_tokens in ((Quota(requests_per_minute=1), False), (Quota(None, 1), True)):
        desk.quota = quota
        ask.interact("x")
        for send in (ask.generate, ask.interact):
            answer = send("a few words")
            failure = failure_of(Reply(answer.status, {}, answer.content))
            assert failure is not None
            assert (failure.kind, failure.wait_seconds) == ("rate_limit", 60.0)
            assert (failure.code == TOKENS) == is_tokens


def test_tokens_of_the_input_are_counted_as_they_are_billed(desk: Desk, ask: Any) -> None:
    """A question of 400 letters takes 100 tokens; 250 a minute are two of them and a small one."""
    desk.quota = Quota(tokens_per_minute=250)
    long = "word " * 80
    assert [ask.interact(long).status for _ in range(3)] == [200, 200, 429]
    assert ask.interact("short").status == 200


def test_every_key_and_every_model_has_its_own_limit(desk: Desk, ask: Any, service: Any) -> None:
    """A limit is a project's, and one model's."""
    desk.quota = Quota(requests_per_minute=1)
    other = type(ask)(service, key="OTHER")
    assert [ask.generate("x").status, ask.generate("x").status] == [200, 429]
    assert other.generate("x").status == 200
    assert ask.generate("x", model="gemini-2.5-flash").status == 200


def test_a_batch_has_no_part_in_it(desk: Desk, ask: Any, clock: Any) -> None:
    """The service counts batches apart."""
    desk.quota = Quota(requests_per_minute=1)
    ask.generate("x")
    one = {"request": {"contents": [{"parts": [{"text": "x"}]}]}}
    batch = {"displayName": "b", "inputConfig": {"requests": {"requests": [one, one]}}}
    made = ask("POST", "/v1/models/gemini-3.5-flash:batchGenerateContent", {"batch": batch})
    path = f"/v1/{made.json['name']}"
    for _ in range(2):
        clock.forward(seconds=1)
        job = ask("GET", path).json
    assert job["metadata"]["batchStats"] == {"requestCount": "2", "successfulRequestCount": "2"}
