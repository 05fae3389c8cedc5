"""What a check found: how it is, in a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail", "skip"]
"""ok: as it should be · warn: works, but look at it · fail: a run would not work · skip: not looked
at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. `check` is the short name of what was looked at. Holds no key."""

    check: str
    level: Level
    says: str
    do: str = ""


def fails(findings: Iterable[Finding]) -> bool:
    """Whether a run would not work."""
    return any(finding.level == "fail" for finding in findings)
