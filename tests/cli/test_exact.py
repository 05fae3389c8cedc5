"""`askpix plan --exact`: the service counts the input, within the same bounds as a run."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from runner.cli import group

KEY = "AIzaCANARY-0123456789-canary-9876543210"

WORKFLOW = """\
version: 1
images: "*.png"
steps:
  - {{id: say, prompt: What is this?{step}}}
run: {{cache: off, retries: 0, parallel: 4{run}}}
{more}
"""
KIT = Path(__file__).parents[1] / "faults" / "server.py"


@pytest.fixture
def service() -> Iterator[Any]:
    """A service on a raw socket that does what it is told."""
    spec = importlib.util.spec_from_file_location("tests_faults_server", KIT)
    assert spec is not None
    assert spec.loader is not None
    kit = sys.modules.get(spec.name) or importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = kit
    if not hasattr(kit, "serving"):
        spec.loader.exec_module(kit)
    with kit.serving() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    return tmp_path


def write(folder: Path, images: int = 2, step: str = "", run: str = "", more: str = "") -> None:
    for number in range(images):
        Image.new("RGB", (400, 300), (number, 9, 99)).save(folder / f"{number:03}.png")
    text = WORKFLOW.format(step=step, run=run, more=more)
    (folder / "w.workflow.yaml").write_text(text)


def plan(*arguments: str) -> Result:
    line = ["plan", "w.workflow.yaml", "--exact", *arguments]
    told = CliRunner().invoke(group, line, catch_exceptions=False, standalone_mode=False)
    assert KEY not in told.output
    return told


def exact(*arguments: str) -> Any:
    told = plan("--format", "json", *arguments)
    return told.return_value, json.loads(told.stdout)["exact"]["models"]


def count(tokens: int) -> tuple[int, object]:
    return (200, {"totalTokens": tokens})


def test_what_is_counted_is_what_a_run_takes(folder: Path, served: Callable[..., str]) -> None:
    """The input of all requests, over HTTP; each that takes the same is counted once."""
    write(folder, run=", repeat: 3", more="matrix: {seed: [1, 2]}")
    code, models = exact("--base-url", (address := served(frozenset({KEY}))))
    own = models["gemini-3.5-flash"]
    assert (code, own["requests"], own["distinct"], own["counted"]) == (0, 12, 2, 2)
    line = ["run", "w.workflow.yaml", "--quiet", "--base-url", address, "--format", "json"]
    told = CliRunner().invoke(group, line, catch_exceptions=False, standalone_mode=False)
    summary = json.loads(told.stdout)
    assert own["input_tokens"] == summary["tokens"]["input"]
    assert (own["input_tokens_from"], own["input_tokens_to"]) == (own["input_tokens"],) * 2


def test_a_plan_tells_the_estimate_and_the_count(folder: Path, service: Any) -> None:
    """What each says, by how much they differ, at what cost, and what a count is not sure about."""
    write(folder, step=", schema: {type: object, properties: {n: {type: integer}}}")
    service.tell(count(300), count(500))
    told = plan("--base-url", service.url)
    (block,) = [b for b in told.stdout.split("\n\n") if b.startswith("Input as")]
    assert block.splitlines() == [
        "Input as the service counts it (countTokens):",
        "  gemini-3.5-flash: 2 of 2 different requests counted",
        "    800 tokens in; estimated 2,276 (-64.9 %)",
        "    about $0.0084 with answers as assumed; estimated $0.0106",
        "  note: the service counts no requests of the Interactions API: the same texts and images "
        "were counted in a generateContent request, around which it may put other tokens",
        "  note: whether a response schema is in the count is not documented",
    ]
    sent = service.requests[0]
    assert sent.path == "/v1beta/models/gemini-3.5-flash:countTokens"
    assert sent.headers["x-goog-api-key"] == KEY
    inner = sent.json["generateContentRequest"]
    assert inner["model"] == "models/gemini-3.5-flash"
    assert [[*part] for part in inner["contents"][0]["parts"]] == [["text"], ["inlineData"]]


def test_of_many_requests_some_are_counted(folder: Path, service: Any) -> None:
    """As many as `--sample` says, and the rest is reckoned from them, with an interval."""
    write(folder, images=60)
    service.choose = lambda request: count(500 + request.length % 50)
    code, models = exact("--base-url", service.url, "--sample", "30")
    own = models["gemini-3.5-flash"]
    assert (code, own["distinct"], own["counted"], len(service.requests)) == (0, 60, 30, 30)
    assert own["input_tokens_from"] < own["input_tokens"] < own["input_tokens_to"]
    assert own["input_tokens"] == pytest.approx(60 * 525, rel=0.05)
    assert " ± " in plan("--base-url", service.url, "--sample", "30").stdout


def test_a_rate_limit_is_waited_for(folder: Path, service: Any) -> None:
    """As in a run: it uses no attempt."""
    write(folder, images=3)
    limit = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "retry in 0.1s"}}
    service.tell((429, limit), count(300))
    code, models = exact("--base-url", service.url)
    assert (code, models["gemini-3.5-flash"]["counted"]) == (0, 3)


def test_a_wrong_key_is_met_once(folder: Path, served: Callable[..., str]) -> None:
    """Not once an image; the estimate is told all the same, the exit code is 2."""
    write(folder, images=40)
    told = plan("--base-url", served(frozenset({"another-key-1"})), "--limit", "40")
    assert told.return_value == 2
    assert "about 45k tokens in" in told.stdout
    assert "API key not valid" in told.stdout
    assert "no more were tried" in told.stdout


def test_what_cannot_be_counted_is_left_out_and_told(folder: Path, service: Any) -> None:
    """One request that the service refuses: the others are counted, the exit code is 3."""
    write(folder, images=3)
    refused = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "a bad image"}}
    service.tell((400, refused), count(300))
    code, models = exact("--base-url", service.url)
    own = models["gemini-3.5-flash"]
    assert (code, own["counted"], own["failed"], own["stopped"]) == (3, 2, {"a bad image": 1}, None)
    assert own["input_tokens"] == 900


def test_another_model_is_counted_where_one_is_not_there(
    folder: Path, served: Callable[..., str]
) -> None:
    """404 ends the counting of its own model only."""
    write(folder, more="matrix: {model: [gemini-3.5-flash, gemini-99-flash]}")
    code, models = exact("--base-url", served())
    assert (code, models["gemini-3.5-flash"]["counted"]) == (3, 2)
    assert models["gemini-99-flash"]["input_tokens"] is None
    assert "is not found" in models["gemini-99-flash"]["stopped"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, b"<html>log in</html>", "Content-Type: text/html"), "a page instead of the answer"),
        ((503, {"error": {"message": "The model is overloaded."}}), "The model is overloaded."),
        ((200, {"totalTokens": "many"}), "no count of tokens"),
        ((200, b""), "an empty answer"),
    ],
)
def test_a_service_that_does_not_count_is_told(
    folder: Path, service: Any, answer: tuple[object, ...], why: str
) -> None:
    """With the estimate, and exit code 2."""
    write(folder, images=1)
    service.tell(answer)
    told = plan("--base-url", service.url)
    assert (told.return_value, why in told.stdout) == (2, True)


def test_without_a_connection_the_estimate_stands(folder: Path) -> None:
    """Nothing listens there; exit code 2."""
    write(folder, images=20)
    told = plan("--base-url", "http://127.0.0.9:9")
    assert told.return_value == 2
    assert "no connection" in told.stdout
    assert "no more were tried" in told.stdout


def test_without_a_key_nothing_is_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message of a run: which variable to set."""
    write(folder)
    monkeypatch.delenv("GEMINI_API_KEY")
    told = CliRunner().invoke(group, ["plan", "w.workflow.yaml", "--exact"])
    assert (told.exit_code, "set GEMINI_API_KEY" in told.stderr) == (2, True)


def test_the_simulator_counts_nothing_beforehand(folder: Path, no_socket: None) -> None:
    """Its answers take what the estimate says; nothing is sent, no key is needed."""
    write(folder)
    told = plan("--provider", "simulator")
    assert (told.return_value, "simulator: counts nothing beforehand" in told.stdout) == (0, True)


def test_a_sample_is_one_of_a_count(folder: Path) -> None:
    """`--sample` alone is a mistake on the command line."""
    write(folder)
    told = CliRunner().invoke(group, ["plan", "w.workflow.yaml", "--sample", "50"])
    assert (told.exit_code, "add --exact" in told.stderr) == (2, True)


@pytest.mark.parametrize("address", ["127.0.0.9:9", "ftp://127.0.0.9:9"])
def test_an_address_that_is_none_is_told_before_anything_is_asked(
    folder: Path, address: str
) -> None:
    """With what to write instead."""
    write(folder)
    told = CliRunner().invoke(group, ["plan", "w.workflow.yaml", "--exact", "--base-url", address])
    assert told.exit_code == 2
    better = "write http://127.0.0.9:9, or https://127.0.0.9:9"
    assert f"{address} is no web address: {better}" in told.stderr
