"""Room that is kept free for what is under way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from runner.store.ballast import Ballast
from runner.store.trouble import StoreError


def test_ballast_holds_real_blocks_until_it_is_released(tmp_path: Path) -> None:
    """A file of holes would keep nothing free."""
    ballast = Ballast(tmp_path / "run.ballast", 300_000)
    there = (tmp_path / "run.ballast").stat()
    assert there.st_size == 300_000
    assert there.st_blocks * 512 >= 300_000
    assert ballast.release()
    assert not ballast.release()
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_allocated_ahead_ballast_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS has no posix_fallocate; some file systems refuse it."""
    monkeypatch.delattr(os, "posix_fallocate")
    Ballast(tmp_path / "run.ballast", 300_000)
    content = (tmp_path / "run.ballast").read_bytes()
    assert len(content) == 300_000
    assert len(set(content[-4096:])) > 100  # noise: nothing to compress


@pytest.mark.tmpfs
def test_a_disk_without_room_is_told_at_once(full_disk: Path) -> None:
    """Before anything is asked; nothing is left behind."""
    with pytest.raises(StoreError) as refused:
        Ballast(full_disk / "run.ballast", 4 << 20)
    assert refused.value.errno == errno.ENOSPC
    assert str(refused.value) == f"{full_disk} has no room for a run (no space left on device)"
    assert list(full_disk.iterdir()) == []
