"""The Interactions API: a request as the bytes of its body, and a response read whole.

Source: ai.google.dev, Interactions API and its error reference; google-genai 3.4.0 for what is sent.

`store` is always false. Unless told otherwise, the service keeps what was asked and answered, the
images included, for 55 days (one day on the free tier), and nothing here ever reads it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from runner.providers.gemini.pieces import Base64, json_bytes, list_pieces, object_pieces
from runner.providers.gemini.steps import errors_in, steps_of, text_of, usage_of
from runner.providers.gemini.words import clean, is_refusal, word
from runner.transport.classify import failure_of_error, json_object, kind_of_code
from runner.transport.error_body import ErrorBody
from runner.transport.reply import Reply
from runner.values.content import Content
from runner.values.image import WebOrigin
from runner.values.passing import Passed, Uploaded
from runner.values.request import ImagePart, Part, Request, Resolution, TextPart
from runner.values.response import Failure, Finish, Response

CONTINUES = "requires_continuation"

_FINISH: dict[str, Finish] = {
    "completed": "complete",
    "incomplete": "cut_off",
    "budget_exceeded": "cut_off",
    CONTINUES: "cut_off",
    "failed": "failed",
    "cancelled": "failed",
    "requires_action": "failed",
}


def unsendable(request: Request) -> str | None:
    """Why this request cannot be said in the words of this endpoint, None when it can."""
    if request.settings.thinking_budget is not None or request.settings.thinking == "none":
        return (
            "the Interactions API takes no number of tokens to think with and no `thinking: none`;"
            " write `api: generate_content`"
        )
    return None


def body(request: Request, prepared: Sequence[Passed], token: str | None = None) -> list[Content]:
    """The JSON body in pieces. `prepared` holds the bytes or the file of each image in order, those
    of the examples first, None for one that the service fetches itself. `token` asks for the rest of
    an answer that was too long.

    An example is a step `user_input` and a step `model_output`, the form in which a conversation that
    is not stored is sent again. google-genai sends such steps as they are; that the service wants no
    `thought` with its signature before an answer which it never gave is nowhere written.
    """
    images = iter(prepared)
    overall = request.settings.media_resolution

    def asked(parts: Sequence[Part]) -> list[Content]:
        content = list_pieces(_part(part, images, overall) for part in parts)
        return [b'{"type":"user_input","content":', *content, b"}"]

    steps: list[list[Content]] = []
    for turn in request.examples:
        said = [{"type": "text", "text": turn.answer}]
        steps += [asked(turn.parts), [json_bytes({"type": "model_output", "content": said})]]
    head = json_bytes({"model": request.model, "store": False, **_rest(request, token)})
    return [head[:-1], b',"input":', *list_pieces([*steps, asked(request.parts)]), b"}"]


def _part(part: Part, images: Iterator[Passed], overall: Resolution | None) -> list[Content]:
    if isinstance(part, TextPart):
        return [json_bytes({"type": "text", "text": part.text})]
    return _image(part, next(images), part.resolution or overall)


def _image(part: ImagePart, sent: Passed, resolution: Resolution | None) -> list[Content]:
    # There is no resolution for all images of a request here, so each one says it.
    how = {"resolution": resolution} if resolution else {}
    origin = part.image.origin
    if sent is None:
        uri = origin.uri if isinstance(origin, WebOrigin) else ""
        return [json_bytes({"type": "image", "uri": uri, "mime_type": part.image.mime, **how})]
    if isinstance(sent, Uploaded):
        return [json_bytes({"type": "image", "uri": sent.uri, "mime_type": sent.mime, **how})]
    before = {"type": "image", "mime_type": sent.mime, **how}
    return object_pieces(before, "data", Base64(sent.content))


def _rest(request: Request, token: str | None) -> dict[str, object]:
    settings = request.settings
    generation = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "seed": settings.seed,
        "max_output_tokens": settings.max_output_tokens,
        "thinking_level": settings.thinking,
    }
    safety = [{"type": kind, "threshold": limit} for kind, limit in settings.safety.items()]
    rest: dict[str, object] = {
        "system_instruction": request.system,
        "generation_config": {k: v for k, v in generation.items() if v is not None} or None,
        "response_format": _response_format(request.schema),
        "safety_settings": safety or None,
        "continuation_token": token,
    }
    return {key: value for key, value in rest.items() if value is not None}


def _response_format(schema: Mapping[str, object] | None) -> dict[str, object] | None:
    if schema is None:
        return None
    return {"type": "text", "mime_type": "application/json", "schema": schema}


def read(content: bytes, model: str = "") -> Response | Failure:
    """The response in the bytes of a successful answer; `model` is the one that was asked."""
    document = json_object(content)
    if isinstance(document, Failure):
        return document
    status, steps = word(document.get("status")), steps_of(document)
    if not (status or steps or "error" in document):
        return Failure("unreadable", "a JSON object that is no interaction", maybe_billed=True)
    if status in ("queued", "in_progress"):
        # Only `background` asks for this, and with `store: false` it could not be fetched later.
        why = f"the service put the request off (`{status}`), which was not asked for"
        return Failure("unreadable", why, code=status, maybe_billed=True)
    response = Response(
        text=clean(text_of(steps)),
        finish=_FINISH.get(status, "complete"),
        finish_reason=status or "unknown",
        usage=usage_of(document),
        model=word(document.get("model")) or model,
        body=content,
        response_id=word(document.get("id")) or None,
    )
    return _with_errors(response, errors_in(document, steps))


def continuation(content: bytes) -> str | None:
    """The token with which the rest of a long answer is asked for, None when it is whole."""
    document = json_object(content)
    if isinstance(document, Failure) or document.get("status") != CONTINUES:
        return None
    return word(document.get("continuation_token")) or None


def _with_errors(response: Response, errors: Sequence[tuple[str, ErrorBody]]) -> Response | Failure:
    """The response as its errors make it: refused, failed, or a failure that may be asked again.

    How a refusal is told is not documented; it is looked for wherever an error can stand.
    """
    for channel, error in errors:
        if is_refusal(error.code):
            return replace(response, finish="refused", finish_reason=error.code, channel=channel)
    if response.finish != "failed" and (response.text or not errors):
        return response
    for _, error in errors:
        if kind_of_code(error.code):
            return replace(failure_of_error(Reply(200), error), status=None, maybe_billed=True)
    said = [": ".join(filter(None, (error.code, error.message))) for _, error in errors]
    return replace(
        response, finish="failed", finish_reason="; ".join((response.finish_reason, *said))
    )
