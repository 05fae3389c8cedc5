"""Whole runs from the command line against a server that speaks Chat Completions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from runner.cli import group

KEY = "sk-canary-0123456789abcdef"
GEMINI_KEY = "AIzaCANARY-0123456789"

BOXES = """\
version: 1
images: photos/*.png
steps:
  - id: find
    prompt: Find the thing.
    schema: boxes
outputs:
  - {save: find.boxes, as: csv, to: boxes.csv}
"""

LOCAL = """\
version: 1
extends: boxes.workflow.yaml
defaults:
  provider: openai
  model: eyes
  coords: {scale: SCALE, order: ORDER}
"""

THINGS = {"a": (50, 25, 200, 150), "b": (300, 100, 450, 225)}
"""Where the thing is in each image of 500 × 250 pixels: on whole numbers of every convention."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workflow with its images, as somebody would have them."""
    (tmp_path / "photos").mkdir()
    for name, edges in THINGS.items():
        image = Image.new("RGB", (500, 250), "white")
        image.paste((200, 20, 20), edges)
        image.save(tmp_path / f"photos/{name}.png")
    (tmp_path / "boxes.workflow.yaml").write_text(BOXES)
    local(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def local(folder: Path, scale: object = 1000, order: str = "xyxy", more: str = "") -> None:
    """Writes the file that asks the server on this machine."""
    text = LOCAL.replace("SCALE", str(scale)).replace("ORDER", order)
    (folder / "local.workflow.yaml").write_text(text + more)


def askpix(*words: str) -> Result:
    """What a command prints, and its exit code."""
    return CliRunner().invoke(group, words, prog_name="askpix", catch_exceptions=False)


def run(chat_server: Any, *words: str, file: str = "local.workflow.yaml") -> Result:
    """A run that asks the server."""
    return askpix("run", file, "--base-url", chat_server.url, *words)


def results(folder: Path, out: str = "runs") -> list[dict[str, Any]]:
    """The results of the newest run."""
    newest = max((folder / out).iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(line) for line in (newest / "results.jsonl").read_text().splitlines()]


def pixels(folder: Path, out: str = "runs") -> dict[str, list[object]]:
    """The boxes of each image, in pixels."""
    return {
        each["case"]: [
            each["status"],
            each["answer"]["boxes"][0]["box"],
            each["detections"][0]["box_px"],
        ]
        for each in results(folder, out)
    }


@pytest.mark.parametrize(
    ("scale", "order", "words"),
    [
        (1000, "xyxy", "[xmin, ymin, xmax, ymax], normalized to 0-1000."),
        (1000, "yxyx", "[ymin, xmin, ymax, xmax], normalized to 0-1000."),
        (1, "xyxy", "[xmin, ymin, xmax, ymax], normalized to 0-1."),
        ("pixel", "xyxy", "[xmin, ymin, xmax, ymax], in pixels of the image."),
        ("pixel", "yxyx", "[ymin, xmin, ymax, xmax], in pixels of the image."),
    ],
)
def test_one_workflow_gives_the_same_pixels_whoever_answers(
    scale: object, order: str, words: str, folder: Path, chat_server: Any
) -> None:
    """Gemini's look-alike and a server with another convention, for the same truth."""
    local(folder, scale, order)
    chat_server.scale, chat_server.order = scale, order
    assert run(chat_server).exit_code == 0
    outcome = askpix("run", "boxes.workflow.yaml", "--provider", "simulator", "--out", "simulated")
    assert outcome.exit_code == 0
    truth = {
        f"{name}.png": ["ok", [float(edge) for edge in edges], list(edges)]
        for name, edges in THINGS.items()
    }
    assert pixels(folder) == pixels(folder, "simulated") == truth
    asked = chat_server.received[0].body
    assert asked["messages"][0]["content"][0]["text"].endswith(f"box_2d is {words}")
    box = asked["response_format"]["json_schema"]["schema"]["properties"]["boxes"]["items"]
    description = box["properties"]["box_2d"]["description"]
    assert description == f"Place of the item: {words}"


@pytest.mark.parametrize(
    ("scale", "order"), [(1000, "yxyx"), (1000, "xyxy"), ("pixel", "xyxy"), (1, "xyxy")]
)
@pytest.mark.parametrize("prepared", ["resize: 250", "tile: {size: 250, overlap: 40%}", ""])
def test_the_pixels_are_those_of_the_original_whatever_was_sent(
    scale: object, order: str, prepared: str, folder: Path, chat_server: Any
) -> None:
    """One photograph, made smaller or cut into tiles: a model that counts pixels counts those of what
    it was sent, and three conventions lead to one place. So do the examples, the other way round: the
    box of an example arrives as the model itself would write it."""
    shots = folder / "shots"
    shots.mkdir()
    shot = Image.new("RGB", (200, 200), "white")
    shot.paste((20, 20, 200), (20, 50, 120, 100))
    shot.save(shots / "blue.png")
    (folder / "photos/b.png").unlink()
    example = (
        "\n    examples: [{images: shots/blue.png, answer: [{label: t, box: [20, 50, 120, 100]}]}]"
    )
    text = BOXES.replace("schema: boxes", f"schema: boxes{example}").replace("outputs:", "x-no:")
    (folder / "boxes.workflow.yaml").write_text(text)
    local(folder, scale, order, f"{prepared}\n")
    chat_server.scale, chat_server.order = scale, order

    outcome = run(chat_server)

    assert outcome.exit_code == 0, outcome.output
    (result,) = results(folder)
    near = 2 if prepared else 1e-9  # an edge that falls between two pixels is a little blurred
    boxes = [each["box"] for each in result["answer"]["boxes"]]
    whole = [min(e[0] for e in boxes), min(e[1] for e in boxes)]
    whole += [max(e[2] for e in boxes), max(e[3] for e in boxes)]
    assert all(abs(found - edge) <= near for found, edge in zip(whole, THINGS["a"], strict=True))
    body = chat_server.received[0].body
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    (shown,) = json.loads(body["messages"][1]["content"])["boxes"]
    assert shown == {"label": "t", "box_2d": chat_server.box(shot)}


def test_a_type_that_only_gemini_knows_is_written_anew(folder: Path, chat_server: Any) -> None:
    """A photograph of a telephone arrives as JPEG, and its boxes are in its own pixels."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    for photo in (folder / "photos").iterdir():
        Image.open(photo).save(photo.with_suffix(".heic"), quality=100)
        photo.unlink()
    file = folder / "boxes.workflow.yaml"
    file.write_text(BOXES.replace("*.png", "*.heic"))
    chat_server.scale, chat_server.order = 1000, "xyxy"
    assert run(chat_server).exit_code == 0
    url = chat_server.received[0].body["messages"][0]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")
    for result in results(folder):
        (found,) = result["answer"]["boxes"]
        pairs = zip(found["box"], THINGS[result["case"][0]], strict=True)
        assert all(abs(edge - meant) <= 2 for edge, meant in pairs)


def test_each_service_gets_its_own_key_and_nothing_of_the_other(
    folder: Path, chat_server: Any, served: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workflow with a step for each; the simulated Gemini takes no key but its own."""
    (folder / "both.workflow.yaml").write_text(
        BOXES.replace(
            "    schema: boxes\n",
            "    schema: boxes\n"
            "  - id: again\n    prompt: Find the thing.\n    schema: boxes\n"
            "    provider: openai\n    model: eyes\n    coords: {order: xyxy}\n",
        )
    )
    chat_server.key = KEY
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", served(frozenset({GEMINI_KEY})))
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.url)
    monkeypatch.setenv("GEMINI_API_KEY", GEMINI_KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    outcome = askpix("run", "both.workflow.yaml")
    assert outcome.exit_code == 0, outcome.output
    found = {(each["case"], each["step"]): each["answer"] for each in results(folder)}
    for name in ("a.png", "b.png"):
        boxes = [found[name, step]["boxes"][0]["box"] for step in ("find", "again")]
        assert boxes[0] == boxes[1]
    for request in chat_server.received:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert GEMINI_KEY not in f"{request.headers} {request.body}"
    written = b"".join(path.read_bytes() for path in folder.glob("runs/**/*") if path.is_file())
    assert KEY.encode() not in written
    assert KEY not in outcome.output


def test_the_key_of_gemini_is_never_sent_to_another_server(
    folder: Path, chat_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key of its own the server gets none; most of them need none."""
    monkeypatch.setenv("GEMINI_API_KEY", GEMINI_KEY)
    assert run(chat_server).exit_code == 0
    for request in chat_server.received:
        assert GEMINI_KEY not in str(request.headers)
        assert "authorization" not in request.headers


def test_one_address_cannot_be_that_of_two_services(folder: Path, chat_server: Any) -> None:
    """Nobody could say whose it is."""
    text = BOXES.replace(
        "schema: boxes\n", "schema: boxes\n    provider: openai\n    model: eyes\n"
    )
    second = "  - id: look\n    prompt: Look.\noutputs:"
    (folder / "both.workflow.yaml").write_text(text.replace("outputs:", second))
    outcome = run(chat_server, file="both.workflow.yaml")
    assert outcome.exit_code == 2
    assert "this workflow asks two services" in outcome.output
    assert chat_server.received == []


def test_without_an_address_nothing_is_sent_anywhere(
    folder: Path, no_socket: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with a key of OpenAI's: images for a model on this machine go to nobody else. An address
    in a file `.env` counts for nothing."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (folder / ".env").write_text("OPENAI_BASE_URL=http://127.0.0.9:1/v1\n")
    outcome = askpix("run", "local.workflow.yaml")
    assert outcome.exit_code == 2
    assert "error: no address of a server for `provider: openai`." in outcome.output


def test_a_rate_limit_is_waited_for(folder: Path, chat_server: Any, chat: Any) -> None:
    """As with Gemini: it uses no attempt, and nothing is lost."""
    limit = chat.Told(chat.error("slow down", "rate_limit_exceeded"), 429, {"Retry-After": "0.05"})
    chat_server.next = [limit, limit]
    local(folder, more="run: {retries: 0}\n")
    assert run(chat_server).exit_code == 0
    assert len(chat_server.received) == 4
    assert [each["status"] for each in results(folder)] == ["ok", "ok"]


def test_what_was_answered_is_not_asked_again(folder: Path, chat_server: Any) -> None:
    """By another run: the cache knows this service like any other."""
    assert run(chat_server, "--out", "first").exit_code == 0
    assert run(chat_server, "--out", "second").exit_code == 0
    assert len(chat_server.received) == 2
    assert results(folder, "first") == results(folder, "second")


def test_a_run_that_was_stopped_goes_on(folder: Path, chat_server: Any) -> None:
    """With the limit on requests that holds for every provider."""
    local(folder, more="run: {max_requests: 1, parallel: 1, cache: 'off'}\n")
    assert run(chat_server).exit_code == 5
    local(folder, more="run: {max_requests: 2, parallel: 1, cache: 'off'}\n")
    assert run(chat_server).exit_code == 0
    assert len(list((folder / "runs").iterdir())) == 1
    assert len(chat_server.received) == 2
    assert [each["status"] for each in results(folder)] == ["ok", "ok"]


def test_a_recorded_run_is_replayed_without_server_or_key(
    folder: Path, chat_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recording holds neither the key nor an image."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert run(chat_server, "--record", "tape", "--out", "live").exit_code == 0
    monkeypatch.delenv("OPENAI_API_KEY")
    outcome = askpix("run", "local.workflow.yaml", "--replay", "tape", "--out", "replayed")
    assert outcome.exit_code == 0, outcome.output
    assert len(chat_server.received) == 2
    assert results(folder, "live") == results(folder, "replayed")
    tape = b"".join(path.read_bytes() for path in folder.glob("tape/**/*") if path.is_file())
    assert KEY.encode() not in tape
    assert b"base64" not in tape
    assert tape.count(b'"mime":"image/png"') == 2


def test_a_changed_prompt_is_told_by_the_nearest_recording(folder: Path, chat_server: Any) -> None:
    """In the words of the workflow, not in those of the wire."""
    assert run(chat_server, "--record", "tape").exit_code == 0
    local(folder, more="  max_output_tokens: 9\n")
    outcome = askpix("run", "local.workflow.yaml", "--replay", "tape", "--fresh")
    assert outcome.exit_code == 3
    assert "`max_output_tokens` is 9, recorded without it" in results(folder)[0]["error"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"knows_schemas": False}, "the server does not take this JSON Schema"),
        ({"models": ()}, "The model `eyes` does not exist"),
        ({"key": KEY}, "Incorrect API key provided."),
    ],
)
def test_what_every_request_would_meet_ends_the_run_at_once(
    change: dict[str, object], said: str, folder: Path, chat_server: Any
) -> None:
    """In the server's words, and with what they mean."""
    for name, value in change.items():
        setattr(chat_server, name, value)
    local(folder, more="run: {parallel: 1}\n")
    outcome = run(chat_server)
    assert outcome.exit_code == 2
    assert said in outcome.output
    assert len(chat_server.received) == 1


def test_an_address_without_v1_is_told(folder: Path, chat_server: Any) -> None:
    """The commonest mistake."""
    outcome = askpix(
        "run", "local.workflow.yaml", "--base-url", chat_server.url.removesuffix("/v1")
    )
    assert outcome.exit_code == 2
    assert "does it lack its /v1?" in outcome.output


def test_a_plan_shows_the_request_and_says_what_it_costs(folder: Path) -> None:
    """Without an address, and without asking anybody."""
    outcome = askpix("plan", "local.workflow.yaml", "--format", "json")
    assert outcome.exit_code == 0
    planned = json.loads(outcome.stdout)
    request = planned["first_request"]
    assert request["url"] == "(the address in OPENAI_BASE_URL)/chat/completions"
    assert request["headers"] == {"authorization": "Bearer (OPENAI_API_KEY, where it is set)"}
    size = (folder / "photos/a.png").stat().st_size
    assert request["body"]["messages"][0]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,<a.png: {size} bytes as base64>"},
    }
    assert planned["estimated_cost_usd"] is None
    told = askpix("plan", "local.workflow.yaml").output
    assert "a server of your own costs nothing" in told
    assert "warning" not in told


def test_settings_of_gemini_are_left_out_of_what_is_sent(folder: Path, chat_server: Any) -> None:
    """A file for Gemini is extended; its settings are told, and change no request."""
    settings = "defaults: {thinking: low, media_resolution: high, safety: {harassment: off}}\n"
    (folder / "boxes.workflow.yaml").write_text(BOXES + settings)
    outcome = run(chat_server)
    assert outcome.exit_code == 0
    assert outcome.output.count("warning[W511]") == 3
    assert set(chat_server.received[0].body) == {"model", "messages", "response_format"}
    (folder / "boxes.workflow.yaml").write_text(BOXES)
    assert run(chat_server, "--fresh").exit_code == 0
    assert len(chat_server.received) == 2  # the same keys: the cache had them


def test_a_workflow_of_the_library_runs_on_a_local_model(folder: Path, chat_server: Any) -> None:
    """Its settings for Gemini are no news to anybody: nothing is told."""
    (folder / "lib.workflow.yaml").write_text(
        "version: 1\nextends: lib:detect/boxes\nimages: photos/*.png\n"
        "defaults: {provider: openai, model: 'qwen3-vl:8b', coords: {order: xyxy}}\n"
    )
    outcome = run(chat_server, file="lib.workflow.yaml")
    assert outcome.exit_code == 0
    assert "W5" not in outcome.output
    assert {name: found[2] for name, found in pixels(folder).items()} == {
        f"{name}.png": list(edges) for name, edges in THINGS.items()
    }
