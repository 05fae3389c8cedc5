"""Images as uploaded files: each content once, remembered across runs, looked at before it is used."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from runner.providers.gemini.files import Files, RemoteFile
from runner.roles import Fetch, ImageError, Passing
from runner.values.image import Image, Prepared, WebOrigin
from runner.values.passing import (
    MOST_FILE_BYTES,
    MOST_PROJECT_BYTES,
    KnownFile,
    Uploaded,
    Why,
    as_base64,
    length_of_rest,
    likely_bytes,
    uploads,
)
from runner.values.request import Request
from runner.values.response import Failure

MARGIN_SECONDS = 3600.0
"""A file is not used in the last hour before it expires: clocks differ, and requests wait."""

KEPT_SECONDS = 48 * 3600.0
"""How long the service keeps a file, when it does not say. Source: ai.google.dev, Files API."""

MOST_KNOWN = 50_000
"""So many files are known to be there, those that were used last; of others the service is asked
again. More than the requests in flight need: each may have 3,600 images."""

AT_A_TIME = 8
"""So many images of one request are uploaded, or looked for, beside one another."""

LOCKS = 256
"""That all images share: an image is looked after by one request at a time."""

NAME = "askpix "
"""The display names of our files begin with this; their own digest follows, and no name of yours."""

GONE = frozenset({"file_gone", "not_found"})

FULL = "storage_full"
"""The code of a failure that says that no further file fits into the project."""


@dataclass(slots=True)
class ImageFiles:
    """The images of one run that travel as files. `project` stands for the key and the service:
    files belong to both. `most` are the bytes that a request may have, `safe` those that it may have
    by every word of the service's.

    An image that several requests need at the same time is uploaded by one of them.
    """

    files: Files
    project: str
    fetch: Fetch
    passing: Passing
    most: int
    safe: int
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[KnownFile, Prepared]] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)
    _reading: Lock = field(default_factory=Lock)
    _turns: tuple[asyncio.Lock, ...] = field(
        default_factory=lambda: tuple(asyncio.Lock() for _ in range(LOCKS))
    )

    async def ready(self, request: Request) -> frozenset[str] | Failure:
        """Sees to it that those images of a request are there that are to travel as files; the names
        of its files."""
        images = {i.digest: i for i in request.sent_images if not isinstance(i.origin, WebOrigin)}
        sizes = [(likely_bytes(image), self.passing.uses(image)) for image in images.values()]
        rest = length_of_rest(request)
        chosen = uploads(self.passing.upload, sizes, rest, self.safe)
        asked = [(image, why) for image, why in zip(images.values(), chosen, strict=True) if why]
        if failure := await self._all_ready(asked):
            within = [image for image in images.values() if image.digest not in self._known]
            length = rest + sum(as_base64(likely_bytes(image)) for image in within)
            if failure.code != FULL or self.passing.upload == "files" or length > self.most:
                return failure
        return frozenset(self._known[key][0].name for key in images if key in self._known)

    async def _all_ready(self, chosen: Sequence[tuple[Image, Why]]) -> Failure | None:
        """Sees to it that these images are there; the first failure, after which no further one is
        begun."""
        left: Iterator[tuple[Image, Why]] = iter(chosen)
        failures: list[Failure] = []

        async def work() -> None:
            for image, _ in left:
                if failures:
                    return
                if failure := await self._ready(image):
                    failures.append(failure)

        await asyncio.gather(*(work() for _ in chosen[:AT_A_TIME]))
        return failures[0] if failures else None

    def of(self, image: Image) -> Uploaded | None:
        """The file of an image of a request that is about to be sent; None when it has none."""
        with self._reading:  # in a thread
            found = self._known.get(image.digest)
        if found is None or isinstance(image.origin, WebOrigin):
            return None
        file, prepared = found
        self.passing.sent(image, prepared)
        return Uploaded(file.uri, prepared.mime, prepared.sha256, file.byte_count)

    def forget(self, names: frozenset[str], *, gone: bool) -> None:
        """The service says that one of these files is gone, or not yet ready: each is looked at again.
        By the name, because another request may have met the same, and uploaded the image again by
        now. What is gone by its words is uploaded again, whatever a look at it says."""
        lost = [key for key, (file, _) in self._known.items() if file.name in names]
        digests = {self._known.pop(key)[1].sha256 for key in lost}
        self._gone |= digests if gone else set()

    async def _ready(self, image: Image) -> Failure | None:
        async with self._turns[hash(image.digest) % LOCKS]:
            found = self._known.get(image.digest)
            if found and self._lasts(found[0].expires):
                with self._reading:
                    self._known[image.digest] = self._known.pop(image.digest)  # the last to go
                return None
            try:
                prepared = await asyncio.to_thread(self.fetch, image)
            except ImageError as error:
                return Failure("image", str(error))
            file = await self._remembered(prepared) or await self._uploaded(image, prepared)
            if isinstance(file, Failure):
                return _of_an_upload(file)
            if len(self._known) >= MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[image.digest] = file, replace(prepared, content=b"")
            return None

    async def _remembered(self, prepared: Prepared) -> KnownFile | Failure | None:
        """The file that was made of these bytes before, if the service still has it."""
        known = await self.passing.memory.find(self.project, prepared.sha256)
        if known is None:
            return None
        found: RemoteFile | Failure = Failure("file_gone", "")
        if prepared.sha256 not in self._gone:
            found = await self.files.get(known.name)
        if isinstance(found, RemoteFile) and self._is_usable(found, prepared):
            ready = await self.files.wait(found)
            return ready if isinstance(ready, Failure) else self._as_known(ready, prepared)
        if isinstance(found, Failure) and found.kind not in GONE:
            return found
        await self.passing.memory.forget(self.project, known.name)
        self._gone.add(prepared.sha256)
        return None

    def _is_usable(self, file: RemoteFile, prepared: Prepared) -> bool:
        same = file.sha256 in (None, prepared.sha256)
        return same and file.state in ("ACTIVE", "PROCESSING") and self._lasts(file.expires_at)

    def _lasts(self, expires: float | None) -> bool:
        return expires is None or self.files.time.now() < expires - MARGIN_SECONDS

    async def _uploaded(self, image: Image, prepared: Prepared) -> KnownFile | Failure:
        start, size = self.clock(), len(prepared.content)
        if failure := await self._no_room(image, size):
            return failure
        name = f"{NAME}{prepared.sha256[:16]}"
        file = await self.files.upload(prepared.content, prepared.mime, name)
        if isinstance(file, Failure):
            return file
        if file.sha256 not in (None, prepared.sha256):
            why = f"{file.name} holds other bytes than those that were sent"
            return Failure("unreadable", why)
        known = self._as_known(file, prepared)
        if file.state == "PROCESSING":  # remembered at once: what takes long is not sent again
            await self.passing.memory.keep(self.project, prepared.sha256, known)
        ready = await self.files.wait(file)
        if isinstance(ready, Failure):
            return ready
        await self.passing.memory.keep(self.project, prepared.sha256, known)
        again = prepared.sha256 in self._gone
        self._gone.discard(prepared.sha256)
        self.passing.uploaded(image, known, again, self.clock() - start)
        return known

    async def _no_room(self, image: Image, size: int) -> Failure | None:
        if size > MOST_FILE_BYTES:
            why = f"{image.name} has {size:,} bytes; an uploaded file may have {MOST_FILE_BYTES:,}"
            return Failure("too_large", why)
        held = await self.passing.memory.held_bytes(self.project, self.files.time.now())
        if held + size <= MOST_PROJECT_BYTES:
            return None
        return _full(f"{held:,} bytes were uploaded with this key")

    def _as_known(self, file: RemoteFile, prepared: Prepared) -> KnownFile:
        until = file.expires_at or self.files.time.now() + KEPT_SECONDS
        return KnownFile(file.name, file.uri, len(prepared.content), until)


def project_of(root: str, key: str | None) -> str:
    """What stands for the files of a key at a service: a digest, in hex."""
    return hashlib.sha256(f"askpix uploads\n{root}\n{key or ''}".encode()).hexdigest()


def _of_an_upload(failure: Failure) -> Failure:
    """A failure of the Files API, as what it means for the request: uploads are free, and no pacer
    holds them back. How the service says that a project is full is not documented; by that word, we
    suppose."""
    if failure.kind in ("rate_limit", "quota", "bad_request") and (
        "storage" in failure.message.lower() and failure.code != FULL
    ):
        return _full(f"the service says: {failure.message}")
    kind = "overloaded" if failure.kind == "rate_limit" else failure.kind
    return replace(failure, kind=kind, maybe_billed=False)


def _full(why: str) -> Failure:
    said = (
        f"no further image can be uploaded: a project holds {MOST_PROJECT_BYTES >> 30} GB of files"
        f" ({why}); `askpix files clean` makes room, or they expire within 48 hours"
    )
    return Failure("quota", said, code=FULL, stops_run=True)
