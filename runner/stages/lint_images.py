"""Looks at an image as the guide advises: is it upright, sharp, neither tiny nor huge?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from math import sqrt
from typing import TYPE_CHECKING

from runner.apart import Crashed, apart
from runner.sources.header import undecoded
from runner.sources.opening import Unreadable, opened
from runner.sources.sniff import HEAD, sniff
from runner.values.case import CaseImages
from runner.values.geometry import Size
from runner.values.image import Image, WebOrigin
from runner.values.problem import Problem

if TYPE_CHECKING:
    import numpy as np
    from PIL.ImageFile import ImageFile

SMALL = 64
"""Pixels; with a shorter side than this there is little to see."""

NARROW = 8.0
"""An image this many times as long as wide has been squeezed for a model that sees squares."""

IMAGE_TOKENS = 1120
"""What Gemini 3 spends on an image at most, by default. Source: ai.google.dev, media resolution."""

PIXELS_A_TOKEN = 128
"""Where one token stands for more than this many pixels each way, small things are overlooked."""

SEEN = 512
"""Sharpness is judged on the image shrunk to this many pixels, as blur that shrinks away harms nobody."""

BLURRED = 30.0
"""The variance of the Laplacian of grey values (0–255) below which an image looks blurred.

Measured on 18 images that scikit-image ships, shrunk to 512 pixels: the sharp ones have
65 to 5300; the two below 30 are the one with motion blur (24) and a microscope's soft image (3).
Blurred by a Gaussian of 2 pixels in 512 they have 1 to 35, 16 of 18 below 30; of 2.5, all are.
"""

SAID = 3
"""Images are named for each kind of warning, at most."""

FLAT = 10.0
"""Grey values with a smaller standard deviation show too little to call them blurred."""


def look(image: Image) -> tuple[Problem, ...]:
    """Warnings about one image, W420–W439; decodes it once, in a process of its own. None of them stops a run."""
    said = [_by_issue(image, issue.code, issue.why) for issue in image.issues]
    if isinstance(image.origin, WebOrigin) or image.size is None:
        return tuple(said)
    return (*said, *_header(image), *_pixels(image))


def advice(cases: Iterable[CaseImages], most: int) -> tuple[Problem, ...]:
    """Warnings about the first `most` images, one for each kind: a folder of turned photographs
    gives one sentence, not thousands."""
    images = (image for case in cases for image in case.images if isinstance(image, Image))
    kinds: dict[tuple[str, str | None], list[tuple[str, Problem]]] = {}
    looked_at = 0
    for image in islice(images, most):
        looked_at += 1
        for problem in look(image):
            kinds.setdefault((problem.code, problem.fix), []).append((image.name, problem))
    first = "the first " if looked_at == most else ""
    return tuple(
        _condensed(kinds[kind], f"{first}{looked_at} images")
        for kind in sorted(kinds, key=lambda kind: (kind[0], kind[1] or ""))
    )


def _condensed(found: list[tuple[str, Problem]], of_all: str) -> Problem:
    problem = found[0][1]
    if len(found) == 1:
        return problem
    if problem.code == "W420":
        message = (
            f"{len(found)} of {of_all} are stored turned ({_few(found, SAID)}); they are turned"
            " upright before they are sent"
        )
    else:
        message = f"{problem.message}; likewise {_few(found[1:], SAID - 1)}"
    return replace(problem, message=message)


def _few(found: list[tuple[str, Problem]], most: int) -> str:
    names = list(dict.fromkeys(name for name, _ in found))
    shown = ", ".join(names[:most])
    more = len(names) - most
    return f"{shown} and {more} more" if more > 0 else shown


def _by_issue(image: Image, code: str, why: str) -> Problem:
    known = {
        "image_wrong_ending": "W425",
        "image_wrong_type": "W425",
        "image_animated": "W426",
        "image_depth": "W428",
        "image_nearly_black": "W428",
    }
    return _warning(known.get(code, "W427"), image, why)


def _header(image: Image) -> Iterator[Problem]:
    size = image.size
    assert size is not None
    if image.orientation != 1:
        why = "it is stored turned; it is turned upright before it is sent"
        yield _warning("W420", image, why)
    if min(size.width, size.height) < SMALL:
        yield _warning("W422", image, f"it is very small: {_spoken(size)} pixels")
    side = sqrt(size.area / IMAGE_TOKENS)
    if side > PIXELS_A_TOKEN:
        why = (
            f"it is very large: with {IMAGE_TOKENS:,} tokens for {_spoken(size)} pixels one token stands"
            f" for about {side:.0f} × {side:.0f} of them; smaller things may be overlooked"
        )
        yield _warning("W423", image, why, "cut it into parts")
    ratio = max(size.width, size.height) / min(size.width, size.height)
    if ratio > NARROW:
        why = f"it is very long and narrow: {_spoken(size)} pixels ({ratio:.0f} : 1)"
        yield _warning("W424", image, why, "cut it into parts")


def _pixels(image: Image) -> tuple[Problem, ...]:
    try:
        return apart(image.sha256 or image.name, _in_pixels, image)
    except Crashed as error:
        why = f"it looks whole, but its pixels cannot be looked at: {error}"
        return (_warning("W431", image, why, "copy or export it again"),)


def _in_pixels(image: Image) -> tuple[Problem, ...]:
    return tuple(_seen_in_pixels(image))


def _seen_in_pixels(image: Image) -> Iterator[Problem]:
    try:
        with opened(image.origin) as stream:
            head = stream.read(HEAD)
            kind = sniff(head)
            pixels = undecoded(stream, kind)
            yield from _format(image, pixels.mode, kind == "png" and head[24:25] == b"\x10")
            grey, clear = _shrunk(pixels)
    except Unreadable as error:
        yield _warning("W431", image, error.issue.why)
        return
    except Exception as error:  # decoders meet hostile bytes and raise anything
        said = " ".join(str(error).split())[:200]
        why = f"it looks whole, but cannot be decoded: {said}"
        yield _warning("W431", image, why, "copy or export it again")
        return
    if clear and not image.recipe:
        why = "parts of it are transparent; which colour the model sees there is not documented"
        yield _warning("W429", image, why, "save it on a white background")
    if float(grey.std()) >= FLAT and laplacian_variance(grey) < BLURRED:
        yield _warning("W421", image, "it looks blurred", "use a sharper image")


def _format(image: Image, mode: str, deep_png: bool) -> Iterator[Problem]:
    deep = deep_png or mode.startswith("I") or mode == "F"
    if deep and not image.recipe:  # of a converted one its issue tells more
        how = "it is sent as it is, and how the model reads it is not documented"
        yield _warning("W428", image, f"it has 16 or more bits a channel; {how}")
    if mode == "CMYK" and not image.recipe:
        why = "it has colours for printing (CMYK); how the model reads them is not documented"
        yield _warning("W430", image, why, "save it as RGB")


def laplacian_variance(grey: np.ndarray) -> float:
    """How much each pixel differs from the mean of its four neighbours; small when blurred."""
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * grey[1:-1, 1:-1]).var()) if around.size else float("inf")


def _shrunk(pixels: ImageFile) -> tuple[np.ndarray, bool]:
    """Grey values as float32 at most `SEEN` wide and high, and whether something is transparent."""
    import numpy as np
    from PIL.Image import Resampling

    from runner.sources.colour import for_jpeg

    pixels.draft("RGB", (SEEN, SEEN))  # a JPEG is decoded at a fraction of its size
    pixels.load()
    clear = False
    if "A" in pixels.getbands() or "transparency" in pixels.info:
        clear = (
            pixels.convert("RGBA").getchannel("A").histogram()[255] < pixels.width * pixels.height
        )
    grey = for_jpeg(pixels).convert("L")
    factor = max(1.0, max(grey.size) / SEEN)
    small = (max(1, round(grey.width / factor)), max(1, round(grey.height / factor)))
    return np.asarray(grey.resize(small, Resampling.BOX), dtype=np.float32), clear


def _warning(code: str, image: Image, why: str, fix: str | None = None) -> Problem:
    return Problem(code, f"{image.name}: {why}", severity="warning", fix=fix)


def _spoken(size: Size) -> str:
    return f"{size.width:,} × {size.height:,}"
