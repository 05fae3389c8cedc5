"""What is lost of an image with more than 8 bits a channel when it is written with 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from runner.apart import apart
from runner.sources.header import undecoded
from runner.sources.opening import opened
from runner.values.image import Origin
from runner.values.result import Issue

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

DARK = 32
"""An image of which no value comes above this, of 255, is nearly black to whoever looks at it."""

BITS_PER_SAMPLE = 258
"""A tag of TIFF. Source: TIFF 6.0."""


def depth_issues(
    origin: Origin, sha256: str, stream: BinaryIO, kind: str, frame: int
) -> tuple[Issue, ...]:
    """What `colour.eight_bits` will do to this image, in words with numbers; nothing when it has 8
    bits. Only called for images that are converted: those with more bits are decoded for it, in a
    process of its own.

    The scale is fixed (65,535, or 1, becomes 255) and never fitted to the values of an image: two
    images of one camera stay comparable. That makes 12-bit data in 16 bits nearly black, and that
    is said. Nothing is said of what cannot be decoded: that is told when it is to be sent.
    """
    try:
        if not _is_deep(undecoded(stream, kind), stream, kind):
            return ()
        return (apart(sha256, _decoded_issue, origin, kind, frame),)
    except Exception:  # decoders meet hostile bytes and raise anything
        return ()


def _decoded_issue(origin: Origin, kind: str, frame: int) -> Issue:
    with opened(origin) as stream:
        image = undecoded(stream, kind)
        if frame:
            image.seek(frame)
        image.load()
        return _issue(image)


def _is_deep(image: Pixels, stream: BinaryIO, kind: str) -> bool:
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return True
    if kind == "tiff":
        bits = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (8,))
        return bool(max(bits if isinstance(bits, tuple) else (bits,)) > 8)
    stream.seek(24)  # of a PNG, the bits of a channel
    return kind == "png" and stream.read(1) == b"\x10"


def _issue(image: Pixels) -> Issue:
    import numpy as np

    values = np.asarray(image)
    if image.mode not in ("I", "F") and not image.mode.startswith("I;"):
        return Issue("image_depth", "of its 16 bits a channel only the upper 8 are sent")
    if image.mode == "F":
        values = np.nan_to_num(values)
    low, high = float(values.min()), float(values.max())
    reach = f"its values reach from {low:,.6g} to {high:,.6g}"
    if image.mode != "F":
        how, most = "only the upper 8 of its 16 bits are sent: 0–65,535 becomes 0–255", high / 257
    elif high <= 1:
        how, most = "its fractions are sent as 8 bits: 0–1 becomes 0–255", high * 255
    else:
        how, most = "its fractions are sent as 8 bits: 0–255 stays, what is beyond is cut off", high
    if most < DARK:
        why = f"{how}; {reach}, so it is sent nearly black. Stretch its values to the whole range"
        return Issue("image_nearly_black", why)
    return Issue("image_depth", f"{how}; {reach}")
