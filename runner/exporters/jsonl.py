"""`as: jsonl` — one line for each result: the lossless form of what is saved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.exporters.atomic import writing
from runner.exporters.record import as_line, record_of_result
from runner.roles import OpenImage
from runner.values.reference import Reference
from runner.values.result import Result


@dataclass(frozen=True, slots=True)
class Jsonl:
    """One line of JSON for each result, also for those that failed."""

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The file, in the order of the plan; one result is held at a time."""
        with writing(target) as file:
            for result in results:
                file.write(as_line(record_of_result(result, self.save.path)))
        return (target,)
