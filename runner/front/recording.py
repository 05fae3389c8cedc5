"""A run that is written down, and one that needs nobody to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runner.values.problem import Rejected

if TYPE_CHECKING:
    from runner.transport.recording import Mode, Recordings


@contextmanager
def recordings_of(
    record: Path | None,
    record_mode: Mode | None,
    replay: Path | None,
    say: Callable[[str], None],
    *,
    key: str | None = None,
    quiet: bool = False,
) -> Iterator[Recordings | None]:
    """The recordings that are asked for, None when none are; closed at the end, with a line on what
    became of them. Raises `Rejected` when they cannot be read or written."""
    if record and replay:
        raise Rejected.because("a run is recorded or replayed, not both")
    if record_mode and not record:
        raise Rejected.because("record_mode needs record")
    folder, mode = record or replay, record_mode or ("new" if record else "none")
    if folder is None:
        yield None
        return
    recordings = _opened(folder, mode, key, say)
    try:
        yield recordings
    finally:
        _close(recordings)
        if not quiet:
            say(_told(recordings))


def _opened(folder: Path, mode: Mode, key: str | None, say: Callable[[str], None]) -> Recordings:
    from runner.transport.recording import RecordingError, Recordings

    try:
        recordings = Recordings.open(folder, mode, key=key)
    except RecordingError as error:
        is_missing = mode == "none" and not folder.exists()
        hint = f"\n  make it with:  --record {folder}" if is_missing else ""
        raise Rejected.because(f"{error}{hint}") from None
    for note in recordings.notes:
        say(f"warning: {note}")
    return recordings


def _close(recordings: Recordings) -> None:
    from runner.transport.recording import RecordingError

    try:
        recordings.close()
    except RecordingError as error:
        raise Rejected.because(str(error), exit_code=5) from None


def _told(recordings: Recordings) -> str:
    told = [f"{recordings.replayed:,} answered from it"] if recordings.replayed else []
    told += [f"{recordings.recorded:,} recorded"] if recordings.recorded else []
    return f"  {recordings.folder}: {', '.join(told) or 'nothing in it was asked for'}"
