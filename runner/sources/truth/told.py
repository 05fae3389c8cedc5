"""What a truth source says of one case, and what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from runner.sources.truth.flaws import Flaws
from runner.values.result import ResultImage
from runner.values.truth import Truth


@dataclass(frozen=True, slots=True)
class Told:
    """The truth of a case. `remarks` say what had to be left out of it, with file and row."""

    truth: Truth
    remarks: tuple[str, ...] = ()


class OpenTruth(Protocol):
    """A truth that can be asked case by case, in any order."""

    def of(self, case: str, images: Sequence[ResultImage]) -> Told:
        """What is right for this case. Raises `Unreadable` when the file is gone."""
        ...

    def unasked(self) -> tuple[int, str]:
        """How many images (or cases) it names that nobody asked about, and one of them."""
        ...

    def clash(self) -> str | None:
        """A name in it that was taken for two different images; None when there is none."""
        ...

    def close(self) -> None:
        """Lets go of its files."""
        ...


class TruthSource(Protocol):
    """A way to write the truth down."""

    def open(self, flaws: Flaws) -> OpenTruth:
        """Reads through the file once and notes where everything stands. Rows that cannot be used
        are added to `flaws`. Raises `Unreadable` when the file itself cannot be used."""
        ...
