"""Results as they come, written down at once, and read again in the order of the plan."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from runner.text.result_line import to_line
from runner.values.result import Result


class Spool:
    """A file of result lines in the order of their arrival, with their places in memory.

    24 bytes a result are kept; the results themselves are not.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._ordinals, self._offsets, self._lengths = array("Q"), array("Q"), array("Q")
        self._end = 0

    def append(self, result: Result) -> None:
        """Writes one result; it is on its way to the disk when this returns."""
        line = to_line(result).encode() + b"\n"
        self._file.write(line)
        self._file.flush()
        self._ordinals.append(result.ordinal)
        self._offsets.append(self._end)
        self._lengths.append(len(line))
        self._end += len(line)

    def in_order(self) -> Iterator[bytes]:
        """Every line, in the order of the plan."""
        places = sorted(range(len(self._ordinals)), key=self._ordinals.__getitem__)
        with self.path.open("rb") as file:
            for place in places:
                file.seek(self._offsets[place])
                yield file.read(self._lengths[place])

    def close(self) -> None:
        """Closes the file; `in_order` still works."""
        self._file.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
