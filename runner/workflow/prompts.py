"""Prompts: from the workflow or a file, as templates whose every name is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.text.template import NameUse, inspect
from runner.values.problem import Place, Route
from runner.workflow.files import NotReadable, content_of, missing_file
from runner.workflow.findings import Findings
from runner.workflow.outside import outside
from runner.workflow.parts import Part
from runner.workflow.scope import Nowhere, Scope, follow_in_template, whole_item
from runner.workflow.spec import Prompt, SourceFile
from runner.workflow.words import quoted

MOST_BYTES = 1_000_000
"""A longer prompt is data in the wrong place."""

PlaceIn = Callable[[int, int, int], Place]
"""The place of line, column and length of a template in the file that holds it."""

_DOCUMENTS = frozenset({".docx", ".doc", ".odt", ".rtf", ".pages", ".pdf"})
"""Endings of files that look like text only in a word processor."""


@dataclass(slots=True)
class Prompts:
    """Reads and checks the prompts of a workflow; prompt files are kept in `sources`.

    `uses` collects every outside name of every template: `("vars", "thing")`.
    """

    findings: Findings
    scope: Scope
    sources: dict[Path, SourceFile] = field(default_factory=dict)
    uses: set[tuple[str, ...]] = field(default_factory=set)

    def of_step(self, step: Mapping[str, Any], route: Route, number: int) -> Prompt | None:
        """The prompt of a step; None when it has none that can be used, which is told."""
        if step.get("prompt") is not None:
            return self.inline(step["prompt"], (*route, "prompt"), number)
        if step.get("prompt_file") is not None:
            return self._from_file(step["prompt_file"], (*route, "prompt_file"), number)
        return None

    def inline(self, text: str, route: Route, number: int) -> Prompt:
        """A template that is written in the workflow itself."""
        document = self.findings.document
        if not text.strip():
            self.findings.error("W208", route, f"`{route[-1]}` is empty", "write what to ask")
        self._check(text, number, lambda *at: document.place_in(route, *at))
        return Prompt(text.rstrip("\n"), document.place_in(route, 1, 1))

    def elsewhere(self, text: str, place: Place, number: int) -> Prompt:
        """A template in another file: what is wrong with it is told at its beginning."""
        self._check(text, number, lambda *at: place)
        return Prompt(text.rstrip("\n"), place)

    def check(self, text: str, route: Route, number: int) -> None:
        """Checks a template that is no prompt: the description of a field."""
        document = self.findings.document
        self._check(text, number, lambda *at: document.place_in(route, *at))

    def _from_file(self, name: str, route: Route, number: int) -> Prompt | None:
        path = self.findings.document.path(route, name)
        place = self.findings.document.place(route)
        text = self._read(name, path, place)
        if text is None:
            return None
        shown = str(path)
        self._check(text, number, lambda line, column, length: _place(shown, line, column, length))
        return Prompt(text.rstrip("\n"), Place(shown, 1, 1))

    def _read(self, name: str, path: Path, place: Place) -> str | None:
        try:
            content = content_of(path, self.findings.document.within)
        except NotReadable as error:
            if error.outside:
                self.findings.problems.append(outside(name, place))
                return None
            if error.missing:
                problem = missing_file("W447", name, path, place, "with a prompt")
                self.findings.problems.append(problem)
                return None
            message = f"the prompt file {quoted(name)} cannot be read: {error.why}"
            self.findings.error("W447", place, message, "name a text file")
            return None
        if path.suffix.lower() in _DOCUMENTS:
            message = f"`{name}` is a document of a word processor, not a text"
            fix = "save it as plain text (.txt, UTF-8), and name that file"
            self.findings.error("W448", place, message, fix)
            return None
        self.sources.setdefault(path, SourceFile(path, "prompt", content))
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            message = "this file is not written in UTF-8"
            fix = "save it as UTF-8 in your editor"
            self.findings.error("W448", Place(str(path), line, 1), message, fix)
            return None
        if len(content) > MOST_BYTES or "\0" in text:
            message = f"`{name}` does not look like a prompt"
            self.findings.error("W448", place, message, "name a text file of less than 1 MB")
            return None
        if not text.strip():
            self.findings.error(
                "W448", place, f"the prompt file `{name}` is empty", "write into it what to ask"
            )
            return None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _check(self, text: str, number: int, place_in: PlaceIn) -> None:
        uses, mistakes = inspect(text)
        for mistake in mistakes:
            place = place_in(mistake.line, mistake.column, mistake.length)
            tell = self.findings.error if mistake.severity == "error" else self.findings.warning
            tell(mistake.code, place, mistake.message, mistake.fix)
        for use in uses:
            self.uses.add(use.path)
            self._check_use(use, number, place_in)

    def _check_use(self, use: NameUse, number: int, place_in: PlaceIn) -> None:
        origin = use.path[: 1 - len(use.own)] if use.own else ()
        if origin and isinstance(follow_in_template(origin, self.scope, number), Nowhere):
            return  # which is told where it stands
        found = follow_in_template(use.path, self.scope, number)
        if use.path == ("item",) and use.alone and isinstance(found, Part):
            found = whole_item(found)
        if isinstance(found, Nowhere):
            place = place_in(use.line, use.column, use.length)
            file, fix = self.findings.document.file.source.file, found.fix
            if fix and place.file != file:
                fix = fix.replace("at the top of the file", f"at the top of {file}")
            self.findings.error(found.code, place, found.message, fix, allowed=found.allowed)


def needs(paths: set[tuple[str, ...]], scope: Scope) -> tuple[str, ...]:
    """The steps that these names belong to, in the order of the workflow."""
    roots = {path[0] for path in paths}
    return tuple(step for step in scope.steps if step in roots)


def _place(file: str, line: int, column: int, length: int) -> Place:
    return replace(Place(file, line, column), end_column=column + max(length, 1))
