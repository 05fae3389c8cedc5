"""Runs as real processes, the service that they ask, and what they leave behind.

`bench/kills.py` and the tests of crashes and signals stand on this.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120.0
"""A busy machine is no failure; whatever takes longer will never come."""

WORKFLOW = """\
version: 1
images: "*.png"
vars: {thing: box}
matrix: {vars.thing: [box, lid]}
steps:
  - id: find
    prompt: "Find every {{ vars.thing }} in {{ image.name }}."
    schema: lib:boxes
checks:
  - that: find.count
    at_least: 1
outputs:
  - {save: find, as: csv, to: found.csv}
  - {save: find, as: overlay, to: drawn/}
"""

MEASURED = """\
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""Runs a command and tells its greatest memory. A process begins with the peak of its parent, and
that of the tests is large."""


@dataclass
class Service:
    """`askpix simulate` as a process of its own."""

    url: str
    process: subprocess.Popen[str]

    def state(self) -> dict[str, Any]:
        """What it has counted since it started."""
        with urllib.request.urlopen(f"{self.url}/simulator/state", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    @property
    def billed(self) -> int:
        """Answers that were made, whether or not they arrived."""
        return int(self.state()["billed_answers"])

    @property
    def different(self) -> int:
        """How many different requests those answers were for."""
        return int(self.state()["different_answers"])


@contextmanager
def service(*options: object, port: int = 0) -> Iterator[Service]:
    """A service that lives as long as the block."""
    line = [sys.executable, "-m", "runner", "simulate", "--port", str(port), *map(str, options)]
    process = subprocess.Popen(line, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        address = re.search(r"http://[\d.]+:\d+", said)
        assert address is not None, said + process.stderr.read()
        yield Service(address[0], process)
    finally:
        process.kill()
        process.communicate()


@dataclass
class Workshop:
    """A folder with images and a workflow, in which the same command is given again and again."""

    path: Path
    env: dict[str, str] = field(default_factory=dict)

    def furnish(self, images: int = 20, run: str = "", workflow: str = WORKFLOW) -> Workshop:
        """Draws images, no two alike, and writes the workflow; `run` is its `run:`."""
        self.path.mkdir(parents=True, exist_ok=True)
        for number in range(images):
            drawn = Image.new("RGB", (64, 48), (205, 210, 220))
            corner = (4 + number % 20, 6, 26 + number % 20, 20 + number % 16)
            ImageDraw.Draw(drawn).rectangle(corner, fill=(number * 9 % 200, 30, number % 99))
            drawn.save(self.path / f"{number:02}.png")
        self.write(workflow + (f"run: {run}\n" if run else ""))
        return self

    def write(self, workflow: str) -> None:
        """Another workflow in the place of this one."""
        (self.path / "k.workflow.yaml").write_text(workflow, encoding="utf-8")

    def line(self, url: str, *options: object) -> list[str]:
        """The command."""
        start = [sys.executable, "-m", "runner", "run", "k.workflow.yaml", "-q"]
        return [*start, "--base-url", url, *map(str, options)]

    def start(self, url: str, *options: object, **how: Any) -> subprocess.Popen[str]:
        """The command, under way."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            self.line(url, *options),
            cwd=self.path,
            env=environment() | self.env,
            text=True,
            **(pipes | how),
        )

    def run(self, url: str, *options: object, **how: Any) -> Ended:
        """The command, carried out to its end."""
        return ended(self.start(url, *options, **how))

    def most_memory(self, url: str, *options: object) -> int:
        """The greatest memory of the command, which must end well, in kilobytes."""
        line = [sys.executable, "-c", MEASURED, *self.line(url, *options)]
        env = environment() | self.env
        told = subprocess.run(line, cwd=self.path, env=env, capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        return int(told.stdout.split()[-1])

    def folders(self, out: str = "runs") -> list[Path]:
        """The run folders, the oldest first."""
        return sorted((self.path / out).glob("*_k_*"))

    def folder(self, out: str = "runs") -> Path:
        """The only run folder."""
        (only,) = self.folders(out)
        return only


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


def ended(process: subprocess.Popen[str]) -> Ended:
    """Waits for the end of a command."""
    try:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it never ended: {process.communicate()}") from None
    return Ended(process.returncode, out or "", err or "")


def killed(process: subprocess.Popen[str]) -> None:
    """`kill -9`."""
    process.kill()
    process.communicate()


def wait_for(what: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Returns when something has become true, or the process has ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not what():
        if process is not None and process.poll() is not None:
            return
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.002)


def environment() -> dict[str, str]:
    """That of a person with a key, and without anything else that decides how a run goes."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GEMINI_", "GOOGLE_", "ASKPIX_")) and "PROXY" not in name.upper()
    }
    return kept | {"PYTHONPATH": str(ROOT), "GEMINI_API_KEY": "simulated", "COLUMNS": "200"}


# -- what is left behind ----------------------------------------------------------------------------

_TIMES = re.compile(rb'(time|timestamp)="[^"]*"')


ASIDE = ("started", "finished", "doubtful_usd")


def left_behind(folder: Path) -> dict[str, bytes]:
    """Every file of a run folder by its name, without what differs between two runs that are the
    same: times, the journal and the log, and what may have been paid for without an answer."""
    files = {path: path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    contents = {name: path.read_bytes() for path, name in files.items() if path.is_file()}
    for name in ("run.sqlite", "log.jsonl"):
        contents[name] = b"" if contents.pop(name, None) is not None else b"missing"
    contents["junit.xml"] = _TIMES.sub(rb'\1=""', contents.get("junit.xml", b""))
    manifest = json.loads(contents.get("run.json", b"{}"))
    contents["run.json"] = json.dumps(manifest | dict.fromkeys(ASIDE, 0)).encode()
    return contents


def has_ended(folder: Path) -> bool:
    """Whether a run is done, and its process came to the end: the same command begins another one."""
    return status(folder) == "done" and not (folder / "run.lock").exists()


def differences(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> list[str]:
    """The names of files that are not the same in both, with where they part."""
    names = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    return [f"{name} ({_parting(found.get(name), expected.get(name))})" for name in names]


def _parting(found: bytes | None, expected: bytes | None) -> str:
    if found is None or expected is None:
        return "is missing" if found is None else "should not be there"
    pairs = enumerate(zip(found, expected, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(found), len(expected)))
    here = slice(max(0, at - 60), at + 60)
    return f"{found[here]!r} instead of {expected[here]!r}"


def results(folder: Path) -> list[dict[str, Any]]:
    """The lines of results.jsonl."""
    text = (folder / "results.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def status(folder: Path) -> str | None:
    """What run.json says about the end of the run; None when there is none yet."""
    with suppress(OSError):
        return str(json.loads((folder / "run.json").read_bytes())["status"])
    return None


@dataclass(frozen=True)
class Journal:
    """What stands in run.sqlite. `unknown` are attempts that nobody knows the end of, `again` are
    answers that were bought although one had arrived in an earlier session."""

    sessions: int
    attempts: int
    unknown: int
    answers: int
    again: int


def journal(folder: Path) -> Journal:
    """The journal of a run that is not under way."""
    queries = (
        "SELECT count(*) FROM session",
        "SELECT count(*) FROM attempt",
        "SELECT count(*) FROM attempt WHERE outcome IS NULL",
        "SELECT count(*) FROM response",
        "SELECT count(*) FROM attempt JOIN response USING (request)"
        " WHERE attempt.session > response.session AND NOT void",
    )
    with closing(sqlite3.connect(folder / "run.sqlite")) as db:
        return Journal(*(int(db.execute(query).fetchone()[0]) for query in queries))
