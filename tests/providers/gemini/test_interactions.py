"""A request to the Interactions API, and every way in which its answer can end."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from runner.providers.gemini import interactions
from runner.values.content import whole
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image, Prepared
from runner.values.request import ImagePart, Request, Settings, TextPart
from runner.values.response import Failure, Response, Usage

TEXT = TextPart("What is this?")


def test_the_body_is_the_json_of_the_documentation(images: Mapping[str, Image]) -> None:
    """The prompt and the images stand in the order of the parts; nothing is asked to be stored."""
    request = Request("interactions", "gemini-3.5-flash", (TEXT, ImagePart(images["png"], "high")))
    assert _json(request, images) == {
        "model": "gemini-3.5-flash",
        "store": False,
        "input": [
            {
                "type": "user_input",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {
                        "type": "image",
                        "mime_type": "image/png",
                        "resolution": "high",
                        "data": base64.b64encode(b"\x89PNG\r\n\x1a\n-a").decode(),
                    },
                ],
            }
        ],
    }


def test_a_resolution_for_all_images_is_said_for_each_that_has_none_of_its_own(
    images: Mapping[str, Image],
) -> None:
    """The API has no other place for it."""
    parts = (ImagePart(images["png"], "low"), ImagePart(images["web"]))
    settings = Settings(media_resolution="ultra_high")
    written = _json(Request("interactions", "m", parts, settings=settings), images)
    content = written["input"][0]["content"]
    assert [part["resolution"] for part in content] == ["low", "ultra_high"]
    assert "media_resolution" not in json.dumps(written)


@pytest.mark.parametrize("length", [0, 1, 2, 3, (96 << 10) - 1, 96 << 10, (96 << 10) + 1, 300_000])
def test_an_image_of_any_length_arrives_byte_for_byte(length: int) -> None:
    """Its base64 is made in slices; they join to one text."""
    content = bytes(i * 7 % 256 for i in range(length))
    image = Image("a", "image", DataOrigin(content), "image/png")
    request = Request("interactions", "m", (ImagePart(image),))
    prepared = Prepared(content, "image/png", Size(1, 1), "")
    written = json.loads(whole(interactions.body(request, [prepared])))
    assert base64.b64decode(written["input"][0]["content"][0]["data"], validate=True) == content


@pytest.mark.parametrize("settings", [Settings(thinking_budget=0), Settings(thinking="none")])
def test_a_number_of_thinking_tokens_is_refused_before_it_is_sent(settings: Settings) -> None:
    """The endpoint has no word for it; the sentence names the one that has."""
    why = interactions.unsendable(Request("interactions", "m", (TEXT,), settings=settings))
    assert why == (
        "the Interactions API takes no number of tokens to think with and no `thinking: none`;"
        " write `api: generate_content`"
    )


def _json(request: Request, images: Mapping[str, Image]) -> Any:
    prepared = [
        Prepared(image.origin.content, image.mime, Size(8, 8), "")
        if isinstance(image.origin, DataOrigin)
        else None
        for image in request.images
    ]
    return json.loads(whole(interactions.body(request, prepared)))


def _output(*texts: str) -> dict[str, object]:
    return {"type": "model_output", "content": [{"type": "text", "text": text} for text in texts]}


THOUGHT = {"type": "thought", "signature": "c2ln", "summary": [{"type": "text", "text": "Hm."}]}
ASKED = {"type": "user_input", "content": [{"type": "text", "text": "the question"}]}
IMAGE = {"type": "image", "data": "AA==", "mime_type": "image/png"}


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([_output("a")], "a"),
        ([THOUGHT, _output("a")], "a"),
        ([_output("a"), THOUGHT], "a"),
        ([_output("[1,"), THOUGHT, _output("2]")], "[1,2]"),
        ([_output("a", "b", "c")], "abc"),
        ([ASKED, _output("a")], "a"),
        ([_output("an earlier answer"), ASKED, _output("a")], "a"),
        ([ASKED], ""),
        ([THOUGHT], ""),
        ([], ""),
        ([_output("a"), {"type": "function_call", "name": "f"}], "a"),
        ([_output("before"), {"type": "google_search_call"}, _output("a")], "a"),
        ([{"type": "a_step_of_next_year"}, _output("a")], "a"),
        ([{"type": "model_output", "content": [IMAGE, *_output("a")["content"]]}], "a"),  # type: ignore[misc]
        ([{"type": "model_output", "content": [*_output("a")["content"], IMAGE]}], "a"),  # type: ignore[misc]
        (
            [
                _output("before"),
                {"type": "model_output", "content": [IMAGE, *_output("a")["content"]]},  # type: ignore[misc]
            ],
            "a",
        ),
        ([{"type": "model_output"}, {"type": "model_output", "content": None}, 7, "x"], ""),
        (
            [{"type": "model_output", "content": [{"type": "text"}, {"type": "text", "text": 5}]}],
            "",
        ),
        ([_output("\ud83c\udf4e half \ud83c")], "🍎 half \ufffd"),
    ],
)
def test_the_text_is_found_among_the_steps(steps: list[object], text: str) -> None:
    """Thoughts are skipped wherever they stand, pieces are joined, the question is never read."""
    assert _read({"status": "completed", "steps": steps}).text == text


def test_an_answer_of_the_old_shape_is_read() -> None:
    """Before 2026-06-08 the steps were called outputs."""
    outputs = [{"type": "text", "text": "a"}, THOUGHT, {"type": "text", "text": "b"}, THOUGHT]
    assert _read({"status": "completed", "outputs": outputs}).text == "ab"


def test_a_response_keeps_what_the_service_counted() -> None:
    """Thoughts apart from the output, images apart from the rest of the input."""
    document = {
        "id": "v1_7",
        "model": "gemini-3.5-flash-002",
        "status": "completed",
        "steps": [THOUGHT, _output("a")],
        "usage": {
            "total_tokens": 1200,
            "total_input_tokens": 1098,
            "total_output_tokens": 12,
            "total_thought_tokens": 90,
            "total_cached_tokens": 5,
            "input_tokens_by_modality": [
                {"modality": "text", "tokens": 8},
                {"modality": "image", "tokens": 1090},
            ],
        },
    }
    assert _read(document) == Response(
        text="a",
        finish="complete",
        finish_reason="completed",
        usage=Usage(1098, 12, 90, 5, 1090),
        model="gemini-3.5-flash-002",
        body=json.dumps(document).encode(),
        response_id="v1_7",
    )


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        "x",
        {"total_input_tokens": "9", "total_output_tokens": -4},
        {"a": True},
        {"total_input_tokens": 10**300},
        {"total_input_tokens": 10**9 + 1},
        {"total_input_tokens": 0, "total_output_tokens": 10**400},
        {"total_input_tokens": float("nan")},
        {"total_output_tokens": None},
    ],
)
def test_strange_counts_are_no_tokens(usage: object) -> None:
    """A count that is no number is 0, never an error after the answer was paid for, and the usage
    is not known: 0 tokens would cost nothing."""
    read = _read({"status": "completed", "steps": [_output("a")], "usage": usage})
    assert read.usage == Usage(is_known=False)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Usage(9)),
        ({"total_output_tokens": None, "total_thought_tokens": 0}, Usage(9)),
        ({"total_output_tokens": 10**9}, Usage(9, 10**9)),
        ({"total_output_tokens": True}, Usage(9, is_known=False)),
        ({"total_thought_tokens": 1.5}, Usage(9, is_known=False)),
        (
            {
                "input_tokens_by_modality": [
                    {"modality": "image", "tokens": n} for n in (3, 10**400)
                ]
            },
            Usage(9, image_tokens=3),
        ),
    ],
)
def test_what_is_not_counted_is_none_and_what_is_no_count_is_not_known(
    more: Mapping[str, object], expected: Usage
) -> None:
    """A count that is left out is 0, as the service leaves zeros out; of a strange one nobody knows
    what was meant. The share of the images costs nothing of its own."""
    usage = {"total_input_tokens": 9, **more}
    read = _read({"status": "completed", "steps": [_output("a")], "usage": usage})
    assert read.usage == expected


@pytest.mark.parametrize(
    ("status", "finish"),
    [
        ("completed", "complete"),
        ("incomplete", "cut_off"),
        ("budget_exceeded", "cut_off"),
        ("requires_continuation", "cut_off"),
        ("failed", "failed"),
        ("cancelled", "failed"),
        ("requires_action", "failed"),
        ("a_status_of_next_year", "complete"),
    ],
)
def test_every_status_has_its_ending(status: str, finish: str) -> None:
    """One that nobody knows is a whole answer, and its word is kept."""
    response = _read({"status": status, "steps": [_output("a")]})
    assert (response.finish, response.finish_reason) == (finish, status)


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_an_answer_that_was_put_off_is_a_failure(status: str) -> None:
    """It was not asked for, and what is not stored could not be fetched later."""
    failure = _failure({"status": status, "id": "v1_1", "steps": []})
    assert (failure.kind, failure.code, failure.maybe_billed) == ("unreadable", status, True)


BLOCKED = {"code": "prohibited_content", "message": "Blocked."}


@pytest.mark.parametrize(
    ("document", "channel"),
    [
        ({"status": "failed", "errors": [BLOCKED]}, "errors"),
        ({"status": "failed", "error": BLOCKED}, "errors"),
        (
            {"status": "failed", "steps": [{"type": "model_output", "error": BLOCKED}]},
            "model_output",
        ),
        (
            {"status": "completed", "steps": [{"type": "model_output", "error": BLOCKED}]},
            "model_output",
        ),
        ({"status": "incomplete", "steps": [_output("a")], "errors": [BLOCKED]}, "errors"),
        ({"status": "failed", "steps": [{"type": "safety", "error": BLOCKED}]}, "steps"),
    ],
)
def test_a_refusal_is_found_wherever_it_stands(document: object, channel: str) -> None:
    """How a refusal is told is not documented."""
    response = _read(document)
    told = (response.finish, response.finish_reason, response.channel)
    assert told == ("refused", "prohibited_content", channel)


def test_a_failed_answer_says_why_in_the_words_of_the_service() -> None:
    """A reason that only an answer can have is the end of it."""
    errors = [{"code": "malformed_tool_call", "message": "No such tool."}, {"message": "Sorry."}]
    response = _read({"status": "failed", "errors": errors})
    assert response.finish == "failed"
    assert response.finish_reason == "failed; malformed_tool_call: No such tool.; Sorry."


def test_a_completed_answer_without_text_but_with_an_error_has_failed() -> None:
    """Nothing found and nothing said are different results."""
    steps = [{"type": "model_output", "error": {"code": "no_image", "message": "None."}}]
    response = _read({"status": "completed", "steps": steps})
    assert (response.finish, response.finish_reason) == ("failed", "completed; no_image: None.")


@pytest.mark.parametrize(
    ("code", "kind", "stops"),
    [
        ("service_unavailable", "overloaded", False),
        ("rate_limit_exceeded", "rate_limit", False),
        ("quota_exceeded", "quota", True),
        ("model_not_found", "not_found", True),
    ],
)
def test_a_failed_answer_may_be_a_failure_that_http_has_too(
    code: str, kind: str, stops: bool
) -> None:
    """It is treated as that one is: asked again, waited for, or the end of the run."""
    failure = _failure({"status": "failed", "errors": [{"code": code, "message": "No."}]})
    assert (failure.kind, failure.stops_run, failure.maybe_billed) == (kind, stops, True)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "unreadable"),
        (b"<html>", "unreadable"),
        (b"[]", "unreadable"),
        (b"7", "unreadable"),
        (b"{}", "unreadable"),
        (b'{"hello": 1}', "unreadable"),
        (b'{"status": "completed", "steps": [{"type"', "transport"),
        (b'{"status": "\xff\xfe"}', "unreadable"),
        (b"[" * 100_000, "unreadable"),
        (b'{"a": ' + b"9" * 5000 + b"}", "unreadable"),
    ],
)
def test_what_is_no_interaction_is_a_failure_that_may_have_been_paid_for(
    content: bytes, kind: str
) -> None:
    """Never an empty answer, never a crash."""
    failure = interactions.read(content)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.maybe_billed) == (kind, True)


def _read(document: object) -> Response:
    response = interactions.read(json.dumps(document).encode(), "asked-model")
    assert isinstance(response, Response)
    return response


def _failure(document: object) -> Failure:
    failure = interactions.read(json.dumps(document).encode(), "asked-model")
    assert isinstance(failure, Failure)
    return failure
