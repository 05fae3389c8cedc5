"""What is recorded, by what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from runner.transport.recording.body import images_in
from runner.transport.recording.exchange import Exchange, WireRequest
from runner.transport.recording.lines import Place

MOST_COMPARED = 100
"""A request that is not recorded is compared with at most so many that are."""

LETTERS = 16
"""Bytes of a digest that are kept: enough to tell all requests apart, in little memory."""


@dataclass(slots=True)
class Index:
    """Places of lines; the exchanges themselves stay on the disk. What comes later replaces what
    was recorded of the same request."""

    _places: dict[bytes, Place] = field(default_factory=dict)
    """By everything that is known of a request."""
    _alike: dict[bytes, bytes] = field(default_factory=dict)
    """The first of those that look the same on the wire."""
    _by_question: dict[bytes, Place] = field(default_factory=dict)
    _by_image: dict[bytes, list[Place]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[tuple[Place, Exchange]]) -> Index:
        """The index of these lines."""
        index = cls()
        for place, exchange in lines:
            index.add(exchange.request, place)
        return index

    def add(self, request: WireRequest, place: Place) -> None:
        """Takes in the line of an exchange with this request."""
        identity = request.identity
        exact = _short(identity, request.key)
        self._places[exact] = place
        self._alike.setdefault(_short(identity), exact)
        if question := request.question:
            self._by_question[_short(question)] = place
        for digest in images_in(request.body):
            same = self._by_image.setdefault(_short(digest), [])
            if len(same) < MOST_COMPARED:
                same.append(place)

    def take_in(self, later: Index) -> None:
        """Takes in what was recorded later."""
        self._places |= later._places
        self._alike = later._alike | self._alike
        self._by_question |= later._by_question
        for digest, places in later._by_image.items():
            same = self._by_image.setdefault(digest, [])
            same += places[: MOST_COMPARED - len(same)]

    def find(self, request: WireRequest) -> Place | None:
        """Where this request is recorded. Of several that look the same on the wire, the one with
        the same key; the first if there is none. An image may have been encoded anew since."""
        identity = request.identity
        if place := self._places.get(_short(identity, request.key)):
            return place
        if first := self._alike.get(_short(identity)):
            return self._places[first]
        question = request.question
        return self._by_question.get(_short(question)) if question else None

    def near(self, request: WireRequest) -> Iterator[Place]:
        """Places worth comparing with a request that is not recorded: those with an image of it,
        or any when there are none."""
        digests = map(_short, images_in(request.body))
        shared = [place for digest in digests for place in self._by_image.get(digest, ())]
        for count, place in enumerate(dict.fromkeys(shared) or self):
            if count == MOST_COMPARED:
                return
            yield place

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places.values())

    def __len__(self) -> int:
        return len(self._places)


def _short(*words: str) -> bytes:
    return sha256("\n".join(words).encode("utf-8", "surrogatepass")).digest()[:LETTERS]
