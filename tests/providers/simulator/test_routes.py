"""Interactions and generateContent: answers, streams, history, tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest

RECORD = {
    "type": "object",
    "properties": {
        "box_2d": {"type": "array", "items": {"type": "integer"}},
        "label": {"type": "string"},
    },
    "required": ["box_2d", "label"],
}
BOXES = {"type": "object", "properties": {"boxes": {"type": "array", "items": RECORD}}}
FORMAT = {"type": "text", "mime_type": "application/json", "schema": BOXES}
FOUND = {
    "boxes": [
        {"box_2d": [100, 100, 500, 500], "label": "red region"},
        {"box_2d": [200, 600, 467, 900], "label": "blue region"},
        {"box_2d": [667, 250, 900, 450], "label": "dark green region"},
    ]
}


def test_an_interaction_is_answered_whole(ask: Any, three: bytes) -> None:
    """Every field of the body; the id says that it is simulated."""
    answer = ask.interact("Detect.", three, response_format=FORMAT)
    body = answer.json
    assert answer.headers["x-askpix-simulated"] == "1"
    assert body.pop("id").startswith("sim_")
    assert body == {
        "object": "interaction",
        "model": "gemini-3.5-flash",
        "status": "completed",
        "created": "2026-11-20T17:40:00Z",
        "updated": "2026-11-20T17:40:00Z",
        "service_tier": "standard",
        "steps": [
            {"type": "thought", "signature": "YXNrcGl4IHNpbXVsYXRlZCB0aG91Z2h0"},
            {"type": "model_output", "content": [{"type": "text", "text": json.dumps(FOUND)}]},
        ],
        "usage": {
            "total_tokens": 1414,
            "total_input_tokens": 1174,
            "total_output_tokens": 48,
            "total_thought_tokens": 192,
            "total_cached_tokens": 0,
            "total_tool_use_tokens": 0,
            "input_tokens_by_modality": [
                {"modality": "text", "tokens": 54},
                {"modality": "image", "tokens": 1120},
            ],
            "output_tokens_by_modality": [{"modality": "text", "tokens": 48}],
        },
    }


def test_generate_content_gives_the_same_answer(ask: Any, three: bytes) -> None:
    """The pixels decide, not the endpoint."""
    config = {"responseMimeType": "application/json", "responseJsonSchema": BOXES}
    body = ask.generate("Detect.", three, generationConfig=config).json
    assert body.pop("responseId").startswith("sim_")
    assert body == {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [
                        {
                            "text": json.dumps(FOUND),
                            "thoughtSignature": "YXNrcGl4IHNpbXVsYXRlZCB0aG91Z2h0",
                        }
                    ],
                },
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 1174,
            "candidatesTokenCount": 48,
            "totalTokenCount": 1414,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 54},
                {"modality": "IMAGE", "tokenCount": 1120},
            ],
            "thoughtsTokenCount": 192,
        },
        "modelVersion": "gemini-3.5-flash",
    }


def test_the_same_request_has_the_same_answer_and_another_id(ask: Any, three: bytes) -> None:
    """Asked again it is another interaction, and another bill."""
    first, second = (ask.interact("Detect.", three, response_format=FORMAT) for _ in range(2))
    assert first.text == second.text
    assert second.json["id"] == first.json["id"] + "_2"


def test_thoughts_are_summarised_only_on_request(ask: Any) -> None:
    """Without thinking there is no thought at all."""
    config = {"thinking_summaries": "auto", "thinking_level": "low"}
    steps = ask.interact("x", generation_config=config).json["steps"]
    assert [step["type"] for step in steps] == ["thought", "model_output"]
    assert "Simulated" in steps[0]["summary"][0]["text"]
    quiet = ask.interact("x", generation_config={"thinking_level": "minimal"}).json
    assert [step["type"] for step in quiet["steps"]] == ["model_output"]
    assert quiet["usage"]["total_thought_tokens"] == 0
    parts = ask.generate("x", generationConfig={"thinkingConfig": {"includeThoughts": True}}).json
    assert [part.get("thought") for part in parts["candidates"][0]["content"]["parts"]] == [
        True,
        None,
    ]


def test_an_answer_is_cut_off_at_the_limit_of_tokens(ask: Any, three: bytes) -> None:
    """Four characters a token; the status says so."""
    answer = ask.interact(
        "Detect.", three, response_format=FORMAT, generation_config={"max_output_tokens": 20}
    )
    assert (answer.json["status"], answer.text) == ("incomplete", json.dumps(FOUND)[:80])
    other = ask.generate("Describe.", three, generationConfig={"maxOutputTokens": 3})
    assert other.json["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert other.text == "Simulated: a"


def test_an_answer_ends_at_a_stop_sequence(ask: Any, three: bytes) -> None:
    """Without it, and complete."""
    answer = ask.interact("Describe.", three, generation_config={"stop_sequences": [" image"]})
    assert (answer.json["status"], answer.text) == ("completed", "Simulated: an")


def test_a_stream_holds_the_same_answer(ask: Any, three: bytes) -> None:
    """The events of section "streaming" of the documentation, in order."""
    whole = ask.interact("Describe.", three)
    events = _events(ask.interact("Describe.", three, stream=True).content)
    assert [event["event_type"] for event in events if event["event_type"] != "step.delta"] == [
        "interaction.created",
        "interaction.status_update",
        "step.start",
        "step.stop",
        "step.start",
        "step.stop",
        "interaction.completed",
    ]
    deltas = [event["delta"] for event in events if event["event_type"] == "step.delta"]
    assert "".join(delta["text"] for delta in deltas if delta["type"] == "text") == whole.text
    assert events[-1]["interaction"]["status"] == "completed"


def test_a_stream_is_resumed_after_an_event(ask: Any) -> None:
    """GET with `last_event_id`."""
    events = _events(ask.interact("Describe.", stream=True).content)
    path = f"/v1/interactions/{events[0]['interaction']['id']}"
    rest = ask("GET", path, stream="true", last_event_id=events[3]["event_id"])
    assert _events(rest.content) == events[4:]


def test_a_stream_of_generate_content_holds_the_same_answer(ask: Any, three: bytes) -> None:
    """Data lines only; the last one has the reason for the end. Without `alt=sse` it is a list."""
    whole = ask.generate("Describe.", three)
    body = {"contents": [{"parts": [{"text": "Describe."}]}]}
    path = "/v1/models/gemini-3.5-flash:streamGenerateContent"
    frames = ask("POST", path, body, alt="sse").content.split(b"\r\n\r\n")[:-1]
    chunks = [json.loads(frame.removeprefix(b"data: ")) for frame in frames]
    text = "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks)
    assert text == "Simulated: no image arrived, and nobody read the prompt."
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks] == [None, "STOP"]
    assert len(ask("POST", path, body).json) == 1
    assert whole.status == 200


def test_a_stored_interaction_can_be_read_continued_and_deleted(ask: Any, three: bytes) -> None:
    """With its input when asked; what follows it sees its images."""
    first = ask.interact("Detect.", three, response_format=FORMAT)
    path = f"/v1/interactions/{first.json['id']}"
    assert ask("GET", path).json == first.json
    steps = ask("GET", path, include_input="true").json["steps"]
    assert [step["type"] for step in steps] == ["user_input", "thought", "model_output"]
    assert steps[0]["content"][0] == {"type": "text", "text": "Detect."}
    again = ask.interact(
        "And now?", response_format=FORMAT, previous_interaction_id=first.json["id"]
    )
    assert again.value == FOUND
    assert again.json["previous_interaction_id"] == first.json["id"]
    assert ask("DELETE", path).json == {}
    assert ask("GET", path).status == 404


def test_an_interaction_of_another_key_is_not_there(ask: Any) -> None:
    """Nor is one that was not to be stored."""
    mine = ask.interact("x").json["id"]
    unstored = ask.interact("y", store=False).json["id"]
    assert ask("GET", f"/v1/interactions/{unstored}").status == 404
    ask.key = "ANOTHER"
    assert ask("GET", f"/v1/interactions/{mine}").status == 404


def test_a_background_interaction_is_under_way_for_a_while(ask: Any, clock: Any) -> None:
    """Then it is completed, unless it was cancelled before."""
    first, second = (ask.interact(f"Think {i}.", background=True).json for i in range(2))
    assert (first["status"], first["steps"]) == ("in_progress", [])
    path = f"/v1/interactions/{second['id']}"
    assert ask("POST", f"{path}/cancel").json["status"] == "cancelled"
    clock.forward(seconds=2)
    assert ask("GET", f"/v1/interactions/{first['id']}").json["status"] == "completed"
    assert ask("GET", path).json["status"] == "cancelled"


@pytest.mark.parametrize(
    ("model", "resolution", "tokens"),
    [
        ("gemini-3.5-flash", None, 1120),
        ("gemini-3.5-flash", "low", 280),
        ("gemini-3.5-flash", "medium", 560),
        ("gemini-3.5-flash", "ultra_high", 2240),
        ("gemini-2.5-flash", None, 1548),
    ],
)
def test_images_cost_what_the_tables_say(
    ask: Any, draw: Any, model: str, resolution: str | None, tokens: int
) -> None:
    """By resolution for Gemini 3, by tiles for 2.5: 960 × 540 pixels are six tiles."""
    image = draw(size=(960, 540))
    part = (
        {"mediaResolution": {"level": f"MEDIA_RESOLUTION_{resolution.upper()}"}}
        if resolution
        else {}
    )
    body = {"contents": [{"parts": [{"text": "x"}, {"inlineData": _inline(image), **part}]}]}
    answer = ask("POST", f"/v1/models/{model}:countTokens", body).json
    assert answer == {
        "totalTokens": tokens + 1,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 1},
            {"modality": "IMAGE", "tokenCount": tokens},
        ],
    }


def test_a_resolution_for_one_image_needs_a_model_that_takes_it(ask: Any, draw: Any) -> None:
    """Gemini 2.5 takes one for all images only."""
    part = {"inlineData": _inline(draw()), "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}}
    path = "/v1/models/gemini-2.5-flash:generateContent"
    assert ask("POST", path, {"contents": [{"parts": [part]}]}).status == 400
    overall = {"mediaResolution": "MEDIA_RESOLUTION_LOW"}
    body = {"contents": [{"parts": [{"inlineData": _inline(draw())}]}], "generationConfig": overall}
    details = ask("POST", path, body).json["usageMetadata"]["promptTokensDetails"]
    assert details[1] == {"modality": "IMAGE", "tokenCount": 64}


def test_models_are_listed_in_pages(ask: Any) -> None:
    """Every model of the catalogue, once."""
    names: list[str] = []
    token = ""
    while True:
        page = ask("GET", "/v1/models", pageSize="5", pageToken=token).json
        names += [model["name"] for model in page["models"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert len(names) == len(set(names)) > 15
    model = ask("GET", "/v1/models/gemini-3.5-flash").json
    assert (model["name"], model["inputTokenLimit"]) == ("models/gemini-3.5-flash", 1_048_576)
    assert "generateContent" in model["supportedGenerationMethods"]
    assert ask("GET", "/v1/models", pageToken="x").status == 400


def test_an_image_from_the_web_needs_someone_who_reads_the_web(ask: Any, three: bytes) -> None:
    """The simulator by itself reaches nothing."""
    image = {"type": "image", "uri": "https://example.com/a.png", "mime_type": "image/png"}
    body = {"model": "gemini-3.5-flash", "input": [{"type": "text", "text": "x"}, image]}
    assert ask("POST", "/v1/interactions", body).status == 400
    ask.service.desk.web = {"https://example.com/a.png": three}.__getitem__
    assert "400 × 300" in ask("POST", "/v1/interactions", body).text


def test_the_service_counts_what_it_bills(ask: Any, three: bytes) -> None:
    """Requests, answers, different ones, tokens; its own pages and refusals are not billed."""
    ask.interact("Describe.", three)
    ask.interact("Describe.", three)
    ask.generate("Describe.", three)
    ask.interact("x", model="gemini-9")
    state = ask("GET", "/simulator/state", None, {"X-Goog-Api-Key": ""}).json
    assert state == {
        "simulated": True,
        "requests": 4,
        "billed_answers": 3,
        "different_answers": 2,
        "billed_tokens": state["billed_tokens"],
        "in_flight": 0,
        "most_in_flight": 1,
        "statuses": {"200": 3, "404": 1},
        "commands": {},
        "interactions": 2,
        "files": 0,
        "batches": 0,
    }
    assert state["billed_tokens"] > 3 * 1120


def test_the_front_page_says_what_this_is(ask: Any) -> None:
    """For whoever opens the address in a browser."""
    assert b"there is no model here" in ask("GET", "/").content
    assert "rate-limit" in ask("GET", "/simulator/faults").json


def _inline(image: bytes) -> dict[str, str]:
    import base64

    return {"mimeType": "image/png", "data": base64.b64encode(image).decode()}


def _events(content: bytes) -> list[Any]:
    frames = content.decode().split("\n\n")
    assert frames[-2:] == ["event: done\ndata: [DONE]", ""]
    events = []
    for frame in frames[:-2]:
        first, second = frame.split("\n")
        event = json.loads(second.removeprefix("data: "))
        assert first == f"event: {event['event_type']}"
        events.append(event)
    return events
