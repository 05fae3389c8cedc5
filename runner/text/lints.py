"""Warnings about a YAML file that is in order, and may still not say what its author meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runner.text.nodes import Node
from runner.text.scalars import in_quotes, loses_digits
from runner.values.problem import Place, Problem, Route

SENT = frozenset(["prompt", "system", "description"])
"""Keys whose text goes to the model: nobody writes a comment behind it."""

_WORDS = frozenset(["choices", "labels", "vars"])
"""Keys under which a number may well be meant as a word."""

_CURLY = re.compile("[“”„«‹‘’‚].*[“”»›‘’]", re.DOTALL)
"""A text between the quotes of a word processor or of a web page."""

NAMES = frozenset(["images", "id", "model", "schema", "dataset", "prompt_file"])
"""Keys whose value is a name: a quote or a space at its end can only be a mistake."""

_COMMENT = re.compile(r"\s+#.*")


def lints(lines: Sequence[str], root: Node, file: str) -> Iterator[Problem]:
    """What a reader of the file should look at again (W120, W128, W129)."""
    waiting: list[tuple[Node, Route]] = [(root, ())]
    while waiting:
        node, route = waiting.pop()
        if node.linked is not None:
            continue  # looked at where it is written
        if node.style == "plain":
            yield from _cut_text(lines, node, route, file)
            yield from _version(node, route, file)
            yield from _curly_quotes(node, route, file)
        elif isinstance(node.children, dict):
            below = [(child, (*route, key)) for key, child in node.children.items()]
            waiting.extend(reversed(below))
        else:
            waiting.extend(reversed([(c, (*route, at)) for at, c in enumerate(node.children)]))


def _cut_text(lines: Sequence[str], node: Node, route: Route, file: str) -> Iterator[Problem]:
    """`What is this? # one word`: what follows ` #` is a comment and is not sent."""
    key = route[-1] if route else None
    line = lines[node.end_line - 1] if node.end_line <= len(lines) else ""
    comment = _COMMENT.match(line, node.end_column - 1)
    if comment is None or not isinstance(node.data, str | None):
        return
    if key not in SENT and not _is_number_sign(node.written, comment.group()):
        return
    if node.is_unwritten and key not in SENT:
        return
    column = comment.start() + len(comment.group()) - len(comment.group().lstrip()) + 1
    text = f"{node.written}{comment.group()}".strip()
    name = f"`{key}`" if isinstance(key, str) else "this text"
    yield Problem(
        "W120",
        f"the text of {name} ends before the #: what follows is a comment"
        if node.written
        else f"{name} is empty: what follows # is a comment",
        Place(file, node.end_line, column, len(line.rstrip()) + 1, route),
        "error" if node.is_unwritten else "warning",
        _fix(key, text, node),
    )


def _is_number_sign(written: str, comment: str) -> bool:
    """`We are #1`: a text of several words, and # right before what it belongs to."""
    return " " in written and re.match(r" #[^\s#]", comment) is not None


def _fix(key: str | int | None, text: str, node: Node) -> str:
    if node.line != node.end_line or len(text) > 60 or not isinstance(key, str):
        return "write the text under `|`, where # is an ordinary character"
    return f"if it belongs to the text, write {key}: {in_quotes(text)}"


def _version(node: Node, route: Route, file: str) -> Iterator[Problem]:
    """`1.10` is the number 1.1, which is another version."""
    if not loses_digits(node.written, node.data):
        return
    names = {str(part).split(".")[0] for part in route}
    if not (names & _WORDS or any("version" in name.casefold() for name in names)):
        return
    yield Problem(
        "W128",
        f"`{node.written}` is the number {node.data} here",
        Place(file, node.line, node.column, node.end_column, route),
        "warning",
        f'put it in quotes if it is no number: "{node.written}"',
    )


def _curly_quotes(node: Node, route: Route, file: str) -> Iterator[Problem]:
    """`“photos/*.jpg”`: for YAML these quotes are letters of the value."""
    if not _CURLY.fullmatch(node.written):
        return
    inner = node.written[1:-1]
    more = node.end_line > node.line or len(inner) > 60
    yield Problem(
        "W129",
        f"these are curly quotes ({node.written[0]} {node.written[-1]}): they are part of the value",
        Place(file, node.line, node.column, node.column + 1 if more else node.end_column, route),
        "error" if NAMES & set(route) else "warning",
        f"write straight quotes, or none{'' if more else f': {in_quotes(inner)}'}",
    )
