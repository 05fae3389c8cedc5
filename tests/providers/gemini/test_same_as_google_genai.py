"""What the provider sends is what Google's own package sends for the same question.

Only what the documentation of the API calls equal is levelled before the comparison: the version in
the path, the alphabet of base64, snake case inside camel case, and the role of a system instruction.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from runner.values.image import DataOrigin, Image
from runner.values.request import Family, ImagePart, Part, Request, Settings, TextPart, Turn

pytest.importorskip("google.genai", reason="compares with the package google-genai 3.4")

WORDS = 'What is this? “é” 🍎 "quoted"\n'
SCHEMA = {
    "type": "object",
    "properties": {
        "boxes": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "box_2d": {"type": "array", "items": {"type": "integer"}},
                    "label": {"type": "string", "description": "What it is: “é”"},
                },
                "required": ["box_2d", "label"],
            },
        }
    },
    "required": ["boxes"],
}
COMPLETED = {
    "id": "v1_1",
    "object": "interaction",
    "model": "gemini-3.5-flash",
    "status": "completed",
    "created": "2026-11-20T17:40:00Z",
    "updated": "2026-11-20T17:40:02Z",
    "steps": [{"type": "model_output", "content": [{"type": "text", "text": "yes"}]}],
    "usage": {"total_tokens": 2, "total_input_tokens": 1, "total_output_tokens": 1},
}
GENERATED = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": "yes"}]}, "finishReason": "STOP"}
    ]
}

Case = tuple[str, dict[str, Any], dict[str, Any]]
"""The parts (`png:high` is an image with a resolution), our settings, the package's options."""

INTERACTIONS: dict[str, Case] = {
    "text only": ("text", {}, {}),
    "an image within the request": ("text noise", {}, {}),
    "several images, the prompt last": ("png noise text", {}, {}),
    "images by address": ("text web file", {}, {}),
    "a resolution for each image": ("text png:high web:low", {}, {}),
    "a response schema": (
        "text png",
        {"schema": SCHEMA},
        {"response_format": {"type": "text", "mime_type": "application/json", "schema": SCHEMA}},
    ),
    "every setting of the generation": (
        "text",
        {
            "temperature": 0.2,
            "top_p": 0.9,
            "seed": 7,
            "max_output_tokens": 256,
            "thinking": "low",
        },
        {
            "generation_config": {
                "temperature": 0.2,
                "top_p": 0.9,
                "seed": 7,
                "max_output_tokens": 256,
                "thinking_level": "low",
            }
        },
    ),
    "a system instruction": ("text", {"system": WORDS}, {"system_instruction": WORDS}),
    "safety settings": (
        "text",
        {"safety": {"harassment": "block_only_high", "image_hate": "off"}},
        {
            "safety_settings": [
                {"type": "harassment", "threshold": "block_only_high"},
                {"type": "image_hate", "threshold": "off"},
            ]
        },
    ),
}

GENERATE_CONTENT: dict[str, Case] = {
    "text only": ("text", {}, {}),
    "an image within the request": ("text noise", {}, {}),
    "several images, the prompt last": ("png noise text", {}, {}),
    "images by address": ("text web file", {}, {}),
    "a resolution for each image": ("text png:ultra_high web:low", {}, {}),
    "a resolution for all images": (
        "text png",
        {"media_resolution": "high"},
        {"media_resolution": "MEDIA_RESOLUTION_HIGH"},
    ),
    "a response schema": (
        "text",
        {"schema": SCHEMA},
        {"response_mime_type": "application/json", "response_json_schema": SCHEMA},
    ),
    "every setting of the generation": (
        "text",
        {"temperature": 0.0, "top_p": 0.9, "seed": 0, "max_output_tokens": 256},
        {"temperature": 0.0, "top_p": 0.9, "seed": 0, "max_output_tokens": 256},
    ),
    "a number of tokens to think with": (
        "text",
        {"thinking_budget": 128},
        {"thinking_config": {"thinking_budget": 128}},
    ),
    "no thinking": ("text", {"thinking": "none"}, {"thinking_config": {"thinking_budget": 0}}),
    "a level of thinking": (
        "text",
        {"thinking": "minimal"},
        {"thinking_config": {"thinking_level": "minimal"}},
    ),
    "a system instruction": ("text", {"system": WORDS}, {"system_instruction": WORDS}),
    "safety settings": (
        "text",
        {"safety": {"harassment": "block_only_high", "image_hate": "off"}},
        {
            "safety_settings": [
                {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"},
                {"category": "HARM_CATEGORY_IMAGE_HATE", "threshold": "OFF"},
            ]
        },
    ),
}


@pytest.mark.parametrize("name", INTERACTIONS)
def test_an_interaction_is_asked_for_as_the_package_asks(
    name: str, capture: Any, ask: Any, images: Mapping[str, Image]
) -> None:
    """The JSON of the body is equal, as it is."""
    from google import genai

    parts, settings, options = INTERACTIONS[name]
    capture.tell(COMPLETED)
    assert ask(_request("interactions", parts, settings, images)).text == "yes"
    client = genai.Client(api_key="k", http_options={"base_url": capture.url})
    content = [_content(part, images) for part in parts.split()]
    model = "gemini-3.5-flash"
    client.interactions.create(model=model, input=content, store=False, **options)
    ours, theirs = capture.received
    assert (ours.method, ours.path) == (theirs.method, theirs.path.replace("/v1/", "/v1beta/"))
    assert ours.json == theirs.json


@pytest.mark.parametrize("name", GENERATE_CONTENT)
def test_generate_content_is_asked_for_as_the_package_asks(
    name: str, capture: Any, ask: Any, images: Mapping[str, Image]
) -> None:
    """The JSON of the body is equal once the package's own spellings are levelled."""
    from google import genai

    parts, settings, options = GENERATE_CONTENT[name]
    capture.tell(GENERATED)
    assert ask(_request("generate_content", parts, settings, images)).text == "yes"
    client = genai.Client(api_key="k", http_options={"base_url": capture.url})
    client.models.generate_content(
        model="gemini-3.5-flash",
        contents=[_part(part, images) for part in parts.split()],
        config=options or None,
    )
    ours, theirs = capture.received
    assert (ours.method, ours.path) == (theirs.method, theirs.path.replace("/v1/", "/v1beta/"))
    assert ours.json == _level(theirs.json)


def test_examples_are_turns_as_the_package_writes_a_conversation(
    capture: Any, ask: Any, images: Mapping[str, Image]
) -> None:
    """A turn of the user and one of the model for each, then the question: on both endpoints."""
    from google import genai
    from google.genai import types

    answer = '{"boxes": [{"label": "“é”"}]}'
    parts = ["text", "noise:low", "text png"]
    client = genai.Client(api_key="k", http_options={"base_url": capture.url})

    def request(family: Family) -> Request:
        turns = [
            Turn(tuple(_our_part(part, images) for part in each.split()), answer)
            for each in parts[:2]
        ]
        return replace(_request(family, parts[2], {}, images), examples=tuple(turns))

    capture.tell(GENERATED)
    assert ask(request("generate_content")).text == "yes"
    turns: list[Any] = []
    for each in parts:
        turns.append(types.Content(role="user", parts=[_part(p, images) for p in each.split()]))
        turns.append(types.Content(role="model", parts=[types.Part(text=answer)]))
    client.models.generate_content(model="gemini-3.5-flash", contents=turns[:-1])
    ours, theirs = capture.received
    assert ours.json == _level(theirs.json)

    capture.answers, capture.received = [], []
    capture.tell(COMPLETED)
    assert ask(request("interactions")).text == "yes"
    steps: list[Any] = []
    for each in parts:
        content = [_content(part, images) for part in each.split()]
        said = [{"type": "text", "text": answer}]
        steps += [{"type": "user_input", "content": content}]
        steps += [{"type": "model_output", "content": said}]
    client.interactions.create(model="gemini-3.5-flash", input=steps[:-1], store=False)
    ours, theirs = capture.received
    assert ours.json == theirs.json


def test_the_package_resends_the_whole_question_for_the_rest_of_a_long_answer(
    capture: Any, ask: Any, images: Mapping[str, Image]
) -> None:
    """Without storage, the rest of an answer is asked for with the question and a token."""
    from google import genai

    part = {**COMPLETED, "status": "requires_continuation", "continuation_token": "TOKEN"}
    for answer in (part, COMPLETED, part, COMPLETED):
        capture.tell(answer)
    ours = ask(_request("interactions", "text png", {}, images))
    client = genai.Client(api_key="k", http_options={"base_url": capture.url})
    content = [_content("text", images), _content("png", images)]
    theirs = client.interactions.create(model="gemini-3.5-flash", input=content, store=False)
    assert ours.text == theirs.output_text == "yesyes"
    assert ours.usage.input_tokens == theirs.usage.total_input_tokens == 2
    first, second, _, package_second = capture.received
    assert second.json == package_second.json == {**first.json, "continuation_token": "TOKEN"}


def _request(
    family: Family, parts: str, settings: Mapping[str, Any], images: Mapping[str, Image]
) -> Request:
    own = {key: value for key, value in settings.items() if key not in ("schema", "system")}
    return Request(
        family,
        "gemini-3.5-flash",
        tuple(_our_part(part, images) for part in parts.split()),
        system=settings.get("system"),
        settings=Settings(**own),
        schema=settings.get("schema"),
    )


def _our_part(part: str, images: Mapping[str, Image]) -> Part:
    name, _, resolution = part.partition(":")
    if name == "text":
        return TextPart(WORDS)
    return ImagePart(images[name], resolution or None)  # type: ignore[arg-type]


def _content(part: str, images: Mapping[str, Image]) -> dict[str, Any]:
    """A part as the package takes it for an interaction."""
    name, _, resolution = part.partition(":")
    if name == "text":
        return {"type": "text", "text": WORDS}
    image = images[name]
    how = {"resolution": resolution} if resolution else {}
    if isinstance(image.origin, DataOrigin):
        data = base64.b64encode(image.origin.content).decode()
        return {"type": "image", "data": data, "mime_type": image.mime, **how}
    return {"type": "image", "uri": image.origin.uri, "mime_type": image.mime, **how}  # type: ignore[union-attr]


def _part(part: str, images: Mapping[str, Image]) -> Any:
    """A part as the package takes it for generateContent."""
    from google.genai import types

    name, _, resolution = part.partition(":")
    if name == "text":
        return types.Part(text=WORDS)
    image = images[name]
    level = f"MEDIA_RESOLUTION_{resolution.upper()}"
    how: dict[str, Any] = {"media_resolution": {"level": level}} if resolution else {}
    if isinstance(image.origin, DataOrigin):
        how["inline_data"] = {"data": image.origin.content, "mime_type": image.mime}
    else:
        how["file_data"] = {"file_uri": image.origin.uri, "mime_type": image.mime}  # type: ignore[union-attr]
    return types.Part(**how)


def _level(value: Any, key: str = "") -> Any:
    """The package's JSON in the spelling of the API reference; schemas are not touched."""
    if isinstance(value, list):
        return [_level(item, key) for item in value]
    if not isinstance(value, dict):
        return value.translate(_TO_STANDARD) if key == "data" else value
    levelled = {
        _camel(name): inner if name == "responseJsonSchema" else _level(inner, name)
        for name, inner in value.items()
    }
    if key == "systemInstruction":
        assert levelled.pop("role") == "user"
    if levelled.get("generationConfig") == {}:
        del levelled["generationConfig"]
    return levelled


_TO_STANDARD = str.maketrans("-_", "+/")


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)
