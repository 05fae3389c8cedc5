"""Where the cache of a person is, and how large it may become."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.store.cache_file import FILE_NAME

LIMIT_BYTES = 1000 << 20


@dataclass(frozen=True, slots=True)
class CachePlace:
    """The folder of the cache, and the bound of its size; 0: there is none."""

    folder: Path
    limit_bytes: int = LIMIT_BYTES

    @property
    def file(self) -> Path:
        """The database."""
        return self.folder / FILE_NAME


def cache_place(environ: Mapping[str, str]) -> CachePlace:
    """`ASKPIX_CACHE` names the folder, else it is `askpix` in the user's cache folder;
    `ASKPIX_CACHE_MB` says how large it may become. Raises ValueError when that is no number."""
    size = environ.get("ASKPIX_CACHE_MB", "").strip()
    if size and not (size.isascii() and size.isdecimal() and len(size) < 10):
        raise ValueError(f"ASKPIX_CACHE_MB is a whole number of megabytes, not {size!r}")
    limit = int(size) << 20 if size else LIMIT_BYTES
    if named := environ.get("ASKPIX_CACHE"):
        return CachePlace(Path(named).absolute(), limit)
    home = environ.get("XDG_CACHE_HOME", "")
    return CachePlace(Path(home if os.path.isabs(home) else _user_cache()) / "askpix", limit)


def _user_cache() -> str:
    return os.path.join(os.path.expanduser("~"), ".cache")
