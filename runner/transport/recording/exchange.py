"""One exchange with the service, and the line that it is written down as."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from runner.transport.classify import decide, failure_of, failure_of_error, json_object
from runner.transport.error_body import error_of
from runner.transport.recording.body import without_images
from runner.transport.reply import Reply
from runner.transport.secret import Secret
from runner.values.request import canonical_json
from runner.values.response import Failure

VERSION = 1

KEPT_HEADERS = ("content-type", "x-askpix-simulated")
"""Headers of an answer that change what it means. All others are of the day, or of the account."""


class NotRecorded(Exception):
    """A request that was to be answered from recordings, and is not among them; says what is."""


class RecordingError(Exception):
    """Recordings that cannot be read or written; the message begins with the file, and the line
    where there is one."""


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of a request beyond its bytes: its `key`, which of its repeats it is, the
    names of the images in it (for people), the author's own headers, and, by the addresses of its
    uploaded files, the digest (hex) and the number of their bytes. What is not `kept` is of no use
    later, such as an upload: its file expires, and a replay sends nothing that needs one."""

    key: str = ""
    repeat: int = 1
    images: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    kept: bool = True


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request as it is written down. `path` begins after the host and includes the query; `body`
    is a JSON value without images. `key` tells requests apart that look the same on the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    repeat: int
    body: object
    key: str = ""

    @property
    def identity(self) -> str:
        """SHA-256 (hex) of everything that must be the same in a recording."""
        return self._digest(self.body)

    @property
    def question(self) -> str | None:
        """The same without the bytes of images as sent, for which the key stands: another version
        of an encoder makes other bytes of the same image. None without a key."""
        return self._digest([self.key, without_images(self.body)]) if self.key else None

    def _digest(self, body: object) -> str:
        parts = [self.method, self.path, dict(self.headers), self.repeat, body]
        return sha256(canonical_json(parts).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def order(self) -> tuple[str, str, int, str]:
        """Its place among the lines: what belongs together stands together."""
        headers = canonical_json(dict(self.headers))
        return self.path, canonical_json(self.body) + headers, self.repeat, self.key


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its whole answer; names of headers are in lower case."""

    request: WireRequest
    status: int
    headers: Mapping[str, str]
    body: bytes

    def as_line(self) -> bytes:
        """Its line, without the line end."""
        asked = self.request
        head = {
            "version": VERSION,
            "method": asked.method,
            "path": asked.path,
            "request_headers": dict(asked.headers),
            "repeat": asked.repeat,
            "request": json.loads(canonical_json(asked.body)),
            "request_key": asked.key,
            "status": self.status,
            "headers": dict(self.headers),
            **_body_entry(self.body),
        }
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        line = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text[:-1]).encode()
        return line + f',"sha256":"{sha256(line).hexdigest()}"}}'.encode()


_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Halves of surrogate pairs have no UTF-8; the others end a line or vanish in some readers."""

_CHECKED = re.compile(rb',"sha256":"([0-9a-f]{64})"\}')
_CHECK_LENGTH = len(',"sha256":""}') + 64


def from_line(line: bytes) -> Exchange:
    """The exchange of a line. Raises ValueError, with a sentence, for anything else."""
    found = _CHECKED.fullmatch(line[-_CHECK_LENGTH:])
    if found is None:
        raise ValueError("this is no whole line of recordings")
    if sha256(line[:-_CHECK_LENGTH]).hexdigest() != found[1].decode():
        raise ValueError("this line was changed or damaged after it was recorded")
    try:
        return _exchange(json.loads(line))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no whole line of recordings") from error


def _exchange(value: Any) -> Exchange:
    """The exchange in the JSON of a line; `Any` because its shape is not checked but by this."""
    if value["version"] != VERSION:
        raise ValueError(f"this line has version {value['version']}, this program reads {VERSION}")
    request = WireRequest(
        method=value["method"],
        path=value["path"],
        headers=value["request_headers"],
        repeat=value["repeat"],
        body=value["request"],
        key=value["request_key"],
    )
    text = value.get("body")
    body = b64decode(value["body_base64"]) if text is None else text.encode()
    return Exchange(request, value["status"], value["headers"], body)


def recorded(request: WireRequest, reply: Reply, secret: Secret) -> Exchange | None:
    """What is kept of a reply; None when nobody would want to meet it again: an overload, a limit,
    a wrong key, half an answer. Those are asked again, now or in the next run."""
    if not _is_worth_keeping(reply):
        return None
    kept = {name: reply.headers[name] for name in KEPT_HEADERS if name in reply.headers}
    headers = {name: secret.hidden(value) for name, value in kept.items()}
    return Exchange(request, reply.status, headers, secret.hidden_bytes(reply.body))


def without_key(request: WireRequest, secret: Secret) -> WireRequest:
    """The request as it may be written down."""
    return replace(
        request,
        path=secret.hidden(request.path),
        headers={name: secret.hidden(value) for name, value in request.headers.items()},
        body=secret.hidden_json(request.body),
    )


def _is_worth_keeping(reply: Reply) -> bool:
    failure = failure_of(reply)
    if failure is not None:
        return decide(failure) == "give_up" and failure.kind != "file_gone"
    document = json_object(reply.body)
    if isinstance(document, Failure):
        return False
    error = error_of(document) if "error" in document else None
    return error is None or decide(failure_of_error(reply, error)) == "give_up"


def _body_entry(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": b64encode(body).decode()}
