"""What is known to be right about a case: compared with answers, never shown to a model."""

from __future__ import annotations

from dataclasses import dataclass

from runner.values.result import Detection, Result


@dataclass(frozen=True, slots=True)
class Things:
    """Everything that is to be found in the images of a case, in pixels of the upright original.

    They are the same values as an answer's detections; `at` says where each stands in its file.
    `keypoints` are the named places of things (`nose`), each with a `point`; their fields name the
    `thing` by its position in `found`. Nothing in `found` means that nothing is to be found.
    """

    found: tuple[Detection, ...] = ()
    keypoints: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """The value of a column of the table."""

    value: object


@dataclass(frozen=True, slots=True)
class NoTruth:
    """Nobody has said what is right, and why not: such a case is not judged."""

    why: str


Truth = Things | Cell | Result | NoTruth
"""Under one name, for one case. A `Result` is the answer of an earlier run that is taken as right."""
