"""Room and permission to write: where runs go, and where answers are kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from runner.doctor.finding import Finding, Level
from runner.store.cache import Cache
from runner.store.cache_place import cache_place
from runner.store.mounts import mounts, on_network

LEAST_MB = 20
"""With less, a run does not begin, or ends soon."""

LITTLE_MB = 500


def out_folder(folder: Path) -> Iterator[Finding]:
    """Whether a run can write there."""
    yield from _place("out folder", folder, "fail", "choose another folder with --out")
    if _is_elsewhere(folder):
        told = f"{folder} lies on a network file system: a run there is slower"
        yield Finding("out folder", "warn", told, "choose a folder of this machine with --out")


def cache(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether answers can be kept, how many are, and files that were damaged. Makes no cache."""
    try:
        place = cache_place(environ)
    except ValueError as error:
        yield Finding("cache", "fail", str(error), "correct or remove that variable")
        return
    if not place.limit_bytes:
        yield Finding("cache", "ok", "switched off: ASKPIX_CACHE_MB is 0")
        return
    how = "name another folder in ASKPIX_CACHE"
    yield from _place("cache", place.folder, "warn", how)
    if _is_elsewhere(place.folder):
        yield Finding("cache", "warn", f"{place.folder} lies on a network file system", how)
    if place.file.exists():
        yield from _inside(place.folder, environ)


def _inside(folder: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    told: list[str] = []
    found = Cache(cache_place(environ), told.append)
    try:
        if found.off is None:
            about = found.info()
            size = f"{about.bytes / (1 << 20):,.1f} MB"
            yield Finding("cache", "ok", f"{about.answers:,} answers in {size}: {folder}")
            kept = ", ".join(path.name for path in about.set_aside)
            if kept:
                how = "askpix cache clean removes them, with all answers"
                yield Finding("cache", "warn", f"damaged files were set aside: {kept}", how)
    except OSError as error:
        told.append(str(error))
    finally:
        found.close()
    for sentence in told:
        yield Finding("cache", "warn", sentence, "askpix cache info tells more")


def _place(check: str, folder: Path, level: Level, how: str) -> Iterator[Finding]:
    """Whether a file can be written in a folder, or where it would be made, and how much room is
    left. Nothing stays."""
    where = _nearest(folder)
    if where is None:
        yield Finding(check, level, f"{folder}: a file is in the way", how)
        return
    try:
        with tempfile.TemporaryFile(dir=where) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(where).free >> 20
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        yield Finding(check, level, f"cannot write to {where} ({why})", how)
        return
    told = f"{folder} can be written, {free:,} MB free"
    if free < LEAST_MB:
        yield Finding(check, level, told, f"make room, or {how}")
    elif free < LITTLE_MB:
        yield Finding(check, "warn", told, f"a long run may need more: make room, or {how}")
    else:
        yield Finding(check, "ok", told)


def _nearest(folder: Path) -> Path | None:
    """The folder, or the nearest one above it that is there; None when a file stands there."""
    for path in (folder.absolute(), *folder.absolute().parents):
        if path.is_dir():
            return path
        if path.exists():
            return None
    return None


def _is_elsewhere(folder: Path) -> bool:
    where = _nearest(folder)
    return where is not None and on_network(PurePosixPath(where.resolve().as_posix()), mounts())
