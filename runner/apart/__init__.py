"""Apart: decoders work in processes of their own, so that one that crashes takes only its image with it.

A decoder is native code that reads bytes of strangers; where it fails badly it ends its process, and no
`except` helps. So the pixels of images are made in a few children, which are started when the first is
needed, live as long as they have work, and end with this process however it ends: when their pipe
closes. That keeps a run alive; it is no sandbox, a child may do what this process may.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MOST_CHILDREN = 8
"""Or as many as there are processors, if that is less."""

IDLE_SECONDS = 30.0
"""A child that had nothing to do for so long is ended; the next image starts another."""

REMEMBERED_SECONDS = 600.0
"""An image that crashed its decoder is tried again after so long: memory may have been short."""

CHILD = Path(__file__).resolve().with_name("child.py")


class Crashed(Exception):
    """The decoder ended its process; the message says that the image did it, and how."""


def apart(about: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work returns or raises, done in a process of its own; for several threads at a time.

    `about` is the SHA-256 of the image: work about one that has crashed is not tried again for a
    while, and a child that still has its pixels is preferred. `work` is a function of a module, and it,
    what it is given and what comes of it can be pickled. Raises `Crashed`. Where no process starts, the
    work is done in this one: better without a net than not at all.
    """
    return _children.do(about, work, args, kwargs)  # type: ignore[return-value]  # pickle knows no types


def end() -> None:
    """Ends the processes that have nothing to do; the next work starts others."""
    _children.end()


class _Children:
    """The processes, and what has crashed one of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._watcher: Thread | None = None
        self._idle: list[_Child] = []
        self._crashed: dict[str, tuple[str, float]] = {}
        self._changed = Condition()

    def do(
        self,
        about: str,
        work: Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> object:
        how, until = self._crashed.get(about, ("", 0.0))
        if monotonic() < until:
            raise Crashed(how)
        try:
            child = self._taken(about)
        except _NoStart:
            return work(*args, **kwargs)
        try:
            succeeded, outcome = child.ask((_folder(), work, args, kwargs))
        except BaseException as error:
            how = child.end()  # also when it is waited for no longer: its answer is nobody's
            self._given_back(None)
            if not isinstance(error, _ENDED):
                raise
            how = f"the image crashed its decoder ({how})"
            self._crashed[about] = how, monotonic() + REMEMBERED_SECONDS
            raise Crashed(how) from error
        self._given_back(child)
        if not succeeded:
            assert isinstance(outcome, BaseException)
            raise outcome
        return outcome

    def _taken(self, about: str) -> _Child:
        """An idle child, the one that had this image last if there is one, else a new one, else the
        next that gets idle."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._count < self._most)
            for child in [child for child in self._idle if child.is_gone]:
                self._idle.remove(child)  # somebody has killed it while it had nothing to do
                self._count -= 1
                child.end()
            if self._idle:
                child = next((each for each in self._idle if each.about == about), self._idle[-1])
                self._idle.remove(child)
                child.about = about
                return child
            self._count += 1
            if not self._watcher:
                self._watcher = Thread(target=self._watch, daemon=True)
                self._watcher.start()
        try:
            return _Child(about)
        except BaseException:
            self._given_back(None)
            raise

    def _given_back(self, child: _Child | None) -> None:
        with self._changed:
            if child is None:
                self._count -= 1
            else:
                child.idle_since = monotonic()
                self._idle.append(child)
            self._changed.notify_all()

    def _watch(self) -> None:
        """Ends children that have nothing to do, as long as there are any."""
        with self._changed:
            while self._count:
                self._changed.wait(IDLE_SECONDS / 2)
                self._end(monotonic() - IDLE_SECONDS)
            self._watcher = None

    def end(self) -> None:
        """Ends the children that have nothing to do, and waits for the watcher if no other is left."""
        with self._changed:
            self._end(float("inf"))
            watcher = None if self._count else self._watcher
            self._changed.notify_all()
        if watcher:
            watcher.join()

    def _end(self, before: float) -> None:
        """Ends the children that have been idle since before this time; in `_changed`."""
        old = [child for child in self._idle if child.idle_since < before]
        self._idle = [child for child in self._idle if child not in old]
        self._count -= len(old)
        for child in old:
            child.end()


_children: _Children


class _NoStart(Exception):
    """The machine starts no process, or what it starts is no Python of ours."""


class _Child:
    """One process."""

    def __init__(self, about: str) -> None:
        self.about = about
        self.idle_since = 0.0
        self._has_left = False
        try:
            self._process = _started()
        except OSError as error:
            raise _NoStart from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        try:
            self.ask(sys.path)
        except BaseException as error:
            self.end()
            if isinstance(error, _ENDED):
                raise _NoStart from error
            raise

    def ask(self, request: object) -> tuple[bool, object]:
        """Whether it succeeded, and what came of it. Raises one of `_ENDED` when it has ended."""
        try:
            pickle.dump(pickle.dumps(request, pickle.HIGHEST_PROTOCOL), self._requests)
            self._requests.flush()
            answer: tuple[bool, object] = pickle.load(self._answers)
        except _ENDED:
            self._has_left = True
            raise
        return answer

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def end(self) -> str:
        """Ends it, and says how it ended if it has closed its pipe by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1 if self._has_left else 0)
        self._process.kill()
        code = self._process.wait()
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):  # what was not written is of no use to anyone
                pipe.close()
        try:
            return signal.Signals(-code).name if code < 0 else f"exit code {code}"
        except ValueError:
            return f"signal {-code}"


_ENDED = (EOFError, OSError, pickle.UnpicklingError)
"""What comes of asking a process that is gone, or goes in the middle of its answer."""

_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG")


def _started() -> subprocess.Popen[bytes]:
    # -P: nothing is imported from the folder that it is started in. The environment holds no key. What
    # a terminal sends to all processes is for the parent alone, from the first moment on.
    return subprocess.Popen(
        [sys.executable, "-P", str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if _is_needed(name)},
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _is_needed(name: str) -> bool:
    return name in _ENVIRONMENT or name.startswith(("PYTHON", "LC_"))


def _folder() -> str | None:
    """Where relative paths start."""
    try:
        return os.getcwd()
    except OSError:  # somebody has deleted it
        return None


def _forget() -> None:
    """A copy of this process shares no pipe with it."""
    global _children
    _children = _Children(min(MOST_CHILDREN, os.cpu_count() or 1))


_forget()
atexit.register(end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
