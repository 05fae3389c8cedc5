"""Halt: why a run ends before its plan does, and the signals that end it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")

HaltKind = Literal["interrupted", "limit", "service", "on_error"]
"""interrupted: by a person or the machine · limit: budget, daily quota or disk · service: the same
failure would meet every request (key, model) · on_error: the workflow says `on_error: stop`."""

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, a request to end, a terminal that was closed."""


@dataclass(slots=True)
class Halt:
    """Why a run ends before its plan does. The first reason stays."""

    kind: HaltKind | None = None
    why: str = ""
    at_once: bool = False
    """A person does not want to wait for what is under way."""
    _called: asyncio.Event = field(default_factory=asyncio.Event)
    _interrupt: Callable[[], None] | None = None

    def now(self, kind: HaltKind, why: str) -> None:
        """Nothing more is asked; what is under way comes to its end, and nobody waits to retry."""
        if self.kind is None:
            self.kind, self.why = kind, why
        self._called.set()

    def interrupt(self) -> None:
        """What Ctrl-C does, from any thread: for a run that hears no signals."""
        if self._interrupt is None:
            self.now("interrupted", "interrupted")
        else:
            with suppress(RuntimeError):  # its loop has come to its end meanwhile
                self._interrupt()

    @contextmanager
    def interrupted_by(self, stop: Callable[[], None]) -> Iterator[None]:
        """`stop` is carried out in this loop when somebody interrupts the run."""
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            loop.call_soon_threadsafe(stop)

        self._interrupt = interrupt
        try:
            yield
        finally:
            self._interrupt = None

    @property
    def is_called(self) -> bool:
        """True when nothing more is to be asked."""
        return self.kind is not None

    async def sleep(self, seconds: float) -> None:
        """Waits so long, or until the run is halted."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._called.wait(), seconds)


def until_halted(work: Coroutine[Any, Any, T], halt: Halt) -> T:
    """Carries out `work` in an event loop of its own, and waits for the threads in which images are
    read; not so when a person does not want to wait: then they may be left behind."""

    async def with_threads() -> T:
        asyncio.get_running_loop().set_default_executor(_Threads(halt))
        return await work

    return asyncio.run(with_threads())


class _Threads(ThreadPoolExecutor):
    def __init__(self, halt: Halt) -> None:
        super().__init__(thread_name_prefix="reading")
        self._halt = halt

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        at_once = self._halt.at_once
        super().shutdown(wait and not at_once, cancel_futures=cancel_futures or at_once)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Every signal that ends a run is a `KeyboardInterrupt` here: for what waits for nobody."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, interrupt) for number in heard}
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_on_signals(halt: Halt, say: Callable[[str], None]) -> Iterator[None]:
    """The first signal lets what is under way end; the second stops at once.

    A signal that this process was told to ignore (`nohup`) is still ignored.
    """
    loop = asyncio.get_running_loop()
    asking = asyncio.current_task()

    def stop() -> None:
        if halt.kind == "interrupted" and asking is not None:
            halt.at_once = True
            asking.cancel()
        elif halt.kind is None:
            say("finishing what is under way; Ctrl-C again stops at once")
        halt.now("interrupted", "interrupted")

    with halt.interrupted_by(stop), _heard(loop, stop):
        yield


@contextmanager
def _heard(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Iterator[None]:
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        for number in heard:
            loop.add_signal_handler(number, stop)
    except (NotImplementedError, RuntimeError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
