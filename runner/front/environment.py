"""What the environment gives a run: variables, `.env`, the key, the address of the service."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.transport.secret import KEY_NAMES, OPENAI_KEY_NAME

if TYPE_CHECKING:
    from runner.doctor.key import FoundKey

BASE_URL_NAME = "GOOGLE_GEMINI_BASE_URL"
OPENAI_URL_NAME = "OPENAI_BASE_URL"

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


def environment(*folders: Path) -> dict[str, str]:
    """The environment's variables; those that are not set there come from a file `.env` in one of
    these folders, the first that has them."""
    found: dict[str, str] = {}
    for folder in reversed(folders):
        found |= _read_env_file(folder / ".env")
    return {**found, **os.environ}


def api_key(environ: Mapping[str, str]) -> str | None:
    """The key of the Gemini API, None when there is none."""
    return next((environ[name] for name in KEY_NAMES if environ.get(name)), None)


def openai_key(environ: Mapping[str, str]) -> str | None:
    """The key of an OpenAI-compatible server, None when there is none: many need none."""
    return environ.get(OPENAI_KEY_NAME) or None


def keys_found(*folders: Path, names: Sequence[str] = KEY_NAMES) -> Iterator[FoundKey]:
    """Every one of these variables that holds a key, with where it was found; the first is used."""
    from runner.doctor.key import FoundKey

    for name in names:
        if name in os.environ:  # even an empty one hides those of files
            if os.environ[name]:
                yield FoundKey(name, "the environment", os.environ[name])
            continue
        for folder in folders:
            if name in (found := _read_env_file(folder / ".env")):
                if found[name]:
                    yield FoundKey(name, str(folder / ".env"), found[name])
                break


def env_files_with_a_key(*folders: Path) -> Iterator[Path]:
    """The files `.env` that hold a key, used or not."""
    for path in dict.fromkeys((folder / ".env").resolve() for folder in folders):
        if any(_read_env_file(path).get(name) for name in (*KEY_NAMES, OPENAI_KEY_NAME)):
            yield path


def what_is_wrong_with_env_files(*folders: Path) -> Iterator[str]:
    """Why a file that was meant to hold the key gives none, in sentences without the key."""
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        for path in sorted(folder.glob(".env*")):
            if path.is_file() and path.name != ".env.example" and (why := _fault(path)):
                yield f"{path} is there, but {why}"


def _fault(path: Path) -> str | None:
    if path.name != ".env":
        return "its name must be exactly .env" if path.name in (".env.txt", ".env.env") else None
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"it cannot be read ({(error.strerror or 'no reason given').lower()})"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        return "it is not UTF-8 (PowerShell writes UTF-16): save it as UTF-8"
    text = content.decode("utf-8", "replace")
    right = "write GEMINI_API_KEY=… in a line of its own"
    if any(name in text.upper() for name in KEY_NAMES):
        return f"its line is not understood: {right}, in capitals, with an equals sign"
    return f"it names no key: {right}"


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        if not path.is_file():  # a pipe would hold up everything
            return {}
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = (_LINE.fullmatch(line) for line in lines if not line.lstrip().startswith("#"))
    return {match[1]: _unquoted(match[2]) for match in found if match}


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.split(" #")[0].rstrip()
