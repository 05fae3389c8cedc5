"""generateContent: a request read as the service reads it, and its answer.

Source: ai.google.dev, API reference of models.generateContent; google-genai 3.4.0, which writes
some nested names in snake_case and base64 in the URL-safe alphabet: both are accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from runner.catalogue import Model
from runner.providers.simulator.errors import ApiError, beyond_simulation
from runner.providers.simulator.interactions import OpenUri
from runner.providers.simulator.question import (
    Heard,
    Question,
    SentImage,
    from_base64,
    heard,
    resolution,
    thinking_level,
)
from runner.providers.simulator.schemas import accepted, from_openapi
from runner.providers.simulator.strict import Kind, camel_case, check

_RESOLUTION: Mapping[str, Kind] = {"level": "text", "numTokens": "whole"}
_PART: Mapping[str, Kind] = {
    "text": "text",
    "inlineData": {"mimeType": "text", "data": "text", "displayName": "text"},
    "fileData": {"mimeType": "text", "fileUri": "text", "displayName": "text"},
    "mediaResolution": _RESOLUTION,
    "thought": "yes_no",
    "thoughtSignature": "text",
    "partMetadata": "any",
    "videoMetadata": "any",
    "functionCall": "any",
    "functionResponse": "any",
    "executableCode": "any",
    "codeExecutionResult": "any",
}
_CONTENT: Mapping[str, Kind] = {"role": "text", "parts": [_PART]}
_CONFIG: Mapping[str, Kind] = {
    **dict.fromkeys(
        ("temperature", "topP", "topK", "presencePenalty", "frequencyPenalty"), "number"
    ),
    **dict.fromkeys(("seed", "maxOutputTokens", "candidateCount", "logprobs"), "whole"),
    **dict.fromkeys(("responseSchema", "responseJsonSchema", "speechConfig", "imageConfig"), "any"),
    "stopSequences": "texts",
    "responseMimeType": "text",
    "mediaResolution": "text",
    "thinkingConfig": {
        "thinkingLevel": "text",
        "thinkingBudget": "whole",
        "includeThoughts": "yes_no",
    },
    "responseModalities": "texts",
    "responseLogprobs": "yes_no",
    "enableEnhancedCivicAnswers": "yes_no",
}
REQUEST: Mapping[str, Kind] = {
    "model": "text",
    "contents": [_CONTENT],
    "systemInstruction": _CONTENT,
    "generationConfig": _CONFIG,
    "safetySettings": [{"category": "text", "threshold": "text", "method": "text"}],
    "tools": ["any"],
    "toolConfig": "any",
    "cachedContent": "text",
    "labels": "labels",
    "serviceTier": "text",
    "store": "yes_no",
}


def read(body: object, model: Model, open_uri: OpenUri, *, strict: bool = True) -> Question:
    """The question in a GenerateContentRequest. Raises `ApiError`."""
    written = camel_case(body, REQUEST)
    check(written, REQUEST, unknown_ok=not strict)
    assert isinstance(written, Mapping)
    for name in ("tools", "cachedContent"):
        if written.get(name):
            raise beyond_simulation(f"`{name}`")
    contents = written.get("contents")
    if not contents:
        raise ApiError(400, "* GenerateContentRequest.contents: contents is not specified")
    config = written.get("generationConfig") or {}
    question = _question(model, config)
    overall = resolution(model, config.get("mediaResolution"), each_image=False)
    turns = [_turn(model, content, overall, open_uri) for content in contents]
    question = replace(question, system="\n".join(_texts(written.get("systemInstruction") or {})))
    return heard(question, turns)


def _turn(model: Model, content: Mapping[str, object], overall: object, open_uri: OpenUri) -> Heard:
    listed = content.get("parts")
    parts = listed if isinstance(listed, list) else []
    images = [part for part in parts if "inlineData" in part or "fileData" in part]
    return Heard(
        tuple(_texts(content)),
        tuple(_image(model, part, overall, open_uri) for part in images),
        is_model=content.get("role", "user") == "model",
    )


def _question(model: Model, config: Mapping[str, object]) -> Question:
    thinking = config.get("thinkingConfig") or {}
    assert isinstance(thinking, Mapping)
    mime = config.get("responseMimeType") or "text/plain"
    schema = _schema(config, str(mime))
    most = config.get("maxOutputTokens")
    if isinstance(most, int) and most < 1:
        raise ApiError(400, "max_output_tokens must be positive.")
    stops = config.get("stopSequences")
    return Question(
        family="generate_content",
        model=model,
        prompt="",
        schema=schema,
        json_mode=mime == "application/json",
        thinking=_thinking(model, thinking),
        summaries=thinking.get("includeThoughts") is True,
        most_tokens=most if isinstance(most, int) else None,
        stops=tuple(stops) if isinstance(stops, list) else (),
    )


def _schema(config: Mapping[str, object], mime: str) -> Mapping[str, object] | None:
    written, plain = config.get("responseSchema"), config.get("responseJsonSchema")
    if written is not None and plain is not None:
        raise ApiError(400, "responseSchema and responseJsonSchema cannot both be set.")
    if written is None and plain is None:
        if mime not in ("text/plain", "application/json", "text/x.enum"):
            raise ApiError(400, f"responseMimeType {mime!r} is not supported.")
        return None
    if mime not in ("application/json", "text/x.enum"):
        raise ApiError(400, "A response schema requires the responseMimeType application/json.")
    if plain is not None:
        return accepted(plain, "generation_config.response_json_schema")
    return accepted(from_openapi(written), "generation_config.response_schema")


def _thinking(model: Model, config: Mapping[str, object]) -> str:
    level, budget = config.get("thinkingLevel"), config.get("thinkingBudget")
    if level is not None and budget is not None:
        raise ApiError(400, "thinkingLevel and thinkingBudget cannot both be set.")
    if budget is None:
        return thinking_level(model, str(level) if level else None)
    assert isinstance(budget, int)
    if not model.accepts_budget(budget):
        raise ApiError(400, f"The thinking budget {budget} is not supported for this model.")
    return "none" if budget == 0 else "medium"


def _texts(content: Mapping[str, object]) -> list[str]:
    parts = content.get("parts")
    listed = parts if isinstance(parts, list) else []
    return [str(part["text"]) for part in listed if "text" in part and not part.get("thought")]


def _image(
    model: Model, part: Mapping[str, object], overall: object, open_uri: OpenUri
) -> SentImage:
    own = part.get("mediaResolution")
    level = own.get("level") if isinstance(own, Mapping) else None
    asked = resolution(model, str(level) if level else None, each_image=True)
    inline, linked = part.get("inlineData"), part.get("fileData")
    source = inline if isinstance(inline, Mapping) else linked
    assert isinstance(source, Mapping)
    mime = source.get("mimeType")
    if isinstance(mime, str) and not mime.startswith("image/"):
        if mime.split("/")[0] in ("audio", "video") or mime == "application/pdf":
            raise beyond_simulation(f"content of the type `{mime}`")
        raise ApiError(400, f"Unsupported MIME type: {mime}")
    if inline is not None:
        content = from_base64(source.get("data"), "contents.parts.inline_data.data")
    else:
        content = open_uri(str(source.get("fileUri", "")))
    return SentImage(content, asked or overall)  # type: ignore[arg-type]  # both Resolutions


def frames(body: Mapping[str, object]) -> Iterator[bytes]:
    """The answer as a stream: data lines only, each a response with a piece of the text."""
    candidates = body.get("candidates")
    if not isinstance(candidates, list) or not candidates:
        yield _frame(body)
        return
    candidate = candidates[0]
    parts = (candidate.get("content") or {}).get("parts") or []
    pieces = [piece for part in parts for piece in _pieces(part)] or [{}]
    for i, piece in enumerate(pieces):
        last = i == len(pieces) - 1
        content = {"role": "model", "parts": [piece] if piece else []}
        one: dict[str, object] = {"content": content, "index": 0}
        if last:
            one = {**candidate, **one}
        yield _frame({**body, "candidates": [one]})


def error_frame(status: int) -> bytes:
    """An error in the middle of a stream: a list of one, as streams tell it."""
    said = {400: "The answer was blocked.", 500: "An internal error has occurred."}[status]
    rpc = {400: "INVALID_ARGUMENT", 500: "INTERNAL"}[status]
    error = {"error": {"code": status, "message": said, "status": rpc}}
    return f"data: {json.dumps(error)}\r\n\r\n".encode()


def _pieces(part: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    text = part.get("text")
    if not isinstance(text, str):
        yield part
        return
    for at in range(0, len(text), 48):
        yield {**part, "text": text[at : at + 48]}


def _frame(body: Mapping[str, object]) -> bytes:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return f"data: {data}\r\n\r\n".encode("utf-8", "surrogatepass")
