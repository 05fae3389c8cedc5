"""Problems as a text for people: what the command line prints and what an exception says.

The look:

    error[W201]: unknown key `media_resolutoin` in step `caption`
     --> cats.yaml:6:5
      |
    6 |     media_resolutoin: high
      |     ^^^^^^^^^^^^^^^^ did you mean `media_resolution`?
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, TextIO

from runner.front.environment import environment
from runner.text.excerpt import excerpt, visible
from runner.text.masking import masked_at, masked_lines
from runner.transport.secret import Secret
from runner.values.problem import Place, Problem, Severity

WIDTH = 100
"""Columns of an excerpt where there is no terminal."""

LARGEST = 1_100_000
"""Bytes of a file that is read again for its excerpts; larger ones are not workflows."""

LISTED = 40
"""Words after `allowed here`."""


class Look:
    """How a stream wants its text: colours or none, and how wide."""

    def __init__(self, colour: bool = False, width: int = WIDTH) -> None:
        self.width = width
        self.colour = colour

    @staticmethod
    def of(stream: TextIO) -> Look:
        """Colours on a terminal only, and never where NO_COLOR is set (no-color.org)."""
        terminal = stream.isatty()
        colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return Look(colour, shutil.get_terminal_size((WIDTH, 24)).columns if terminal else WIDTH)

    def paint(self, text: str, severity: Severity | Literal["frame", "title"]) -> str:
        """The text in the colour of what it is."""
        if not self.colour or not text:
            return text
        codes = {"error": "1;31", "warning": "1;33", "frame": "34", "title": "1"}
        return f"\x1b[{codes[severity]}m{text}\x1b[0m"


PLAIN = Look()
NO_SECRET = Secret()


def secret_of(problems: Sequence[Problem]) -> Secret:
    """The keys of the environment, and of `.env` beside the files that are shown."""
    folders = {Path(problem.place.file).parent for problem in problems if problem.place}
    secret = Secret.of_environment(environment(Path(".")))
    for folder in folders:
        secret = secret.and_of(*Secret.of_environment(environment(folder)).keys)
    return secret


def as_text(
    problems: Sequence[Problem],
    texts: Mapping[str, str] | None = None,
    look: Look = PLAIN,
    secret: Secret = NO_SECRET,
) -> str:
    """The problems for people, one below the other, and a last line with their number. In the lines
    that are shown no key can be read."""
    lines = _Lines(texts or {}, secret)
    blocks = ["\n".join(_block(problem, lines, look)) for problem in problems]
    return "\n\n".join([*blocks, count(problems)]) if blocks else ""


def count(problems: Sequence[Problem]) -> str:
    """`2 errors, 1 warning`."""
    errors = sum(problem.severity == "error" for problem in problems)
    numbers = {"error": errors, "warning": len(problems) - errors}
    return ", ".join(f"{n} {word}{'s' if n != 1 else ''}" for word, n in numbers.items() if n)


class _Lines:
    """The lines of the files that the problems stand in; each file is read once."""

    def __init__(self, texts: Mapping[str, str], secret: Secret) -> None:
        self._texts, self._secret = texts, secret
        self._files: dict[str, list[str]] = {}

    def of(self, file: str) -> list[str]:
        """The lines of a file; none when it cannot be read."""
        if file not in self._files:
            text = self._texts[file] if file in self._texts else _read(file)
            shown = masked_lines(masked_at(text, self._secret.places(text)))
            self._files[file] = re.split(r"\r\n|\r|\n", shown) if text else []
        return self._files[file]


def _read(file: str) -> str:
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        return path.read_bytes().decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return ""


def _block(problem: Problem, lines: _Lines, look: Look) -> Iterator[str]:
    title = look.paint(f"{problem.severity}[{problem.code}]", problem.severity)
    yield f"{title}: {look.paint(visible(problem.message), 'title')}"
    place = problem.place
    if place is None:
        yield from _notes(problem, 1, look)
        return
    text = lines.of(place.file)
    size = len(str(place.line))
    at = f"{visible(place.file)}:{place.line}:{place.column}"
    yield f"{' ' * size}{look.paint('-->', 'frame')} {at}"
    if not 0 < place.line <= len(text) or not any(text):
        yield from _notes(problem, size, look)
        return
    bar = look.paint("|", "frame")
    yield f"{' ' * size} {bar}"
    above = _line_above(problem, place, text)
    if above is not None:
        yield _numbered(above, text[above - 1], size, look)
    yield from _marked(problem, place, text[place.line - 1], size, look)


def _marked(problem: Problem, place: Place, line: str, size: int, look: Look) -> Iterator[str]:
    """The line, the caret under it, and the fix beside the caret."""
    room = max(look.width - size - 3, 40)
    part = excerpt(line, place.column, place.end_column, room)
    number = look.paint(f"{place.line:>{size}} |", "frame")
    yield f"{number} {part.text}".rstrip()
    bar = f"{' ' * size} {look.paint('|', 'frame')}"
    fix = [visible(each) for each in (problem.fix or "").split("\n")]
    caret = look.paint("^" * part.width, problem.severity)
    yield f"{bar} {' ' * part.start}{caret} {fix[0]}".rstrip()
    yield from (f"{bar}     {each}".rstrip() for each in fix[1:])
    yield from _notes(problem, size, look, fix=False)


def _notes(problem: Problem, size: int, look: Look, *, fix: bool = True) -> Iterator[str]:
    """What can be said without an excerpt; what is allowed only when there is no better advice."""
    sign = f"{' ' * size} {look.paint('=', 'frame')}"
    if problem.fix is not None:
        if fix:
            first, *rest = (visible(each) for each in problem.fix.split("\n"))
            yield f"{sign} {first}"
            yield from (f"{' ' * size}   {each}" for each in rest)
    elif problem.allowed:
        words = [visible(word) for word in problem.allowed[:LISTED]]
        more = (
            f", and {len(problem.allowed) - LISTED} more" if len(problem.allowed) > LISTED else ""
        )
        yield f"{sign} allowed here: {', '.join(words)}{more}"
    elif problem.expected is not None:
        yield f"{sign} expected: {visible(problem.expected)}"


_ABOUT_ABOVE = frozenset({"W108", "W109", "W115", "W118", "W126"})
"""Problems that are only understood beside the line above."""
_KEY = re.compile(r"""\s*+(?:-\s++)*+(?:"[^"]*+"|'[^']*+'|[^\s#'"\[\]{},:]++)\s*+:(?:\s|$)""")


def _line_above(problem: Problem, place: Place, text: list[str]) -> int | None:
    """The nearest line above that says something, when this line cannot speak for itself."""
    if problem.code not in _ABOUT_ABOVE and _KEY.match(text[place.line - 1]):
        return None
    for number in range(place.line - 1, 0, -1):
        if text[number - 1].strip():
            return number
    return None


def _numbered(number: int, line: str, size: int, look: Look) -> str:
    room = max(look.width - size - 3, 40)
    return f"{look.paint(f'{number:>{size}} |', 'frame')} {excerpt(line, 1, 2, room).text}".rstrip()
