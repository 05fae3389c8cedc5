"""A request to generateContent, and every way in which its answer can end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from runner.providers.gemini import generate_content
from runner.values.content import whole
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image, Prepared
from runner.values.request import ImagePart, Request, Settings, TextPart
from runner.values.response import Failure, Response, Usage

TEXT = TextPart("What is this?")


def test_the_body_is_the_json_of_the_documentation(images: Mapping[str, Image]) -> None:
    """Camel case, standard base64, the parts in their order."""
    request = Request(
        "generate_content",
        "gemini-2.5-flash",
        (ImagePart(images["png"]), ImagePart(images["file"], "low"), TEXT),
        system="Be brief.",
        settings=Settings(thinking="none", media_resolution="medium", safety={"spam": "off"}),
        schema={"type": "object"},
    )
    assert _json(request) == {
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgotYQ=="}},
                    {
                        "fileData": {
                            "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc",
                            "mimeType": "image/png",
                        },
                        "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"},
                    },
                    {"text": "What is this?"},
                ],
            }
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object"},
            "mediaResolution": "MEDIA_RESOLUTION_MEDIUM",
            "thinkingConfig": {"thinkingBudget": 0},
        },
        "safetySettings": [{"category": "HARM_CATEGORY_SPAM", "threshold": "OFF"}],
    }


@pytest.mark.parametrize(
    ("settings", "thinking"),
    [
        (Settings(), None),
        (Settings(thinking="none"), {"thinkingBudget": 0}),
        (Settings(thinking_budget=0), {"thinkingBudget": 0}),
        (Settings(thinking_budget=-1), {"thinkingBudget": -1}),
        (Settings(thinking="minimal"), {"thinkingLevel": "MINIMAL"}),
        (Settings(thinking="xhigh"), {"thinkingLevel": "XHIGH"}),
    ],
)
def test_thinking_is_a_level_or_a_number_of_tokens(settings: Settings, thinking: object) -> None:
    """Never both: the service refuses that. No thinking is a number: 0."""
    written = _json(Request("generate_content", "m", (TEXT,), settings=settings))
    assert written.get("generationConfig", {}).get("thinkingConfig") == thinking


def test_the_highest_resolution_is_said_for_each_image(images: Mapping[str, Image]) -> None:
    """A request as a whole does not take it."""
    settings = Settings(media_resolution="ultra_high")
    parts = (ImagePart(images["png"]), ImagePart(images["web"], "low"))
    written = _json(Request("generate_content", "m", parts, settings=settings))
    levels = [part["mediaResolution"]["level"] for part in written["contents"][0]["parts"]]
    assert levels == ["MEDIA_RESOLUTION_ULTRA_HIGH", "MEDIA_RESOLUTION_LOW"]
    assert "generationConfig" not in written


def test_a_setting_of_zero_is_sent() -> None:
    """Zero is not the same as nothing said."""
    settings = Settings(temperature=0.0, seed=0, top_p=0.0)
    written = _json(Request("generate_content", "m", (TEXT,), settings=settings))
    assert written["generationConfig"] == {"temperature": 0.0, "topP": 0.0, "seed": 0}


def _json(request: Request) -> Any:
    prepared = [
        Prepared(image.origin.content, image.mime, Size(8, 8), "")
        if isinstance(image.origin, DataOrigin)
        else None
        for image in request.images
    ]
    return json.loads(whole(generate_content.body(request, prepared)))


def test_a_response_keeps_what_the_service_counted() -> None:
    """Thoughts are left out of the text and counted apart."""
    document = {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [{"text": "Hm.", "thought": True}, {"text": "a"}, {"text": "b"}],
                },
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 1098,
            "candidatesTokenCount": 12,
            "thoughtsTokenCount": 90,
            "cachedContentTokenCount": 5,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 8},
                {"modality": "IMAGE", "tokenCount": 1090},
            ],
        },
        "modelVersion": "gemini-2.5-flash-001",
        "responseId": "abc",
    }
    assert _read(document) == Response(
        text="ab",
        finish="complete",
        finish_reason="STOP",
        usage=Usage(1098, 12, 90, 5, 1090),
        model="gemini-2.5-flash-001",
        body=json.dumps(document).encode(),
        response_id="abc",
    )


REFUSALS = [
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_OTHER",
    "IMAGE_RECITATION",
    "MODEL_ARMOR",
]
FAULTS = [
    "OTHER",
    "MALFORMED_FUNCTION_CALL",
    "NO_IMAGE",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
]


@pytest.mark.parametrize(
    ("reason", "finish", "channel"),
    [
        ("STOP", "complete", None),
        ("MAX_TOKENS", "cut_off", None),
        ("CONTINUATION", "cut_off", None),
        ("A_REASON_OF_NEXT_YEAR", "complete", None),
        *((reason, "refused", "finishReason") for reason in REFUSALS),
        *((reason, "failed", None) for reason in FAULTS),
    ],
)
def test_every_reason_to_finish_has_its_ending(
    reason: str, finish: str, channel: str | None
) -> None:
    """One that nobody knows is a whole answer, and its word is kept."""
    parts = {"content": {"parts": [{"text": "a"}]}, "finishReason": reason}
    response = _read({"candidates": [parts]})
    assert (response.finish, response.finish_reason) == (finish, reason)
    assert (response.channel, response.text) == (channel, "a")


@pytest.mark.parametrize(
    ("document", "finish", "reason"),
    [
        ({"promptFeedback": {"blockReason": "JAILBREAK"}}, "refused", "JAILBREAK"),
        ({"promptFeedback": {}, "usageMetadata": {}}, "refused", "no candidates"),
        ({"candidates": []}, "refused", "no candidates"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, "cut_off", "MAX_TOKENS"),
        ({"candidates": [{"content": {"parts": [{"text": "a"}]}}]}, "complete", "unknown"),
        (
            {"candidates": [{"finishReason": "OTHER", "finishMessage": "No idea."}]},
            "failed",
            "OTHER: No idea.",
        ),
    ],
)
def test_an_answer_without_the_usual_parts_has_an_ending(
    document: object, finish: str, reason: str
) -> None:
    """A prompt that was blocked has no candidates at all."""
    response = _read(document)
    assert (response.finish, response.finish_reason) == (finish, reason)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"{}", b'{"hello": 1}', b"null"])
def test_what_is_no_answer_is_a_failure(content: bytes) -> None:
    """Never an empty answer."""
    failure = generate_content.read(content)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.maybe_billed) == ("unreadable", True)


def test_a_list_of_one_answer_is_that_answer() -> None:
    """Gateways turn a stream into a list."""
    document = {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}
    assert _read([document]).text == "a"


def _read(document: object) -> Response:
    response = generate_content.read(json.dumps(document).encode(), "asked-model")
    assert isinstance(response, Response)
    return response
