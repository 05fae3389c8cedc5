"""The problems found so far while a workflow is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from runner.text.masking import masked
from runner.transport.secret import Secret
from runner.values.problem import Place, Problem, Route, Severity
from runner.workflow.document import Document


@dataclass(slots=True)
class Findings:
    """Collects problems: all of a file are told at once. `at` is a route or a place. No problem
    repeats a `secret`."""

    document: Document
    problems: list[Problem] = field(default_factory=list)
    secret: Secret = field(default_factory=Secret)

    def error(
        self,
        code: str,
        at: Route | Place | None,
        message: str,
        fix: str | None = None,
        *,
        key: bool = False,
        allowed: Iterable[str] = (),
    ) -> None:
        """Something that keeps the workflow from running."""
        self._add(code, at, message, fix, "error", key, allowed)

    def warning(
        self,
        code: str,
        at: Route | Place | None,
        message: str,
        fix: str | None = None,
        *,
        key: bool = False,
        allowed: Iterable[str] = (),
    ) -> None:
        """Something that may not be what its author meant."""
        self._add(code, at, message, fix, "warning", key, allowed)

    def in_order(self) -> tuple[Problem, ...]:
        """Every problem once: those of the workflow file first, each file from top to bottom."""
        files = list(dict.fromkeys([self.document.file.source.file, *self._files()]))
        ordered = sorted(self.problems, key=lambda problem: _position(problem, files))
        return tuple(dict.fromkeys(without_keys(problem, self.secret) for problem in ordered))

    def _files(self) -> list[str]:
        return [problem.place.file for problem in self.problems if problem.place]

    def _add(
        self,
        code: str,
        at: Route | Place | None,
        message: str,
        fix: str | None,
        severity: Severity,
        key: bool,
        allowed: Iterable[str],
    ) -> None:
        place = self.document.place(at, key=key) if isinstance(at, tuple) else at
        self.problems.append(
            Problem(code, message, place, severity, fix, allowed=() if fix else tuple(allowed))
        )


def without_keys(problem: Problem, secret: Secret) -> Problem:
    """The same problem, with every API key in its words made unreadable."""

    def hidden(text: str) -> str:
        return masked(secret.hidden(text))

    place = problem.place
    if place is not None:
        route = tuple(hidden(part) if isinstance(part, str) else part for part in place.route)
        place = replace(place, route=route)
    return replace(
        problem,
        message=hidden(problem.message),
        place=place,
        fix=hidden(problem.fix) if problem.fix else None,
        found=hidden(problem.found) if problem.found else None,
        allowed=tuple(hidden(word) for word in problem.allowed),
    )


def _position(problem: Problem, files: list[str]) -> tuple[int, int, int]:
    if problem.place is None:
        return len(files), 0, 0
    return files.index(problem.place.file), problem.place.line, problem.place.column
