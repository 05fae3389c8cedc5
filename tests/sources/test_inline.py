"""An image in the text of the workflow."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import pytest

from runner.roles import Found
from runner.sources.inline import Inline
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image, UnreadableImage
from runner.values.result import Issue


def read(uri: str) -> Found:
    (found,) = Inline(uri).find(Path("."))
    return found


def test_a_data_uri(draw: ModuleType) -> None:
    """Its bytes are the image; its name comes from the text's own digest."""
    content = draw.encoded(draw.scene(), "PNG")
    uri = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    assert read(uri) == Image(
        name=f"inline-{hashlib.sha256(uri.encode()).hexdigest()[:8]}",
        role="image",
        origin=DataOrigin(content),
        mime="image/png",
        size=Size(64, 40),
        sha256=hashlib.sha256(content).hexdigest(),
        byte_count=len(content),
    )


def test_other_spellings(draw: ModuleType) -> None:
    """Lines and spaces, a missing padding, capitals, percent signs: the same image."""
    content = draw.encoded(draw.scene(), "PNG")
    text = base64.b64encode(content).decode()
    spellings = [
        f"data:image/png;base64,{text[:30]}\n  {text[30:]}",
        f"data:image/png;base64,{text.rstrip('=')}",
        f"DATA:IMAGE/PNG;charset=x;BASE64,{text}",
        f"data:image/png;base64,{quote(text)}",
        f"data:;base64,{text}",
        f"data:image/png,{quote(content)}",
    ]
    assert [found.origin for found in map(read, spellings) if isinstance(found, Image)] == [
        DataOrigin(content)
    ] * len(spellings)


def test_the_bytes_are_believed_and_not_the_type(draw: ModuleType) -> None:
    """A type that is not that of the bytes is a warning."""
    text = base64.b64encode(draw.encoded(draw.scene(), "PNG")).decode()
    found = read(f"data:image/jpeg;base64,{text}")
    assert isinstance(found, Image)
    assert found.mime == "image/png"
    assert found.issues == (
        Issue("image_wrong_type", "the text says image/jpeg, its bytes are image/png"),
    )


@pytest.mark.parametrize(
    ("uri", "code", "why"),
    [
        (
            "data:image/png;base64,iVBOR*ABC",
            "data_uri_broken",
            "the text is not base64: `*` at character 6",
        ),
        (
            "data:image/png;base64,iVBOR",
            "data_uri_broken",
            "the base64 text is cut off: its length cannot be right",
        ),
        (
            "data:image/png;base64",
            "data_uri_broken",
            "an image in the text is written `data:image/png;base64,…`",
        ),
        ("data:image/png;base64,", "image_empty", "the file is empty (0 bytes)"),
        (
            "data:text/html,<html>",
            "image_not_an_image",
            "the file is not an image, it looks like a web page (HTML)",
        ),
    ],
)
def test_what_is_wrong_with_the_text(uri: str, code: str, why: str) -> None:
    """Each mistake has its sentence."""
    found = read(uri)
    assert isinstance(found, UnreadableImage)
    assert found.issue == Issue(code, why)


def test_a_text_that_is_too_large() -> None:
    """It is not even decoded."""
    found = read("data:image/png;base64," + "A" * 100_000_008)
    assert isinstance(found, UnreadableImage)
    assert found.issue == Issue(
        "image_too_large", "the text has 100 MB; write a file's name in its place"
    )
