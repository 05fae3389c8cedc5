"""What is recorded, by what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from runner.transport.recording.body import images_in
from runner.transport.recording.exchange import Exchange, WireRequest
from runner.transport.recording.lines import Place

MOST_COMPARED = 100
"""A request that is not recorded is compared with at most so many that are."""


@dataclass(slots=True)
class Index:
    """Places of lines; the exchanges themselves stay on the disk. What comes later replaces what
    was recorded of the same request."""

    _places: dict[str, dict[str, Place]] = field(default_factory=dict)
    _by_question: dict[str, Place] = field(default_factory=dict)
    _by_image: dict[str, list[Place]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[tuple[Place, Exchange]]) -> Index:
        """The index of these lines."""
        index = cls()
        for place, exchange in lines:
            index.add(exchange.request, place)
        return index

    def add(self, request: WireRequest, place: Place) -> None:
        """Takes in the line of an exchange with this request."""
        self._places.setdefault(request.identity, {})[request.key] = place
        if request.question:
            self._by_question[request.question] = place
        for digest in images_in(request.body):
            self._by_image.setdefault(digest, []).append(place)

    def find(self, request: WireRequest) -> Place | None:
        """Where this request is recorded. Of several that look the same on the wire, the one with
        the same key; the first if there is none. An image may have been encoded anew since."""
        same = self._places.get(request.identity)
        if not same:
            return self._by_question.get(request.question or "")
        return same.get(request.key) or next(iter(same.values()))

    def near(self, request: WireRequest) -> Iterator[Place]:
        """Places worth comparing with a request that is not recorded: those with an image of it,
        or any when there are none."""
        shared = [place for d in images_in(request.body) for place in self._by_image.get(d, ())]
        for count, place in enumerate(dict.fromkeys(shared) or self):
            if count == MOST_COMPARED:
                return
            yield place

    def __iter__(self) -> Iterator[Place]:
        for same in self._places.values():
            yield from same.values()

    def __len__(self) -> int:
        return sum(map(len, self._places.values()))
