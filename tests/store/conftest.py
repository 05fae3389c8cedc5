"""What the tests of the store are made of: responses, results, and processes of their own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.roles import Kept, Question
from runner.values.geometry import Size
from runner.values.image import Prepared
from runner.values.response import Response, Usage
from runner.values.result import Result

ROOT = Path(__file__).parents[2]

Child = Callable[..., "subprocess.Popen[str]"]


class Things:
    """Number n of everything: the same in every process."""

    @staticmethod
    def key(number: int) -> str:
        return hashlib.sha256(str(number).encode()).hexdigest()

    @classmethod
    def question(cls, number: int) -> Question:
        return Question(cls.key(number), number, f"{number}.jpg, step find", number / 1000)

    @classmethod
    def kept(cls, number: int, size: int = 400) -> Kept:
        noise = hashlib.shake_256(str(number).encode()).hexdigest(size // 2)
        response = Response(
            text=f"answer {number}: naïve ✓ \ud83d",
            finish="complete",
            finish_reason="STOP",
            usage=Usage(1290, number, 3, 0, 258),
            model="gemini-3.5-flash",
            body=f'{{"n": {number}, "noise": "{noise}"}}\n'.encode(),
            response_id=f"r{number}",
            attempts=2,
            seconds=1.25,
        )
        return Kept(response, {cls.key(number): Prepared(b"", "image/png", Size(4, 3), "ab" * 32)})

    @classmethod
    def result(cls, number: int, step: str = "find", **more: object) -> Result:
        values = {"status": "ok", "request_key": cls.key(number), "answer": {"n": number}} | more
        return Result(number, f"{number}.jpg", step, {"vars.thing": "cup"}, 1, (), **values)  # type: ignore[arg-type]


@pytest.fixture
def things() -> type[Things]:
    """Responses, results and keys by number."""
    return Things


@pytest.fixture
def child() -> Iterator[Child]:
    """Starts a file of this folder as a process of its own; it is dead when the test has ended."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, in memory; only root can have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    ) if sys.platform == "linux" else None  # fmt: skip
    if mounted is None or mounted.returncode:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr if mounted else sys.platform}")
    try:
        yield disk
    finally:
        # Lazily: a test that failed may have left a file open, and no other run shall stumble on it.
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
