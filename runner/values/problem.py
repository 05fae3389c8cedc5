"""A mistake as a value with a place: what was written, where, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent
from typing import Literal

Severity = Literal["error", "warning"]
Route = tuple[str | int, ...]
"""The keys and list positions that lead to a value: `("steps", 0, "prompt")`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a text: lines and columns count from 1, `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_column: int | None = None
    route: Route = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, told to the person who made it.

    `message` is a sentence in the author's words. `fix` stands under the caret and can be pasted:
    "did you mean `x`?", "write 95% or 0.95". `allowed` lists what is possible and is shown only
    when there is no better fix. `place` is None for what has no place in a text (a missing key in
    the environment, an option of the command line).
    """

    code: str
    message: str
    place: Place | None = None
    severity: Severity = "error"
    fix: str | None = None
    found: str | None = None
    expected: str | None = None
    allowed: tuple[str, ...] = ()


class Rejected(Exception):
    """Nothing was run, because of these problems: all of them, in the order of the text.

    `str()` of it is the message for people: `text`, or else the codes with their sentences.
    `exit_code` is the one with which the command line ends.
    """

    exit_code: int = 2

    def __init__(self, *problems: Problem, text: str | None = None) -> None:
        super().__init__(text or "; ".join(f"[{p.code}] {p.message}" for p in problems))
        self.problems: tuple[Problem, ...] = problems

    @classmethod
    def because(cls, why: str, exit_code: int = 2, place: Place | None = None) -> Rejected:
        """Not because of a mistake in a file: a key, a folder or an address is missing. The first line
        of `why` says what, the others what to do. Such a problem has no code; `place` is where a CI
        service shows it."""
        what, _, fix = why.partition("\n")
        rejected = cls(Problem("", what, place, fix=dedent(fix) or None), text=f"error: {why}")
        rejected.exit_code = exit_code
        return rejected

    def __reduce__(self) -> tuple[Callable[..., Rejected], tuple[object, ...]]:
        """It crosses from one process to another, as from a pool of workers, and stays whole."""
        return _again, (type(self), self.problems, str(self))


class OnlyAPart(Rejected):
    """A file that says `partial: true`: it is there to be extended, and nothing is wrong with it."""


def _again(kind: type[Rejected], problems: tuple[Problem, ...], text: str) -> Rejected:
    return kind(*problems, text=text)


def errors_of(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems that stop a run; the others are warnings."""
    return tuple(problem for problem in problems if problem.severity == "error")
