"""The simulated service refuses what the real one is known to refuse, in its words."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from runner.catalogue import catalogue

MODEL = "gemini-3.5-flash"
IMAGE = {"type": "image", "uri": "https://example.com/a.png", "mime_type": "image/png"}
TEXT = {"type": "text", "text": "Look."}
UNKNOWN = 'Invalid JSON payload received. Unknown name "{0}"{1}: Cannot find field.'


def test_all_four_shapes_of_input_are_taken(ask: Any, three: bytes) -> None:
    """A text, one content, contents, steps; images in either alphabet of base64."""
    plain = base64.b64encode(three).decode()
    image = {"type": "image", "mime_type": "image/png"}
    shapes: list[object] = [
        "Detect it: box_2d",
        {**image, "data": plain},
        [TEXT, {**image, "data": plain.replace("+", "-").replace("/", "_")}],
        [{"type": "user_input", "content": [TEXT, {**image, "data": plain.rstrip("=")}]}],
        [
            {"type": "user_input", "content": "A text alone."},
            {"type": "model_output", "content": [TEXT]},
            {"type": "thought", "signature": "c2ln"},
            {"type": "user_input", "content": [TEXT]},
        ],
    ]
    for shape in shapes:
        answer = ask("POST", "/v1/interactions", {"model": MODEL, "input": shape})
        assert (answer.status, answer.json["status"]) == (200, "completed")


@pytest.mark.parametrize(
    ("change", "word", "message"),
    [
        ({"config": {}}, "parameter_unknown", UNKNOWN.format("config", "")),
        ({"generationConfig": {}}, "parameter_unknown", UNKNOWN.format("generationConfig", "")),
        (
            {"generation_config": {"media_resolution": "high"}},
            "parameter_unknown",
            UNKNOWN.format("media_resolution", " at 'generation_config'"),
        ),
        (
            {"generation_config": {"thinking_budget": 0}},
            "parameter_unknown",
            UNKNOWN.format("thinking_budget", " at 'generation_config'"),
        ),
        (
            {"generation_config": {"transcription_config": None, "diarization": 1}},
            "parameter_unknown",
            UNKNOWN.format("diarization", " at 'generation_config'"),
        ),
        (
            {"input": [{**TEXT, "mimeType": "x"}]},
            "parameter_unknown",
            UNKNOWN.format("mimeType", " at 'input[0]'"),
        ),
        ({"input": [TEXT, {"type": "user_input"}]}, "invalid_request", "cannot be mixed"),
        (
            {"input": [{"type": "image", "mime_type": "image/png"}]},
            "invalid_request",
            "exactly one",
        ),
        ({"input": [{**IMAGE, "data": "AAAA"}]}, "invalid_request", "exactly one"),
        ({"input": [{**IMAGE, "resolution": "huge"}]}, "invalid_request", "resolution"),
        (
            {"input": [{**IMAGE, "mime_type": "text/html"}]},
            "invalid_request",
            "Unsupported MIME type: text/html",
        ),
        ({"input": [IMAGE]}, "invalid_request", "does not reach the web"),
        (
            {"input": [{"type": "image", "data": "not base64!"}]},
            "invalid_request",
            "Base64 decoding failed",
        ),
        (
            {"input": [{"type": "image", "data": "data:image/png;base64,AAAA"}]},
            "invalid_request",
            "Base64 decoding failed",
        ),
        (
            {"input": [{"type": "image", "data": "bm8gaW1hZ2U="}]},
            "invalid_request",
            "Unable to process input image.",
        ),
        ({"input": 7}, "invalid_request", "expected a text, contents or steps"),
        ({"input": None}, "invalid_request", "expected a text, contents or steps"),
        ({"model": 3}, "invalid_request", "expected a text"),
        (
            {"model": "gemini-9"},
            "model_not_found",
            "models/gemini-9 is not found for API version v1",
        ),
        ({"generation_config": {"max_output_tokens": 0}}, "invalid_request", "must be positive"),
        (
            {"generation_config": {"max_output_tokens": "8"}},
            "invalid_request",
            "expected a whole number",
        ),
        ({"generation_config": {"thinking_level": "none"}}, "invalid_request", "expected one of"),
        (
            {"safety_settings": [{"type": "harassment", "threshold": "BLOCK_NONE"}]},
            "invalid_request",
            "expected one of",
        ),
        (
            {"safety_settings": [{"category": "harassment"}]},
            "parameter_unknown",
            UNKNOWN.format("category", " at 'safety_settings[0]'"),
        ),
        ({"labels": {"team": "VISION"}}, "invalid_request", "small letters"),
        ({"background": True, "store": False}, "invalid_request", "requires store"),
        ({"previous_interaction_id": "v1_none"}, "not_found", "Interaction v1_none not found."),
        ({"continuation_token": "none"}, "invalid_request", "continuation_token"),
        (
            {"response_format": {"type": "object", "properties": {}}},
            "invalid_request",
            "legacy form",
        ),
        (
            {"response_format": {"type": "text", "mime_type": "application/json", "schema": []}},
            "invalid_request",
            "not an object",
        ),
        (
            {
                "response_format": {
                    "type": "text",
                    "mime_type": "application/json",
                    "schema": {"$ref": "#/$defs/none"},
                }
            },
            "invalid_request",
            "cannot be resolved",
        ),
        (
            {"response_format": {"type": "text", "schema": {}}},
            "invalid_request",
            "requires the mime_type",
        ),
        (
            {"response_format": [{"type": "text", "mime": "x"}]},
            "parameter_unknown",
            UNKNOWN.format("mime", " at 'response_format[0]'"),
        ),
        (
            {"response_format": {"type": "text", "mime_type": "text/html"}},
            "invalid_request",
            "not supported",
        ),
        ({"tools": [{"type": "google_search"}]}, "unimplemented", "The simulator cannot do this"),
        (
            {"input": [{"type": "video", "uri": "x"}]},
            "unimplemented",
            "The simulator cannot do this",
        ),
    ],
)
def test_interactions_refuse(ask: Any, change: dict[str, object], word: str, message: str) -> None:
    """With a word as the code, and neither `status` nor `details`."""
    answer = ask("POST", "/v1/interactions", {"model": MODEL, "input": "Look.", **change})
    error = answer.json["error"]
    assert set(error) == {"code", "message"}
    assert error["code"] == word
    assert message in error["message"]
    expected = {"not_found": 404, "model_not_found": 404, "unimplemented": 501}.get(word, 400)
    assert answer.status == expected


@pytest.mark.parametrize(
    "format",
    [
        {"type": "text", "mime_type": "application/json", "schema": {"type": "object"}},
        [{"type": "text", "mime_type": "application/json", "schema": {"type": "object"}}],
        {"type": "text", "mime_type": "application/json"},
        {"type": "text", "mime_type": "text/plain"},
        {"type": "text"},
    ],
)
def test_interactions_take_every_current_response_format(ask: Any, format: object) -> None:
    """Alone or in a list, with a schema or without."""
    assert ask.interact("Look.", response_format=format).status == 200


def test_unknown_names_pass_when_the_service_is_not_strict(ask: Any) -> None:
    """And so does the legacy form of a schema."""
    ask.service.desk.strict = False
    assert ask.interact("Look.", config={}, nothing=1).status == 200
    legacy = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    assert set(ask.interact("Look.", response_format=legacy).value) == {"n"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"noSuch": 1}, UNKNOWN.format("noSuch", " at 'generationConfig'")),
        ({"thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": 0}}, "cannot both be set"),
        ({"responseSchema": {"type": "OBJECT"}}, "requires the responseMimeType"),
        (
            {
                "responseMimeType": "application/json",
                "responseSchema": {},
                "responseJsonSchema": {},
            },
            "cannot both be set",
        ),
        ({"mediaResolution": "MEDIA_RESOLUTION_ULTRA_HIGH"}, "is not supported for this model"),
        ({"responseMimeType": "text/html"}, "is not supported"),
        ({"maxOutputTokens": -1}, "must be positive"),
        ({"temperature": "hot"}, "expected a number"),
    ],
)
def test_generate_content_refuses(ask: Any, config: dict[str, object], message: str) -> None:
    """In the shape of google.rpc."""
    answer = ask.generate("Look.", generationConfig=config)
    error = answer.json["error"]
    assert (answer.status, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert message in error["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Invalid JSON payload"),
        (b"[1]", "Expected an object"),
        (b'{"contents": NaN}', "NaN is no JSON"),
        (b"\xff\xfe", "Invalid JSON payload"),
        (b'{"a":' * 100_000, "Invalid JSON payload"),
        (b"{}", "contents is not specified"),
        (
            b'{"contents": [{"parts": [{"inlineData": {"mimeType": "image/png"}}]}]}',
            "expected base64",
        ),
        (b'{"contents": [{"parts": [{"inlineData": 7}]}]}', "expected an object"),
        (b'{"contents": "Look."}', "expected a list"),
        (
            b'{"contents": [{"parts": [{"inlineData": {"mimeType": "text/css", "data": ""}}]}]}',
            "Unsupported MIME type",
        ),
    ],
)
def test_a_body_that_is_no_request_is_refused(ask: Any, body: bytes, message: str) -> None:
    """Whatever it is: the service never fails."""
    answer = ask("POST", f"/v1/models/{MODEL}:generateContent", body)
    assert answer.status == 400
    assert message in answer.json["error"]["message"]


def test_both_casings_are_taken_by_generate_content(ask: Any, three: bytes) -> None:
    """As the official SDK writes some nested names, and base64 in the URL-safe alphabet."""
    data = base64.urlsafe_b64encode(three).decode()
    body = {
        "contents": [
            {
                "parts": [
                    {
                        "inline_data": {"data": data, "mime_type": "image/png"},
                        "media_resolution": {"level": "MEDIA_RESOLUTION_LOW"},
                    },
                    {"text": "Detect"},
                ],
                "role": "user",
            }
        ],
        "system_instruction": {"parts": [{"text": "Be brief"}], "role": "user"},
        "generation_config": {
            "response_mime_type": "application/json",
            "response_schema": {
                "type": "OBJECT",
                "properties": {"box_2d": {"type": "ARRAY", "items": {"type": "INTEGER"}}},
                "property_ordering": ["box_2d"],
            },
            "thinking_config": {"thinking_level": "MINIMAL"},
        },
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    }
    answer = ask("POST", f"/v1/models/{MODEL}:generateContent", body)
    assert answer.value == {"box_2d": [100, 100, 500, 500]}
    assert answer.json["usageMetadata"]["promptTokensDetails"][1] == {
        "modality": "IMAGE",
        "tokenCount": 280,
    }


LEVELS = ("minimal", "low", "medium", "high", "xhigh")


@pytest.mark.parametrize("name", sorted(catalogue().models))
def test_each_model_takes_the_thinking_levels_of_the_catalogue(ask: Any, name: str) -> None:
    """On both endpoints; the others are refused with the documented sentences."""
    model = catalogue().model(name)
    for level in LEVELS:
        answers = [
            ask.interact("x", model=name, generation_config={"thinking_level": level}),
            ask.generate(
                "x",
                model=name,
                generationConfig={"thinkingConfig": {"thinkingLevel": level.upper()}},
            ),
        ]
        for answer in answers:
            if level in model.thinking:
                assert answer.status == 200
                continue
            expected = f"Thinking level {level.upper()} is not supported for this model."
            if not set(model.thinking) - {"none"}:
                expected = "Thinking level is not supported for this model."
            assert (answer.status, answer.json["error"]["message"]) == (400, expected)


@pytest.mark.parametrize(
    ("model", "budget", "status"),
    [
        ("gemini-2.5-flash", 0, 200),
        ("gemini-2.5-flash", -1, 200),
        ("gemini-2.5-flash", 24576, 200),
        ("gemini-2.5-flash", 24577, 400),
        ("gemini-2.5-pro", 0, 400),
        ("gemini-2.5-pro", 128, 200),
        ("gemini-2.5-flash-lite", 511, 400),
        ("gemini-4-argon", 1024, 400),
    ],
)
def test_a_thinking_budget_keeps_to_the_models_range(
    ask: Any, model: str, budget: int, status: int
) -> None:
    """−1 lets the model decide; 0 is off, where that is allowed."""
    config = {"thinkingConfig": {"thinkingBudget": budget}}
    assert ask.generate("x", model=model, generationConfig=config).status == status


def test_a_request_without_a_key_is_refused(ask: Any) -> None:
    """In the shape of its endpoint; a query parameter is a key, too."""
    body = {"model": MODEL, "input": "Look."}
    bare = {"X-Goog-Api-Key": ""}
    answer = ask("POST", "/v1/interactions", body, bare)
    assert (answer.status, answer.json["error"]["code"]) == (401, "authentication")
    answer = ask("GET", "/v1/models", None, bare)
    assert (answer.status, answer.json["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert ask("GET", "/v1/models", None, bare, key="K").status == 200


def test_a_key_that_the_service_does_not_know_is_refused(ask: Any) -> None:
    """400 API_KEY_INVALID, and 401 for Interactions: what the error reference lists."""
    ask.service.desk.keys = frozenset({"KEY"})
    assert ask.interact("Look.").status == 200
    ask.key = "WRONG"
    answer = ask.generate("Look.")
    assert answer.status == 400
    assert answer.json["error"]["message"] == "API key not valid. Please pass a valid API key."
    assert answer.json["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert ask.interact("Look.").status == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("POST", "/v2/interactions"),
        ("GET", "/elsewhere"),
        ("PUT", "/v1/interactions"),
        ("GET", "/v1/models/gemini-9"),
        ("POST", "/v1/models/gemini-9:generateContent"),
        ("POST", f"/v1/models/{MODEL}:embedContent"),
        ("GET", "/v1/batches/none"),
        ("GET", "/v1/interactions/none"),
        ("DELETE", "/v1/interactions/none"),
    ],
)
def test_what_is_not_there_is_a_404(ask: Any, method: str, path: str) -> None:
    """Endpoints, models, interactions, batches. (A file that is not there is a 403.)"""
    answer = ask(
        method, path, {"contents": [{"parts": [{"text": "x"}]}]} if method == "POST" else None
    )
    assert answer.status == 404
    assert answer.headers["x-askpix-simulated"] == "1"


def test_too_many_images_are_refused(ask: Any, monkeypatch: pytest.MonkeyPatch, draw: Any) -> None:
    """3,600 in one request, by the catalogue; here the catalogue says 2."""
    few = replace(catalogue(), images_per_request=2)
    monkeypatch.setattr("runner.providers.simulator.question.catalogue", lambda: few)
    dot = draw(size=(9, 9))
    assert ask.interact("Look.", dot, dot).status == 200
    answer = ask.interact("Look.", dot, dot, dot)
    assert (answer.status, "fewer than 2 images" in answer.json["error"]["message"]) == (400, True)


def test_a_request_that_is_too_large_is_refused(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 MB, by the catalogue; here the catalogue says 1,000 bytes."""
    small = replace(catalogue(), bytes_per_request=1000)
    monkeypatch.setattr("runner.providers.simulator.desk.catalogue", lambda: small)
    answer = ask.interact("x" * 2000)
    assert (answer.status, answer.json["error"]["message"]) == (
        400,
        "Request payload size exceeds the limit: 1000 bytes.",
    )


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(2500)}},
        {
            "type": "array",
            "maxItems": 1000,
            "items": {"type": "array", "maxItems": 1000, "items": {"type": "integer"}},
        },
    ],
)
def test_a_schema_that_is_too_complex_is_refused(ask: Any, schema: object) -> None:
    """Too many places, or too many items of nested arrays: 400 INVALID_ARGUMENT."""
    config = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    answer = ask.generate("Look.", generationConfig=config)
    assert (answer.status, "too complex" in answer.json["error"]["message"]) == (400, True)


def test_what_the_service_ignores_in_schemas_is_ignored(ask: Any) -> None:
    """Lengths of texts, uniqueness, `contains`; and a schema that contains itself is taken."""
    schema = {
        "type": "object",
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
        "properties": {
            "name": {"type": "string", "maxLength": 1, "minLength": 900},
            "list": {
                "type": "array",
                "uniqueItems": True,
                "contains": {"const": 7},
                "items": {"type": "string"},
            },
            "node": {"$ref": "#/$defs/node"},
        },
    }
    config = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    assert set(ask.generate("Look.", generationConfig=config).value) == {"name", "list", "node"}
