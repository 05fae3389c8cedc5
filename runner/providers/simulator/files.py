"""The Files API: resumable uploads, and files that are processed, kept for 48 hours, and gone.

Source: ai.google.dev, Files API; google-genai 3.4.0 for the headers of an upload.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from runner.providers.simulator.errors import ApiError, no_file
from runner.providers.simulator.refusals import not_active
from runner.providers.simulator.reply import Reply, Wire, json_reply

KEPT = timedelta(hours=48)
MOST_BYTES = 2 << 30
"""Of one file. Source: ai.google.dev, Files API."""
GRANULARITY = 262_144
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_FILE_IN_URI = re.compile(r"^(?:https?://[^/]+/(?:v1|v1beta|v1alpha)/)?files/([a-z0-9-]+)$")

Body = dict[str, object]
State = Literal["PROCESSING", "ACTIVE", "FAILED"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it is kept. `owner` stands for the key that uploaded it."""

    id: str
    owner: str
    content: bytes
    mime: str
    display_name: str | None
    created: datetime
    active_from: datetime
    fails: bool = False
    source: str = "UPLOADED"

    def state(self, now: datetime) -> State:
        """What may be done with it at this moment."""
        if now < self.active_from:
            return "PROCESSING"
        return "FAILED" if self.fails else "ACTIVE"

    def expired(self, now: datetime) -> bool:
        """Whether it is gone."""
        return now >= self.created + KEPT

    def resource(self, now: datetime, root: str) -> Body:
        """The File resource; `root` is the address of the service up to its version."""
        digest = hashlib.sha256(self.content).hexdigest()
        body: Body = {
            "name": f"files/{self.id}",
            "mimeType": self.mime,
            "sizeBytes": str(len(self.content)),  # int64: a text in JSON
            "createTime": _micro(self.created),
            "updateTime": _micro(self.active_from),
            "expirationTime": _micro(self.created + KEPT),
            "sha256Hash": base64.b64encode(
                digest.encode()
            ).decode(),  # of the hex text, not the raw digest
            "uri": f"{root}/files/{self.id}",
            "state": self.state(now),
            "source": self.source,
        }
        if self.display_name:
            body["displayName"] = self.display_name
        if self.source == "GENERATED":
            body["downloadUri"] = f"{root}/files/{self.id}:download?alt=media"
        if body["state"] == "FAILED":
            body["error"] = {"code": 13, "message": "The file could not be processed."}
        return body


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way."""

    id: str
    owner: str
    mime: str
    display_name: str | None
    length: int | None
    received: bytes = b""
    slow_seconds: float = 0.0
    fails: bool = False
    breaks: bool = False
    """Half of the next bytes arrive, and then nothing."""


@dataclass(slots=True)
class Files:
    """All files and uploads. `processing` is how long a new file is not yet ACTIVE."""

    processing: timedelta = timedelta(0)
    stored: dict[str, StoredFile] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    started: int = 0

    def start(
        self,
        owner: str,
        body: object,
        headers: Mapping[str, str],
        address: str,
        now: datetime,
        *,
        slow_seconds: float = 0.0,
        fails: bool = False,
        breaks: bool = False,
    ) -> Reply:
        """Opens an upload; `address` is where its bytes are to go. Raises `ApiError`."""
        if headers.get("x-goog-upload-protocol") != "resumable":
            raise ApiError(400, "Only resumable uploads are supported.")
        if headers.get("x-goog-upload-command") != "start":
            raise ApiError(400, "Invalid upload command: expected start.")
        asked = body.get("file") if isinstance(body, Mapping) else None
        about: Mapping[str, object] = asked if isinstance(asked, Mapping) else {}
        self.started += 1
        upload = Upload(
            id=self._new_id(about, now),
            owner=owner,
            mime=_mime(about, headers),
            display_name=_display_name(about, headers),
            length=_length(headers),
            slow_seconds=slow_seconds,
            fails=fails,
            breaks=breaks,
        )
        session = f"sim{self.started}"
        self.uploads[session] = upload
        answer = {
            "x-goog-upload-url": f"{address}?upload_id={session}&upload_protocol=resumable",
            "x-goog-upload-status": "active",
            "x-goog-upload-chunk-granularity": str(GRANULARITY),
        }
        return json_reply({}, headers=answer)

    def receive(
        self,
        session: str,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
        root: str,
        *,
        fails: bool = False,
        slow: bool = False,
    ) -> Reply:
        """Takes bytes of an upload, finishes it, or says how far it is. Raises `ApiError`."""
        upload = self.uploads.get(session)
        if upload is None:
            raise ApiError(404, f"Upload session {session!r} not found.")
        words = {word.strip() for word in headers.get("x-goog-upload-command", "").split(",")}
        if words == {"cancel"}:
            del self.uploads[session]
            return json_reply({}, headers={"x-goog-upload-status": "cancelled"})
        if words == {"query"}:
            return json_reply({}, headers=_progress(upload))
        if not words or not words <= {"upload", "finalize"}:
            raise ApiError(400, "Invalid upload command.")
        if upload.breaks:
            half = len(body) // 2 // GRANULARITY * GRANULARITY
            self.uploads[session] = replace(_taken(upload, headers, body[:half]), breaks=False)
            return json_reply({}).on(Wire(ends="before", reset=True))
        if "upload" in words:
            upload = _taken(upload, headers, body)
            self.uploads[session] = upload
        if "finalize" not in words:
            return json_reply({}, headers=_progress(upload))
        if upload.length is not None and len(upload.received) != upload.length:
            raise ApiError(400, f"Upload has {len(upload.received)} of {upload.length} bytes.")
        del self.uploads[session]
        wait = timedelta(hours=1) if slow else self.processing
        wait = max(wait, timedelta(seconds=upload.slow_seconds))
        file = StoredFile(
            upload.id,
            upload.owner,
            upload.received,
            upload.mime,
            upload.display_name,
            now,
            now + wait,
            fails=fails or upload.fails,
        )
        self.stored[file.id] = file
        done = {"x-goog-upload-status": "final"}
        return json_reply({"file": file.resource(now, root)}, headers=done)

    def keep(self, file: StoredFile) -> None:
        """Adds a file that the service made itself."""
        self.stored[file.id] = file

    def find(self, id: str, owner: str, now: datetime) -> StoredFile:
        """The file of this id. Raises a 403 when it is unknown, expired or someone else's."""
        file = self.stored.get(id)
        if file is None or file.owner != owner or file.expired(now):
            raise no_file(id)
        return file

    def content(self, uri: str, owner: str, now: datetime) -> bytes | None:
        """The bytes behind the address of a file; None when it is no file's address.

        The host does not matter: an address is an opaque name. Raises a 403, or a 400 when the
        file is not ACTIVE.
        """
        found = _FILE_IN_URI.match(uri)
        if not found:
            return None
        file = self.find(found[1], owner, now)
        if file.state(now) != "ACTIVE":
            raise not_active(file.id)
        return file.content

    def delete(self, id: str, owner: str, now: datetime) -> None:
        """Forgets a file. Raises a 403."""
        del self.stored[self.find(id, owner, now).id]

    def of(self, owner: str, now: datetime) -> list[StoredFile]:
        """All files of a key, the newest first."""
        mine = [f for f in self.stored.values() if f.owner == owner and not f.expired(now)]
        return mine[::-1]

    def _new_id(self, about: Mapping[str, object], now: datetime) -> str:
        name = about.get("name")
        if not name:
            return f"sim-{self.started:08d}"
        id = str(name).removeprefix("files/")
        if not _NAME.fullmatch(id):
            raise ApiError(
                400,
                "Invalid file name: use at most 40 small letters, digits and dashes, "
                "with no dash at the ends.",
            )
        known = self.stored.get(id)
        if known is not None and not known.expired(now):
            raise ApiError(409, f"File {id} already exists.")
        return id


def expire(files: Files, id: str, now: datetime) -> None:
    """Makes a file be 48 hours old."""
    files.stored[id] = replace(files.stored[id], created=now - KEPT)


def _taken(upload: Upload, headers: Mapping[str, str], body: bytes) -> Upload:
    offset = headers.get("x-goog-upload-offset", "")
    if not offset.isdigit() or int(offset) != len(upload.received):
        raise ApiError(
            400, f"Invalid upload offset {offset!r}: {len(upload.received)} bytes were received."
        )
    received = upload.received + body
    if upload.length is not None and len(received) > upload.length:
        raise ApiError(400, f"Upload is longer than the {upload.length} bytes that were announced.")
    return replace(upload, received=received)


def _progress(upload: Upload) -> Mapping[str, str]:
    return {
        "x-goog-upload-status": "active",
        "x-goog-upload-size-received": str(len(upload.received)),
        "x-goog-upload-chunk-granularity": str(GRANULARITY),
    }


def _mime(about: Mapping[str, object], headers: Mapping[str, str]) -> str:
    stated = about.get("mime_type") or about.get("mimeType")
    found = stated or headers.get("x-goog-upload-header-content-type")
    return str(found or "application/octet-stream")


def _display_name(about: Mapping[str, object], headers: Mapping[str, str]) -> str | None:
    found = about.get("display_name") or about.get("displayName")
    if found is not None and len(str(found)) > 512:
        raise ApiError(400, "The display name is longer than 512 characters.")
    return str(found) if found else None


def _length(headers: Mapping[str, str]) -> int | None:
    written = headers.get("x-goog-upload-header-content-length", "")
    if not written.isdigit():
        return None
    if int(written) > MOST_BYTES:
        raise ApiError(400, f"The file is larger than the {MOST_BYTES} bytes that are allowed.")
    return int(written)


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
