"""A YAML file that was read: its data, and the place of every key and value in the text."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.text.alignment import locate
from runner.text.complaint import read_all
from runner.text.decoding import decode, empty
from runner.text.lints import lints
from runner.text.nodes import Node
from runner.text.scene import Beside, nothing
from runner.values.problem import Place, Problem, Rejected, Route, errors_of


@dataclass(frozen=True, slots=True)
class Source:
    """The data of a file with the place of everything in it.

    `file` is the name as shown to people. `data` holds plain dicts, lists, texts, numbers, True,
    False and None. `problems` are warnings: what may not mean what its author meant.
    """

    file: str
    text: str
    data: object
    problems: tuple[Problem, ...]
    root: Node = field(repr=False, compare=False)
    lines: tuple[str, ...] = field(repr=False, compare=False)

    def place(self, route: Route, *, key: bool = False) -> Place:
        """Where the value of a route stands, or its key; the nearest parent when there is none.

        A value that nobody wrote (`prompt:` and nothing after it) stands at its key. A mapping
        stands at its first key.
        """
        node, key_node, found = self._walk(route)
        if key_node is not None and ((key and found) or node.is_unwritten):
            node = key_node
        elif node.style == "map" and (first := next(iter(node.keys.values()), None)):
            node = first if (first.line, first.column) == (node.line, node.column) else node
        return Place(self.file, node.line, node.column, self._end(node), route)

    def place_in(self, route: Route, line: int, column: int, length: int = 1) -> Place:
        """Where a part of a text value stands: line and column count from 1 in the value.

        Works for every way of writing a text: `|`, `>`, in quotes, plain, over several lines.
        """
        node, _, found = self._walk(route)
        node = node.linked or node
        if not found or not isinstance(node.data, str):
            return self.place(route)
        at_line, at_column = locate(self.lines, node, line, column)
        last_line, last_column = locate(self.lines, node, line, column + max(length, 1) - 1)
        end = last_column + 1 if last_line == at_line else len(self.line(at_line)) + 1
        return Place(self.file, at_line, at_column, max(end, at_column + 1), route)

    def line(self, number: int) -> str:
        """A line of the text, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def _walk(self, route: Route) -> tuple[Node, Node | None, bool]:
        """The node of a route or of its nearest parent, its key, and whether it was found."""
        node, key = self.root, None
        for step in route:
            match node.children, step:
                case dict() as children, str() if step in children:
                    key, node = node.keys[step], children[step]
                case list() as children, int() if 0 <= step < len(children):
                    key, node = None, children[step]
                case _:
                    return node, key, False
        return node, key, True

    def _end(self, node: Node) -> int:
        if node.end_line == node.line:
            return max(node.end_column, node.column + 1)
        if node.style in ("list", "map"):
            return node.column + 1
        return max(len(self.line(node.line).split(" #")[0].rstrip()) + 1, node.column + 1)


def read(content: bytes, file: str, beside: Beside = nothing) -> Source:
    """The data and places of a YAML file. Raises `Rejected` with every problem that was found.

    `beside` says of a key which ones may stand beside it; then a line without a colon is known for
    the text that goes on in it.
    """
    text, problems = decode(content, file)
    if errors_of(problems):
        raise Rejected(*problems)
    root, problems = read_all(text, file, beside)
    lines = tuple(text.split("\n"))
    if root is not None:
        problems = _in_order([*problems, *lints(lines, root, file)])
    if (root is not None and root.is_unwritten) or not (root or problems):
        raise Rejected(empty(file))
    if root is None or errors_of(problems):
        raise Rejected(*problems)
    return Source(file, text, root.data, problems, root, lines)


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(
        sorted(
            problems,
            key=lambda each: (each.place.line, each.place.column) if each.place else (0, 0),
        )
    )
