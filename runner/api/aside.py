"""Carrying out a run where an event loop may be running already, as in Jupyter."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from runner.stages.halt import Halt

T = TypeVar("T")
Holds = Callable[[Halt], None]

PATIENCE_SECONDS = 0.2
"""So long a Ctrl-C may take where waiting cannot be interrupted (Windows)."""


def carried_out(work: Callable[[Holds], T]) -> T:
    """What `work` returns: done in this thread, or beside it when an event loop runs here.

    `work` gives what ends it early to its argument. Ctrl-C ends it as it does on the command line:
    the first time what is under way is waited for, the second time nothing is.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work(lambda halt: None)
    return _beside(work)


def _beside(work: Callable[[Holds], T]) -> T:
    interrupts = _Interrupts()
    with _heard(interrupts), ThreadPoolExecutor(1, thread_name_prefix="askpix") as thread:
        done = thread.submit(work, interrupts.holds)
        while not done.done():
            wait([done], PATIENCE_SECONDS)
        return done.result()


@contextmanager
def _heard(interrupts: _Interrupts) -> Iterator[None]:
    """Ctrl-C ends the run while the block lasts, not the event loop around it (`asyncio.run` takes it)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.signal(signal.SIGINT, interrupts)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


class _Interrupts:
    """Every Ctrl-C reaches the run, also those that came before it began."""

    def __init__(self) -> None:
        self._halt: Halt | None = None
        self._early = 0

    def holds(self, halt: Halt) -> None:
        self._halt = halt
        if self._early:
            halt.interrupt()

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        if self._halt is None:
            self._early += 1
        else:
            self._halt.interrupt()
