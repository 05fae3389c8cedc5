"""`as: json` — one file with everything that is saved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.exporters.atomic import encoded, writing
from runner.exporters.record import as_line, record_of_result
from runner.roles import OpenImage
from runner.values.reference import Reference
from runner.values.result import Result


@dataclass(frozen=True, slots=True)
class Json:
    """One JSON object: what was saved, and a list of results, also of those that failed."""

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The file, in the order of the plan, a line for each result; one is held at a time."""
        with writing(target) as file:
            saved = json.dumps(str(self.save), ensure_ascii=False)
            file.write(encoded(f'{{"version": 1, "save": {saved}, "results": [\n'))
            between = b""
            for result in results:
                file.write(between)
                file.write(as_line(record_of_result(result, self.save.path)).rstrip(b"\n"))
                between = b",\n"
            file.write(b"\n]}\n" if between else b"]}\n")
        return (target,)
