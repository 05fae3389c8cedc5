"""Sample: the requests of a plan → some of them by chance, and from what those take, what all take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from heapq import heappush, heapreplace
from math import sqrt

from runner.values.request import Request, Settings

WIDTH = 2.05
"""Standard errors to either side in an interval that holds 95 of 100 times: Student's t for 30
counted requests. For more of them it is a little too wide."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A request to be counted, the tokens of input that it is estimated at, and how many requests of
    the plan take the same."""

    request: Request
    estimate: int
    times: int


@dataclass(frozen=True, slots=True)
class Total:
    """The tokens of input of all requests. `margin` is half of the 95 % interval: 0 when every one
    was counted, None when too few were to tell."""

    tokens: int
    margin: int | None


@dataclass(slots=True)
class Sample:
    """At most `most` of the different requests to one model.

    They are those whose digests are the smallest: as good as by lot, and the same whenever the same
    plan is made. `requests` counts all, `estimate` is what they are estimated at together.
    """

    most: int
    requests: int = 0
    estimate: int = 0
    _times: dict[int, int] = field(default_factory=dict)
    _drawn: dict[int, tuple[Request, int]] = field(default_factory=dict)
    _largest: list[int] = field(default_factory=list)
    """The numbers of `_drawn`, negative: a heap whose first is the largest of them."""

    def add(self, request: Request, estimate: int) -> None:
        """A request of the plan, and the tokens that it is estimated at."""
        self.requests += 1
        self.estimate += estimate
        form = as_counted(request)
        number = int(form.key[:16], 16)
        known = number in self._times
        self._times[number] = self._times.get(number, 0) + 1
        if known:
            return
        if len(self._drawn) < self.most:
            heappush(self._largest, -number)
        elif number < -self._largest[0]:
            del self._drawn[-heapreplace(self._largest, -number)]
        else:
            return
        self._drawn[number] = (form, estimate)

    @property
    def distinct(self) -> int:
        """How many of the requests differ in what they take."""
        return len(self._times)

    def drawn(self) -> list[Drawn]:
        """The requests to be counted."""
        return [
            Drawn(request, estimate, self._times[number])
            for number, (request, estimate) in sorted(self._drawn.items())
        ]

    def total(self, counted: Mapping[str, int]) -> Total | None:
        """What all requests take, by what the counted ones do; None when none was counted.
        `counted` holds the tokens by the keys of the drawn requests.

        The ratio of what was counted to what was estimated is taken to hold for the others, too: the
        estimate is wrong, but wrong alike. See Cochran, Sampling Techniques, on ratio estimates.
        """
        pairs = [
            (each.times * each.estimate, each.times * counted[each.request.key])
            for each in self.drawn()
            if each.request.key in counted
        ]
        estimated = sum(estimate for estimate, _ in pairs)
        if not estimated:
            return None
        ratio = sum(tokens for _, tokens in pairs) / estimated
        return Total(round(ratio * self.estimate), self._margin(pairs, ratio))

    def _margin(self, pairs: list[tuple[int, int]], ratio: float) -> int | None:
        count, all_of_them = len(pairs), self.distinct
        if count == all_of_them:
            return 0
        if count < 2:
            return None
        spread = sum((tokens - ratio * estimate) ** 2 for estimate, tokens in pairs) / (count - 1)
        error = all_of_them * sqrt((1 - count / all_of_them) * spread / count)
        return round(WIDTH * error)


def as_counted(request: Request) -> Request:
    """The request without what does not change the tokens of its input: requests that take the same
    have the same key then. Images count by their content: what the size of an image alone says
    about its tokens is not documented."""
    settings = request.settings
    return replace(
        request,
        family="generate_content",
        settings=Settings(media_resolution=settings.media_resolution, headers=settings.headers),
        repeat=1,
    )
