"""Whether images of every type can be decoded: each decoder is given a tiny one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO

from runner.doctor.finding import Finding, Level
from runner.doctor.samples import RED, SAMPLES, SIDE

NAMES = {
    "jpeg": "JPEG", "png": "PNG", "webp": "WebP", "heic": "HEIC/HEIF", "avif": "AVIF",
    "tiff": "TIFF", "gif": "GIF", "bmp": "BMP",
}  # fmt: skip

NEEDED = frozenset({"jpeg", "png"})
"""Without these nothing can be written either."""

NEAR = 12
"""So far may a colour be from what it was: most of these types lose a little."""


def codecs(samples: Mapping[str, bytes] = SAMPLES) -> Iterator[Finding]:
    """Each type that cannot be decoded, and one line for the others."""
    right: list[str] = []
    for kind, content in samples.items():
        why = _wrong(kind, content)
        if why is None:
            right.append(NAMES[kind])
            continue
        level: Level = "fail" if kind in NEEDED else "warn"
        how = "pip install --force-reinstall pillow pillow-heif"
        yield Finding("codecs", level, f"{NAMES[kind]} cannot be decoded: {why}", how)
    if right:
        yield Finding("codecs", "ok", f"decoded: {', '.join(right)}")


def _wrong(kind: str, content: bytes) -> str | None:
    """What is wrong with the decoder of this type; None when the picture is what it was."""
    from runner.sources.decode import decode

    try:
        pixels = decode(BytesIO(content), kind, 0, 1).convert("RGB")
        colour = pixels.getpixel((0, 0))
    except Exception as error:  # decoders raise anything
        return " ".join(str(error).split())[:200] or type(error).__name__
    if pixels.size != (SIDE, SIDE) or not isinstance(colour, tuple):
        return f"it has {pixels.size[0]} × {pixels.size[1]} pixels instead of {SIDE} × {SIDE}"
    if any(abs(is_ - was) > NEAR for is_, was in zip(colour, RED, strict=True)):
        return f"its colour is {colour} instead of {RED}"
    return None
