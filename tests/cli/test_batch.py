"""`--batch` and `--live`: what a plan says of them, and what does not go with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from runner.cli import group

WORKFLOW = """\
version: 1
images: cat.png
steps:
  - {id: caption, prompt: Describe it.}
outputs:
  - {save: caption, as: csv, to: captions.csv}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    Image.new("RGB", (600, 600), "red").save(tmp_path / "cat.png")
    (tmp_path / "a.yaml").write_text(WORKFLOW)
    (tmp_path / "b.yaml").write_text(WORKFLOW + "run: {mode: batch, cache: off}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def askpix(*words: str) -> Result:
    return CliRunner().invoke(group, list(words), catch_exceptions=False)


def plan(*words: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(askpix("plan", *words, "--format", "json").stdout)
    return told


def test_a_plan_tells_the_price_of_batches_and_what_it_would_be_without() -> None:
    """Half of it."""
    live, batch = plan("a.yaml"), plan("a.yaml", "--batch")
    assert (live["mode"], batch["mode"]) == ("live", "batch")
    whole, half = live["estimated_cost_usd"], batch["estimated_cost_usd"]
    assert isinstance(whole, float)
    assert half == pytest.approx(whole / 2)
    said = askpix("plan", "a.yaml", "--batch").stdout
    assert f"in batches: for half of the price, instead of about ${whole:.4f}, within a day" in said
    assert "in batches" not in askpix("plan", "b.yaml", "--live").stdout


def test_a_plan_shows_the_first_line_of_the_file() -> None:
    """With the key by which the answer comes back."""
    shown = plan("b.yaml")["first_request"]
    assert isinstance(shown, dict)
    assert shown["url"].endswith("/models/gemini-3.5-flash:batchGenerateContent")
    line = shown["line of its file"]
    assert list(line) == ["key", "request"]
    assert list(line["request"]) == ["contents"]


def test_the_command_line_wins_over_the_file() -> None:
    """Either way."""
    assert plan("b.yaml")["mode"] == "batch"
    assert plan("b.yaml", "--live")["mode"] == "live"
    shown = askpix("show", "a.yaml", "--batch").stdout
    assert "mode: batch" in shown
    assert "api: generate_content" in shown


@pytest.mark.parametrize("option", ["--record", "--replay"])
def test_recordings_hold_no_batches(folder: Path, option: str) -> None:
    """They are refused, with what to add."""
    refused = askpix("run", "b.yaml", option, str(folder / "recordings"))
    assert refused.exit_code == 2
    assert "add --live" in refused.stderr


def test_the_simulated_provider_takes_batches_without_a_network(no_socket: None) -> None:
    """Also with the cache of batches that a run leaves behind: none."""
    done = askpix("run", "a.yaml", "--batch", "--provider", "simulator", "-q")
    assert done.exit_code == 0, done.stderr
    (folder,) = Path("runs").iterdir()
    manifest = json.loads((folder / "run.json").read_text())
    assert (manifest["mode"], manifest["simulated"]) == ("batch", True)
    assert len(manifest["batches"]) == 1


def test_another_server_takes_no_batches() -> None:
    """Also when the command line names it: that is told at `mode`."""
    refused = askpix("run", "b.yaml", "--provider", "openai")
    assert refused.exit_code == 2
    assert "error[W513]: `provider: openai` takes no batches" in refused.stderr
    assert "mode: batch" in refused.stderr
