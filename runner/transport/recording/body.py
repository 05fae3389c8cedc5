"""The body of a request as it is written down: its JSON, with digests in the place of images."""

from __future__ import annotations

import json
import re
from binascii import Error, a2b_base64
from collections.abc import Mapping, Sequence
from hashlib import sha256

from runner.values.content import Content, whole
from runner.values.request import canonical_json

_DATA = re.compile(rb'("data"\s*:\s*)"([A-Za-z0-9+/]{4,}={0,2})"')
"""The bytes of an image in a JSON body. Inside a text its quotes would have backslashes."""

_DATA_URI = re.compile(
    rb'("url"\s*:\s*)"data:([\w.+-]{1,60}/[\w.+-]{1,60});base64,([A-Za-z0-9+/]{4,}={0,2})"'
)
"""The same as Chat Completions write it: as a `data:` URI that names its type."""

SLICE = 128 << 10
"""Letters of base64 that are decoded at a time; a multiple of 4."""


def written_body(pieces: Sequence[Content]) -> object:
    """The JSON value of a body in pieces, every image as `{"sha256", "bytes", "mime"}`.

    None for an empty body; a body that is no JSON is a digest as a whole. Images are hashed where
    they stand and never become texts: beside the pieces, one copy of the body is held for a moment.
    """
    body = whole(pieces)
    if not body:
        return None
    try:
        plain = _DATA_URI.sub(lambda found: _digested_uri(body, found), body)
        value = json.loads(_DATA.sub(lambda found: _digested(plain, found), plain))
        canonical_json(value)  # refuses infinite numbers
        return _with_mime(value)
    except (ValueError, RecursionError):
        return _digest(sha256(body).hexdigest(), len(body))


def with_files(body: object, files: Mapping[str, tuple[str, int]]) -> object:
    """The written body as it would be if its uploaded files had travelled within: their addresses
    are of the day, and the same images are the same question. `files` gives for each address the
    digest and the number of its bytes."""
    match body:
        case {"type": "image", "uri": str(uri), "mime_type": mime, **rest} if uri in files:
            data = {**_digest(*files[uri]), "mime": mime}
            return {"type": "image", "mime_type": mime, "data": data, **rest}
        case {"fileData": {"fileUri": str(uri), "mimeType": mime}, **rest} if uri in files:
            data = {**_digest(*files[uri]), "mime": mime}
            return {"inlineData": {"mimeType": mime, "data": data}, **rest}
        case dict():
            return {key: with_files(item, files) for key, item in body.items()}
        case list():
            return [with_files(item, files) for item in body]
        case _:
            return body


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
    digest = _digest_of(body, *found.span(2))
    return found[0] if digest is None else found[1] + json.dumps(digest).encode()


def _digested_uri(body: bytes, found: re.Match[bytes]) -> bytes:
    digest = _digest_of(body, *found.span(3))
    if digest is None:
        return found[0]
    return found[1] + json.dumps({**digest, "mime": found[2].decode()}).encode()


def _digest_of(body: bytes, start: int, end: int) -> dict[str, object] | None:
    """The digest of the base64 that stands there; None when it is none after all."""
    digest, count, view = sha256(), 0, memoryview(body)
    try:
        for at in range(start, end, SLICE):
            content = a2b_base64(view[at : min(at + SLICE, end)], strict_mode=True)
            digest.update(content)
            count += len(content)
    except Error:
        return None
    return _digest(digest.hexdigest(), count)


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
