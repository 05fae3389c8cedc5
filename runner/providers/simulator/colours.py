"""Colours as people see them: CIE L*a*b* for distances, and plain words for labels."""

from __future__ import annotations

import colorsys
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rgb: TypeAlias = NDArray[np.uint8]
"""Height × width × 3, sRGB."""

Floats: TypeAlias = NDArray[np.float32]

_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
)
_WHITE = np.array([0.9505, 1.0, 1.089], np.float32)  # D65
_HUES = (  # upper end of each hue in degrees
    (15, "red"),
    (42, "orange"),
    (68, "yellow"),
    (165, "green"),
    (195, "cyan"),
    (255, "blue"),
    (290, "purple"),
    (340, "pink"),
    (361, "red"),
)


def lab(rgb: Rgb) -> Floats:
    """L* (0–100), a*, b* of every pixel; one unit of distance is about the least one can see.

    Source: CIE 15, sRGB (IEC 61966-2-1), white point D65.
    """
    xyz = _LINEAR[rgb] @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + np.float32(16 / 116))
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    converted: Floats = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
    return converted


def name(red: float, green: float, blue: float) -> str:
    """A colour in one or two words: `dark red`, `grey`. Channels are 0–255."""
    hue, light, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    spread = (max(red, green, blue) - min(red, green, blue)) / 255
    if light < 0.1 or light > 0.93:
        return "black" if light < 0.1 else "white"
    if spread < 0.09 or saturation < 0.1:
        return _shade(light, "grey")
    word = next(word for end, word in _HUES if hue * 360 < end)
    if word == "orange" and (light < 0.42 or saturation < 0.45):
        word = "brown"
    return _shade(light, word)


def usual_name(rgb: Rgb) -> str:
    """The colour that most pixels have, more or less: a mean would be one that nothing has."""
    coarse = (rgb.reshape(-1, 3) >> 5).astype(np.int32) @ np.array([64, 8, 1])
    usual = coarse == np.bincount(coarse).argmax()
    red, green, blue = (float(c) for c in rgb.reshape(-1, 3)[usual].mean(axis=0))
    return name(red, green, blue)


def _shade(light: float, word: str) -> str:
    if light < 0.3:
        return f"dark {word}"
    return f"light {word}" if light > 0.7 else word


def _linear() -> Floats:
    level = np.arange(256, dtype=np.float64) / 255
    curve = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return curve.astype(np.float32)


_LINEAR = _linear()
"""The linear light of each of the 256 levels."""
