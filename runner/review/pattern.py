"""Pattern: what the answers of a step look like, learnt from all of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from runner.review.route import Route, copy_of, kind_of, route_of, value_at
from runner.stages.record import LABEL_NAMES
from runner.values.result import USABLE, Detection, Result

LeafKind = Literal["text", "number", "yes_no", "texts", "nothing"]
Marked = Literal["box", "point"]

IMAGE = "image"
"""The field in which a thing says which of several images it is on, counted from 1."""

MOST_WORDS = 200
LONGEST_WORD = 80
"""Values that are offered to choose from: not more, and none that is a sentence."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of an answer that is neither a place nor the name of one."""

    route: Route
    value: object
    kind: LeafKind


@dataclass(frozen=True, slots=True)
class Record:
    """How a new thing is written: into which list, under which names.

    `place` is the name of its box or point, None when the item of the list is the place itself; the
    `others` are null until somebody fills them.
    """

    list: Route
    kind: Marked
    place: str | None
    label: str | None
    others: tuple[str, ...] = ()

    def on(self, image: int, count: int) -> bool:
        """Whether a thing can be on this one of so many images: without a field that says which, it
        is on the last one."""
        return image == count - 1 or IMAGE in self.others


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a reviewer of a step may choose from. `record` is None where nothing can be added,
    `finds` says whether things are found at all, `choices` name the values that must be one of their `words`, and
    `blank` is the answer where there is none."""

    labels: tuple[str, ...] = ()
    record: Record | None = None
    finds: bool = False
    kinds: Mapping[str, LeafKind] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: frozenset[str] = frozenset()
    blank: object = None


class Learning:
    """Takes the results of a step one by one; `choices` are the allowed words by their field."""

    def __init__(self, choices: Mapping[str, Sequence[str]]) -> None:
        self._choices = choices
        self._labels: Counter[str] = Counter()
        self._record: Record | None = None
        self._kinds: dict[str, LeafKind] = {}
        self._words: dict[str, dict[str, None]] = {}
        self._blank: object = None
        self._empty_list: Route | None = None
        self._finds = False

    def add(self, result: Result) -> None:
        """Learns from a result with a usable answer; from others there is nothing to learn."""
        if result.status not in USABLE:
            return
        self._labels.update(one.label for one in result.detections if one.label is not None)
        self._finds = self._finds or bool(result.detections)
        if self._blank is None:
            self._blank = _blank(copy_of(result.answer))
        for one in result.detections if self._record is None else ():
            self._record = self._record or record_of(result.answer, one)
        if self._empty_list is None:
            self._empty_list = _only_list(result.answer)
        for leaf in leaves(result):
            kind = kind_of(leaf.route)
            if leaf.kind != "nothing":
                self._kinds.setdefault(kind, leaf.kind)
            for word in _words(leaf.value):
                words = self._words.setdefault(kind, {})
                if len(words) <= MOST_WORDS:
                    words[word] = None

    def pattern(self) -> Pattern:
        """What was learnt."""
        words = {kind: self._offered(kind) for kind in {*self._words, *self._kinds}}
        return Pattern(
            labels=tuple(label for label, _ in self._labels.most_common()),
            record=self._record or self._unseen(),
            finds=self._finds or self._empty_list is not None,
            kinds=dict(self._kinds),
            words={kind: found for kind, found in words.items() if found},
            choices=frozenset(kind for kind in words if _field(kind) in self._choices),
            blank=self._blank,
        )

    def _unseen(self) -> Record | None:
        """Where nothing was found in the whole run: the record of a step with `schema: boxes`."""
        if self._empty_list is None or self._finds:
            return None
        return Record(self._empty_list, "box", "box", "label")

    def _offered(self, kind: str) -> tuple[str, ...]:
        name = _field(kind)
        if name in self._choices:
            return tuple(self._choices[name])
        found = tuple(self._words.get(kind, ()))
        return found if len(found) <= MOST_WORDS else ()


def _field(kind: str) -> str:
    """`price` of `boxes[].price`."""
    return kind.removesuffix("[]").rpartition(".")[2]


def record_of(answer: object, one: Detection) -> Record | None:
    """How things like this one are written; None for one that nobody could draw here."""
    route = route_of(one.at)
    kind = marked(one)
    if kind is None or not route or not isinstance(route[-1], int):
        return None
    if any(isinstance(step, int) for step in route[:-1]):
        return None  # a list of an entry of another list: there is one in each
    try:
        place, label = names_in(answer, one)
    except ValueError:
        return None
    item = value_at(answer, route)
    others = [name for name in item if name not in (place, label)] if isinstance(item, dict) else []
    return Record(route[:-1], kind, place, label, tuple(others))


def marked(one: Detection) -> Marked | None:
    """What of a thing can be moved: its box or its point. An outline and a mask stay as they are."""
    if one.polygon or one.mask is not None or one.box_3d is not None:
        return None
    if (one.box is None) == (one.point is None):
        return None
    return "box" if one.box is not None else "point"


def names_in(answer: object, one: Detection) -> tuple[str | None, str | None]:
    """Under which names the place and the label of a thing stand in its record; no name for a place
    that is the whole item. Raises ValueError when the answer does not hold them."""
    item = value_at(answer, route_of(one.at))
    place = one.box.as_list() if one.box else one.point.as_list() if one.point else None
    if not isinstance(item, dict):
        if place is None or item != place:
            raise ValueError(f"`{one.at}` is not where its place stands")
        return None, None
    found = next((name for name, value in item.items() if value == place), None)
    if found is None and place is not None and marked(one):
        raise ValueError(f"`{one.at}` does not hold its place")
    return found, label_name(item, one.label)


def label_name(item: Mapping[str, object], label: str | None) -> str | None:
    """The name under which a record holds its label."""
    said = (name for name in LABEL_NAMES if name in item)
    return next((name for name in said if item[name] == label or item[name] is None), None)


def leaves(result: Result) -> Iterator[Leaf]:
    """Every value that a person could correct, but for places and labels, in the answer's order."""
    things = {route_of(one.at): one for one in result.detections}
    numbered = IMAGE if len(result.images) > 1 else None
    for leaf in _leaves(result.answer, (), things):
        if numbered is None or leaf.route[-1:] != (numbered,) or leaf.route[:-1] not in things:
            yield leaf


def _leaves(value: object, route: Route, things: Mapping[Route, Detection]) -> Iterator[Leaf]:
    if isinstance(value, Mapping):
        one = things.get(route)
        own = label_name(value, one.label) if one is not None else None
        for name, each in value.items():
            if name != own and not _is_place(each):
                yield from _leaves(each, (*route, name), things)
    elif route in things or _is_place(value):
        return
    elif isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        yield Leaf(route, value, "texts")
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from _leaves(each, (*route, position), things)
    else:
        yield Leaf(route, value, _kind(value))


def _is_place(value: object) -> bool:
    """Numbers in a list, lists of them, or a mask."""
    if isinstance(value, Mapping):
        return "rle" in value
    if not isinstance(value, list) or not value:
        return False
    return all(
        _is_place(each)
        if isinstance(each, list)
        else isinstance(each, int | float) and not isinstance(each, bool)
        for each in value
    )


def _kind(value: object) -> LeafKind:
    match value:
        case bool():
            return "yes_no"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "nothing"


def _words(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and 0 < len(each) <= LONGEST_WORD:
            yield each


def _blank(value: object) -> object:
    if isinstance(value, dict):
        return {name: _blank(each) for name, each in value.items()}
    return [] if isinstance(value, list) else "" if isinstance(value, str) else None


def _only_list(answer: object) -> Route | None:
    if isinstance(answer, list) and not answer:
        return ()
    if isinstance(answer, dict) and len(answer) == 1:
        name, value = next(iter(answer.items()))
        if value == []:
            return (name,)
    return None
