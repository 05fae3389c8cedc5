"""generateContent: a request as the bytes of its body, and a response read whole.

Source: ai.google.dev, API reference of models.generateContent; google-genai 3.4.0 (types).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from runner.providers.gemini.pieces import Base64, json_bytes, list_pieces, object_pieces
from runner.providers.gemini.words import FAULTS, clean, is_refusal, mapping, mappings, usage, word
from runner.transport.classify import json_object
from runner.values.content import Content
from runner.values.image import WebOrigin
from runner.values.passing import Passed, Uploaded
from runner.values.request import ImagePart, Part, Request, Resolution, Settings, TextPart
from runner.values.response import Failure, Finish, Response, Usage

CUT_OFF = frozenset({"max_tokens", "continuation"})

ONLY_FOR_EACH_IMAGE = "ultra_high"
"""A resolution that a part takes, but not a request as a whole."""


def body(request: Request, prepared: Sequence[Passed]) -> list[Content]:
    """The JSON body in pieces. `prepared` holds the bytes or the file of each image in order, those
    of the examples first, None for one that the service fetches itself.

    An example is a turn of the user and one of the model, as google-genai writes a conversation.
    """
    images = iter(prepared)
    overall = request.settings.media_resolution
    for_each = overall if overall == ONLY_FOR_EACH_IMAGE else None

    def asked(parts: Sequence[Part]) -> list[Content]:
        written = list_pieces(_part(part, images, for_each) for part in parts)
        return [b'{"role":"user","parts":', *written, b"}"]

    turns: list[list[Content]] = []
    for turn in request.examples:
        answer = {"role": "model", "parts": [{"text": turn.answer}]}
        turns += [asked(turn.parts), [json_bytes(answer)]]
    rest = json_bytes(_rest(request))
    return [
        b'{"contents":',
        *list_pieces([*turns, asked(request.parts)]),
        b"," + rest[1:] if len(rest) > 2 else b"}",
    ]


def _part(part: Part, images: Iterator[Passed], for_each: Resolution | None) -> list[Content]:
    if isinstance(part, TextPart):
        return [json_bytes({"text": part.text})]
    return _image(part, next(images), part.resolution or for_each)


def _image(part: ImagePart, sent: Passed, resolution: Resolution | None) -> list[Content]:
    level = {"mediaResolution": {"level": _resolution(resolution)}} if resolution else {}
    origin = part.image.origin
    if sent is None:
        uri = origin.uri if isinstance(origin, WebOrigin) else ""
        return [json_bytes({"fileData": {"fileUri": uri, "mimeType": part.image.mime}, **level})]
    if isinstance(sent, Uploaded):
        return [json_bytes({"fileData": {"fileUri": sent.uri, "mimeType": sent.mime}, **level})]
    data = object_pieces({"mimeType": sent.mime}, "data", Base64(sent.content))
    return [b'{"inlineData":', *data, b"," + json_bytes(level)[1:] if level else b"}"]


def _resolution(resolution: Resolution) -> str:
    return f"MEDIA_RESOLUTION_{resolution.upper()}"


def _rest(request: Request) -> dict[str, object]:
    safety = [
        {"category": f"HARM_CATEGORY_{kind.upper()}", "threshold": limit.upper()}
        for kind, limit in request.settings.safety.items()
    ]
    rest: dict[str, object] = {}
    if request.system is not None:
        rest["systemInstruction"] = {"parts": [{"text": request.system}]}
    if generation := _generation(request.settings, request.schema):
        rest["generationConfig"] = generation
    if safety:
        rest["safetySettings"] = safety
    return rest


def _generation(settings: Settings, schema: Mapping[str, object] | None) -> dict[str, object]:
    overall = settings.media_resolution
    written: dict[str, object] = {
        "temperature": settings.temperature,
        "topP": settings.top_p,
        "seed": settings.seed,
        "maxOutputTokens": settings.max_output_tokens,
        "responseMimeType": None if schema is None else "application/json",
        "responseJsonSchema": schema,
        "mediaResolution": _resolution(overall)
        if overall and overall != ONLY_FOR_EACH_IMAGE
        else None,
        "thinkingConfig": _thinking(settings),
    }
    return {key: value for key, value in written.items() if value is not None}


def _thinking(settings: Settings) -> dict[str, object] | None:
    """A level or a number of tokens, never both: the service refuses that."""
    if settings.thinking_budget is not None:
        return {"thinkingBudget": settings.thinking_budget}
    if settings.thinking is None:
        return None
    if settings.thinking == "none":
        return {"thinkingBudget": 0}
    return {"thinkingLevel": settings.thinking.upper()}


def read(content: bytes, model: str = "") -> Response | Failure:
    """The response in the bytes of a successful answer; `model` is the one that was asked."""
    document = json_object(content)
    if isinstance(document, Failure):
        return document
    if not _KNOWN & document.keys():
        return Failure("unreadable", "a JSON object that is no answer", maybe_billed=True)
    candidate = next(iter(mappings(document.get("candidates"))), {})
    finish, reason, channel = _ending(document, candidate)
    return Response(
        text=clean(_text(candidate)),
        finish=finish,
        finish_reason=reason,
        usage=_usage(mapping(document.get("usageMetadata"))),
        model=word(document.get("modelVersion")) or model,
        body=content,
        response_id=word(document.get("responseId")) or None,
        channel=channel,
    )


_KNOWN = frozenset({"candidates", "promptFeedback", "usageMetadata", "modelVersion"})


def _text(candidate: Mapping[str, object]) -> str:
    """The text of all parts that are not thoughts, in a row."""
    parts = mappings(mapping(candidate.get("content")).get("parts"))
    return "".join(word(part.get("text")) for part in parts if part.get("thought") is not True)


def _ending(
    document: Mapping[str, object], candidate: Mapping[str, object]
) -> tuple[Finish, str, str | None]:
    """How it ended, the service's word for it, and where a refusal stood.

    A reason that nobody here knows is taken for the end of a whole answer, and kept.
    """
    if blocked := word(mapping(document.get("promptFeedback")).get("blockReason")):
        return "refused", blocked, "promptFeedback"
    if not candidate:
        return "refused", "no candidates", "promptFeedback"
    reason = word(candidate.get("finishReason"))
    if is_refusal(reason):
        return "refused", reason, "finishReason"
    if reason.lower() in CUT_OFF:
        return "cut_off", reason, None
    if reason.lower() in FAULTS:
        said = word(candidate.get("finishMessage"))
        return "failed", f"{reason}: {said}" if said else reason, None
    return "complete", reason or "unknown", None


def _usage(numbers: Mapping[str, object]) -> Usage:
    by_kind = mappings(numbers.get("promptTokensDetails"))
    images = [item.get("tokenCount") for item in by_kind if item.get("modality") == "IMAGE"]
    return usage(numbers, COUNTS, images)


COUNTS = (
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
)
