"""An event loop on which sleeping costs nothing: hours of waiting in a moment, always in the same
order, and a deadlock is an error instead of a test that hangs."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from math import inf, nextafter
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Everything waits, and nothing will ever happen."""


def run(main: Coroutine[Any, Any, T], start: float = 0.0) -> T:
    """What a coroutine returns; `asyncio.get_running_loop().time()` starts at `start` seconds."""
    with asyncio.Runner(loop_factory=lambda: _Loop(start)) as runner:
        return runner.run(main)


class _Selector(selectors.SelectSelector):
    """Moves the clock where others wait."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.now = start

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock("nothing is scheduled")
        if timeout > 0:
            self.now = max(self.now + timeout, nextafter(self.now, inf))  # it never stands still
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, start: float) -> None:
        self._virtual = _Selector(start)
        super().__init__(self._virtual)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._virtual.now
