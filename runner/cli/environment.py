"""What the environment gives a run: variables, `.env`, the key, the address of the service."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

KEY_NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""In the order in which Google's own package looks for them."""

BASE_URL_NAME = "GOOGLE_GEMINI_BASE_URL"

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


def environment(folder: Path) -> dict[str, str]:
    """The environment's variables; those that are not set there come from `folder/.env`."""
    return {**_read_env_file(folder / ".env"), **os.environ}


def api_key(environ: Mapping[str, str]) -> str | None:
    """The key of the Gemini API, None when there is none."""
    return next((environ[name] for name in KEY_NAMES if environ.get(name)), None)


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = (_LINE.fullmatch(line) for line in lines if not line.lstrip().startswith("#"))
    return {match[1]: _unquoted(match[2]) for match in found if match}


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.split(" #")[0].rstrip()
