"""A first workflow, made from a shipped one: its own images in it, every line explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from runner.text.scalars import plain_value

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")

LOOKED_AT = 2000
"""Directory entries that are looked at to find images: a start must not take minutes."""

PAIR = ("before", "after")

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*(/\*)?[A-Za-z0-9_.-]*")
"""Patterns that need no quotes in YAML."""

_COLUMN = 33
"""Where the comments of the shipped workflows stand."""


@dataclass(frozen=True, slots=True)
class Images:
    """What stands after `images:`, and sample images to be written when there are none here."""

    patterns: Mapping[str, str]
    samples: tuple[str, ...] = ()


def starter(shipped: str, images: Images, schema: str, file_name: str) -> str:
    """The text of a workflow that runs as it is.

    `shipped` is the text of a library workflow, which is only a part: it names no images. `schema`
    is the file with the JSON Schema for editors.
    """
    head, body = _split(shipped)
    about = next((line for line in head if line.strip("# ")), "").strip("# ")
    lines = [f"# yaml-language-server: $schema={schema}", "#", f"# {about}", "#"]
    lines += [
        f"#   askpix {words:<{len(file_name) + 12}} {does}"
        for words, does in (
            (f"validate {file_name}", "finds every mistake"),
            (f"plan {file_name}", "says what it would cost"),
            (f"run {file_name}", "asks Gemini"),
            ("explain prompt", "explains any word of this file"),
        )
    ]
    for line in body:
        lines += _images(images) if line.startswith("partial:") else [line]
    return "\n".join(lines).rstrip("\n") + "\n"


def images_here(folder: Path, pair: bool) -> Images:
    """The first subfolder that has images, or a pattern for those in the folder itself.

    A subfolder is named without a pattern, so that images of another type can be added. With `pair`, the folders `before` and `after`. Without any image, samples are to be written.
    """
    if pair:
        return _pair_here(folder)
    if endings := _endings(folder):
        return Images({"": f"*{next(iter(endings))}" if len(endings) == 1 else "."})
    place = next((place for place in _folders(folder) if _endings(place)), None)
    if place is not None:
        return Images({"": place.name})
    return Images({"": "photos"}, ("photos/sample.png",))


def sample(number: int, text: bool = False) -> bytes:
    """A drawn image as PNG, with a few things to find; the second lacks one of them.

    With `text` there is a line to read.
    """
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (640, 420), (244, 241, 234))
    pen = ImageDraw.Draw(image)
    if number == 1:
        pen.ellipse((60, 70, 200, 210), fill=(200, 40, 45))
    pen.rectangle((260, 90, 400, 200), fill=(35, 90, 170))
    pen.polygon(((520, 60), (600, 210), (440, 210)), fill=(30, 130, 80))
    if text:
        font = ImageFont.load_default(44)
        pen.text((70, 290), "Open daily 9 to 17", fill=(30, 30, 30), font=font)
    content = BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def _split(shipped: str) -> tuple[list[str], list[str]]:
    """The comment at the top without the line for editors, and what follows it."""
    lines = shipped.splitlines()
    start = next(at for at, line in enumerate(lines) if not line.startswith("#"))
    return [line for line in lines[:start] if "yaml-language-server" not in line], lines[start:]


def _images(images: Images) -> Iterator[str]:
    """The key `images:` where the shipped file says that it is only a part."""
    single = images.patterns.get("")
    if single is not None:
        what = "your images: a folder, a pattern (photos/*.jpg), a file, a web address, or a list of these"
        yield f"{f'images: {_quoted(single)}':<{_COLUMN - 1}} # {what}"
        return
    yield f"{'images:':<{_COLUMN - 1}} # images with the same file name belong together"
    for role, pattern in images.patterns.items():
        yield f"  {role}: {_quoted(pattern)}"


def _quoted(pattern: str) -> str:
    if _PLAIN.fullmatch(pattern) and isinstance(plain_value(pattern), str):
        return pattern
    return json.dumps(pattern, ensure_ascii=False)


def _pair_here(folder: Path) -> Images:
    there = all(_endings(folder / role) for role in PAIR)
    samples = () if there else tuple(f"{role}/sample.png" for role in PAIR)
    return Images({role: role for role in PAIR}, samples)


def _endings(folder: Path) -> frozenset[str]:
    """The endings of the images in a folder, as they are written there."""
    return frozenset(
        path.suffix
        for path in _entries(folder)
        if path.suffix.lower() in IMAGE_ENDINGS and path.is_file()
    )


def _folders(folder: Path) -> list[Path]:
    """Folders that a pattern can name: none that is hidden or has signs that patterns use."""
    return [
        path
        for path in _entries(folder)
        if path.is_dir()
        and not path.name.startswith((".", "runs"))
        and not set(path.name) & set("*?[]{}:")
    ]


def _entries(folder: Path) -> list[Path]:
    found: list[Path] = []
    try:
        for path in folder.iterdir():
            found.append(path)
            if len(found) == LOOKED_AT:
                break
    except OSError:
        return []
    return sorted(found)
