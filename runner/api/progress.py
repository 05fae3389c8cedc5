"""What a caller's own function hears of a run, and what becomes of an error in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runner.stages.halt import Halt
from runner.values.tally import Tally


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come. `unusable` of the results that are `done` have no usable answer;
    `cost_usd` is what the run has cost so far, in all of its sessions."""

    done: int
    total: int
    unusable: int
    detections: int
    cost_usd: float


@dataclass(slots=True)
class Listener:
    """Tells a function of every result. When it raises, the run ends as by Ctrl-C: what is under way
    was paid for, and is waited for. `raised` is what it raised."""

    tell: Callable[[Progress], object] | None
    raised: BaseException | None = None
    _halt: Halt | None = None

    def holds(self, halt: Halt) -> None:
        """Takes what ends the run early."""
        self._halt = halt

    def __call__(self, tally: Tally) -> None:
        if self.tell is None or self.raised is not None:
            return
        cost = tally.cost_usd
        try:
            self.tell(Progress(tally.done, tally.total, tally.unusable, tally.detections, cost))
        except (Exception, KeyboardInterrupt) as error:
            self.raised = error
            if self._halt is not None:
                self._halt.now("interrupted", f"`progress` raised {type(error).__name__}")
