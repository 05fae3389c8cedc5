"""Shared by the tests of loading: small files, and ways to break them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from runner.values.problem import Problem, Rejected
from runner.workflow.load import load
from runner.workflow.spec import Workflow

Write = Callable[..., Path]

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 1.0, 1.5, -1, 95, "", "x", "95%", "box", "{{ x }}", "find.boxes"),
    *([], ["a"], [1, 1.0], [1, True], ["a", "a"], [{"a": 1}, {"a": 1.0}]),
    *({}, {"a": 1}, {"Bad Name": "text"}, {"type": "string"}),
)
"""Values that are wrong nearly everywhere."""

ADDED = ("extra", "prompt", "do", "metric", "x-1", "schema", "images", "model")


def change(workflow: Any, data: st.DataObject) -> None:
    """Replaces, deletes or adds something somewhere in plain data."""
    places = list(spots(workflow))
    if not places:
        return
    owner, key = data.draw(st.sampled_from(places))
    match data.draw(st.sampled_from(["replace", "delete", "add"])):
        case "replace":
            owner[key] = deepcopy(data.draw(st.sampled_from(ODD)))
        case "delete":
            del owner[key]
        case "add" if isinstance(owner, dict):
            owner[data.draw(st.sampled_from(ADDED))] = deepcopy(data.draw(st.sampled_from(ODD)))


def spots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every value below a node, as its owner and its key."""
    entries = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(entries):
        yield node, key
        if isinstance(value, dict | list):
            yield from spots(value)


@pytest.fixture(scope="session")
def changing() -> Callable[[Any, st.DataObject], None]:
    """Breaks plain data in a way that hypothesis chooses."""
    return change


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files by name into an empty folder, and goes there; the first one is the workflow."""
    monkeypatch.chdir(tmp_path)

    def writing(files: Mapping[str, str] | str) -> Path:
        by_name = {"w.workflow.yaml": files} if isinstance(files, str) else files
        for name, text in by_name.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Path(next(iter(by_name)))

    return writing


@pytest.fixture
def loaded(write: Write) -> Callable[..., Workflow]:
    """The workflow of files that are written first."""

    def loading(files: Mapping[str, str] | str, **options: Any) -> Workflow:
        return load(write(files), **{"environ": {}, **options})

    return loading


@pytest.fixture
def told(write: Write) -> Callable[..., list[str]]:
    """The problems of files that are written first: `code file:line:column message → fix`."""

    def telling(files: Mapping[str, str] | str, **options: Any) -> list[str]:
        try:
            problems = load(write(files), **{"environ": {}, **options}).warnings
        except Rejected as rejected:
            problems = rejected.problems
        return [_line(problem) for problem in problems]

    return telling


def _line(problem: Problem) -> str:
    place = problem.place
    at = f" {place.file}:{place.line}:{place.column}" if place else ""
    fix = f" → {problem.fix}" if problem.fix else ""
    return f"{problem.code}{at} {problem.message}{fix}"
