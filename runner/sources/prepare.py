"""An image as it is sent: its own bytes untouched, or what its recipe makes of them."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from runner.apart import Crashed, apart
from runner.roles import ImageError
from runner.sources.chunks import webp_is_lossy
from runner.sources.colour import for_jpeg, for_png
from runner.sources.decode import decode
from runner.sources.decoded import Decoded
from runner.sources.inspect import digest
from runner.sources.on_disk import CHANGED, OnDisk, Stamp
from runner.sources.opening import Unreadable, opened, unreadable
from runner.sources.sniff import CONVERTIBLE, SENT
from runner.values.content import Content
from runner.values.geometry import PixelBox, Size
from runner.values.image import DataOrigin, FileOrigin, Image, Prepared, WebOrigin

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

QUALITY = 95
"""Of a JPEG that is written again, with full colour resolution (4:4:4): no loss that matters."""


def prepare(image: Image) -> Prepared:
    """The bytes of an image as they are sent; their size is `image.sent_size`.

    An empty recipe sends the bytes as found: those of a file stay on the disk until they are sent.
    Any other is followed in a process of its own. Raises `ImageError` when the file is no longer the
    one that was found, cannot be decoded, or crashes its decoder.
    """
    if isinstance(image.origin, WebOrigin):
        raise ImageError(f"{image.name}: the service fetches this image; its bytes are not here")
    if not image.recipe:
        return _read(image)
    try:
        return apart(image.sha256 or image.name, _read, image)
    except Crashed as error:
        raise ImageError(f"{image.name}: {error}") from error


def _read(image: Image) -> Prepared:
    try:
        with opened(image.origin) as stream:
            return _made(image, stream) if image.recipe else _untouched(image, stream)
    except Unreadable as error:
        raise ImageError(f"{image.name}: {error.issue.why}") from error
    except OSError as error:
        raise ImageError(f"{image.name}: {unreadable(error).issue.why}") from error


def _untouched(image: Image, stream: BinaryIO) -> Prepared:
    content = _where_it_is(image, stream)  # before it is read: a change in between is noticed
    sha256, _ = digest(stream)
    _refuse_if_changed(image, sha256)
    assert image.size is not None
    return Prepared(content, image.mime, image.size, sha256)


def _where_it_is(image: Image, stream: BinaryIO) -> Content:
    match image.origin:
        case DataOrigin(content):
            return content
        case origin:
            assert isinstance(origin, FileOrigin)
            return OnDisk(image.name, origin, Stamp.of(stream))


def _made(image: Image, stream: BinaryIO) -> Prepared:
    sha256, _ = digest(stream)
    _refuse_if_changed(image, sha256)
    kind = next(kind for kind, mime in {**SENT, **CONVERTIBLE}.items() if mime == image.mime)
    target = _target(image, kind, stream)
    try:
        pixels = _pixels(image, stream, kind)
        _refuse_if_misread(image, Size(*pixels.size))
        seen = _shown(_cut(pixels, image.window), image)
        ready = for_jpeg(seen) if target == "jpeg" else for_png(seen)
        made = _resized(ready, image.sent)
        content = _as_jpeg(made) if target == "jpeg" else _as_png(made)
    except (Unreadable, ImageError):
        raise
    except Exception as error:  # decoders meet hostile bytes and raise anything
        said = " ".join(str(error).split())[:200]
        raise ImageError(
            f"{image.name}: the image is damaged and cannot be decoded: {said}"
        ) from error
    return Prepared(content, SENT[target], Size(*made.size), hashlib.sha256(content).hexdigest())


_cut_up = Decoded()
"""The images of which parts are sent, in the process that cuts them."""


def _pixels(image: Image, stream: BinaryIO, kind: str) -> Pixels:
    """The upright pixels of the whole image."""

    def decoded() -> Pixels:
        return decode(stream, kind, image.frame, image.orientation)

    if image.window is None:
        return decoded()
    return _cut_up.pixels((image.sha256, image.frame, image.orientation), decoded)


def _refuse_if_misread(image: Image, size: Size) -> None:
    if size != image.size:
        raise ImageError(
            f"{image.name}: its header promises {_spoken(image.size)}, its pixels are {_spoken(size)}"
        )


def _refuse_if_changed(image: Image, sha256: str) -> None:
    if sha256 != image.sha256:
        raise ImageError(f"{image.name}: {CHANGED}")


def _target(image: Image, kind: str, stream: BinaryIO) -> str:
    """`jpeg` or `png`: what the recipe says, or else JPEG for what is lossy already."""
    for step in image.recipe:
        if step.startswith("convert:"):
            return step.removeprefix("convert:")
    is_lossy = kind in ("jpeg", "heic", "heif") or (kind == "webp" and webp_is_lossy(stream))
    return "jpeg" if is_lossy else "png"


def _cut(pixels: Pixels, window: PixelBox | None) -> Pixels:
    """The part of an upright image that is sent."""
    if window is None:
        return pixels
    return pixels.crop((window.x_min, window.y_min, window.x_max, window.y_max))


def _shown(pixels: Pixels, image: Image) -> Pixels:
    """The pixels that are shown; all others in the colour of the background."""
    if image.shown is None or image.size is None:
        return pixels
    from runner.postprocess.backdrop import on_background

    window = image.window or image.size.box
    return on_background(pixels, image.shown, window, image.background or "white")


def _resized(pixels: Pixels, sent: Size | None) -> Pixels:
    """The image in fewer pixels, each the weighted mean of those it stands for (Lanczos).

    Palettes and single bits have no means, so they become colours and greys first; what is
    transparent has no weight.
    """
    from PIL.Image import Resampling

    if sent is None:
        return pixels
    grey = pixels.mode in ("1", "L", "LA")
    if "transparency" in pixels.info:
        pixels = pixels.convert("LA" if grey else "RGBA")
    elif pixels.mode in ("1", "P"):
        pixels = pixels.convert("L" if grey else "RGB")
    return pixels.resize((sent.width, sent.height), Resampling.LANCZOS)


def _as_jpeg(pixels: Pixels) -> bytes:
    out = BytesIO()
    profile = pixels.info.get("icc_profile")
    pixels.save(out, "JPEG", quality=QUALITY, subsampling=0, icc_profile=profile)
    return out.getvalue()


def _as_png(pixels: Pixels) -> bytes:
    out = BytesIO()
    # Level 1 is three times as fast as the default for files that are a few per cent larger.
    pixels.save(out, "PNG", compress_level=1, icc_profile=pixels.info.get("icc_profile"))
    return out.getvalue()


def _spoken(size: Size | None) -> str:
    return f"{size.width} × {size.height}" if size else "nothing"
