"""A dictionary of plug-ins that one can read, and that knows what you may have meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Generic, TypeVar

T = TypeVar("T")


class Unknown(LookupError):
    """No plug-in of this name; `close` are the names that look like it."""

    def __init__(self, kind: str, name: str, close: tuple[str, ...]) -> None:
        super().__init__(f"there is no {kind} `{name}`")
        self.kind, self.name, self.close = kind, name, close


class Registry(Mapping[str, T], Generic[T]):
    """The plug-ins of one room by the name that a workflow uses.

    Plug-ins from outside are listed by `outside()` and loaded only when `load` names one: nothing
    that is merely installed runs.
    """

    def __init__(self, kind: str, own: Mapping[str, T], group: str | None = None) -> None:
        self.kind = kind
        self._own = dict(own)
        self._group = group

    def __getitem__(self, name: str) -> T:
        try:
            return self._own[name]
        except KeyError:
            raise Unknown(self.kind, name, tuple(get_close_matches(name, self._own))) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)

    def outside(self) -> tuple[str, ...]:
        """Names that other installed distributions offer for this room."""
        return tuple(sorted(_entry_points(self._group)))

    def load(self, name: str) -> T:
        """The plug-in of this name, from outside if it is not one of ours."""
        if name in self._own:
            return self._own[name]
        found = _entry_points(self._group)
        if name not in found:
            raise Unknown(self.kind, name, tuple(get_close_matches(name, [*self._own, *found])))
        plugin: T = found[name].load()  # type: ignore[attr-defined]  # an EntryPoint
        return plugin


def _entry_points(group: str | None) -> Mapping[str, object]:
    if group is None:
        return {}
    from importlib.metadata import entry_points  # slow to import, seldom needed

    return {point.name: point for point in entry_points(group=group)}
