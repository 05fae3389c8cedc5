"""Chat Completions: a request as the bytes of its body, and a response read whole.

Source: the types of OpenAI's own package (openai 3.52); what servers other than OpenAI's take of
it stands at docs.vllm.ai, docs.ollama.com and github.com/ggml-org/llama.cpp (tools/server).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from runner.providers.gemini.pieces import Base64, json_bytes, list_pieces
from runner.providers.gemini.words import clean, mapping, mappings, usage, word
from runner.providers.openai.closed import closed
from runner.providers.openai.thoughts import without_thoughts
from runner.transport.classify import json_object
from runner.values.content import Content
from runner.values.image import Prepared, WebOrigin
from runner.values.request import ImagePart, Part, Request
from runner.values.response import Failure, Finish, Response, Usage

SCHEMA_NAME = "answer"
"""The protocol wants a name for every schema; it changes nothing."""

OPENAI = "https://api.openai.com/"
"""OpenAI's newer models take `max_completion_tokens` only; Ollama lists only `max_tokens`, which
all other servers take, too."""


def body(request: Request, prepared: Sequence[Prepared | None], root: str = "") -> list[Content]:
    """The JSON body in pieces. `prepared` holds the bytes of each image in order, those of the
    examples first, None for one that the server fetches itself; `root` is the address that it goes
    to. An example is a message of the user and one of the assistant."""
    images = iter(prepared)

    def asked(parts: Sequence[Part]) -> list[Content]:
        return [b'{"role":"user","content":', *list_pieces(_part(p, images) for p in parts), b"}"]

    messages: list[list[Content]] = []
    if request.system is not None:
        messages.append([json_bytes({"role": "system", "content": request.system})])
    for turn in request.examples:
        answer = json_bytes({"role": "assistant", "content": turn.answer})
        messages += [asked(turn.parts), [answer]]
    rest = json_bytes(_rest(request, root))
    return [
        json_bytes({"model": request.model})[:-1],
        b',"messages":',
        *list_pieces([*messages, asked(request.parts)]),
        b"," + rest[1:] if len(rest) > 2 else b"}",
    ]


def _part(part: Part, images: Iterator[Prepared | None]) -> list[Content]:
    if isinstance(part, ImagePart):
        return _image(part, next(images))
    return [json_bytes({"type": "text", "text": part.text})]


def _image(part: ImagePart, sent: Prepared | None) -> list[Content]:
    origin = part.image.origin
    if sent is None:
        uri = origin.uri if isinstance(origin, WebOrigin) else ""
        return [json_bytes({"type": "image_url", "image_url": {"url": uri}})]
    head = json_bytes({"type": "image_url", "image_url": {"url": f"data:{sent.mime};base64,"}})
    return [head[:-3], Base64(sent.content), b'"}}']


def _rest(request: Request, root: str) -> dict[str, object]:
    settings = request.settings
    room = "max_completion_tokens" if root.startswith(OPENAI) else "max_tokens"
    rest: dict[str, object] = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "seed": settings.seed,
        room: settings.max_output_tokens,
        "response_format": _response_format(request.schema),
    }
    return {key: value for key, value in rest.items() if value is not None}


def _response_format(schema: Mapping[str, object] | None) -> dict[str, object] | None:
    if schema is None:
        return None
    sent, strict = closed(schema)
    named = {"name": SCHEMA_NAME, "schema": sent, "strict": strict}
    return {"type": "json_schema", "json_schema": named}


def read(content: bytes, model: str = "") -> Response | Failure:
    """The response in the bytes of a successful answer; `model` is the one that was asked."""
    document = json_object(content)
    if isinstance(document, Failure):
        return document
    choices = mappings(document.get("choices"))
    if not choices:
        return Failure("unreadable", "a JSON object without `choices`", maybe_billed=True)
    message = mapping(choices[0].get("message"))
    finish, reason, channel = _ending(choices[0], message)
    text = without_thoughts(clean(_text(message.get("content"))), cut_off=finish == "cut_off")
    if finish == "complete" and not text and _thoughts(message):
        finish, reason = "failed", ALL_THOUGHTS
    return Response(
        text=text,
        finish=finish,
        finish_reason=reason,
        usage=_usage(mapping(document.get("usage"))),
        model=word(document.get("model")) or model,
        body=content,
        response_id=word(document.get("id")) or None,
        channel=channel,
    )


ALL_THOUGHTS = (
    "all that the model wrote counts as its thoughts, and nothing as its answer: let it answer"
    " without thinking, or start the server with the reasoning parser of this model"
)
"""Servers take an answer for thoughts when a model that was not to think writes no mark
(github.com/vllm-project/vllm, issues 17349 and 50948). What it is, nobody can tell from here."""


def _thoughts(message: Mapping[str, object]) -> str:
    """Thoughts apart from the answer, under the name of vLLM and Ollama, or of llama.cpp."""
    return word(message.get("reasoning")) or word(message.get("reasoning_content"))


def _text(content: object) -> str:
    """The text of a message; some servers write it in parts, as it is written in requests."""
    return word(content) or "".join(
        word(part.get("text")) for part in mappings(content) if part.get("type") == "text"
    )


def _ending(
    choice: Mapping[str, object], message: Mapping[str, object]
) -> tuple[Finish, str, str | None]:
    """How it ended, the server's word for it, and where a refusal stood.

    A reason that nobody here knows is taken for the end of a whole answer, and kept.
    """
    reason = word(choice.get("finish_reason"))
    if refusal := clean(word(message.get("refusal"))):
        return "refused", refusal, "refusal"
    match reason:
        case "content_filter":
            return "refused", reason, "finish_reason"
        case "length" | "model_length" | "max_tokens":
            return "cut_off", reason, None
        case "tool_calls" | "function_call":
            return "failed", f"{reason}: the model called a tool, and none was offered", None
        case "abort" | "error":  # vLLM's word, and that of gateways
            said = word(mapping(choice.get("error")).get("message"))
            return "failed", f"{reason}: {said}" if said else f"{reason}: the server gave up", None
    return "complete", reason or "unknown", None


def _usage(numbers: Mapping[str, object]) -> Usage:
    """The tokens as counted. Reasoning is part of the completion there, and stands apart here."""
    details = mapping(numbers.get("completion_tokens_details"))
    seen = mapping(numbers.get("prompt_tokens_details"))
    counted = {
        **numbers,
        "reasoning_tokens": details.get("reasoning_tokens"),
        "cached_tokens": seen.get("cached_tokens"),
    }
    found = usage(counted, COUNTS, [])
    said = max(0, found.output_tokens - found.thought_tokens)
    return Usage(
        found.input_tokens,
        said,
        found.thought_tokens,
        found.cached_tokens,
        is_known=found.is_known,
    )


COUNTS = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens")
