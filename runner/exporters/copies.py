"""Copies of images beside their annotations, under the names that the annotations give them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.exporters.annotated import Annotated
from runner.exporters.atomic import write_file
from runner.exporters.notes import Notes
from runner.roles import OpenImage


def copy_image(
    image: Annotated, folder: Path, open_image: OpenImage, notes: Notes
) -> Sequence[Path]:
    """The copy, byte for byte: upright only for readers that heed its EXIF data, as most do. Nothing,
    and a note, when the image is not on this machine any more."""
    content = open_image(image.image)
    if content is None:
        notes.add(image.results[0], f"{image.name}: the image is not on this machine")
        return ()
    return (write_file(folder / image.name, content),)
