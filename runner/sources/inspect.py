"""Looks at one image without decoding it: its type, upright size, digest, and what must be done to it."""

from __future__ import annotations

import hashlib
from os import SEEK_END
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from runner.sources.chunks import is_whole
from runner.sources.depth import depth_issues
from runner.sources.header import Header, read_header
from runner.sources.opening import BLOCK, Unreadable, open_file, opened, unreadable
from runner.sources.sniff import CONVERTIBLE, ENDINGS, HEAD, SENT, Kind, sniff, spoken
from runner.values.image import FileOrigin, Image, Origin, UnreadableImage
from runner.values.result import Issue

Convert = Literal["png", "jpeg"]
"""What types that are not sent as they are become."""

MOST_BYTES = 75_000_000
"""An image sent untouched within its request may have as many bytes: as base64 they fill 100 MB.

Source: ai.google.dev, image understanding, "inline image data".
"""

UPLOADED = " within a request; write `upload: auto`"
"""As a file of its own an image may have 2 GB."""


def inspect(
    origin: Origin,
    name: str,
    role: str = "image",
    *,
    convert: Convert | None = None,
    frame: int = 0,
    address: str | None = None,
    most_bytes: int = MOST_BYTES,
) -> Image | UnreadableImage:
    """The image at this origin, or why it cannot be used.

    `name` is only shown. `most_bytes` are those of an image that is sent untouched. `convert` and `frame` end up in the recipe of the images they concern.
    """
    path = origin.path if isinstance(origin, FileOrigin) else None
    try:
        with opened(origin) as stream:
            return _look(stream, origin, name, role, convert, frame, address, most_bytes)
    except Unreadable as error:
        return UnreadableImage(name, role, error.issue, path)
    except OSError as error:  # a disk or a network drive gives up in the middle
        return UnreadableImage(name, role, unreadable(error).issue, path)


def refusal(path: Path, convert: Convert | None, within: Path | None = None) -> Issue | None:
    """Why a file cannot be sent, as far as its first bytes and its end tell; None for nothing found.

    Quick, and without an image library: what only a reader of headers sees is not seen here.
    """
    try:
        with open_file(path, within) as stream:
            kind = sniff(stream.read(HEAD))
            _refuse(kind, convert)
            length = stream.seek(0, SEEK_END)
            if not is_whole(stream, kind, length):
                raise _truncated(length)
    except Unreadable as error:
        return error.issue
    except OSError as error:
        return unreadable(error).issue
    return None


def _look(
    stream: BinaryIO,
    origin: Origin,
    name: str,
    role: str,
    convert: Convert | None,
    frame: int,
    address: str | None,
    most_bytes: int,
) -> Image:
    kind = sniff(stream.read(HEAD))
    _refuse(kind, convert)
    sha256, length = digest(stream)
    header = _header(stream, kind, length)
    recipe = _recipe(kind, header, convert, frame)
    if not recipe and length > most_bytes:
        raise Unreadable(
            "image_too_large",
            f"the file has {length / 1e6:,.0f} MB; at most {most_bytes / 1e6:,.0f} MB can be sent"
            f"{UPLOADED if most_bytes == MOST_BYTES else ''}",
        )
    return Image(
        name=name,
        role=role,
        origin=origin,
        mime={**SENT, **CONVERTIBLE}[kind],
        size=header.size.turned(header.orientation),
        sha256=sha256,
        byte_count=length,
        orientation=header.orientation,
        frames=header.frames,
        recipe=recipe,
        address=address,
        issues=(
            *_ending_issue(origin, kind),
            *_frame_issue(header, kind, frame),
            *(depth_issues(origin, sha256, stream, kind, frame) if recipe else ()),
        ),
    )


def _refuse(kind: Kind, convert: Convert | None) -> None:
    """Raises `Unreadable` for what is no image, or none that can be sent."""
    if kind in SENT or (kind in CONVERTIBLE and convert):
        return
    if kind in CONVERTIBLE:
        raise Unreadable(
            "image_type_unsupported",
            f"the file is {spoken(kind)}, which is not among the types that Gemini documents;"
            " write `convert: png` to send it as PNG",
        )
    match kind:
        case "empty":
            raise Unreadable("image_empty", "the file is empty (0 bytes)")
        case "unknown":
            raise Unreadable("image_not_an_image", "the file is not an image of a known type")
        case "jxl" | "jp2" | "ico" | "psd":
            raise Unreadable(
                "image_type_unsupported",
                f"the file is {spoken(kind)}, which cannot be read here; save it as PNG or JPEG",
            )
        case "svg" | "pdf":
            raise Unreadable(
                "image_not_an_image",
                f"the file is not an image, it looks like {spoken(kind)}; export it as PNG",
            )
        case _:
            raise Unreadable(
                "image_not_an_image", f"the file is not an image, it looks like {spoken(kind)}"
            )


def digest(stream: BinaryIO) -> tuple[str, int]:
    """The SHA-256 (hex) and the length of all the bytes, read in pieces."""
    stream.seek(0)
    digest, length = hashlib.sha256(), 0
    while block := stream.read(BLOCK):
        digest.update(block)
        length += len(block)
    return digest.hexdigest(), length


def _header(stream: BinaryIO, kind: Kind, length: int) -> Header:
    """The header of a whole image; a damaged header of a cut file is told as the cut."""
    try:
        header = read_header(stream, kind)
    except Unreadable as error:
        if error.issue.code == "image_broken" and not is_whole(stream, kind, length):
            raise _truncated(length) from error
        raise
    if not is_whole(stream, kind, length):
        raise _truncated(length)
    return header


def _truncated(length: int) -> Unreadable:
    return Unreadable(
        "image_truncated",
        f"the file is cut off: its end is missing after {length:,} bytes; copy it again",
    )


def _recipe(kind: Kind, header: Header, convert: Convert | None, frame: int) -> tuple[str, ...]:
    """What is done to the pixels before sending, in order; nothing when the bytes may go as they are.

    The stills of a HEIC file are alternatives, not an animation: the service picks the main one.
    """
    recipe: list[str] = []
    if header.frames > 1 and kind not in ("heic", "heif"):
        if frame >= header.frames:
            raise Unreadable(
                "image_no_such_frame",
                f"the animation has {header.frames} frames, counted from 0; there is no frame {frame}",
            )
        recipe.append(f"frame:{frame}")
    if header.orientation != 1:
        recipe.append("upright")
    if convert and (kind in CONVERTIBLE or recipe):  # what is written anew may as well be this
        recipe.append(f"convert:{convert}")
    return tuple(recipe)


def _frame_issue(header: Header, kind: Kind, frame: int) -> tuple[Issue, ...]:
    if header.frames == 1 or kind in ("heic", "heif"):
        return ()
    what = "pages" if kind == "tiff" else "frames"
    return (
        Issue(
            "image_animated",
            f"the file has {header.frames} {what}; only number {frame} (counted from 0) is sent."
            " Choose another with `frame:`",
        ),
    )


def _ending_issue(origin: Origin, kind: Kind) -> tuple[Issue, ...]:
    """A file whose name promises another type than its bytes hold; the bytes are believed."""
    if not isinstance(origin, FileOrigin):
        return ()
    ending = PurePosixPath(origin.path).suffix
    promised = ENDINGS.get(ending.lower())
    same = {promised, kind} <= {"heic", "heif"}
    if promised in (None, kind) or same:
        return ()
    return (
        Issue(
            "image_wrong_ending",
            f"the name ends in `{ending}`, but the file is {spoken(kind)}; it is sent as what it is",
        ),
    )
