"""Bytes of a file as text, or why they are none: size, encoding, characters nobody can see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.values.problem import Place, Problem

MAX_BYTES = 1_000_000
"""A workflow is written by a person; more than this is data. PyYAML needs seconds for it."""

MAX_REPORTED = 10
"""Problems of one kind that are told one by one."""

# Everything outside of YAML's printable set (yaml.org/spec/1.2.2, 5.1), and the three characters
# that end a line in YAML but not in an editor: what follows one could pass for a key of its own.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LINE_SEPARATORS = "\x85\u2028\u2029"

_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a WebP image or a sound"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def decode(content: bytes, file: str) -> tuple[str, tuple[Problem, ...]]:
    """The text with `\\n` as its only line break, and what is wrong with it (W113, W114, W116).

    The text is empty when it could not be decoded. A byte order mark is dropped.
    """
    if len(content) > MAX_BYTES:
        return "", (_too_large(len(content), file),)
    unreadable = _not_text(content)
    if unreadable:
        message, fix = unreadable
        return "", (Problem("W113", message, Place(file, 1, 1), fix=fix),)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "", (_not_utf8(content, error.start, file),)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, tuple(_unfit(text, file))


def empty(file: str) -> Problem:
    """A file that says nothing."""
    fix = "`askpix init` writes a first workflow"
    return Problem("W116", "the file is empty", Place(file, 1, 1), fix=fix)


def _too_large(size: int, file: str) -> Problem:
    return Problem(
        "W114",
        f"the file is larger than {MAX_BYTES // 1_000_000} MB ({size / 1_000_000:.1f} MB)",
        Place(file, 1, 1),
        fix="put rows of data in a CSV file and name it with `dataset:`",
    )


def _not_text(content: bytes) -> tuple[str, str] | None:
    for magic, kind in _KINDS:
        if content.startswith(magic) and b"\x00" in content[:4096]:
            return f"this is no text file: it looks like {kind}", "name a YAML file"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or _every_other_is_nul(content):
        return "the file is saved as UTF-16", "save the file as UTF-8"
    start = content[:4096]
    written = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if written.startswith(b"{\\rtf"):
        return (
            "this is a document of a word processor (RTF), no plain text",
            "save it as plain text",
        )
    if written.startswith((b"<!doctype", b"<html")):
        return "this is a web page, no workflow", "copy the text of the workflow into a file"
    controls = sum(byte < 9 or 13 < byte < 32 for byte in start)
    if controls * 5 > len(start) or (controls * 50 > len(start) and not _is_utf8(content)):
        return "this is no text file: it holds binary data", "name a YAML file"
    return None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _every_other_is_nul(content: bytes) -> bool:
    start = content[: min(len(content), 512) & ~1]
    half = len(start) // 2
    return half > 1 and any(start[i::2].count(0) * 10 > half * 9 for i in (0, 1))


def _not_utf8(content: bytes, at: int, file: str) -> Problem:
    before = content[:at].decode("utf-8-sig")
    before = before.replace("\r\n", "\n").replace("\r", "\n")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    meant = content[at : at + 1].decode("cp1252", "replace")
    return Problem(
        "W113",
        f"the file is not saved as UTF-8: a byte here is no character (perhaps `{meant}`)"
        if meant.isprintable() and meant != "\ufffd"
        else "the file is not saved as UTF-8: a byte here is no character",
        Place(file, line, column, column + 1),
        fix="save the file as UTF-8",
    )


def _unfit(text: str, file: str) -> Iterator[Problem]:
    if not text.strip():
        yield empty(file)
    for found, match in enumerate(_UNFIT.finditer(text)):
        if found == MAX_REPORTED:
            return
        start = text.rfind("\n", 0, match.start()) + 1
        line, column = text.count("\n", 0, start) + 1, match.start() - start + 1
        yield Problem(
            "W113",
            _name(match.group()),
            Place(file, line, column, column + 1),
            fix="write a plain new line instead"
            if match.group() in _LINE_SEPARATORS
            else "delete it",
        )


def _name(char: str) -> str:
    code = f"U+{ord(char):04X}"
    if char in _LINE_SEPARATORS:
        return f"an invisible line separator ({code}) stands here"
    if char == "\x00":
        return f"a NUL character ({code}) stands here"
    return f"an invisible control character ({code}) stands here"
