"""The type of a file is told by its bytes."""

from __future__ import annotations

from types import ModuleType

import pytest

from runner.sources.sniff import HEAD, sniff


@pytest.mark.parametrize(
    ("format", "kind"),
    [
        ("PNG", "png"),
        ("JPEG", "jpeg"),
        ("WEBP", "webp"),
        ("HEIF", "heic"),
        ("GIF", "gif"),
        ("BMP", "bmp"),
        ("TIFF", "tiff"),
        ("AVIF", "avif"),
        ("ICO", "ico"),
        ("JPEG2000", "jp2"),
        ("PDF", "pdf"),
    ],
)
def test_files_as_they_are_written(draw: ModuleType, format: str, kind: str) -> None:
    """What Pillow and libheif write is recognised."""
    assert sniff(draw.encoded(draw.scene(), format)[:HEAD]) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "empty"),
        (b"\x00\x00\x00\x18ftypheix\x00\x00\x00\x00mif1heix", "heic"),
        (b"\x00\x00\x00\x18ftyphevc\x00\x00\x00\x00msf1hevc", "heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heif"),
        (b"\x00\x00\x00\x18ftypmsf1\x00\x00\x00\x00msf1hevc", "heif"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "avif"),
        (b"\x00\x00\x00\x18ftypavis\x00\x00\x00\x00msf1avis", "avif"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42", "video"),
        (b"\x00\x00\x00\x18ftyp", "unknown"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "video"),
        (b"MM\x00*\x00\x00\x00\x08", "tiff"),
        (b"\xff\x0a\xfa\x1f", "jxl"),
        (b"8BPS\x00\x01", "psd"),
        (b"PK\x03\x04\x14\x00", "zip"),
        (b"<!DOCTYPE html><html>", "html"),
        (b"\xef\xbb\xbf\n  <HTML lang=de>", "html"),
        (b"<head><title>404</title>", "html"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="http://www.w3.org/2000/svg">', "svg"),
        (b"<svg>", "svg"),
        (b'<?xml version="1.0"?><rss/>', "text"),
        (b"%PDF-1.7\n", "pdf"),
        (b"BMW, Audi and Opel are makes of cars", "text"),
        ("Fotografía".encode(), "text"),
        (b'{"image": "a.jpg"}', "text"),
        (b"\x00\x01\x02\x03", "unknown"),
        (b"caf\xe9 in an old encoding", "unknown"),
        (b"a" * (HEAD - 1) + "é".encode()[:1], "text"),
        (b"GIF89a/*<script>", "gif"),
    ],
)
def test_first_bytes(head: bytes, kind: str) -> None:
    """Every brand and every look-alike has its own word."""
    assert sniff(head) == kind
