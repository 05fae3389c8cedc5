"""Images that travel as files are there before a request is sent; one that is gone is sent again."""

from __future__ import annotations

from runner.roles import Ask, Uploads
from runner.values.passing import KnownFile
from runner.values.request import Request
from runner.values.response import Failure, Response

ABOUT_FILES = frozenset({"file_gone", "file_unready"})


def uploading(ask: Ask, images: Uploads) -> Ask:
    """An `Ask` that uploads what a request needs and then asks; it stands under the retries and over
    everything that counts attempts, so that an upload is none.

    When the service says that a file is gone, or not ready, which it says before it bills anything,
    the files are uploaded again, or waited for, and the request is asked once more.
    """

    async def ask_with_files(request: Request) -> Response | Failure:
        files = await images.upload(request)
        if isinstance(files, Failure):
            return files
        outcome = await ask(request)
        if not (files and isinstance(outcome, Failure) and outcome.kind in ABOUT_FILES):
            return outcome
        images.forget(files, gone=outcome.kind == "file_gone")
        files = await images.upload(request)
        return files if isinstance(files, Failure) else await ask(request)

    return ask_with_files


class ThisProcess:
    """A `roles.UploadMemory` that lasts as long as this process."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], KnownFile] = {}

    async def find(self, project: str, sha256: str) -> KnownFile | None:
        """The upload of these bytes, if there was one."""
        return self._files.get((project, sha256))

    async def keep(self, project: str, sha256: str, file: KnownFile) -> None:
        """Remembers an upload."""
        self._files[project, sha256] = file

    async def forget(self, project: str, name: str) -> None:
        """The file of this name is gone."""
        kept = self._files.items()
        self._files = {k: file for k, file in kept if (k[0], file.name) != (project, name)}

    async def held_bytes(self, project: str, now: float) -> int:
        """The bytes of all uploads that have not expired."""
        files = (file for key, file in self._files.items() if key[0] == project)
        return sum(file.byte_count for file in files if file.expires > now)
