"""Pixel formats as PNG and JPEG can hold them and a model can see them: 8 bits a channel."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels


def for_png(image: Pixels) -> Pixels:
    """The image as 8-bit grey, grey with alpha, RGB, RGBA or palette; transparency is kept."""
    image = eight_bits(image)
    match image.mode:
        case "1" | "L" | "LA" | "P" | "RGB" | "RGBA":
            return image
        case "CMYK":
            return _cmyk_to_rgb(image)
        case "PA" | "RGBa" | "La":
            return _converted(image, "RGBA")
        case _:
            return _converted(image, "RGB")


def for_jpeg(image: Pixels) -> Pixels:
    """The image as 8-bit grey or RGB; what is transparent shows white behind it."""
    image = eight_bits(image)
    if image.mode == "CMYK":
        return _cmyk_to_rgb(image)
    if image.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in image.info:
        return _on_white(image)
    return (
        image
        if image.mode in ("L", "RGB")
        else _converted(image, "L" if image.mode == "1" else "RGB")
    )


def eight_bits(image: Pixels) -> Pixels:
    """The upper 8 of 16 bits. Pillow's own conversion would cut every value above 255 to white.

    Floating point is taken as 0–1 when nothing is above 1, as 0–255 otherwise.
    """
    if image.mode not in ("I", "F") and not image.mode.startswith("I;"):
        return image
    import numpy as np
    from PIL import Image

    values = np.asarray(image)
    if image.mode == "F":
        values = np.nan_to_num(values)
        grey = np.clip(values * (255 if values.max(initial=0) <= 1 else 1), 0, 255)
    else:
        grey = np.clip(values.astype(np.int64), 0, 65535) >> 8
    return _profiled(Image.fromarray(grey.astype(np.uint8)), image)


def _on_white(image: Pixels) -> Pixels:
    """Grey stays grey: an RGB image with a grey ICC profile would be invalid."""
    from PIL import Image

    plain, with_alpha = ("L", "LA") if image.mode[0] in "L1" else ("RGB", "RGBA")
    seen = image.convert(with_alpha)
    flat = Image.new(plain, seen.size, "white")
    flat.paste(seen.convert(plain), mask=seen.getchannel("A"))
    return _profiled(flat, image)


def _cmyk_to_rgb(image: Pixels) -> Pixels:
    """By the embedded profile where there is one; the plain formula shows other colours."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    converted = None
    if profile:
        try:
            source = ImageCms.getOpenProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None  # a damaged profile is as good as none
    return _unprofiled(converted or image.convert("RGB"))


def _converted(image: Pixels, mode: str) -> Pixels:
    """In another mode; a profile that describes Lab colours must not follow into RGB."""
    converted = image.convert(mode)
    return _unprofiled(converted) if image.mode in ("LAB", "HSV") else converted


def _profiled(image: Pixels, like: Pixels) -> Pixels:
    profile = like.info.get("icc_profile")
    if profile:
        image.info["icc_profile"] = profile
    return image


def _unprofiled(image: Pixels) -> Pixels:
    image.info.pop("icc_profile", None)
    return image
