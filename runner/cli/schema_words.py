"""The words of the workflow format and of results, as their JSON Schemas explain them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from runner import library
from runner.workflow.not_yet import ONLY_AT_THE_TOP

LATER_KINDS: frozenset[str] = frozenset()
"""Definitions of the schema of which nothing can run yet in this version."""

LATER_KEYS: frozenset[tuple[str, ...]] = frozenset(
    {
        *(("steps", key) for key in ONLY_AT_THE_TOP),
    }
)

LATER_VALUES: Mapping[str, frozenset[str]] = {
    "rotate": frozenset({"90", "180", "270"}),
}

Node = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Word:
    """A key of the format: where it stands, and what the schema says of it.

    `later` is True when it cannot run yet in this version.
    """

    path: tuple[str, ...]
    node: Node
    later: bool = False

    @property
    def description(self) -> str:
        """What it means, for people."""
        return str(self.node.get("description", ""))

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """The values that it can have, each with its meaning."""
        either = self.node.get("anyOf")
        places = [self.node, *(either if isinstance(either, list) else ())]
        node = next((place for place in places if isinstance(place.get("enum"), list)), None)
        if node is None:
            return ()
        values, meanings = node["enum"], node.get("enumDescriptions")
        assert isinstance(values, list)
        told = meanings if isinstance(meanings, list) else []
        told = [*told, *[""] * (len(values) - len(told))]
        return tuple((str(value), str(text)) for value, text in zip(values, told, strict=True))

    @property
    def examples(self) -> Sequence[object]:
        """Values that one may write."""
        examples = self.node.get("examples")
        return examples if isinstance(examples, list) else ()

    def is_later(self, value: str) -> bool:
        """Whether it, or this value of it, cannot run yet in this version."""
        return self.later or value in LATER_VALUES.get(self.path[-1], frozenset())


@dataclass(slots=True)
class Walk:
    """Goes through a schema once; `seen` are the definitions on the way down."""

    root: Node
    found: dict[tuple[tuple[str, ...], str], Word] = field(default_factory=dict)

    def words(self) -> tuple[Word, ...]:
        """Every key with a description, outer keys first."""
        self._into(self.root, (), ())
        return tuple(sorted(self.found.values(), key=lambda word: len(word.path)))

    def _into(self, node: Node, path: tuple[str, ...], seen: tuple[str, ...]) -> None:
        node, seen = self._resolved(node, seen)
        if seen and seen[-1] in seen[:-1]:
            return
        for name, part in _mapping(node, "properties").items():
            self._key(part, (*path, name), seen)
        for part in _inside(node):
            self._into(part, path, seen)

    def _key(self, node: Node, path: tuple[str, ...], seen: tuple[str, ...]) -> None:
        whole, _ = self._resolved(node, seen)
        if whole.get("doNotSuggest"):  # the schema's way to say that two keys exclude each other
            return
        later = bool(LATER_KINDS & {*seen}) or any(path[: len(key)] == key for key in LATER_KEYS)
        word = Word(path, whole, later)
        if word.description:
            before = self.found.get((path, word.description), word)
            self.found[path, word.description] = max(before, word, key=_tells)
        self._into(node, path, seen)

    def _resolved(self, node: Node, seen: tuple[str, ...]) -> tuple[Node, tuple[str, ...]]:
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return node, seen
        name = reference.rpartition("/")[2]
        target = {**_mapping(self.root, "definitions"), **_mapping(self.root, "$defs")}.get(
            name, {}
        )
        return {**target, **node}, (*seen, name)


def _tells(word: Word) -> tuple[bool, int]:
    """Of two that are alike, the one that can run, and of these the one with its values."""
    return not word.later, len(word.values)


@cache
def words(of: str = "workflow") -> tuple[Word, ...]:
    """Every key of the workflow format, or of a `result`, outer keys first."""
    schema = json.loads(library.schema_file(of).read_text(encoding="utf-8"))
    return Walk(schema).words()


def keys_called(name: str, of: str = "workflow") -> tuple[Word, ...]:
    """The keys that a name or a path means: `thinking`, `steps.prompt`, `run.limit`."""
    wanted = tuple(name.split("."))
    if len(wanted) > 1 and (whole := [word for word in words(of) if word.path == wanted]):
        return tuple(whole)
    return tuple(word for word in words(of) if word.path[-len(wanted) :] == wanted)


def keys_with_value(value: str) -> tuple[Word, ...]:
    """The keys that can have this value: `ultra_high`."""
    return tuple(word for word in words() if any(value == own for own, _ in word.values))


def names() -> tuple[str, ...]:
    """Every name of a key, every path, and every value."""
    single = {word.path[-1] for of in ("workflow", "result") for word in words(of)}
    values = {value for word in words() for value, _ in word.values}
    return tuple(sorted(single | values | {".".join(word.path) for word in words()}))


def _mapping(node: Node, key: str) -> Mapping[str, Node]:
    part = node.get(key)
    return {k: v for k, v in part.items() if isinstance(v, dict)} if isinstance(part, dict) else {}


def _inside(node: Node) -> Iterator[Node]:
    """Schemas that speak of the same value, and those of entries; conditions (`if`) are none."""
    for key in ("items", "additionalProperties", "then", "else"):
        part = node.get(key)
        if isinstance(part, dict):
            yield part
    for key in ("allOf", "anyOf", "oneOf"):
        parts = node.get(key)
        yield from (
            (part for part in parts if isinstance(part, dict)) if isinstance(parts, list) else ()
        )
