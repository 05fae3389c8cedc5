"""A response that was paid for, as bytes, and back; and the checksum that a row carries."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from hashlib import blake2b
from typing import Any

from runner.roles import Kept
from runner.values.geometry import Size
from runner.values.image import Prepared
from runner.values.response import Response, Usage


def packed(kept: Kept) -> bytes:
    """Compressed: one line of JSON about the response, then its body as received."""
    response = kept.response
    about = {name: getattr(response, name) for name in _ABOUT}
    about["usage"] = {name: getattr(response.usage, name) for name in _USAGE}
    about["sent"] = written_of(kept.sent)
    line = json.dumps(about, separators=(",", ":"))  # ASCII: half a surrogate pair survives, too
    return zlib.compress(line.encode() + b"\n" + response.body)


def unpacked(content: bytes) -> Kept:
    """What `packed` was given, but for the bytes of the images. Raises ValueError for anything
    else."""
    try:
        line, _, body = zlib.decompress(content).partition(b"\n")
        about = json.loads(line)
        sent = prepared_of(about["sent"])
        usage = Usage(**_known(about["usage"], _USAGE))
        return Kept(Response(**_known(about, _ABOUT), usage=usage, body=body), sent)
    except (zlib.error, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise ValueError(f"not a response that was kept: {problem!r}") from problem


def written_of(sent: Mapping[str, Prepared]) -> dict[str, object]:
    """What was sent of images, by their digests, as plain data; without their bytes."""
    return {digest: _sent(prepared) for digest, prepared in sent.items()}


def prepared_of(written: Mapping[str, Any]) -> dict[str, Prepared]:
    """What `written_of` was given, but for the bytes."""
    return {digest: _prepared(value) for digest, value in written.items()}


def checksum(*parts: bytes | str | int) -> bytes:
    """Eight bytes that change with any letter of a row. Each part is told apart from the next."""
    digest = blake2b(digest_size=8)
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.digest()


_ABOUT = tuple(field.name for field in fields(Response) if field.name not in ("usage", "body"))


_USAGE = tuple(field.name for field in fields(Usage))


def _known(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Without what another version may have written."""
    return {name: values[name] for name in names if name in values}


def _sent(prepared: Prepared) -> Mapping[str, object]:
    size = prepared.size
    return {"mime": prepared.mime, "size": [size.width, size.height], "sha256": prepared.sha256}


def _prepared(value: Any) -> Prepared:
    """`Any` because the shape is checked by the values that are made of it."""
    return Prepared(b"", value["mime"], Size(*value["size"]), value["sha256"])
