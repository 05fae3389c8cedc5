"""Interactions that the simulated service remembers, as `store` asks, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from runner.providers.simulator.errors import ApiError
from runner.providers.simulator.interaction_body import timestamp

MOST = 1000
MOST_BYTES = 256 << 20
"""Of all requests that are remembered: with their images."""

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Stored:
    """An interaction: its request as it came, its answer, and from when on it can be read."""

    owner: str
    request: bytes
    body: Body
    ready_from: datetime
    cancelled: bool = False

    def at(self, now: datetime) -> Body:
        """The interaction as it is at this moment: a background one is under way for a while."""
        if self.cancelled:
            return {**self.body, "status": "cancelled", "steps": []}
        if now < self.ready_from:
            waiting = {k: v for k, v in self.body.items() if k not in ("usage", "steps")}
            return {**waiting, "status": "in_progress", "steps": []}
        return {**self.body, "updated": timestamp(max(self.ready_from, _created(self.body)))}


@dataclass(slots=True)
class Kept:
    """The interactions of late, by id; the oldest go first."""

    stored: OrderedDict[str, Stored] = field(default_factory=OrderedDict)
    size: int = 0

    def add(self, id: str, stored: Stored) -> None:
        """Remembers one."""
        self.stored[id] = stored
        self.size += len(stored.request)
        while len(self.stored) > MOST or (self.size > MOST_BYTES and len(self.stored) > 1):
            _, oldest = self.stored.popitem(last=False)
            self.size -= len(oldest.request)

    def find(self, id: str, owner: str) -> Stored:
        """The interaction of this id. Raises a 404."""
        found = self.stored.get(id)
        if found is None or found.owner != owner:
            raise ApiError(404, f"Interaction {id} not found.")
        return found

    def cancel(self, id: str, owner: str, now: datetime) -> Stored:
        """Stops one that is under way; one that is over stays as it is. Raises a 404."""
        found = self.find(id, owner)
        if now < found.ready_from:
            found = replace(found, cancelled=True)
            self.stored[id] = found
        return found

    def delete(self, id: str, owner: str) -> None:
        """Forgets one. Raises a 404."""
        self.size -= len(self.find(id, owner).request)
        del self.stored[id]


def _created(body: Mapping[str, object]) -> datetime:
    return datetime.strptime(f"{body['created']}+0000", "%Y-%m-%dT%H:%M:%SZ%z")
