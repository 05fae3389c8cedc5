"""The body of a request as it is written down: its JSON, with digests in the place of images."""

from __future__ import annotations

import json
import re
from binascii import Error, a2b_base64
from collections.abc import Sequence
from hashlib import sha256

from runner.values.request import canonical_json

_DATA = re.compile(rb'("data"\s*:\s*)"([A-Za-z0-9+/]{4,}={0,2})"')
"""The bytes of an image in a JSON body. Inside a text its quotes would have backslashes."""

SLICE = 128 << 10
"""Letters of base64 that are decoded at a time; a multiple of 4."""


def written_body(pieces: Sequence[bytes]) -> object:
    """The JSON value of a body in pieces, every image as `{"sha256", "bytes", "mime"}`.

    None for an empty body; a body that is no JSON is a digest as a whole. Images are hashed where
    they stand and never become texts: beside the pieces, one copy of the body is held for a moment.
    """
    body = b"".join(pieces)
    if not body:
        return None
    try:
        value = json.loads(_DATA.sub(lambda found: _digested(body, found), body))
        canonical_json(value)  # refuses infinite numbers
        return _with_mime(value)
    except (ValueError, RecursionError):
        return _digest(sha256(body).hexdigest(), len(body))


def images_in(body: object) -> list[str]:
    """The SHA-256 (hex) of every image in a written body, in the order of its parts."""
    match body:
        case {"sha256": str(digest), "bytes": int(), "mime": str()}:
            return [digest]
        case dict():
            return [digest for item in body.values() for digest in images_in(item)]
        case list():
            return [digest for item in body for digest in images_in(item)]
        case _:
            return []


def without_images(body: object) -> object:
    """The written body with nothing but their type in the place of images."""
    match body:
        case {"sha256": str(), "bytes": int(), "mime": str(mime)}:
            return {"mime": mime}
        case dict():
            return {key: without_images(item) for key, item in body.items()}
        case list():
            return [without_images(item) for item in body]
        case _:
            return body


def _digested(body: bytes, found: re.Match[bytes]) -> bytes:
    start, end = found.span(2)
    digest, count, view = sha256(), 0, memoryview(body)
    try:
        for at in range(start, end, SLICE):
            content = a2b_base64(view[at : min(at + SLICE, end)], strict_mode=True)
            digest.update(content)
            count += len(content)
    except Error:
        return found[0]  # no base64 after all
    return found[1] + json.dumps(_digest(digest.hexdigest(), count)).encode()


def _digest(digest: str, count: int) -> dict[str, object]:
    return {"sha256": digest, "bytes": count}


def _with_mime(value: object) -> object:
    """The value with the type of each image beside its digest, as both endpoints name it."""
    if isinstance(value, list):
        return [_with_mime(item) for item in value]
    if not isinstance(value, dict):
        return value
    data, mime = value.get("data"), value.get("mime_type") or value.get("mimeType")
    inner = {key: _with_mime(item) for key, item in value.items()}
    if isinstance(data, dict) and data.keys() == {"sha256", "bytes"} and mime:
        inner["data"] = {**data, "mime": mime}
    return inner
