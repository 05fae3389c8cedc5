"""The problems found so far while a workflow is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from runner.text.masking import masked
from runner.values.problem import Place, Problem, Route, Severity
from runner.workflow.document import Document


@dataclass(slots=True)
class Findings:
    """Collects problems: all of a file are told at once. `at` is a route or a place."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

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
        return tuple(dict.fromkeys(map(without_keys, ordered)))

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


def without_keys(problem: Problem) -> Problem:
    """The same problem, with every API key in its words made unreadable."""
    return replace(
        problem,
        message=masked(problem.message),
        place=_without_keys(problem.place) if problem.place else None,
        fix=masked(problem.fix) if problem.fix else None,
        found=masked(problem.found) if problem.found else None,
        allowed=tuple(masked(word) for word in problem.allowed),
    )


def _without_keys(place: Place) -> Place:
    route = tuple(masked(part) if isinstance(part, str) else part for part in place.route)
    return replace(place, route=route)


def _position(problem: Problem, files: list[str]) -> tuple[int, int, int]:
    if problem.place is None:
        return len(files), 0, 0
    return files.index(problem.place.file), problem.place.line, problem.place.column
