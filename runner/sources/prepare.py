"""An image as it is sent: its own bytes untouched, or what its recipe makes of them."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from runner.roles import ImageError
from runner.sources.chunks import webp_is_lossy
from runner.sources.colour import for_jpeg, for_png
from runner.sources.decode import decode
from runner.sources.inspect import digest
from runner.sources.opening import Unreadable, opened, unreadable
from runner.sources.sniff import CONVERTIBLE, SENT
from runner.values.geometry import Size
from runner.values.image import Image, Prepared, WebOrigin

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

QUALITY = 95
"""Of a JPEG that is written again, with full colour resolution (4:4:4): no loss that matters."""


def prepare(image: Image) -> Prepared:
    """The bytes of an image as they are sent; their size is `image.size`.

    An empty recipe sends the bytes as found. Raises `ImageError` when the file is no longer the
    one that was found, or cannot be decoded.
    """
    if isinstance(image.origin, WebOrigin):
        raise ImageError(f"{image.name}: the service fetches this image; its bytes are not here")
    try:
        with opened(image.origin) as stream:
            return _made(image, stream) if image.recipe else _untouched(image, stream)
    except Unreadable as error:
        raise ImageError(f"{image.name}: {error.issue.why}") from error
    except OSError as error:
        raise ImageError(f"{image.name}: {unreadable(error).issue.why}") from error


def _untouched(image: Image, stream: BinaryIO) -> Prepared:
    content = stream.read((image.byte_count or 0) + 1)
    sha256 = hashlib.sha256(content).hexdigest()
    _refuse_if_changed(image, sha256)
    assert image.size is not None
    return Prepared(content, image.mime, image.size, sha256)


def _made(image: Image, stream: BinaryIO) -> Prepared:
    sha256, _ = digest(stream)
    _refuse_if_changed(image, sha256)
    kind = next(kind for kind, mime in {**SENT, **CONVERTIBLE}.items() if mime == image.mime)
    target = _target(image, kind, stream)
    try:
        pixels = decode(stream, kind, _frame(image), image.orientation)
        content = _as_jpeg(pixels) if target == "jpeg" else _as_png(pixels)
    except Unreadable:
        raise
    except Exception as error:  # decoders meet hostile bytes and raise anything
        said = " ".join(str(error).split())[:200]
        raise ImageError(
            f"{image.name}: the image is damaged and cannot be decoded: {said}"
        ) from error
    size = Size(*pixels.size)
    if size != image.size:
        raise ImageError(
            f"{image.name}: its header promises {_spoken(image.size)}, its pixels are {_spoken(size)}"
        )
    return Prepared(content, SENT[target], size, hashlib.sha256(content).hexdigest())


def _refuse_if_changed(image: Image, sha256: str) -> None:
    if sha256 != image.sha256:
        raise ImageError(f"{image.name}: the file has changed since this run found it")


def _frame(image: Image) -> int:
    steps = (step.split(":") for step in image.recipe)
    return next((int(value) for name, *rest in steps if name == "frame" for value in rest), 0)


def _target(image: Image, kind: str, stream: BinaryIO) -> str:
    """`jpeg` or `png`: what the recipe says, or else JPEG for what is lossy already."""
    for step in image.recipe:
        if step.startswith("convert:"):
            return step.removeprefix("convert:")
    return "jpeg" if kind == "jpeg" or (kind == "webp" and webp_is_lossy(stream)) else "png"


def _as_jpeg(pixels: Pixels) -> bytes:
    ready = for_jpeg(pixels)
    out = BytesIO()
    ready.save(
        out, "JPEG", quality=QUALITY, subsampling=0, icc_profile=ready.info.get("icc_profile")
    )
    return out.getvalue()


def _as_png(pixels: Pixels) -> bytes:
    ready = for_png(pixels)
    out = BytesIO()
    # Level 1 is three times as fast as the default for files that are a few per cent larger.
    ready.save(out, "PNG", compress_level=1, icc_profile=ready.info.get("icc_profile"))
    return out.getvalue()


def _spoken(size: Size | None) -> str:
    return f"{size.width} × {size.height}" if size else "nothing"
