"""A session: workflows that are run one after the other, and what they share."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.front.connecting import asks_gemini, asks_openai, connection_of
from runner.front.recording import recordings_of
from runner.resume import Begin, Options
from runner.roles import Connection, Log, no_log
from runner.stages.plan import IsStored
from runner.stages.recall import endpoint
from runner.store.cache import Cache
from runner.store.cache_place import CachePlace, cache_place
from runner.store.folder import FolderError
from runner.store.lock import LockedError
from runner.store.trouble import StoreError
from runner.store.uploads import UploadFile
from runner.transport.pacing import Pacers
from runner.transport.secret import Secret
from runner.transport.surroundings import SurroundingsError
from runner.values.problem import Rejected
from runner.workflow.spec import Workflow

if TYPE_CHECKING:
    from runner.transport.recording import Mode, Recordings

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""There is no room on the disk, or none for this person."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants workflows to run: where the service is, where results go, which run goes on.
    A `key` wins over the environment's."""

    out: Path = Path("runs")
    begin: Begin = "auto"
    base_url: str | None = None
    api_version: str = "v1beta"
    key: str | None = field(default=None, repr=False)
    allow_private: bool = False
    record: Path | None = None
    record_mode: Mode | None = None
    replay: Path | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What all runs of a session have in common."""

    wishes: Wishes
    pacers: Pacers
    cache: Cache | None
    recordings: Recordings | None
    uploads: UploadFile | None

    def connection(self, workflow: Workflow) -> Connection:
        """How a workflow reaches its services. Raises `Rejected` without a key or an address."""
        wishes = self.wishes
        return connection_of(
            workflow, wishes.base_url, wishes.api_version, self.recordings, wishes.key
        )

    def options(self, connection: Connection, say: Say, log: Log = no_log) -> Options:
        """How to run a workflow over this connection."""
        wishes, recordings = self.wishes, self.recordings
        return Options(
            connection,
            wishes.out,
            "fresh" if recordings and wishes.begin == "auto" else wishes.begin,
            self.cache,
            None if recordings and recordings.only_replays else self.pacers,
            wishes.allow_private,
            self.uploads,
            say=say,
            log=log,
            hide=secret_of(connection).hidden,
        )

    def is_stored(self, workflow: Workflow, connection: Connection) -> IsStored:
        """Whether the cache holds an answer that this workflow would use."""
        cache = self.cache if workflow.run.cache in ("use", "only") else None

        def is_stored(provider: str, key: str) -> bool:
            uses = cache is not None and provider != "simulator"
            return uses and cache is not None and cache.holds(endpoint(provider, connection), key)

        return is_stored


@contextmanager
def session(
    workflows: Sequence[Workflow], wishes: Wishes, say: Say, *, quiet: bool = False
) -> Iterator[Session]:
    """What these workflows need is open as long as the context is. Raises `Rejected`."""
    if (wishes.record or wishes.replay) and any(w.run.mode == "batch" for w in workflows):
        raise Rejected.because("recordings hold single requests and their answers, and no batches")
    asked = (wishes.record, wishes.record_mode, wishes.replay)
    with recordings_of(*asked, say, key=wishes.key, quiet=quiet) as recordings:
        wanted = recordings is None and any(_wants_cache(workflow) for workflow in workflows)
        cache = Cache(_place(), say) if wanted else None
        sends = recordings is None or not recordings.only_replays
        may_upload = sends and any(_may_upload(each) for each in workflows)
        uploads = UploadFile(_place(), say) if may_upload else None
        try:
            yield Session(wishes, Pacers(), cache, recordings, uploads)
        finally:
            for file in (cache, uploads):
                if file is not None:
                    file.close()


def secret_of(connection: Connection) -> Secret:
    """The keys of the environment, and those of a connection."""
    keys = [connection.key, *(each.key for each in connection.services.values())]
    return Secret.of_environment(os.environ).and_of(*keys)


@contextmanager
def in_words(out: Path) -> Iterator[None]:
    """What keeps a run from beginning, as `Rejected`: in words, with what to do."""
    try:
        yield
    except LockedError as error:
        why = f"{error}; wait for it, or start another run with --fresh"
        raise Rejected.because(why, exit_code=5) from None
    except (FolderError, SurroundingsError) as error:
        raise Rejected.because(str(error)) from None
    except OSError as error:
        is_ours, is_full = isinstance(error, StoreError), error.errno in FULL
        if not (is_ours or is_full):
            raise
        why = str(error) if is_ours else f"the disk of {error.filename or out} is full"
        hint = f"\n  make room there, or name a folder on another disk with --out (it is {out})"
        raise Rejected.because(why + (hint if is_full else "")) from None


def _wants_cache(workflow: Workflow) -> bool:
    """Recordings stand in for a cache, and simulated answers are not worth one."""
    return workflow.run.cache != "off" and (asks_gemini(workflow) or asks_openai(workflow))


def _may_upload(workflow: Workflow) -> bool:
    return workflow.preparation.upload in ("auto", "files") and asks_gemini(workflow)


def _place() -> CachePlace:
    try:
        return cache_place(os.environ)
    except ValueError as error:
        raise Rejected.because(str(error)) from None
