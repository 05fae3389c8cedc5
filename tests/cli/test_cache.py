"""`askpix cache`: what is there, and making room."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli import group
from runner.roles import Kept
from runner.store.cache import Cache
from runner.store.cache_place import CachePlace
from runner.values.response import Response, Usage


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with three answers, last wanted on 1, 2 and 3 January 2026."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ASKPIX_CACHE", str(folder))
    days = iter((1_767_268_800.0, 1_767_355_200.0, 1_767_441_600.0))
    cache = Cache(CachePlace(folder), lambda sentence: None, now=lambda: next(days))
    for number in range(3):
        response = Response("yes", "complete", "STOP", Usage(), "m", os.urandom(50_000))
        cache.put("gemini", str(number), Kept(response, {}))
    cache.close()
    return folder


def asked(*words: str) -> Result:
    return CliRunner().invoke(group, ["cache", *words], catch_exceptions=False)


def test_what_is_there_is_told(folder: Path) -> None:
    """For people and for programs."""
    (folder / "answers.sqlite.corrupt-20261120T181548Z").write_bytes(b"")
    assert (
        asked("info").output
        == f"""\
{folder}/answers.sqlite
  answers  3
  size     0.2 MB of 1,000 MB
  oldest   last wanted on 2026-01-01
  damaged  {folder}/answers.sqlite.corrupt-20261120T181548Z
"""
    )
    assert json.loads(asked("info", "--format", "json").output) == {
        "path": f"{folder}/answers.sqlite",
        "bytes": (folder / "answers.sqlite").stat().st_size,
        "limit_bytes": 1000 << 20,
        "answers": 3,
        "oldest": "2026-01-01T12:00:00Z",
        "set_aside": [f"{folder}/answers.sqlite.corrupt-20261120T181548Z"],
    }


def test_where_nobody_can_be_asked_nothing_is_deleted(folder: Path) -> None:
    """`--yes` says it; the answers were paid for."""
    told = asked("clean")
    assert told.exit_code == 2
    assert "to delete without a question add --yes" in told.stderr
    assert json.loads(asked("info", "--format", "json").output)["answers"] == 3


def test_answers_are_deleted(folder: Path) -> None:
    """All, or those that nobody wanted for so many days."""
    assert asked("clean", "--yes", "--older-than", "100000").output == (
        "0 answers deleted; 0.2 MB are in use\n"
    )
    told = json.loads(asked("clean", "--yes", "--format", "json").output)
    assert (told["deleted"], told["answers"], told["oldest"]) == (3, 0, None)
    assert told["bytes"] < 50_000


def test_a_person_is_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal; whoever says no keeps everything."""
    monkeypatch.setattr("runner.cli.cache._somebody_is_there", lambda: True)
    again = "run that wants such an answer again pays for it again"
    question = f"Delete all 3 answers from {folder}/answers.sqlite? A {again}. [y/N]: "
    runner = CliRunner()
    told = runner.invoke(group, ["cache", "clean"], input="n\n", catch_exceptions=False)
    assert (told.exit_code, told.stderr) == (2, question + "n\n")
    told = runner.invoke(group, ["cache", "clean"], input="y\n", catch_exceptions=False)
    assert told.stdout == "3 answers deleted; 0.0 MB are in use\n"
    assert told.stderr == f"{question}y\n  a {again}\n"
    assert runner.invoke(group, ["cache", "clean"]).stdout.startswith("0 answers deleted")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ASKPIX_CACHE", "/dev/null/cache", "no cache: /dev/null/cache cannot be used"),
        ("ASKPIX_CACHE_MB", "much", "ASKPIX_CACHE_MB is a whole number of megabytes, not 'much'"),
        ("ASKPIX_CACHE_MB", "0", "no cache: ASKPIX_CACHE_MB is 0"),
    ],
)
def test_where_there_is_no_cache_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    """In a sentence, with the exit code of nothing done."""
    monkeypatch.setenv(name, value)
    told = asked("info")
    assert (told.exit_code, told.stdout) == (2, "")
    assert why in told.stderr
