"""`askpix run` as a person uses it: from the command line, on real files, to a run folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from PIL import Image, ImageDraw

BOXES = """\
version: 1
name: shapes
images: photos/*.png
steps:
  - id: find
    prompt: Find every shape.
    schema: boxes
checks:
  - {that: find.boxes.count, at_least: 2, name: finds both}
outputs:
  - {save: find.boxes, as: csv, to: boxes.csv}
  - {save: find.boxes, as: overlay, to: overlays/}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for name, colour in (("a", "red"), ("b", "green")):
        image = Image.new("RGB", (400, 300), "white")
        pen = ImageDraw.Draw(image)
        pen.rectangle((40, 60, 119, 199), fill=colour)
        pen.ellipse((200, 100, 319, 219), fill="blue")
        image.save(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "shapes.workflow.yaml").write_text(BOXES)
    return tmp_path


def askpix(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runner", *arguments],
        cwd=folder,
        env={**os.environ, **(env or {}), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def the_run(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


def results(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]


def test_a_run_leaves_boxes_in_pixels(folder: Path) -> None:
    """The boxes of drawn shapes come back within 1 % of the side, in pixels of the image."""
    done = askpix(folder, "run", "shapes.workflow.yaml", "--provider", "simulator")
    assert done.returncode == 0, done.stderr
    lines = results(the_run(folder))
    assert [(line["case"], line["status"], line["simulated"]) for line in lines] == [
        ("a.png", "ok", True),
        ("b.png", "ok", True),
    ]
    found = sorted(item["box"] for item in lines[0]["detections"])  # type: ignore[attr-defined]
    for box, drawn in zip(found, [[40, 60, 120, 200], [200, 100, 320, 220]], strict=True):
        assert all(
            abs(edge - true) <= side / 100
            for edge, true, side in zip(box, drawn, (400, 300, 400, 300), strict=True)
        )


def test_a_run_folder_holds_everything_that_the_run_was(folder: Path) -> None:
    """Results, manifest, verdicts, JUnit, outputs and byte copies of the sources; nothing else."""
    askpix(folder, "run", "shapes.workflow.yaml", "--provider", "simulator")
    run = the_run(folder)
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert files == {
        "run.json",
        "run.sqlite",
        "log.jsonl",
        "resolved.yaml",
        "results.jsonl",
        "checks.json",
        "checks.jsonl",
        "junit.xml",
        "sources/shapes.workflow.yaml",
        "sources/boxes.schema.json",
        "outputs/boxes.csv",
        "outputs/overlays/a.png.jpg",
        "outputs/overlays/b.png.jpg",
    }
    assert (run / "sources/shapes.workflow.yaml").read_text() == BOXES
    manifest = json.loads((run / "run.json").read_text())
    assert (manifest["status"], manifest["simulated"]) == ("done", True)
    assert manifest["counts"]["by_status"] == {"ok": 2}
    assert manifest["checks"] == {"passed": 1, "failed": 0, "warned": 0, "skipped": 0}


def test_a_failed_check_is_exit_code_1(folder: Path) -> None:
    """The answers are kept, the check stands in checks.json and junit.xml, the exit code is 1."""
    workflow = folder / "shapes.workflow.yaml"
    workflow.write_text(BOXES.replace("at_least: 2", "at_least: 3"))
    done = askpix(folder, "run", "shapes.workflow.yaml", "--provider", "simulator", "--quiet")
    assert done.returncode == 1
    run = the_run(folder)
    checks = json.loads((run / "checks.json").read_text())
    assert checks["counts"]["failed"] == 1
    assert 'failures="1"' in (run / "junit.xml").read_text()
    assert "a.png: find.boxes.count is 2, expected at least 3" in done.stderr


def test_a_broken_image_fails_alone(folder: Path) -> None:
    """A truncated image has a failed result that says why; the others go on; the exit code is 3."""
    whole = (folder / "photos/a.png").read_bytes()
    (folder / "photos/c.png").write_bytes(whole[: len(whole) // 2])
    done = askpix(folder, "run", "shapes.workflow.yaml", "--provider", "simulator")
    assert done.returncode == 3
    statuses = {line["case"]: line["status"] for line in results(the_run(folder))}
    assert statuses == {"a.png": "ok", "b.png": "ok", "c.png": "failed"}
    assert "c.png" in done.stderr


def test_without_a_key_nothing_runs(folder: Path) -> None:
    """The message says which variable to set and how to rehearse; no run folder is made."""
    done = askpix(folder, "run", "shapes.workflow.yaml")
    assert done.returncode == 2
    assert "GEMINI_API_KEY" in done.stderr
    assert "--provider simulator" in done.stderr
    assert not (folder / "runs").exists()


def test_an_invalid_workflow_runs_nothing(folder: Path) -> None:
    """The same problems as `validate` prints, exit code 2, no run folder."""
    (folder / "shapes.workflow.yaml").write_text(BOXES.replace("schema:", "shema:"))
    run = askpix(folder, "run", "shapes.workflow.yaml", "--provider", "simulator")
    validate = askpix(folder, "validate", "shapes.workflow.yaml")
    assert (run.returncode, validate.returncode) == (2, 2)
    assert run.stderr == validate.stderr
    assert "did you mean `schema`?" in run.stderr
    assert not (folder / "runs").exists()


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(folder: Path) -> None:
    """`--out` below a file: exit code 2, a sentence, no traceback."""
    (folder / "taken").write_text("a file")
    done = askpix(
        folder, "run", "shapes.workflow.yaml", "--provider", "simulator", "--out", "taken/runs"
    )
    assert done.returncode == 2
    assert "choose another folder with --out" in done.stderr
    assert "Traceback" not in done.stderr


def test_json_for_scripts_stands_alone_on_stdout(folder: Path) -> None:
    """`--format json` prints one JSON object and nothing else to stdout."""
    done = askpix(
        folder, "run", "shapes.workflow.yaml", "--provider", "simulator", "--format", "json"
    )
    summary = json.loads(done.stdout)
    assert {key: summary[key] for key in ("exit_code", "results", "by_status", "simulated")} == {
        "exit_code": 0,
        "results": 2,
        "by_status": {"ok": 2},
        "simulated": True,
    }
    assert Path(folder, summary["folder"], "results.jsonl").exists()


def test_max_requests_stops_a_run_with_exit_code_5(folder: Path) -> None:
    """A limit of one request: one result, the run says why it stopped."""
    (folder / "shapes.workflow.yaml").write_text(BOXES + "run: {max_requests: 1}\n")
    done = askpix(folder, "run", "shapes.workflow.yaml", "--provider", "simulator")
    assert done.returncode == 5
    assert len(results(the_run(folder))) == 1
    assert "max_requests of 1 is reached" in done.stderr
    assert "not asked  1" in done.stderr
    assert json.loads((the_run(folder) / "run.json").read_text())["status"] == "limit"


def test_a_matrix_with_repeats_gives_a_line_for_each(folder: Path) -> None:
    """Images × combinations × repeats, in the order of the plan."""
    (folder / "shapes.workflow.yaml").write_text(
        BOXES + "matrix: {thinking: [low, high]}\nrun: {repeat: 2, limit: 1}\n"
    )
    done = askpix(folder, "run", "shapes.workflow.yaml", "--provider", "simulator")
    assert done.returncode == 0, done.stderr
    assert [(line["combination"], line["repeat"]) for line in results(the_run(folder))] == [
        ({"thinking": "low"}, 1),
        ({"thinking": "low"}, 2),
        ({"thinking": "high"}, 1),
        ({"thinking": "high"}, 2),
    ]


@contextmanager
def simulator(folder: Path, *options: str) -> Iterator[str]:
    """`askpix simulate` on a free port; its address."""
    server = started(folder, "simulate", "--port", "0", *options)
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if "http://127." in line:
                yield "http://" + line.split("http://")[1].split()[0].rstrip("/")
                break
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-m", "runner", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until(met: Callable[[], bool]) -> None:
    for _ in range(1200):
        if met():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within a minute")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_was_answered(folder: Path, number: signal.Signals) -> None:
    """Ctrl-C ends what is under way, writes the results and leaves with 130."""
    for count in range(200):
        Image.new("RGB", (64, 48), (count, 0, 0)).save(folder / "photos" / f"many-{count}.png")
    workflow = BOXES.replace("at_least: 2", "at_least: 0") + "run: {parallel: 1}\n"
    (folder / "shapes.workflow.yaml").write_text(workflow)
    with simulator(folder, "--latency", "0.25") as address:
        process = started(folder, "run", "shapes.workflow.yaml", "--base-url", address)
        until(lambda: any("concluded" in p.read_text() for p in folder.glob("runs/*/log.jsonl")))
        process.send_signal(number)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 130, told
    lines = results(the_run(folder))
    assert 0 < len(lines) < 202
    assert {line["status"] for line in lines} <= {"ok", "empty"}
    assert "finishing what is under way; Ctrl-C again stops at once" in told
    assert f"not asked  {202 - len(lines)}" in told
    assert "Traceback" not in told


def test_an_interrupt_does_not_wait_for_a_rate_limit(folder: Path) -> None:
    """A run that waits to ask again ends at once; what was not answered is not asked, not failed."""
    with simulator(folder, "--fault", "rate-limit:600") as address:
        process = started(folder, "run", "shapes.workflow.yaml", "--base-url", address)
        until(lambda: _requests_at(address) >= 2)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert results(the_run(folder)) == []


def _requests_at(address: str) -> int:
    with urlopen(f"{address}/simulator/state", timeout=10) as reply:
        return int(json.load(reply)["requests"])


def test_the_same_workflow_runs_against_a_server(folder: Path) -> None:
    """`askpix simulate` serves what `askpix run --base-url` asks; the results are marked."""
    key = "a-key-that-no-service-gave-out"
    with simulator(folder) as address:
        done = askpix(
            folder,
            "run",
            "shapes.workflow.yaml",
            "--base-url",
            address,
            env={"GEMINI_API_KEY": key},
        )
    assert done.returncode == 0, done.stderr
    assert [line["simulated"] for line in results(the_run(folder))] == [True, True]
    everything = b"".join(p.read_bytes() for p in the_run(folder).rglob("*") if p.is_file())
    assert key.encode() not in everything + (done.stdout + done.stderr).encode()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["shapes.workflow.yaml"], "say what to do with the file: askpix run shapes.workflow.yaml"),
        (["help"], "there is no command `help`. Write: askpix --help"),
        (["rnu"], "there is no command `rnu`. Did you mean `run`?"),
        (
            ["run", "shapes.workflow.yaml", "--provider", "simlator"],
            "there is no provider `simlator`; did you mean `simulator`?",
        ),
        (["run", "shapes.workflow.yaml", "--var", "x"], "write NAME=VALUE, not 'x'"),
    ],
)
def test_a_mistake_on_the_command_line_is_met_with_what_to_write(
    folder: Path, arguments: list[str], told: str
) -> None:
    """Exit code 2 and one sentence."""
    done = askpix(folder, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_part_is_not_run(folder: Path) -> None:
    """A file with `partial: true` says that it is for others to extend; nothing runs."""
    (folder / "part.workflow.yaml").write_text("partial: true\n" + BOXES)
    done = askpix(folder, "run", "part.workflow.yaml", "--provider", "simulator")
    assert done.returncode == 2
    assert "it is only a part" in done.stderr


def test_a_warning_of_a_shared_file_is_told_once(folder: Path) -> None:
    """Two files of one command extend it: what is odd about it stands once above both."""
    (folder / "base.yaml").write_text(BOXES.replace("name: shapes\n", "partial: true\n"))
    base = folder / "base.yaml"
    base.write_text(base.read_text() + "defaults: {temperature: 0.2}\n")
    for name in ("one", "two"):
        (folder / f"{name}.workflow.yaml").write_text("version: 1\nextends: base.yaml\n")
    files = ("one.workflow.yaml", "two.workflow.yaml")
    done = askpix(folder, "run", *files, "--provider", "simulator")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("warning[W508]") == 1
    assert done.stderr.count("1 warning") == 1
