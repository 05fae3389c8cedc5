"""A file appears at once and whole, or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from runner.exporters.atomic import encoded, write_file, writing


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    """Folders above it are made; nothing else is left."""
    path = tmp_path / "a" / "b" / "x.txt"
    with writing(path) as file:
        file.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    assert list(path.parent.iterdir()) == [path]


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    """And the half-written file is gone."""
    path = write_file(tmp_path / "x.txt", b"before")

    def fail_half_way() -> None:
        with writing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_others_may_read_the_file_as_far_as_the_system_allows(tmp_path: Path) -> None:
    """A temporary file's usual 0600 would lock colleagues out."""
    before = os.umask(0o022)
    try:
        path = write_file(tmp_path / "x.txt", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_half_a_surrogate_pair_can_be_written() -> None:
    """As the escape that JSON knows it by."""
    assert encoded("a\ud800é") == b"a\\ud800\xc3\xa9"
