"""An image as a value: where it comes from, what it is, what is done to it before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from runner.values.geometry import Size
from runner.values.result import Issue


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
    `address` is the web address of an image that was fetched by this machine.
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


@dataclass(frozen=True, slots=True)
class UnreadableImage:
    """An image that was named but cannot be used; the others go on. `issue` says why."""

    name: str
    role: str
    issue: Issue
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes of an image as they are sent, and what they are."""

    content: bytes
    mime: str
    size: Size
    sha256: str

    def __repr__(self) -> str:
        return f"Prepared({self.mime}, {self.size}, {len(self.content)} bytes)"
