"""The Interactions API: a request read as strictly as the service reads it.

Source: ai.google.dev, Interactions API; google-genai 3.4.0 (types). How the service answers a
wrong key, a legacy schema or a blocked prompt is not documented; see `faults.py` for the ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runner.providers.simulator.errors import ApiError, beyond_simulation
from runner.providers.simulator.question import (
    Heard,
    Question,
    SentImage,
    from_base64,
    heard,
    known_model,
    resolution,
    thinking_level,
)
from runner.providers.simulator.schemas import accepted
from runner.providers.simulator.strict import Kind, check

OpenUri = Callable[[str], bytes]
"""The bytes behind the address of an image. Raises `ApiError`."""

_HARMS = frozenset(
    [
        "hate_speech",
        "dangerous_content",
        "harassment",
        "sexually_explicit",
        "civic_integrity",
        "image_hate",
        "image_dangerous_content",
        "image_harassment",
        "image_sexually_explicit",
        "jailbreak",
    ]
)
_THRESHOLDS = frozenset(
    ["block_low_and_above", "block_medium_and_above", "block_only_high", "block_none", "off"]
)
_MEDIA: Mapping[str, Kind] = {
    "type": "text",
    "data": "text",
    "uri": "text",
    "mime_type": "text",
    "resolution": frozenset({"low", "medium", "high", "ultra_high"}),
}
CONTENTS: Mapping[str, Mapping[str, Kind]] = {
    "text": {"type": "text", "text": "text", "annotations": "any"},
    "image": _MEDIA,
    "audio": _MEDIA,
    "video": _MEDIA,
    "document": _MEDIA,
}
_GENERATION: Mapping[str, Kind] = {
    "max_output_tokens": "whole",
    "seed": "whole",
    "stop_sequences": "texts",
    "temperature": "number",
    "top_p": "number",
    "thinking_level": frozenset({"minimal", "low", "medium", "high", "xhigh"}),
    "thinking_summaries": frozenset({"auto", "none"}),
    "tool_choice": "any",
    "speech_config": "any",
    "image_config": "any",
    "video_config": "any",
    "transcription_config": "any",
}
_REQUEST: Mapping[str, Kind] = {
    "model": "text",
    "input": "any",
    "system_instruction": "text",
    "generation_config": _GENERATION,
    "response_format": "any",
    "response_mime_type": "text",
    "response_modalities": "texts",
    "tools": ["any"],
    "safety_settings": [
        {
            "type": _HARMS,
            "threshold": _THRESHOLDS,
            "method": frozenset({"severity", "probability"}),
        }
    ],
    "store": "yes_no",
    "background": "yes_no",
    "stream": "yes_no",
    "previous_interaction_id": "text",
    "continuation_token": "text",
    "service_tier": frozenset({"flex", "standard", "priority", "deferred"}),
    "labels": "labels",
    "cached_content": "text",
    "environment": "any",
    "webhook_config": "any",
    "agent": "text",
    "agent_config": "any",
}
_TEXT_FORMAT: Mapping[str, Kind] = {"type": "text", "mime_type": "text", "schema": "any"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer is to be delivered, and what came before it."""

    stream: bool = False
    background: bool = False
    store: bool = True
    previous: str | None = None
    continuation: str | None = None
    input: object = None


def read(
    body: Mapping[str, object], version: str, open_uri: OpenUri, *, strict: bool = True
) -> tuple[Question, Delivery]:
    """The question in the body of a create request. Raises `ApiError`.

    `strict` off lets unknown names and the legacy form of `response_format` pass.
    """
    check(body, _REQUEST, unknown_ok=not strict)
    _refuse_beyond(body)
    if not isinstance(body.get("model"), str):
        raise ApiError(400, "Invalid value: 'model' is required.")
    delivery = _delivery(body)
    if "input" not in body and delivery.continuation is None:
        raise ApiError(400, "Invalid value: 'input' is required.")
    model = known_model(str(body["model"]), version, "interactions")
    config = body.get("generation_config") or {}
    assert isinstance(config, Mapping)
    schema, json_mode = _format(body, strict=strict)
    question = Question(
        family="interactions",
        model=model,
        prompt="",
        system=str(body.get("system_instruction") or ""),
        schema=schema,
        json_mode=json_mode,
        thinking=thinking_level(model, config.get("thinking_level")),
        summaries=config.get("thinking_summaries") == "auto",
        most_tokens=_most_tokens(config),
        stops=tuple(config.get("stop_sequences") or ()),
    )
    steps = _steps(body.get("input", ""), strict=strict)
    turns = [_turn(question, step, open_uri) for step in steps]
    return heard(question, turns), delivery


def _delivery(body: Mapping[str, object]) -> Delivery:
    store = body.get("store") is not False
    if body.get("background") and not store:
        raise ApiError(400, "background requires store to be true.")
    previous, token = body.get("previous_interaction_id"), body.get("continuation_token")
    return Delivery(
        stream=body.get("stream") is True,
        background=body.get("background") is True,
        store=store,
        previous=str(previous) if previous else None,
        continuation=str(token) if token else None,
        input=body.get("input"),
    )


def _refuse_beyond(body: Mapping[str, object]) -> None:
    for name in ("tools", "cached_content", "agent", "agent_config", "environment"):
        if body.get(name):
            raise beyond_simulation(f"`{name}`")


def _most_tokens(config: Mapping[str, object]) -> int | None:
    most = config.get("max_output_tokens")
    if most is None:
        return None
    assert isinstance(most, int)
    if most < 1:
        raise ApiError(400, "max_output_tokens must be positive.")
    return most


def _format(
    body: Mapping[str, object], *, strict: bool
) -> tuple[Mapping[str, object] | None, bool]:
    """The response schema, and whether the answer is JSON at all."""
    written = body.get("response_format")
    formats = written if isinstance(written, list) else [written] if written is not None else []
    schema, json_mode = None, body.get("response_mime_type") == "application/json"
    for i, entry in enumerate(formats):
        at = f"response_format[{i}]" if isinstance(written, list) else "response_format"
        if not isinstance(entry, Mapping):
            raise ApiError(400, f"Invalid value at '{at}': expected an object.")
        if entry.get("type") in ("image", "audio", "video"):
            raise beyond_simulation(f"answers of the type {entry['type']!r}")
        if entry.get("type") != "text":
            if strict:
                raise ApiError(
                    400,
                    f"Invalid value at '{at}.type': expected text, image or audio. A bare schema "
                    'is the legacy form; write {"type": "text", "mime_type": "application/json", '
                    '"schema": {…}}.',
                )
            return accepted(entry, at), True
        check(entry, _TEXT_FORMAT, at, unknown_ok=not strict)
        mime = entry.get("mime_type") or "text/plain"
        if mime not in ("application/json", "text/plain"):
            raise ApiError(400, f"Invalid value at '{at}.mime_type': {mime!r} is not supported.")
        json_mode = json_mode or mime == "application/json"
        if entry.get("schema") is not None:
            if mime != "application/json":
                raise ApiError(400, f"'{at}.schema' requires the mime_type application/json.")
            schema = accepted(entry["schema"], f"{at}.schema")
    return schema, json_mode


@dataclass(frozen=True, slots=True)
class _Step:
    """The contents of one step."""

    contents: Sequence[Mapping[str, object]]
    is_model: bool = False


def _steps(written: object, *, strict: bool) -> list[_Step]:
    """What the user and the model said, whichever of the four accepted shapes it comes in."""
    if isinstance(written, str):
        return [_Step([{"type": "text", "text": written}])]
    listed = written if isinstance(written, list) else [written]
    items = [item for item in listed if isinstance(item, Mapping)]
    if len(items) < len(listed):
        raise ApiError(400, "Invalid value at 'input': expected a text, contents or steps.")
    kinds = {item.get("type") in CONTENTS for item in items}
    if kinds == {True}:
        return [_Step([_checked(item, f"input[{i}]", strict) for i, item in enumerate(items)])]
    if kinds == {True, False}:
        raise ApiError(400, "Invalid value at 'input': contents and steps cannot be mixed.")
    found: list[_Step] = []
    for i, step in enumerate(items):
        if step.get("type") not in ("user_input", "model_output"):
            if not isinstance(step.get("type"), str):
                raise ApiError(400, f"Invalid value at 'input[{i}]': 'type' is required.")
            continue  # what the model thought or did before
        content = step.get("content") or []
        inner = content if isinstance(content, list) else [content]
        if isinstance(content, str):
            inner = [{"type": "text", "text": content}]
        checked = [
            _checked(item, f"input[{i}].content[{j}]", strict) for j, item in enumerate(inner)
        ]
        found.append(_Step(checked, step["type"] == "model_output"))
    return found


def _checked(item: object, at: str, strict: bool) -> Mapping[str, object]:
    if not isinstance(item, Mapping):
        raise ApiError(400, f"Invalid value at '{at}': expected an object.")
    kind = item.get("type")
    if kind not in CONTENTS:
        raise ApiError(400, f"Invalid value at '{at}.type': {kind!r} is not a content type.")
    check(item, CONTENTS[str(kind)], at, unknown_ok=not strict)
    if kind in ("audio", "video", "document"):
        raise beyond_simulation(f"content of the type `{kind}`")
    if kind == "text":
        if not isinstance(item.get("text"), str):
            raise ApiError(400, f"Invalid value at '{at}': 'text' is required.")
    elif (item.get("data") is None) == (item.get("uri") is None):
        raise ApiError(400, f"Invalid value at '{at}': exactly one of 'data' and 'uri' is needed.")
    mime = item.get("mime_type")
    if isinstance(mime, str) and not mime.startswith("image/"):
        raise ApiError(400, f"Unsupported MIME type: {mime}")
    return item


def _turn(question: Question, step: _Step, open_uri: OpenUri) -> Heard:
    texts = [str(item["text"]) for item in step.contents if item["type"] == "text"]
    images = [item for item in step.contents if item["type"] == "image"]
    seen = tuple(_image(question, item, open_uri) for item in images)
    return Heard(tuple(texts), seen, step.is_model)


def _image(question: Question, item: Mapping[str, object], open_uri: OpenUri) -> SentImage:
    asked = item.get("resolution")
    level = resolution(question.model, str(asked) if asked else None, each_image=True)
    if item.get("data") is not None:
        return SentImage(from_base64(item["data"], "data"), level)
    return SentImage(open_uri(str(item["uri"])), level)
