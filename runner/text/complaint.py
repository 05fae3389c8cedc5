"""What a YAML parser complains about, said in the words of the person who wrote the line.

A parser stops at the first thing that it cannot read, and says what it wanted there. Here the
line is looked at for what people do write, the mistake is told with the line as it should be, and
the reading goes on with that very line in its place: so one reading finds all mistakes, and every
advice is one that the parser was seen to accept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from runner.text.colon_mistakes import (
    colon_in_text,
    dash_in_line,
    key_missing,
    space_missing,
)
from runner.text.layout_mistakes import (
    comment_in_text,
    indentation,
    second_document,
    tabs,
    word_alone,
)
from runner.text.line_mistakes import mend_lines
from runner.text.nodes import Node
from runner.text.scene import Beside, Finding, Scene, nothing
from runner.text.tree import grow
from runner.text.value_mistakes import (
    block_header,
    brackets,
    first_character,
    first_in_brackets,
    quotation,
)
from runner.values.problem import Problem

MAX_REPAIRS = 25
"""Mistakes of one file that are told at once; each costs one more reading."""

MAX_SAME = 2
"""Times that one line is read anew: quotes around quotes around quotes lead nowhere."""

_LOOKS: tuple[Callable[[Scene], Finding | None], ...] = (
    first_character,
    first_in_brackets,
    tabs,
    block_header,
    quotation,
    dash_in_line,
    key_missing,
    space_missing,
    colon_in_text,
    word_alone,
    comment_in_text,
    brackets,
    second_document,
    indentation,
)
"""What to look for, the most certain first."""


def read_all(
    text: str, file: str, beside: Beside = nothing
) -> tuple[Node | None, tuple[Problem, ...]]:
    """The root of the tree (None when it cannot be had) and every problem, in the order of the text."""
    lines, told = mend_lines(text.split("\n"), file)
    mended: Counter[int] = Counter()
    tree = grow("\n".join(lines), file)
    for _ in range(MAX_REPAIRS):
        if tree.failure is None:
            break
        finding = _explained(Scene.of(lines, tree, file, beside))
        if _line(finding.problem) not in mended:
            told.append(finding.problem)
        if not finding.edits or any(mended[number] == MAX_SAME for number in finding.edits):
            break
        mended.update([*finding.edits])
        for number, line in finding.edits.items():
            lines[number - 1] = line
        tree = grow("\n".join(lines), file)
    kept = [problem for problem in tree.problems if _line(problem) not in mended]
    root = None if told or tree.failure else tree.root
    return root, tuple(sorted(dict.fromkeys([*told, *kept]), key=_position))


def _explained(scene: Scene) -> Finding:
    for look in _LOOKS:
        finding = look(scene)
        if finding is not None:
            return finding
    return _anything(scene)


def _anything(scene: Scene) -> Finding:
    line = scene.lines[scene.line - 1]
    length = len(line[scene.column - 1 :].split(" ", 1)[0])
    message = f"YAML cannot be read here: {scene.wanted}"
    fix = "look at the indentation, the colons and the quotes of this line and the one above"
    return scene.finding("W126", message, (scene.line, scene.column, length), fix)


def _line(problem: Problem) -> int:
    return problem.place.line if problem.place else 0


def _position(problem: Problem) -> tuple[int, int]:
    return (problem.place.line, problem.place.column) if problem.place else (0, 0)
