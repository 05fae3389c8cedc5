"""What the provider sends and reads is what OpenAI's own package sends and reads.

A client that nobody here wrote asks the same server the same question. It also holds the server to
its strictness: what the package sends is taken, what its types do not allow is refused.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image as Pillow

from runner.providers import PROVIDERS
from runner.roles import Connection
from runner.values.content import whole
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image, Prepared, WebOrigin
from runner.values.request import ImagePart, Part, Policy, Request, Settings, TextPart, Turn
from runner.values.response import Failure, Response

openai = pytest.importorskip("openai", reason="compares with the package openai 3.52")

KEY = "sk-canary-0123456789abcdef"
WORDS = 'What is this? “é” 🍎 "quoted"\n'
SCHEMA = {
    "type": "object",
    "properties": {
        "boxes": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "box": {"type": "array", "items": {"type": "integer"}},
                    "label": {"type": "string", "description": "What it is: “é”"},
                },
                "required": ["box", "label"],
            },
        }
    },
    "required": ["boxes"],
}
CLOSED = json.loads(
    json.dumps(SCHEMA).replace('"required"', '"additionalProperties": false, "required"')
)


def png() -> bytes:
    """An image with something dark in it."""
    image = Pillow.new("RGB", (40, 20), "white")
    image.paste((200, 0, 0), (10, 5, 30, 15))
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


PNG = png()
FILE = Image("a.png", "image", DataOrigin(PNG), "image/png")
WEB = Image("b.png", "image", WebOrigin("https://example.com/b.png"), "image/png")
URI = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": CLOSED, "strict": True},
}

Case = tuple[tuple[Part, ...], dict[str, Any], dict[str, Any]]
"""The parts, what our request holds besides, what the package is given besides."""

CASES: dict[str, Case] = {
    "text only": ((TextPart(WORDS),), {}, {}),
    "an image and a web address": ((TextPart(WORDS), ImagePart(FILE), ImagePart(WEB)), {}, {}),
    "the image first": ((ImagePart(FILE), TextPart(WORDS)), {}, {}),
    "a system prompt": ((TextPart(WORDS),), {"system": "Be “brief”."}, {}),
    "all settings": (
        (TextPart(WORDS),),
        {"settings": Settings(temperature=0.5, top_p=0.9, seed=7, max_output_tokens=64)},
        {"temperature": 0.5, "top_p": 0.9, "seed": 7, "max_tokens": 64},
    ),
    "a schema": (
        (TextPart(WORDS), ImagePart(FILE)),
        {"schema": SCHEMA},
        {"response_format": FORMAT},
    ),
    "examples": (
        (TextPart(WORDS), ImagePart(FILE)),
        {
            "system": "Be “brief”.",
            "examples": (
                Turn((TextPart("One?"), ImagePart(WEB)), "“é”"),
                Turn((ImagePart(FILE), TextPart("Two?")), "[]"),
            ),
        },
        {},
    ),
}


@pytest.fixture
def client(chat_server: Any) -> Any:
    """OpenAI's own client, which asks our server once."""
    with openai.OpenAI(base_url=chat_server.url, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def ask(chat_server: Any) -> Callable[[Request], Response | Failure]:
    """Asks the same server through the provider, once."""

    def once(request: Request) -> Response | Failure:
        async def main() -> Response | Failure:
            connection = Connection(KEY, chat_server.url, policy=Policy(timeout_seconds=10))
            async with PROVIDERS["openai"]().open(connection, _fetch) as ask:
                return await ask(request)

        return asyncio.run(main())

    return once


def _fetch(image: Image) -> Prepared:
    assert isinstance(image.origin, DataOrigin)
    content = image.origin.content
    return Prepared(content, image.mime, Size(40, 20), hashlib.sha256(content).hexdigest())


def _messages(
    parts: tuple[Part, ...], system: str | None, examples: tuple[Turn, ...] = ()
) -> list[Any]:
    before: list[Any] = [{"role": "system", "content": system}] if system else []
    for turn in examples:
        before += [_user(turn.parts), {"role": "assistant", "content": turn.answer}]
    return [*before, _user(parts)]


def _user(parts: tuple[Part, ...]) -> dict[str, Any]:
    content = [
        {"type": "text", "text": part.text}
        if isinstance(part, TextPart)
        else {"type": "image_url", "image_url": {"url": _address(part.image)}}
        for part in parts
    ]
    return {"role": "user", "content": content}


def _address(image: Image) -> str:
    return image.origin.uri if isinstance(image.origin, WebOrigin) else URI


@pytest.mark.parametrize("name", CASES)
def test_the_same_question_has_the_same_body(
    name: str, chat_server: Any, chat: Any, client: Any, ask: Any
) -> None:
    """Key for key; also the address and the header of the key."""
    parts, ours, theirs = CASES[name]
    chat_server.answer = lambda body: chat.Told(chat.completion("yes"))
    messages = _messages(parts, ours.get("system"), ours.get("examples", ()))
    client.chat.completions.create(model="eyes", messages=messages, **theirs)
    ask(Request("chat_completions", "eyes", parts, **ours))
    wanted, sent = chat_server.received
    assert sent.body == wanted.body
    assert sent.path == wanted.path
    assert sent.headers["authorization"] == wanted.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("name", CASES)
def test_a_body_is_what_the_types_of_the_package_describe(name: str) -> None:
    """Nothing is in it that they do not know, and nothing has another type."""
    from openai.types.chat import ChatCompletionContentPartParam, ChatCompletionMessageParam
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
    from openai.types.shared_params import ResponseFormatJSONSchema
    from pydantic import TypeAdapter

    from runner.providers.openai.chat_completions import body

    parts, ours, _ = CASES[name]
    request = Request("chat_completions", "eyes", parts, **ours)
    prepared = [None if image is WEB else _fetch(image) for image in request.sent_images]
    sent = json.loads(whole(body(request, prepared)))
    assert set(sent) <= set(CompletionCreateParamsNonStreaming.__annotations__)
    TypeAdapter(CompletionCreateParamsNonStreaming).validate_python(sent, strict=True)
    for message in sent["messages"]:  # the types read lists lazily, so their parts one by one
        TypeAdapter(ChatCompletionMessageParam).validate_python(message)
        if not isinstance(message["content"], str):
            for part in message["content"]:
                TypeAdapter(ChatCompletionContentPartParam).validate_python(part)
    if "response_format" in sent:
        TypeAdapter(ResponseFormatJSONSchema).validate_python(sent["response_format"])


@pytest.mark.parametrize(
    "answer",
    [("yes", "stop", {}), ("ye", "length", {}), (None, "stop", {"refusal": "I'm sorry."})],
)
def test_the_same_answer_is_read_alike(
    answer: Any, chat_server: Any, chat: Any, client: Any, ask: Any
) -> None:
    """Text, end, refusal, model and every count of tokens."""
    content, finish, more = answer
    chat_server.answer = lambda body: chat.Told(chat.completion(content, finish, **more))
    messages = _messages((TextPart("Hello"),), None)
    theirs = client.chat.completions.create(model="eyes", messages=messages)
    ours = ask(Request("chat_completions", "eyes", (TextPart("Hello"),)))
    choice, usage = theirs.choices[0], theirs.usage
    assert ours.text == (choice.message.content or "")
    assert ours.finish_reason == (choice.message.refusal or choice.finish_reason)
    assert (ours.model, ours.response_id) == (theirs.model, theirs.id)
    assert ours.usage.input_tokens == usage.prompt_tokens
    assert ours.usage.output_tokens + ours.usage.thought_tokens == usage.completion_tokens
    assert ours.usage.thought_tokens == usage.completion_tokens_details.reasoning_tokens
    assert ours.usage.cached_tokens == usage.prompt_tokens_details.cached_tokens


@pytest.mark.parametrize(
    ("told", "error", "kind"),
    [
        ((401, "no", "invalid_api_key"), "AuthenticationError", "credentials"),
        ((404, "no such model", "model_not_found"), "NotFoundError", "not_found"),
        ((429, "slow down", "rate_limit_exceeded"), "RateLimitError", "rate_limit"),
        ((429, "no money", "insufficient_quota"), "RateLimitError", "quota"),
        ((400, "too long", "context_length_exceeded"), "BadRequestError", "too_large"),
        ((500, "boom", None), "InternalServerError", "overloaded"),
    ],
)
def test_the_same_error_is_understood_alike(
    told: Any, error: str, kind: str, chat_server: Any, chat: Any, client: Any, ask: Any
) -> None:
    """Where the package raises, a run has a failure of the same meaning, message and code."""
    status, message, code = told
    chat_server.answer = lambda body: chat.Told(chat.error(message, code), status)
    with pytest.raises(getattr(openai, error)) as raised:
        client.chat.completions.create(model="eyes", messages=_messages((TextPart("x"),), None))
    failure = ask(Request("chat_completions", "eyes", (TextPart("x"),)))
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.status) == (kind, raised.value.status_code)
    assert message in failure.message
    assert raised.value.code == code
    assert failure.code == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "nobody"},
        {"temperature": 3.0},
        {"max_tokens": "64"},
        {"extra_body": {"thinking": "low"}},
        {"messages": []},
        {"messages": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:,"}]}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": URI[:-9]}}],
                }
            ]
        },
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
            }
        },
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}},
    ],
)
def test_the_server_of_these_tests_is_strict(wrong: Any, client: Any) -> None:
    """It refuses what OpenAI refuses, in a form that the package understands."""
    right = {"model": "eyes", "messages": _messages((TextPart("x"),), None)}
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)):
        client.chat.completions.create(**{**right, **wrong})
