"""A request to countTokens is the request to generateContent, and its answer is a number."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from runner.providers.gemini import count_tokens, generate_content
from runner.values.content import whole
from runner.values.geometry import Size
from runner.values.image import Image, Prepared
from runner.values.request import ImagePart, Request, Settings, TextPart
from runner.values.response import Failure, Usage


def test_the_body_holds_the_whole_request(images: Mapping[str, Image]) -> None:
    """System instruction, schema and resolution too, with the name of the model."""
    request = Request(
        "generate_content",
        "gemini-3.5-flash",
        (ImagePart(images["png"], "low"), TextPart("What is this?")),
        system="Be brief.",
        settings=Settings(media_resolution="high"),
        schema={"type": "object"},
    )
    sent = [Prepared(b"\x89PNG", "image/png", Size(1, 1), "")]
    asked = json.loads(whole(generate_content.body(request, sent)))
    assert json.loads(whole(count_tokens.body(request, sent))) == {
        "generateContentRequest": {"model": "models/gemini-3.5-flash", **asked}
    }


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        ({"totalTokens": 1098}, Usage(1098)),
        (
            {
                "totalTokens": 1098,
                "cachedContentTokenCount": 8,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 8},
                    {"modality": "IMAGE", "tokenCount": 1090},
                ],
            },
            Usage(1098, cached_tokens=8, image_tokens=1090),
        ),
    ],
)
def test_a_count_is_a_usage_without_an_answer(answer: object, usage: Usage) -> None:
    """The images apart, where the service tells them."""
    read = count_tokens.read(json.dumps(answer).encode(), "m")
    assert not isinstance(read, Failure)
    assert (read.usage, read.text, read.model) == (usage, "", "m")


@pytest.mark.parametrize(
    "answer", [{}, {"totalTokens": 0}, {"totalTokens": "9"}, {"totalTokens": -1}, [], 5, "x"]
)
def test_what_is_no_count_is_a_failure(answer: object) -> None:
    """Never a count of nothing."""
    read = count_tokens.read(json.dumps(answer).encode(), "m")
    assert isinstance(read, Failure)
    assert read.kind == "unreadable"
