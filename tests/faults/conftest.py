"""What the fault matrix stands on: a service that misbehaves, and runs as a person starts them."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from runner.cli import group

KEY = "AIzaCANARY-0123456789-canary-9876543210"
"""The key of every run; no file that a run writes and nothing that it prints may hold it."""

ASK = """\
version: 1
images: "*.png"
steps:
  - {step}
run: {run}
{more}
"""
STEP = {"id": "say", "prompt": "What is this?"}
HOW = {"cache": "off", "retries": 0, "timeout_seconds": 1, "parallel": 2}
"""Nothing is waited for that a test does not ask for."""


@pytest.fixture(scope="session")
def fault_kit() -> ModuleType:
    """`server.py` of this folder: the service and what it can do wrong."""
    return loaded(Path(__file__).with_name("server.py"))


@pytest.fixture(scope="session")
def fault_matrix() -> ModuleType:
    """`matrix.py` of this folder: every fault with its promise."""
    return loaded(Path(__file__).with_name("matrix.py"))


@pytest.fixture
def service(fault_kit: ModuleType) -> Iterator[Any]:
    """A service that answers as it is told."""
    with fault_kit.serving() as server:
        yield server


@pytest.fixture
def elsewhere(fault_kit: ModuleType) -> Iterator[Any]:
    """A second service at another address: where nothing may be sent."""
    with fault_kit.serving("127.0.0.5") as server:
        server.says("stolen")
        yield server


@dataclass(frozen=True)
class Ran:
    """A run that has ended. `results` are the lines of results.jsonl, `told` is what a person read."""

    exit_code: int
    told: str
    results: Sequence[Mapping[str, Any]]
    folder: Path | None

    @property
    def statuses(self) -> list[str]:
        return [result["status"] for result in self.results]

    @property
    def only(self) -> Mapping[str, Any]:
        """The one result."""
        (result,) = self.results
        return result

    @property
    def issues(self) -> list[str]:
        """The codes of all issues, those of detections included, in the order of the results."""
        return [issue["code"] for result in self.results for issue in issues_of(result)]


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`askpix run` on a real file, over a real socket.

    `step` and `run` are more of the step and of `run:`, `more` is more of the file, `images` so
    many images, no two alike; none are made when there are some already.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)

    def started(
        url: str,
        *arguments: str,
        images: int = 1,
        step: Mapping[str, object] = {},
        run: Mapping[str, object] = {},
        more: str = "",
    ) -> Ran:
        if not any(tmp_path.glob("*.png")):
            for number in range(images):
                plain = Image.new("RGB", (400, 300), (number % 256, number // 256, 99))
                plain.save(tmp_path / f"{number:03}.png")
        asked, how = json.dumps({**STEP, **step}), json.dumps({**HOW, **run})
        file = tmp_path / "faults.workflow.yaml"
        file.write_text(ASK.format(step=asked, run=how, more=more), encoding="utf-8")
        line = ["run", file.name, "--quiet", "--base-url", url, *arguments]
        monkeypatch.setattr(sys, "argv", ["askpix", *line])
        ended = CliRunner().invoke(group, line, catch_exceptions=False)
        return outcome(tmp_path, ended.exit_code, ended.stderr + ended.stdout)

    return started


RunEach = Callable[..., tuple[Ran, Mapping[str, Mapping[str, Any]], Mapping[str, int]]]


@pytest.fixture
def run_each(service: Any, run: Run) -> RunEach:
    """One run in which every question meets a fault of its own; the results by those faults, and
    how often the service was asked about each.

    `faults` says for each name what is done with its requests, one after the other.
    """

    def started(
        faults: Mapping[str, Sequence[object]], more_of_the_file: str = "", **more: Any
    ) -> Any:
        left = {name: list(told) for name, told in faults.items()}

        def choose(request: Any) -> object:
            told = left[fault_of(request)]
            return told.pop(0) if len(told) > 1 else told[0]

        service.choose = choose
        names = json.dumps({"vars.fault": list(faults)})
        done = run(
            service.url,
            step={"prompt": "The fault {{ vars.fault }}", **more.pop("step", {})},
            run={"parallel": len(faults), **more.pop("run", {})},
            more=f"vars: {{fault: none}}\nmatrix: {names}\n{more_of_the_file}",
            **more,
        )
        results = {result["combination"]["vars.fault"]: result for result in done.results}
        return done, results, Counter(fault_of(request) for request in service.requests)

    return started


def fault_of(request: Any) -> str:
    """Which fault a request asks for, in its prompt."""
    found = re.search(rb'The fault ([^"\\]+)', request.body)
    assert found is not None
    return found[1].decode()


def outcome(folder: Path, exit_code: int, told: str) -> Ran:
    """What a run left behind; it never holds the key."""
    runs = sorted((folder / "runs").iterdir()) if (folder / "runs").exists() else []
    for path in (path for run in runs for path in run.rglob("*") if path.is_file()):
        assert KEY.encode() not in path.read_bytes(), path
    assert KEY not in told
    lines = runs[-1].joinpath("results.jsonl") if runs else None
    text = lines.read_text(encoding="utf-8") if lines is not None and lines.exists() else ""
    results = [json.loads(line) for line in text.splitlines()]
    return Ran(exit_code, told, results, runs[-1] if runs else None)


def issues_of(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The issues of a result and of its detections."""
    within = [issue for found in result["detections"] for issue in found.get("issues", ())]
    return [*result["issues"], *within]


def loaded(path: Path) -> ModuleType:
    """A module beside the tests, which no package holds."""
    name = f"tests_faults_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
