"""What is sent of a file are the bytes that were looked at, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from runner.roles import ImageError
from runner.sources.inspect import inspect
from runner.sources.on_disk import OnDisk
from runner.sources.prepare import prepare
from runner.values.image import FileOrigin, Image


@pytest.fixture
def file(tmp_path: Path, draw: ModuleType) -> Path:
    """An image."""
    path = tmp_path / "a.png"
    path.write_bytes(draw.encoded(draw.scene(), "PNG"))
    return path


def content_of(path: Path, within: Path | None = None) -> OnDisk:
    """The content of an image that was just prepared."""
    image = inspect(FileOrigin(path, within), path.name)
    assert isinstance(image, Image)
    content = prepare(image).content
    assert isinstance(content, OnDisk)
    return content


def test_a_file_is_read_by_its_slices(file: Path) -> None:
    """Each is those bytes of the file; beyond its end there are none."""
    content, written = content_of(file), file.read_bytes()
    assert len(content) == len(written)
    assert content[:] == written
    assert content[3:40] == written[3:40]
    assert content[len(written) - 2 : len(written) + 9] == written[-2:]
    assert content[len(written) :] == content[9:4] == b""


CHANGES: dict[str, Callable[[Path], object]] = {
    "longer": lambda file: file.write_bytes(file.read_bytes() + b"!"),
    "shorter": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "as long": lambda file: file.write_bytes(file.read_bytes()[:-1] + b"!"),
    "another file": lambda file: (
        file.with_suffix(".new").write_bytes(file.read_bytes()),
        os.replace(file.with_suffix(".new"), file),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_was_written_again_is_not_sent(file: Path, change: str) -> None:
    """Not one byte of it, whatever is in it now."""
    os.utime(file, ns=(0, 0))  # of long ago: the next change is a later one by any clock
    content = content_of(file)
    CHANGES[change](file)
    with pytest.raises(ImageError, match=r"^a\.png: the file has changed since this run found it$"):
        content[:8]


def test_a_file_that_is_gone_is_told(file: Path) -> None:
    """By its name."""
    content = content_of(file)
    file.unlink()
    with pytest.raises(ImageError, match=r"^a\.png: there is no such file$"):
        content[:8]


def test_a_link_that_leads_out_by_now_is_not_followed(file: Path, tmp_path: Path) -> None:
    """Every slice is looked for where it really lies."""
    folder = tmp_path / "w"
    folder.mkdir()
    link = folder / "b.png"
    os.link(file, link)
    content = content_of(link, folder)
    link.unlink()
    link.symlink_to(file)
    with pytest.raises(ImageError, match="outside"):
        content[:8]
