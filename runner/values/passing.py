"""How an image travels to the service: within its request, as an uploaded file, or as its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runner.values.image import Image, Prepared
from runner.values.request import Request

Upload = Literal["auto", "inline", "files", "uri"]
"""What a workflow says. Of the last one, images that have no web address travel as with `inline`."""

Why = Literal["said", "used", "large"]
"""said: the workflow wants it · used: so many requests need the image that it pays · large: the
request would be too large with it."""

FEWEST_USES = 3
SAVED_BYTES = 4 << 20
"""An image is uploaded if at least `FEWEST_USES` requests need it and so many bytes less travel: two
small requests more for each upload are not worth less than that."""

MOST_FILE_BYTES = 2 << 30
MOST_PROJECT_BYTES = 20 << 30
"""Of one file, and of all files of a project. Source: ai.google.dev, Files API."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An image that the service has as a file: its address, and the digest of its bytes in hex."""

    uri: str
    mime: str
    sha256: str
    byte_count: int


Passed = Prepared | Uploaded | None
"""An image as a request holds it: its bytes, its file, or nothing but its own web address."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """An upload as it is remembered. `expires` is in seconds since 1970, by the service's clock."""

    name: str
    uri: str
    byte_count: int
    expires: float


def uploads(
    upload: Upload, images: Sequence[tuple[int, int]], others: int, most: int
) -> tuple[Why | None, ...]:
    """For each image of a request why it travels as a file, None when it travels within.

    `images` are their bytes and how many requests of the run need each; `others` are the bytes of
    the rest of the request, which may have `most` bytes.
    """
    chosen: list[Why | None] = ["said" if upload == "files" else None] * len(images)
    if upload != "auto":
        return tuple(chosen)
    for number, (size, uses) in enumerate(images):
        if pays(size, uses):
            chosen[number] = "used"
    within = [number for number, why in enumerate(chosen) if why is None]
    length = others + sum(as_base64(images[number][0]) for number in within)
    for number in sorted(within, key=lambda number: -images[number][0]):
        if length <= most:
            break
        chosen[number] = "large"
        length -= as_base64(images[number][0])
    return tuple(chosen)


def pays(size: int, uses: int) -> bool:
    """Whether an image of so many bytes that so many requests need is better uploaded once."""
    return uses >= FEWEST_USES and uses * as_base64(size) - size >= SAVED_BYTES


def as_base64(size: int) -> int:
    """The bytes that so many bytes have in base64."""
    return (size + 2) // 3 * 4


def likely_bytes(image: Image) -> int:
    """About how many bytes of an image will be sent: those of the file, unless it is written again.
    A PNG has at most about those of its pixels, a JPEG for each of them twice those of before."""
    found = image.byte_count or 0
    if not image.recipe or image.size is None or image.sent_size is None:
        return found
    if "convert:png" in image.recipe:
        return 3 * image.sent_size.area
    return -(-2 * found * image.sent_size.area // image.size.area)


def length_of_rest(request: Request) -> int:
    """About how many bytes a request has besides its images."""
    return sum(len(text.encode("utf-8", "replace")) for text in request.texts) + FRAME_BYTES


FRAME_BYTES = 4096
"""What stands around the texts and images of a request."""
