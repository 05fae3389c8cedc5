"""Google's own client, google-genai, talks to the simulator as it would to Google."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

genai = pytest.importorskip("google.genai")
types = pytest.importorskip("google.genai.types")
pydantic = pytest.importorskip("pydantic")

MODEL = "gemini-3.5-flash"
PROMPT = "Detect the all of the prominent items in the image. The box_2d should be [ymin, xmin, ymax, xmax] normalized to 0-1000."


class BoundingBox(pydantic.BaseModel):  # type: ignore[misc]
    box_2d: list[int] = pydantic.Field(description="[ymin, xmin, ymax, xmax] normalized to 0-1000.")
    mask: list[list[int]] = pydantic.Field(description="a polygon of [x,y] coordinates")
    label: str


class BoundingBoxes(pydantic.BaseModel):  # type: ignore[misc]
    boxes: list[BoundingBox]


@pytest.fixture
def client(address: str) -> Iterator[Any]:
    retries = types.HttpRetryOptions(attempts=1)
    one = genai.Client(api_key="KEY", http_options={"base_url": address, "retry_options": retries})
    yield one
    one.close()


@pytest.fixture
def image_file(tmp_path: Path, three: bytes) -> Path:
    file = tmp_path / "three.png"
    file.write_bytes(three)
    return file


def test_interactions_with_a_text_alone(client: Any) -> None:
    """The client finds the text by its own rule."""
    interaction = client.interactions.create(model=MODEL, input="Hello")
    assert interaction.id.startswith("sim_")
    assert (interaction.status, interaction.model) == ("completed", MODEL)
    assert interaction.output_text == "Simulated: no image arrived, and nobody read the prompt."
    assert interaction.usage.total_tokens == 2 + 14 + 192


def test_interactions_as_in_the_guide_with_an_uploaded_file(client: Any, image_file: Path) -> None:
    """Upload, ask with a schema of pydantic, read the answer with it."""
    file = client.files.upload(file=image_file)
    assert (file.state.name, file.mime_type, file.size_bytes) == (
        "ACTIVE",
        "image/png",
        image_file.stat().st_size,
    )
    interaction = client.interactions.create(
        model=MODEL,
        input=[
            {"type": "text", "text": PROMPT},
            {"type": "image", "uri": file.uri, "mime_type": file.mime_type},
        ],
        generation_config={"thinking_level": "minimal"},
        response_format={
            "type": "text",
            "mime_type": "application/json",
            "schema": BoundingBoxes.model_json_schema(),
        },
    )
    boxes = BoundingBoxes.model_validate_json(interaction.output_text).boxes
    assert [box.box_2d for box in boxes] == [
        [100, 100, 500, 500],
        [200, 600, 467, 900],
        [667, 250, 900, 450],
    ]
    assert boxes[0].mask == [[100, 100], [500, 100], [500, 500], [100, 500]]


def test_interactions_without_a_schema_are_fenced(client: Any, three: bytes) -> None:
    """JSON mode takes the fence away."""
    import base64

    image = {
        "type": "image",
        "data": base64.b64encode(three).decode(),
        "mime_type": "image/png",
        "resolution": "high",
    }
    contents = [{"type": "text", "text": PROMPT}, image]
    fenced = client.interactions.create(model=MODEL, input=contents).output_text
    assert fenced.startswith("```json\n[")
    mode = {"type": "text", "mime_type": "application/json"}
    bare = client.interactions.create(model=MODEL, input=contents, response_format=mode).output_text
    assert json.loads(bare) == json.loads(fenced[8:-4])


def test_interactions_are_streamed_read_cancelled_and_deleted(client: Any) -> None:
    """Every call that the client has."""
    events = list(client.interactions.create(model=MODEL, input="Hello", stream=True))
    assert [event.event_type for event in events][:2] == [
        "interaction.created",
        "interaction.status_update",
    ]
    assert events[-1].event_type == "interaction.completed"
    id = events[0].interaction.id
    stored = client.interactions.get(id, include_input=True)
    assert [step.type for step in stored.steps] == ["user_input", "thought", "model_output"]
    again = client.interactions.create(model=MODEL, input="And?", previous_interaction_id=id)
    assert again.status == "completed"
    background = client.interactions.create(model=MODEL, input="Later", background=True)
    assert background.status == "in_progress"
    assert client.interactions.cancel(background.id).status == "cancelled"
    client.interactions.delete(id)
    with pytest.raises(Exception, match="not found"):
        client.interactions.get(id)


def test_a_long_answer_is_continued_by_the_client(client: Any) -> None:
    """It asks for the rest by itself."""
    said = client.interactions.create(model=MODEL, input="Hello [[simulate: continuation]]")
    assert (said.status, said.output_text) == (
        "completed",
        "Simulated: no image arrived, and nobody read the prompt.",
    )


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate-limit:0.1", "RateLimitError"),
        ("overloaded", "InternalServerError"),
        ("leaked-key", "PermissionDeniedError"),
        ("bad-request", "BadRequestError"),
        ("no-endpoint", "NotFoundError"),
        ("invalid-key", "AuthenticationError"),
    ],
)
def test_errors_of_interactions_are_the_clients_own(client: Any, fault: str, error: str) -> None:
    """Each by its status."""
    headers = {"x-askpix-simulate": fault}
    with pytest.raises(Exception, match=r".") as caught:
        client.interactions.create(model=MODEL, input="x", extra_headers=headers)
    assert type(caught.value).__name__ == error


def test_generate_content_with_inline_bytes_and_a_schema(client: Any, three: bytes) -> None:
    """The client's own names, casings and base64; its parsed answer."""
    part = types.Part.from_bytes(data=three, mime_type="image/png")
    config = types.GenerateContentConfig(
        system_instruction="Be brief",
        temperature=0.5,
        seed=1,
        max_output_tokens=1000,
        response_mime_type="application/json",
        response_schema=BoundingBoxes,
        media_resolution="MEDIA_RESOLUTION_HIGH",
        thinking_config=types.ThinkingConfig(thinking_level="minimal"),
        safety_settings=[
            types.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_ONLY_HIGH")
        ],
    )
    response = client.models.generate_content(model=MODEL, contents=[part, "Detect"], config=config)
    assert response.parsed.boxes[0].box_2d == [100, 100, 500, 500]
    assert response.response_id.startswith("sim_")
    assert response.model_version == MODEL
    assert response.candidates[0].finish_reason.name == "STOP"
    assert response.sdk_http_response.headers["x-askpix-simulated"] == "1"


def test_generate_content_is_streamed_and_counted(client: Any) -> None:
    """Pieces of the text; tokens before the answer."""
    pieces = list(client.models.generate_content_stream(model="gemini-2.5-flash", contents="Hello"))
    assert (
        "".join(piece.text or "" for piece in pieces)
        == "Simulated: no image arrived, and nobody read the prompt."
    )
    assert client.models.count_tokens(model=MODEL, contents="Hello").total_tokens == 2


def test_a_blocked_prompt_has_no_text_for_the_client(client: Any) -> None:
    """`text` is None, and the reason is told."""
    response = client.models.generate_content(
        model=MODEL, contents="x [[simulate: blocked-prompt]]"
    )
    assert (response.text, response.prompt_feedback.block_reason.name) == (None, "SAFETY")


def test_errors_of_generate_content_are_the_clients_own(client: Any) -> None:
    """Its code, its status, its sentence."""
    from google.genai import errors

    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="gemini-9", contents="x")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    config = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(thinking_level="minimal")
    )
    with pytest.raises(
        errors.ClientError, match="Thinking level MINIMAL is not supported for this model"
    ):
        client.models.generate_content(model="gemini-3.8-flash", contents="x", config=config)
    with pytest.raises(errors.ServerError, match="overloaded"):
        client.models.generate_content(model=MODEL, contents="x [[simulate: overloaded]]")


def test_models_are_listed_and_described(client: Any) -> None:
    """Those of the catalogue."""
    names = [model.name for model in client.models.list()]
    assert f"models/{MODEL}" in names
    assert client.models.get(model=MODEL).output_token_limit == 65_536


def test_files_are_uploaded_from_a_path_and_from_bytes(
    client: Any, image_file: Path, three: bytes
) -> None:
    """With a name of one's own; then listed, read and deleted."""
    config = {"name": "files/my-img", "display_name": "My image", "mime_type": "image/png"}
    first = client.files.upload(file=image_file, config=config)
    assert (first.name, first.display_name) == ("files/my-img", "My image")
    second = client.files.upload(file=BytesIO(three), config={"mime_type": "image/png"})
    assert second.sha256_hash == first.sha256_hash
    assert {file.name for file in client.files.list(config={"page_size": 1})} == {
        first.name,
        second.name,
    }
    assert client.files.get(name=first.name).expiration_time == first.expiration_time
    client.files.delete(name=first.name)
    with pytest.raises(Exception, match="You do not have permission to access the File my-img"):
        client.files.get(name=first.name)


def test_a_large_file_is_uploaded_in_two_pieces(client: Any, service: Any) -> None:
    """8 MiB, then the rest."""
    content = bytes(range(256)) * (9 << 12)
    file = client.files.upload(file=BytesIO(content), config={"mime_type": "image/png"})
    assert file.size_bytes == len(content) == 9 << 20
    assert service.desk.files.stored[file.name.removeprefix("files/")].content == content
    assert service.state()["requests"] == 3


def test_batches_are_created_read_listed_cancelled_and_deleted(
    client: Any, clock: Any, three: bytes
) -> None:
    """Inline and from a file."""
    part = types.Part.from_bytes(data=three, mime_type="image/png")
    asked = types.InlinedRequest(contents=[part, "How many? Just a number."])
    job = client.batches.create(model=MODEL, src=[asked], config={"display_name": "d"})
    assert job.state.name == "JOB_STATE_PENDING"
    clock.forward(seconds=2)
    job = client.batches.get(name=job.name)
    assert job.state.name == "JOB_STATE_SUCCEEDED"
    assert [one.response.text for one in job.dest.inlined_responses] == ["3"]
    line = {"key": "r1", "request": {"contents": [{"parts": [{"text": "Hello"}]}]}}
    source = client.files.upload(
        file=BytesIO(json.dumps(line).encode()), config={"mime_type": "jsonl"}
    )
    second = client.batches.create(model=MODEL, src=source.name)
    clock.forward(seconds=2)
    done = client.batches.get(name=second.name)
    answer = json.loads(client.files.download(file=done.dest.file_name))
    assert (answer["key"], "response" in answer) == ("r1", True)
    assert {one.name for one in client.batches.list()} == {job.name, second.name}
    third = client.batches.create(model=MODEL, src=[asked])
    client.batches.cancel(name=third.name)
    assert client.batches.get(name=third.name).state.name == "JOB_STATE_CANCELLED"
    client.batches.delete(name=job.name)


def test_the_client_is_pointed_here_by_the_environment(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `askpix simulate` prints it."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", address)
    monkeypatch.setenv("GEMINI_API_KEY", "simulated")
    with genai.Client() as client:
        assert client.interactions.create(model=MODEL, input="Hello").status == "completed"
