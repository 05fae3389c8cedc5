"""The lines of a workflow that use a file of truth: printed for people, never written for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.review.pattern import Pattern

NAME = "review"


def truth_lines(file: Path, steps: Sequence[tuple[str, Pattern]]) -> Iterator[str]:
    """`truth:` and `checks:` for these steps; `file` as it is named from the workflow's folder."""
    yield "truth:"
    for step, _ in steps:
        named = f"{{file: {_quoted(file.as_posix())}, step: {step}}}"
        yield f"  {_name(step, steps)}: {named}"
    yield "checks:"
    for step, pattern in steps:
        yield from (f"  - {check}" for check in _checks(step, _name(step, steps), pattern))


def _name(step: str, steps: Sequence[tuple[str, Pattern]]) -> str:
    return NAME if len(steps) == 1 else f"{NAME}_{step}"


def _checks(step: str, name: str, pattern: Pattern) -> Iterator[str]:
    if pattern.finds:
        yield f"{{metric: f1, of: {step}, against: truth.{name}, at_least: 80%}}"
        return
    fields = [kind for kind in pattern.kinds if kind and not set(kind) & set("[].")]
    short = [field for field in fields if pattern.kinds[field] != "text" or field in pattern.words]
    fields = short or fields
    for field in fields:
        yield f"{{metric: exact_match, of: {step}.{field}, against: truth.{name}.{field}}}"
    if not fields:
        yield f"{{that: {step}, same_as: truth.{name}}}"


def _quoted(text: str) -> str:
    plain = all(each.isalnum() or each in "._-/" for each in text)
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
