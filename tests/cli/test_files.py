"""`askpix files`, and runs whose images travel as files: over HTTP to a simulated service."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable
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
upload: {upload}
steps:
  - id: find
    prompt: Find every thing.
    schema: boxes
run: {{cache: off, repeat: {repeat}}}
"""


@pytest.fixture
def url(served: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A simulated service, and two images in the folder that we are in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    for name, colour in (("a", "red"), ("b", "blue")):
        image = Image.new("RGB", (200, 150), "white")
        image.paste(colour, (40, 60, 120, 110))
        image.save(f"{name}.png")
    return served()


def askpix(*words: str) -> Result:
    return CliRunner().invoke(group, list(words), catch_exceptions=False)


def run(upload: str, *words: str, repeat: int = 2) -> Path:
    """The folder of a run that was asked anew."""
    Path("w.workflow.yaml").write_text(WORKFLOW.format(upload=upload, repeat=repeat))
    done = askpix("run", "w.workflow.yaml", "--quiet", "--fresh", *words)
    assert done.exit_code == 0, done.output
    return max(Path("runs").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [line for line in lines if line["event"] == name]


def state(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/simulator/state") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_the_results_do_not_depend_on_the_way(url: str) -> None:
    """Byte for byte, the digest and type of what was sent included; each image is uploaded once."""
    within = run("inline", "--base-url", url)
    uploaded = run("files", "--base-url", url)
    again = run("files", "--base-url", url)
    results = [(folder / "results.jsonl").read_bytes() for folder in (within, uploaded, again)]
    assert len(set(results)) == 1
    assert [len(events(folder, "uploaded")) for folder in (within, uploaded, again)] == [0, 2, 0]
    assert state(url)["files"] == 2
    (first, _) = events(uploaded, "uploaded")
    assert (first["bytes"], first["again"]) == (Path(first["image"]).stat().st_size, False)


def test_uploads_are_no_attempts_and_cost_nothing(url: str) -> None:
    """What is counted and paid for are answers."""
    folder = run("files", "--base-url", url)
    assert len(events(folder, "asked")) == len(events(folder, "answered")) == 4
    (ended,) = events(folder, "run_ended")
    assert ended["requests"] == 4


@pytest.mark.parametrize("recorded", ["inline", "files"])
@pytest.mark.parametrize("replayed", ["inline", "files", "auto"])
def test_a_replay_is_offline_whichever_way_was_recorded(
    url: str, recorded: str, replayed: str
) -> None:
    """The addresses of files are in no recording: a digest stands for each image."""
    before = run(recorded, "--base-url", url, "--record", "kept")
    requests = state(url)["requests"]
    after = run(replayed, "--base-url", url, "--replay", "kept")
    assert state(url)["requests"] == requests
    text = Path("kept/recordings.jsonl").read_text()
    assert "/files/" not in text
    assert (before / "results.jsonl").read_bytes() == (after / "results.jsonl").read_bytes()


def test_F317_files_that_are_gone_are_uploaded_again_by_a_later_run(url: str) -> None:
    """Nobody notices but the log."""
    run("files", "--base-url", url, repeat=1)
    assert askpix("files", "clean", "--yes", "--base-url", url).exit_code == 0
    folder = run("files", "--base-url", url, repeat=1)
    assert [line["again"] for line in events(folder, "uploaded")] == [True, True]


def test_files_are_listed_and_ours_are_deleted(url: str) -> None:
    """A file that somebody else uploaded with the key stays, unless all are to go."""
    run("files", "--base-url", url)
    _upload_by_hand(url)
    at = ("--base-url", url)
    listed = json.loads(askpix("files", "list", "--format", "json", *at).output)["files"]
    assert [file["ours"] for file in listed] == [False, True, True]
    assert {tuple(file) for file in listed} == {
        ("name", "bytes", "mime", "state", "expires", "ours")
    }
    lines = askpix("files", "list", *at).output.splitlines()
    assert lines[0] == "3 files (1 kB), 2 uploaded by askpix"
    assert lines[1].split() == [
        "files/sim-00000003", "0", "kB", "ACTIVE", "until", *listed[0]["expires"][:16].split("T"),
        "by", "hand",
    ]  # fmt: skip
    done = json.loads(askpix("files", "clean", "--yes", "--format", "json", *at).output)
    assert (done["deleted"], [file["ours"] for file in done["files"]]) == (2, [False])
    assert askpix("files", "clean", "--all", "--yes", *at).output == "1 file deleted (0 kB)\n"
    assert askpix("files", "clean", *at).output == "0 files deleted (0 kB)\n"


def test_nothing_is_deleted_unasked(url: str) -> None:
    """Where nobody can be asked, `--yes` says it."""
    run("files", "--base-url", url)
    done = askpix("files", "clean", "--base-url", url)
    assert done.exit_code == 2
    assert "to delete without a question add --yes" in done.output
    assert state(url)["files"] == 2


def test_without_a_key_and_with_a_wrong_one_files_says_so(
    served: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2; the service's own words."""
    done = askpix("files", "list")
    assert (done.exit_code, "no key for the Gemini API" in done.output) == (2, True)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    done = askpix("files", "list", "--base-url", served(frozenset({"another"})))
    assert done.exit_code == 2
    assert "API key not valid" in done.output
    assert KEY not in done.output


@pytest.mark.parametrize(
    ("upload", "line"),
    [
        ("files", "2 images (about 1 kB) uploaded first: the workflow says so"),
        ("auto", "2 images (about 1 kB) within the requests"),
    ],
)
def test_the_plan_says_which_way_and_why(url: str, upload: str, line: str) -> None:
    """And shows it in the first request."""
    Path("w.workflow.yaml").write_text(WORKFLOW.format(upload=upload, repeat=1))
    page = askpix("plan", "w.workflow.yaml").output
    assert f"\n  {line}\n" in page
    assert ("uploaded first>" in page) == (upload == "files")
    assert ("as base64>" in page) == (upload == "auto")


def test_the_plan_tells_programs_the_same(url: str) -> None:
    """A line for each way and reason."""
    Path("w.workflow.yaml").write_text(WORKFLOW.format(upload="files", repeat=1))
    planned = json.loads(askpix("plan", "w.workflow.yaml", "--format", "json").output)
    size = sum(Path(name).stat().st_size for name in ("a.png", "b.png"))
    assert planned["images"] == [{"way": "files", "why": "said", "images": 2, "bytes": size}]


def test_the_key_is_nowhere_in_what_is_remembered(url: str, tmp_path: Path) -> None:
    """A digest stands for it."""
    run("files", "--base-url", url)
    content = Path(os.environ["ASKPIX_CACHE"], "uploads.sqlite").read_bytes()
    assert b"files/sim-00000001" in content
    assert KEY.encode() not in content


def _upload_by_hand(url: str) -> None:
    """A file of another program."""
    about = {
        "X-Goog-Api-Key": KEY,
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Type": "text/plain",
    }
    body = json.dumps({"file": {"display_name": "by hand"}}).encode()
    start = urllib.request.Request(f"{url}/upload/v1beta/files", body, about)
    with urllib.request.urlopen(start) as answer:
        session = answer.headers["X-Goog-Upload-Url"]
    last = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    urllib.request.urlopen(urllib.request.Request(session, b"hello", last)).close()
