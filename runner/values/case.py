"""A case: the images that belong together, asked about in one combination, once per repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.values.image import Image, UnreadableImage


@dataclass(frozen=True, slots=True)
class CaseImages:
    """What gather finds: one case by name, its images by role in the author's order, its row.

    `name` is unique in the run and stable: the image's name as shown, the file name that named
    images share, or the row's id. No two images of a role have the same name, so that role and name
    say which image of a case is meant. A case with an unreadable image stays in its place and fails.
    """

    name: str
    images: tuple[Image | UnreadableImage, ...]
    row: Mapping[str, object] = field(default_factory=dict)
    row_line: int | None = None


def known_by(image: Image | UnreadableImage) -> str:
    """What an image is compared by: the SHA-256 of its file, or the address of one that only the
    service sees; of one that cannot be used its name."""
    if isinstance(image, UnreadableImage):
        return image.name
    return image.sha256 or image.location or image.name
