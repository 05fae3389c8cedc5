"""What servers say instead of an answer, in the words that they really use."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from runner.providers.openai.errors import failure_or_refusal
from runner.transport.classify import TOKENS, decide
from runner.transport.reply import Reply
from runner.values.response import Failure, Response


def openai(message: str, code: object = None, kind: str = "invalid_request_error") -> object:
    """An error in OpenAI's shape, which vLLM and Ollama share."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def told(
    status: int, body: object, headers: Mapping[str, str] | None = None, *, has_schema: bool = True
) -> Failure:
    """The failure that this answer is."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = failure_or_refusal(Reply(status, headers or {}, content), "eyes", has_schema=has_schema)
    assert isinstance(found, Failure)
    return found


LIMIT = openai("Rate limit reached for eyes", "rate_limit_exceeded", "requests")
TPM = openai("Rate limit reached on tokens per min (TPM)", "rate_limit_exceeded", "tokens")
BROKE = openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota")
KEY = openai("Incorrect API key provided", "invalid_api_key")
CONTEXT = openai("This model's maximum context length is 4096 tokens.", "context_length_exceeded")
LLAMA = {"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error"}}
VLLM = openai("This model's maximum context length is 4096 tokens.", 400, "BadRequestError")
MODEL = openai("The model `eyes` does not exist", "model_not_found")
OLLAMA = openai('model "eyes" not found, try pulling it first', None, "api_error")
LOADING = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
GRAMMAR = openai("failed to parse grammar")
FORMAT = openai("'response_format.type' must be 'text' or 'json_object'")


NO_MMPROJ = {
    "error": {
        "code": 500,
        "message": "image input is not supported - hint: if this is unexpected, you may need to"
        " provide the mmproj",
        "type": "server_error",
    }
}


@pytest.mark.parametrize(
    ("status", "body", "kind", "decision"),
    [
        (429, LIMIT, "rate_limit", "throttle"),
        (429, BROKE, "quota", "stop"),
        (401, KEY, "credentials", "stop"),
        (400, CONTEXT, "too_large", "give_up"),
        (400, LLAMA, "too_large", "give_up"),
        (400, VLLM, "too_large", "give_up"),
        (404, MODEL, "not_found", "stop"),
        (404, OLLAMA, "not_found", "stop"),
        (404, b"404 page not found", "not_found", "stop"),
        (503, LOADING, "overloaded", "retry"),
        (500, openai("boom", None, "server_error"), "overloaded", "retry"),
        (400, GRAMMAR, "bad_request", "stop"),
        (422, {"detail": [{"loc": ["body", "response_format"]}]}, "bad_request", "stop"),
        (400, openai("Invalid image"), "bad_request", "give_up"),
        (500, NO_MMPROJ, "bad_request", "stop"),
        (400, openai('"eyes" does not support vision'), "bad_request", "stop"),
        (400, openai("eyes is not a multimodal model"), "bad_request", "stop"),
        (
            400,
            openai("At most 1 image(s) may be provided in one prompt."),
            "bad_request",
            "give_up",
        ),
        (400, openai("image URLs are not currently supported"), "bad_request", "give_up"),
        (200, openai("upstream", 502), "overloaded", "retry"),
        (200, openai("no credits", 402), "credentials", "stop"),
        (302, b"", "unreadable", "stop"),
        (200, b"<html>", "unreadable", "retry"),
    ],
)
def test_an_error_is_what_the_server_means_by_it(
    status: int, body: object, kind: str, decision: str
) -> None:
    """Also in the words of servers that copy only half of the shape."""
    failure = told(status, body)
    assert (failure.kind, decide(failure)) == (kind, decision)


def test_a_rate_limit_waits_as_long_as_it_is_asked_to() -> None:
    """And says what it counts."""
    failure = told(429, LIMIT, {"retry-after": "7"})
    assert (failure.wait_seconds, failure.code) == (7.0, "rate_limit_exceeded")
    assert told(429, TPM).code == TOKENS


def test_a_server_without_json_schema_is_told_from_a_wrong_request() -> None:
    """Only when a schema was sent: then nothing else of the run would fare better."""
    failure = told(400, FORMAT)
    assert failure.message == (
        "the server does not take this JSON Schema as `response_format` (older servers take none: "
        "a newer version of it may help); it says: 'response_format.type' must be 'text' or "
        "'json_object'"
    )
    assert failure.stops_run
    assert not told(400, FORMAT, has_schema=False).stops_run


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (NO_MMPROJ, "llama.cpp needs the model's --mmproj"),
        (openai("At most 1 image(s) may be provided in one prompt."), "--limit-mm-per-prompt"),
        (openai("image URLs are not currently supported"), "write `fetch: true`"),
    ],
)
def test_what_is_wrong_with_images_comes_with_what_to_do(body: object, advice: str) -> None:
    """In the words of the server, which does not know who asks."""
    failure = told(500, body)
    assert advice in failure.message
    assert failure.message.endswith(body["error"]["message"])  # type: ignore[index]


def test_a_missing_v1_is_told() -> None:
    """The commonest mistake in an address."""
    failure = told(404, b"404 page not found", {"content-type": "text/plain"})
    assert failure.message.startswith("nothing answers at this address (does it lack its /v1?): ")


@pytest.mark.parametrize("code", ["content_filter", "content_policy_violation"])
def test_a_filter_that_answers_with_an_error_is_a_refusal(code: str) -> None:
    """A refusal is a result of its own, not a failure of the service."""
    reply = Reply(400, {}, json.dumps(openai("no", code)).encode())
    found = failure_or_refusal(reply, "eyes", has_schema=True)
    assert isinstance(found, Response)
    assert (found.finish, found.finish_reason, found.channel) == ("refused", code, "http")


def test_an_answer_is_no_failure() -> None:
    """Nor is one that says in so many words that there was no error."""
    for body in ({"choices": [{}]}, {"choices": [{}], "error": None}):
        reply = Reply(200, {}, json.dumps(body).encode())
        assert failure_or_refusal(reply, "eyes", has_schema=True) is None
