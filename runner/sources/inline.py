"""An image written into the workflow as a `data:` URI."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

from runner.roles import Found
from runner.sources.candidate import Candidate
from runner.sources.inspect import MOST_BYTES, Convert, inspect
from runner.sources.opening import Unreadable
from runner.values.image import DataOrigin, UnreadableImage
from runner.values.result import Issue

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")

_SAYS_NOTHING = frozenset({"", "application/octet-stream", "image/jpg", "image/heif"})


@dataclass(frozen=True, slots=True)
class Inline:
    """`data:image/png;base64,iVBOR…`: shown as `inline-` and the start of its SHA-256."""

    uri: str
    role: str = "image"
    convert: Convert | None = None
    frame: int = 0

    def find(self, base: Path) -> Iterator[Found]:
        """The image in the text."""
        return (self.read(candidate, candidate.name) for candidate in self.list(base))

    def list(self, base: Path) -> Iterator[Candidate]:
        """The image, not yet decoded."""
        digest = hashlib.sha256(self.uri.encode("utf-8", "surrogatepass")).hexdigest()
        yield Candidate("data", f"inline-{digest[:8]}", self.uri)

    def read(self, candidate: Candidate, name: str) -> Found:
        """The image, or what is wrong with the text."""
        try:
            said, content = decoded(candidate.where)
        except Unreadable as error:
            return UnreadableImage(name, self.role, error.issue)
        found = inspect(
            DataOrigin(content), name, self.role, convert=self.convert, frame=self.frame
        )
        if isinstance(found, UnreadableImage) or said in (found.mime, *_SAYS_NOTHING):
            return found
        issue = Issue("image_wrong_type", f"the text says {said}, its bytes are {found.mime}")
        return replace(found, issues=(*found.issues, issue))


def decoded(uri: str) -> tuple[str, bytes]:
    """The type that a `data:` URI claims and its bytes (RFC 2397). Raises `Unreadable`."""
    head, comma, payload = uri.partition(",")
    if not head[:5].lower() == "data:" or not comma:
        raise Unreadable(
            "data_uri_broken", "an image in the text is written `data:image/png;base64,…`"
        )
    words = [word.strip().lower() for word in head[5:].split(";")]
    if len(payload) > MOST_BYTES * 4 // 3 + 4:
        raise Unreadable(
            "image_too_large",
            f"the text has {len(payload) / 1e6:,.0f} MB; write a file's name in its place",
        )
    return words[0], _bytes(payload) if "base64" in words[1:] else unquote_to_bytes(payload)


def _bytes(payload: str) -> bytes:
    text = "".join(payload.split())  # a text that runs over several lines
    if "%" in text:
        text = unquote_to_bytes(text).decode("latin-1")
    wrong = _NOT_BASE64.search(text)
    if wrong:
        where = f"`{wrong[0]}` at character {wrong.start() + 1}"
        raise Unreadable("data_uri_broken", f"the text is not base64: {where}")
    if len(text.rstrip("=")) % 4 == 1 or (text.endswith("=") and len(text) % 4):
        raise Unreadable(
            "data_uri_broken", "the base64 text is cut off: its length cannot be right"
        )
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("data_uri_broken", "the text is not base64") from error
