"""Chat Completions: the bytes that are sent, and every way in which an answer can be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.providers.openai.chat_completions import ALL_THOUGHTS, body, read
from runner.values.content import whole
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image, Prepared, WebOrigin
from runner.values.request import ImagePart, Request, Settings, TextPart
from runner.values.response import Failure, Response, Usage

PNG = Image("a.png", "image", DataOrigin(b"\x89PNG"), "image/png")
WEB = Image("b.jpg", "image", WebOrigin("https://example.com/b.jpg"), "image/jpeg")
SENT = Prepared(b"\x89PNG", "image/png", Size(1, 1), "")


def written(request: Request, *prepared: Prepared | None, root: str = "") -> Any:
    """The body as the server reads it."""
    return json.loads(whole(body(request, prepared, root)))


def test_a_request_is_written_in_the_words_of_the_protocol() -> None:
    """Everything that a request can hold; Gemini's own settings are not in it."""
    request = Request(
        "chat_completions",
        "eyes",
        (TextPart("What is “this”?"), ImagePart(PNG), ImagePart(WEB)),
        system="Be brief.",
        settings=Settings(
            temperature=0,
            top_p=0.5,
            seed=7,
            max_output_tokens=64,
            thinking="low",
            media_resolution="high",
            safety={"harassment": "off"},
        ),
        schema={"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
    )
    assert written(request, SENT, None) == {
        "model": "eyes",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is “this”?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/b.jpg"}},
                ],
            },
        ],
        "temperature": 0,
        "top_p": 0.5,
        "seed": 7,
        "max_tokens": 64,
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "answer",
                "schema": {
                    "type": "object",
                    "properties": {"n": {"type": "integer"}},
                    "required": ["n"],
                    "additionalProperties": False,
                },
                "strict": True,
            },
        },
    }


def test_a_bare_question_sends_nothing_but_itself() -> None:
    """No setting that nobody wrote."""
    assert written(Request("chat_completions", "eyes", (TextPart("Hello"),))) == {
        "model": "eyes",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }


@pytest.mark.parametrize(
    ("root", "word"),
    [
        ("http://127.0.0.1:11434/v1", "max_tokens"),
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://api.openai.com.example.com/v1", "max_tokens"),
    ],
)
def test_the_room_for_an_answer_has_the_name_that_the_server_knows(root: str, word: str) -> None:
    """OpenAI's newer models refuse the older name, and other servers do not know the newer one."""
    request = Request("chat_completions", "eyes", (), settings=Settings(max_output_tokens=5))
    assert written(request, root=root)[word] == 5


def said(message: object, finish: object = "stop", **more: object) -> bytes:
    """The bytes of an answer."""
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], **more}).encode()


@pytest.mark.parametrize(
    ("message", "finish", "expected"),
    [
        ({"content": "yes"}, "stop", ("yes", "complete", "stop", None)),
        ({"content": "ye"}, "length", ("ye", "cut_off", "length", None)),
        ({"content": ""}, "content_filter", ("", "refused", "content_filter", "finish_reason")),
        (
            {"content": None, "refusal": "I'm sorry."},
            "stop",
            ("", "refused", "I'm sorry.", "refusal"),
        ),
        (
            {"content": None},
            "tool_calls",
            ("", "failed", "tool_calls: the model called a tool, and none was offered", None),
        ),
        ({"content": "ye"}, "model_length", ("ye", "cut_off", "model_length", None)),
        ({"content": ""}, "abort", ("", "failed", "abort: the server gave up", None)),
        ({"content": "<think>no?</think>yes"}, "stop", ("yes", "complete", "stop", None)),
        ({"content": "<think>no?"}, "length", ("", "cut_off", "length", None)),
        ({"content": "yes", "reasoning": "no?"}, "stop", ("yes", "complete", "stop", None)),
        ({"content": None, "reasoning": "yes"}, "stop", ("", "failed", ALL_THOUGHTS, None)),
        (
            {"content": "", "reasoning_content": "yes"},
            "stop",
            ("", "failed", ALL_THOUGHTS, None),
        ),
        ({"content": "", "reasoning": "ye"}, "length", ("", "cut_off", "length", None)),
        ({"content": "yes"}, None, ("yes", "complete", "unknown", None)),
        ({"content": "yes"}, "eos", ("yes", "complete", "eos", None)),
        (
            {"content": [{"type": "text", "text": "y"}, {"type": "text", "text": "es"}]},
            "stop",
            ("yes", "complete", "stop", None),
        ),
        (
            {"content": "yes", "reasoning_content": "Let me think."},
            "stop",
            ("yes", "complete", "stop", None),
        ),
        (None, "stop", ("", "complete", "stop", None)),
    ],
)
def test_every_end_of_an_answer_is_told_apart(
    message: object, finish: object, expected: tuple[object, ...]
) -> None:
    """Whole, cut off, refused and failed are different results; thoughts are no answer."""
    found = read(said(message, finish), "eyes")
    assert isinstance(found, Response)
    assert (found.text, found.finish, found.finish_reason, found.channel) == expected


def test_reasoning_is_counted_apart_from_the_answer() -> None:
    """The protocol counts it within the completion, a run beside it."""
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    found = read(said({"content": "yes"}, model="eyes-2", id="c1", usage=usage), "eyes")
    assert isinstance(found, Response)
    assert found.usage == Usage(100, 20, 30, 60)
    assert (found.model, found.response_id) == ("eyes-2", "c1")


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "many"}, {"prompt_tokens": -1}])
def test_what_was_not_counted_is_not_known(usage: object) -> None:
    """It is never taken for 0."""
    found = read(said({"content": "yes"}, usage=usage), "eyes")
    assert isinstance(found, Response)
    assert not found.usage.is_known


@pytest.mark.parametrize("content", [b"{}", b'{"choices":[]}', b'{"choices":7}', b"[]"])
def test_what_is_no_answer_is_a_failure(content: bytes) -> None:
    """It is never an empty answer, and may have been paid for."""
    found = read(content, "eyes")
    assert isinstance(found, Failure)
    assert (found.kind, found.maybe_billed) == ("unreadable", True)
