"""What is known of the images that a workflow names after a quick look at the first of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.sources.candidate import Candidate
from runner.sources.inside import is_inside
from runner.sources.inspect import Convert, refusal
from runner.sources.opening import outside
from runner.values.result import Issue

MOST_FILES = 200
"""So many files are opened, for all that a workflow names together."""

MOST_SECONDS = 1.0
"""And no more after this time: a network drive may be slow."""


@dataclass(slots=True)
class Looks:
    """The looks that are left: each opens a file and reads its beginning and its end. `within` is
    the folder that files must really lie in."""

    convert: Convert | None = None
    clock: Callable[[], float] = time.monotonic
    left: int = MOST_FILES
    within: Path | None = None
    taken: int = 0
    passed_over: bool = False
    """Whether a file was not looked at, as no look was left."""
    _end: float | None = None

    def take(self) -> bool:
        """Uses up a look; False when none is left."""
        if not self.left:
            self.passed_over = True
            return False
        now = self.clock()
        self._end = self._end or now + MOST_SECONDS
        self.left = self.left - 1 if now < self._end else 0
        self.taken += 1
        return True

    def refusal(self, file: str) -> Issue | None:
        """Why a file cannot be sent; None when nothing is found, or no look is left."""
        return refusal(Path(file), self.convert, self.within) if self.take() else None

    @property
    def bound(self) -> str:
        """What to say after a count of what was found: how far was looked; nothing when all was."""
        if not self.passed_over:
            return ""
        seen = "image was" if self.taken == 1 else f"{self.taken:,} images were"
        return f" (only the first {seen} looked at)"


@dataclass(slots=True)
class Survey:
    """The images of one name, over all entries: those named before, and whether one can be used."""

    looks: Looks
    several: bool = False
    usable: bool = False
    _seen: set[object] = field(default_factory=set)

    def is_new(self, candidate: Candidate) -> bool:
        """False when an earlier entry named this image."""
        if not self.several:
            return True
        identity = candidate.identity
        new = identity not in self._seen
        self._seen.add(identity)
        return new

    def refusal(self, candidate: Candidate) -> Issue | None:
        """Why an image cannot be used; None notes that one can."""
        issue = candidate.problem
        if issue is None and candidate.kind == "file":
            issue = self._outside(candidate.where) or self.looks.refusal(candidate.where)
        self.usable = self.usable or issue is None
        return issue

    def _outside(self, file: str) -> Issue | None:
        """Links are followed also where no look is left: what they lead to may be anything."""
        within = self.looks.within
        if os.path.islink(file) and not os.path.exists(file):
            return Issue("image_missing", f"the link leads nowhere: there is no `{_aim(file)}`")
        if within and os.path.islink(file) and not is_inside(file, within):
            return outside().issue
        return None


def _aim(link: str) -> str:
    """What a link names, as it names it."""
    try:
        return os.readlink(link)
    except OSError:
        return link
