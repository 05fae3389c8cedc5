"""The tree of a YAML text: data and places in one pass over the parser's events.

PyYAML's own composer is not used. It recurses in C, where 100,000 `[` end the process; it lets
duplicate keys pass; and it builds whatever an alias asks for. Here depth, count and expansion are
bounded while the events come in, so nothing large is ever made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from runner.text.nodes import Node, Style, value_text
from runner.text.scalars import TooLarge, plain_value
from runner.text.structure_mistakes import (
    SECOND_DOCUMENT,
    TOO_MANY,
    TOO_MUCH_LINKED,
    Told,
    decimal_comma,
    link_to_itself,
    too_deep,
    too_large_number,
    unfit_key,
    unknown_link,
    unquoted_tag,
    unquoted_template,
    unused_name,
    written_twice,
)
from runner.values.problem import Place, Problem

MAX_DEPTH = 40
MAX_EVENTS = 200_000
MAX_EXPANDED = 2_000_000
"""Characters and values of the data with every link written out: twice the largest file."""

_STYLES: dict[str | None, Style] = {"'": "single", '"': "double", "|": "literal", ">": "folded"}

# All wheels of PyYAML on its index hold libyaml; a build from source may lack it (7 times slower).
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Tree:
    """What was built: the root (None when there is none) and the problems of structure.

    `failure` is the parser's complaint where it gave up, `last` the last scalar before it.
    """

    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    failure: yaml.MarkedYAMLError | None = None
    last: Node | None = None


def grow(text: str, file: str) -> Tree:
    """The tree of a text. Raises nothing: complaints and problems are in the tree."""
    builder = _Builder(text, file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        builder.tree.failure = error
    except yaml.YAMLError as error:  # a character that no text of ours holds any more
        message = f"YAML cannot read the file: {error}"
        builder.tree.problems.append(Problem("W113", message, Place(file, 1, 1)))
        builder.tree.root = None
    except _TooBig:
        builder.tree.root = None
    return builder.tree


class _TooBig(Exception):
    """The text asks for more than a workflow may hold; the problem is told already."""


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet; `key` waits for its value."""

    node: Node
    anchor: str | None
    in_flow: bool
    key: Node | None = None
    template: bool = False
    """An unquoted `{{ … }}`: whatever is wrong inside it is one and the same mistake."""


class _Builder:
    """Takes the events one by one; a stack of open collections stands in for recursion."""

    def __init__(self, text: str, file: str) -> None:
        self.tree = Tree()
        self._lines = text.split("\n")
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._unused: dict[str, Node] = {}
        self._expanded = 0
        self._events = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        """Adds what one event of the parser says. Raises `_TooBig`."""
        self._events += 1
        if self._events > MAX_EVENTS:
            self._refuse(TOO_MANY, _node(event))
        match event:
            case yaml.ScalarEvent():
                self._properties(event)
                self._add(self._scalar(event), event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._properties(event)
                self._start(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end(event)
            case yaml.AliasEvent():
                self._add(self._link(event), None)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents == 2:
                    self._tell(SECOND_DOCUMENT, _node(event))
            case yaml.StreamEndEvent():
                for name, node in self._unused.items():
                    self._tell(unused_name(name, self._written(node)), node)

    def _properties(self, event: Any) -> None:
        node = _node(event)
        if event.anchor is not None:
            self._unused[event.anchor] = node
            self._anchors.pop(event.anchor, None)
        if event.tag is not None:
            self._tell(unquoted_tag(self._written(node)), node)

    def _start(self, event: Any) -> None:
        is_map = isinstance(event, yaml.MappingStartEvent)
        node = _node(event, {} if is_map else [], "map" if is_map else "list")
        if len(self._open) >= MAX_DEPTH:
            self._refuse(too_deep(MAX_DEPTH), node)
        node.children = {} if is_map else []
        in_flow = bool(event.flow_style)
        template = is_map and in_flow and self._rest(node).startswith("{{")
        self._grow_by(1, node)
        self._open.append(_Open(node, event.anchor, in_flow, template=template))

    def _end(self, event: Any) -> None:
        frame = self._open.pop()
        node, end = frame.node, event.end_mark
        node.end_line, node.end_column = end.line + 1, end.column + 1
        if frame.template:
            self._tell_template(node)
        self._add(node, frame.anchor)

    def _tell_template(self, node: Node) -> None:
        if not self._in_flow:
            key = self._open[-1].key if self._open else None
            self._tell(unquoted_template(key.data if key else None, self._written(node)), node)
            return
        end = node.end_column if node.end_line == node.line else None
        written = self._lines[node.line - 1][node.column - 1 : end and end - 1]
        self._tell(unquoted_template(None, written), node)

    def _scalar(self, event: Any) -> Node:
        node = _node(event, event.value, _STYLES.get(event.style, "plain"))
        node.weight += len(event.value)
        self._grow_by(node.weight, node)
        self.tree.last = node
        if node.style != "plain" or event.tag is not None:
            return node
        node.written = event.value
        try:
            node.data = plain_value(event.value)
        except TooLarge:
            self._tell(too_large_number(event.value), node)
        return node

    def _link(self, event: Any) -> Node:
        name, node = event.anchor, _node(event, f"*{event.anchor}")
        self._unused.pop(name, None)
        target = self._anchors.get(name)
        if target is None:
            if self._open and self._open[-1].key is not None and self._open[-1].key.written == "<<":
                return node  # told as a merge
            to_itself = any(frame.anchor == name for frame in self._open)
            told = link_to_itself(name) if to_itself else unknown_link(self._written(node))
            self._tell(told, node)
            return node
        node.style, node.weight, node.depth = target.style, target.weight, target.depth
        self._grow_by(node.weight, node)  # before the copy: this is what keeps copies small
        if len(self._open) + node.depth > MAX_DEPTH:
            self._refuse(too_deep(MAX_DEPTH), node)
        node.data, node.children, node.keys = _copied(target.data), target.children, target.keys
        node.linked = target.linked or target
        return node

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.tree.root = self.tree.root or node
            return
        frame = self._open[-1]
        frame.node.weight += node.weight
        frame.node.depth = max(frame.node.depth, node.depth + 1)
        if isinstance(frame.node.children, list):
            frame.node.children.append(node)
            frame.node.data.append(node.data)
        elif frame.key is None:
            frame.key = node
        else:
            self._pair(frame.node, frame.key, node)
            frame.key = None

    def _pair(self, mapping: Node, key: Node, value: Node) -> None:
        assert isinstance(mapping.children, dict)
        if self._is_decimal(mapping, key, value):
            before = next(reversed(mapping.children.values()))
            self._tell(decimal_comma(before.written, key.written), before)
            return
        unfit = unfit_key(key)
        if unfit is not None:
            self._tell(unfit, key)
        elif key.data in mapping.keys:
            self._tell(written_twice(key.data, mapping.keys[key.data], key), key)
        else:
            mapping.keys[key.data] = key
            mapping.children[key.data] = value
            mapping.data[key.data] = value.data

    def _is_decimal(self, mapping: Node, key: Node, value: Node) -> bool:
        """`0,95` in brackets: a number as a key without value, right after a number's comma."""
        assert isinstance(mapping.children, dict)
        before = next(reversed(mapping.children.values()), None)
        return (
            before is not None
            and value.is_unwritten
            and re.fullmatch(r"[-+]?\d+", before.written) is not None
            and key.written.isdigit()
            and (before.end_line, before.end_column + 1) == (key.line, key.column)
        )

    def _grow_by(self, weight: int, node: Node) -> None:
        self._expanded += weight
        if self._expanded > MAX_EXPANDED:
            self._refuse(TOO_MUCH_LINKED, node)

    @property
    def _in_flow(self) -> bool:
        return any(frame.in_flow for frame in self._open)

    def _rest(self, node: Node) -> str:
        line = self._lines[node.line - 1] if node.line <= len(self._lines) else ""
        return line[node.column - 1 :]

    def _written(self, node: Node) -> str:
        return value_text(self._rest(node), 1, in_flow=self._in_flow)

    def _refuse(self, told: Told, node: Node) -> None:
        self.tree.problems.append(self._placed(told, node))
        raise _TooBig

    def _tell(self, told: Told, node: Node) -> None:
        if not any(frame.template for frame in self._open):
            self.tree.problems.append(self._placed(told, node))

    def _placed(self, told: Told, node: Node) -> Problem:
        end = node.end_column if node.end_line == node.line else node.column + len(self._rest(node))
        if told.length is not None:
            end = node.column + told.length
        place = Place(self._file, node.line, node.column, max(end, node.column + 1))
        return Problem(told.code, told.message, place, told.severity, told.fix)


def _node(event: Any, data: object = None, style: Style = "plain") -> Node:
    start, end = event.start_mark, event.end_mark
    return Node(data, style, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _copied(data: Any) -> Any:
    """A link's own data: whoever changes one of two places does not change the other."""
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(item) for item in data] if isinstance(data, list) else data
