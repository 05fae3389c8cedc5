"""What an OpenAI-compatible server says when it gives no answer, in the words that runs know.

Its error is `{"error": {"message", "type", "param", "code"}}`; servers leave out what they like,
and some write a number as the code. Sources: OpenAI's guide to error codes; the servers of vLLM,
Ollama and llama.cpp as they answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from runner.providers.gemini.words import mapping, word
from runner.transport.classify import TOKENS, failure_of, json_object
from runner.transport.reply import Reply
from runner.values.response import Failure, Response, Usage

OUT_OF_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached"})

TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error"})

DECLINED = frozenset({"content_filter", "content_policy_violation"})

_TOO_LONG = re.compile(
    r"maximum context length|context (size|length|window)|longer than the maximum model length",
    re.IGNORECASE,
)

_NO_SCHEMA = re.compile(
    r"response_format|json.schema|structured output|guided|grammar", re.IGNORECASE
)

_NO_IMAGES = re.compile(
    r"(image|vision|multimodal) (input|data) is not supported|not a multimodal model|"
    r"does not support (images?|vision|multimodal)|mmproj|at most 0 image|"
    r"unsupported content part type|missing data required for image|support image input",
    re.IGNORECASE,
)
"""llama-server says so with status 500 when it was started without `--mmproj` (ggml-org/llama.cpp,
issue 13566), Ollama of a model without vision, vLLM of a model that is for text."""

_FEWER_IMAGES = re.compile(r"at most \d+ image|only supports one image", re.IGNORECASE)
"""vLLM's limit for one prompt, and Ollama's for one family of models."""

_NO_ADDRESSES = re.compile(r"image URLs are not|fetch.*image.*disabled", re.IGNORECASE)
"""Ollama takes images as data only (github.com/ollama/ollama, openai/openai.go)."""

_NO_MODEL = re.compile(r"\bmodel\b", re.IGNORECASE)


def failure_or_refusal(reply: Reply, model: str, *, has_schema: bool) -> Failure | Response | None:
    """Why this reply is no answer, None when it is one. A content filter that answers with an error
    is a refusal. `has_schema` says that the request asked for an answer in a JSON Schema."""
    failure = failure_of(reply)
    if failure is None:
        return _within(reply)
    words = _words(reply)
    if words & DECLINED:
        why = next(iter(words & DECLINED))
        return Response("", "refused", why, Usage(), model, reply.body, channel="http")
    return _understood(failure, words, has_schema=has_schema)


def _understood(failure: Failure, words: frozenset[str], *, has_schema: bool) -> Failure:
    """The failure as what this protocol means by it."""
    said, status = failure.message, failure.status
    if words & OUT_OF_MONEY:
        return replace(failure, kind="quota", stops_run=True)
    if failure.kind == "rate_limit" and ("tokens" in words or "tokens per min" in said):
        return replace(failure, code=TOKENS)
    if words & TOO_LONG or (status in (400, 413, 422) and _TOO_LONG.search(said)):
        why = f"prompt and images are longer than the model's context: {said}"
        return replace(failure, kind="too_large", message=why, stops_run=False)
    if has_schema and status in (400, 422, 501) and _NO_SCHEMA.search(said):
        why = (
            "the server does not take this JSON Schema as `response_format` (older servers take"
            f" none: a newer version of it may help); it says: {said}"
        )
        return replace(failure, kind="bad_request", message=why, stops_run=True)
    if advice := _about_images(status, said):
        why, stops = advice
        return replace(failure, kind="bad_request", message=f"{why}: {said}", stops_run=stops)
    if status == 404 and not _NO_MODEL.search(said):
        why = f"nothing answers at this address (does it lack its /v1?): {said}"
        return replace(failure, message=why)
    return failure


def _about_images(status: int | None, said: str) -> tuple[str, bool] | None:
    """What to do about images that the server does not take, and whether it takes none at all."""
    if status is None or status < 400:
        return None
    if _NO_IMAGES.search(said):
        why = (
            "this model, as the server runs it, looks at no images (llama.cpp needs the model's"
            " --mmproj, Ollama and vLLM a model with vision)"
        )
        return why, True
    if _FEWER_IMAGES.search(said):
        return "too many images in one request (vLLM: --limit-mm-per-prompt)", False
    if _NO_ADDRESSES.search(said):
        return "the server fetches no web images; write `fetch: true`", False
    return None


def _within(reply: Reply) -> Failure | None:
    """The error that some gateways wrap into an answer with status 200."""
    document = json_object(reply.body)
    if isinstance(document, Failure) or "choices" in document or not document.get("error"):
        return None
    code = mapping(document["error"]).get("code")
    status = code if isinstance(code, int) and 400 <= code <= 599 else 500
    found = failure_of(replace(reply, status=status))
    return replace(found, maybe_billed=True) if found else None


def _words(reply: Reply) -> frozenset[str]:
    """The code and the type of an error."""
    document = json_object(reply.body)
    if isinstance(document, Failure):
        return frozenset()
    error: Mapping[str, object] = mapping(document.get("error")) or document
    return frozenset(filter(None, (word(error.get("code")), word(error.get("type")))))
