"""An image as a value: where it comes from, what it is, what is done to it before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

from runner.values.content import Content
from runner.values.geometry import PixelBox, Size, View
from runner.values.mask import Rle
from runner.values.result import Issue

Background = Literal["white", "grey", "black"]
"""The colour of what is not shown of an image."""


@dataclass(frozen=True, slots=True)
class FileOrigin:
    """An image file on this machine. Opened only where it lies `within` this folder, links followed;
    None is anywhere."""

    path: Path
    within: Path | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DataOrigin:
    """Image bytes written into the workflow as a `data:` URI."""

    content: bytes

    def __repr__(self) -> str:
        return f"DataOrigin({len(self.content)} bytes)"


@dataclass(frozen=True, slots=True)
class WebOrigin:
    """An address that the service fetches by itself; this machine never sees its bytes."""

    uri: str


Origin = FileOrigin | DataOrigin | WebOrigin


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a case, as found; its bytes stay where they are until they are sent.

    `size` is the upright size in pixels (EXIF orientation applied): the frame of every result. It
    is None when only the service sees the image. `recipe` names what is done to the pixels before
    sending, in order; empty means that the bytes are sent untouched. `sha256` is that of the bytes
    as found, in hex. `role` is `image`, or the name that the workflow gives it (`before`).
    `address` is the web address of an image that was fetched by this machine. `window` is the part
    of the upright original that is sent, None is all of it; `sent` the size as sent, None is that of
    the window. `shown` are the only pixels of it that are sent, all others are of the colour of the
    `background`; None is all. Only `windowed`, `resized` and `masked` set them: the recipe names them,
    too.
    """

    name: str
    role: str
    origin: Origin
    mime: str
    size: Size | None = None
    sha256: str | None = None
    byte_count: int | None = None
    orientation: int = 1
    frames: int = 1
    recipe: tuple[str, ...] = ()
    address: str | None = None
    issues: tuple[Issue, ...] = ()
    window: PixelBox | None = None
    sent: Size | None = None
    shown: Rle | None = None
    background: Background | None = None

    @property
    def view(self) -> View | None:
        """What the model sees of it; None when only the service knows its size."""
        return None if self.size is None else View.of(self.size, self.window, self.sent)

    @property
    def frame(self) -> int:
        """The number, from 0, of the frame of an animation that is sent."""
        steps = (step.partition(":") for step in self.recipe)
        return next((int(value) for name, _, value in steps if name == "frame"), 0)

    @property
    def sent_size(self) -> Size | None:
        """Its size as sent, in pixels."""
        return None if self.view is None else self.view.sent

    @property
    def digest(self) -> str:
        """What stands for the image in a request key: its content and what is done to it.

        The recipe stands in for the bytes as sent, so that a plan of 40,000 photographs need not
        encode any of them, and a new version of an encoder does not change every key.
        """
        content = self.sha256 or (self.origin.uri if isinstance(self.origin, WebOrigin) else "")
        return "+".join((content, *self.recipe))

    @property
    def location(self) -> str | None:
        """The path or address that can be opened; None for bytes written into the workflow."""
        match self.origin:
            case FileOrigin(path):
                return str(path)
            case WebOrigin(uri):
                return uri
            case DataOrigin():
                return None


def windowed(image: Image, window: PixelBox) -> Image:
    """The image of which only this window is sent, in whole pixels of the upright original.

    Of a window of a window what both cover is sent; a resize is done after the cut. All of what is
    sent already changes nothing. Raises ValueError when the window shows nothing of it, or when
    nobody here knows the size of the image.
    """
    if image.size is None:
        raise ValueError(f"{image.name}: the size of the image is not known, so it cannot be cut")
    before = image.window or image.size.box
    part = window.within(before)
    if part is None:
        raise ValueError(f"{image.name}: {window.as_list()} lies outside of what is sent of it")
    return image if part == before else _fitted(replace(image, window=part), _longest(image))


def resized(image: Image, longest: int) -> Image:
    """The image sent with no side longer than this: never larger than it is. Raises ValueError when
    nobody here knows its size."""
    if image.size is None:
        raise ValueError(
            f"{image.name}: the size of the image is not known, so it cannot be resized"
        )
    return _fitted(image, longest)


def masked(image: Image, shown: Rle, background: Background) -> Image:
    """The image of which only these pixels of the upright original are shown; the others are all of
    one colour. What was shown before makes no difference."""
    seal = sha256(f"{shown.size} {shown.counts}".encode()).hexdigest()[:16]
    recipe = with_step(image.recipe, "show", f"{background},{seal}")
    return replace(image, shown=shown, background=background, recipe=recipe)


_ORDER = ("frame", "upright", "crop", "show", "resize", "convert")
"""What may stand in a recipe, in the order in which it is done."""


def with_step(recipe: tuple[str, ...], name: str, value: object) -> tuple[str, ...]:
    """The recipe with `name:value` in its place, instead of what it said of that before; None says
    nothing of it."""
    others = [step for step in recipe if step.partition(":")[0] != name]
    added = [] if value is None else [f"{name}:{value}"]
    return tuple(sorted((*others, *added), key=lambda step: _ORDER.index(step.partition(":")[0])))


def _longest(image: Image) -> int | None:
    steps = (step.partition(":") for step in image.recipe)
    return next((int(value) for name, _, value in steps if name == "resize"), None)


def _fitted(image: Image, longest: int | None) -> Image:
    """The image with what its window and the longest side come to."""
    assert image.size is not None
    part = (image.window or image.size.box).size
    fitted = part if longest is None else part.fitted(longest)
    sent = None if fitted == part else fitted
    edges = ",".join(map(str, image.window.as_list())) if image.window else None
    recipe = with_step(image.recipe, "crop", edges)
    recipe = with_step(recipe, "resize", longest if sent else None)
    return replace(image, sent=sent, recipe=recipe)


@dataclass(frozen=True, slots=True)
class UnreadableImage:
    """An image that was named but cannot be used; the others go on. `issue` says why."""

    name: str
    role: str
    issue: Issue
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes of an image as they are sent, and what they are; read when they are sent, where they
    lie in a file untouched."""

    content: Content
    mime: str
    size: Size
    sha256: str

    def __repr__(self) -> str:
        return f"Prepared({self.mime}, {self.size}, {len(self.content)} bytes)"
