"""What an output could not hold, case by case: beside the files, so that nothing vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.exporters.atomic import encoded, write_file
from runner.exporters.names import combination_name
from runner.values.result import Result


@dataclass(slots=True)
class Notes:
    """Lines of a text file that is only written when there is one."""

    file_name: str
    lines: list[str] = field(default_factory=list)

    def add(self, result: Result, why: str) -> None:
        """A case and the reason, in one line."""
        where = [result.case]
        if result.combination:
            where.append(combination_name(result.combination))
        if result.repeat > 1:
            where.append(f"repeat {result.repeat}")
        line = f"{', '.join(where)}: {result.status}: {why}"
        self.lines.append("".join(map(_shown, " ".join(line.split()))))

    def write(self, folder: Path) -> Sequence[Path]:
        """The file in this folder, or nothing."""
        if not self.lines:
            return ()
        return (write_file(folder / self.file_name, encoded("\n".join(self.lines) + "\n")),)


def _shown(letter: str) -> str:
    """Control characters and marks of direction are told, not acted on by whoever prints the file."""
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()
