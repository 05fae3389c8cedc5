"""The machine: Python, packages, terminal, files that may be open at once."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import TextIO

from runner.doctor.finding import Finding
from runner.version import VERSION

OLDEST_PYTHON = (3, 11)

OWN_FILES = 64
"""Open files that a run needs beside one for each request in flight: its store, its log, images."""

SIGNS = "✓✗…–×"
"""What the pages for people hold beside letters."""

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)[^;>=]*(?:>=\s*([0-9.]+))?[^;]*(?:;\s*(.*))?")


def python() -> Finding:
    """The version of Python, and of this program."""
    told = f"askpix {VERSION} on Python {platform.python_version()}, {platform.system()}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        return Finding("python", "fail", told, f"install Python {needed} or newer")
    return Finding("python", "ok", told)


def packages(required: Iterable[str] | None = None) -> Iterator[Finding]:
    """What this program needs: there, and new enough. `required` are requirements as pip writes them."""
    lines = required if required is not None else _required()
    found: list[str] = []
    for name, least, condition in map(_parts, lines):
        if "extra" in condition:
            continue
        there = _installed(name)
        if there is None:
            yield Finding("packages", "fail", f"{name} is not installed", _install(name, least))
        elif _numbers(there) < _numbers(least):
            told = f"{name} {there} is older than {least}"
            yield Finding("packages", "warn", told, _install(name, least))
        else:
            found.append(f"{name} {there}")
    if found:
        yield Finding("packages", "ok", ", ".join(found))


def extras(required: Iterable[str] | None = None) -> Iterator[Finding]:
    """The optional parts of this program that are there, and how to get the others."""
    lines = [*required] if required is not None else _required()
    wanted: dict[str, list[str]] = {}
    for name, _, condition in map(_parts, lines):
        if extra := re.search(r"extra\s*==\s*['\"]([^'\"]+)", condition):
            wanted.setdefault(extra[1], []).append(name)
    wanted.pop("dev", None)
    for extra_name, names in wanted.items():
        missing = [name for name in names if _installed(name) is None]
        if missing:
            told = f"{extra_name}: not installed ({', '.join(missing)})"
            how = f"only if you need it: pip install 'askpix[{extra_name}]'"
            yield Finding("extras", "ok", told, how)
        else:
            yield Finding("extras", "ok", f"{extra_name}: installed")


def terminal(streams: Mapping[str, TextIO]) -> Finding:
    """Whether what is printed can be read: the encodings of the streams."""
    poor = [
        f"{name} ({stream.encoding or 'unknown'})"
        for name, stream in streams.items()
        if not _writes(stream.encoding)
    ]
    shown = ", ".join(f"{name} {stream.encoding or '?'}" for name, stream in streams.items())
    if sys.getfilesystemencoding().lower() not in ("utf-8", "utf8"):
        poor.append(f"names of files ({sys.getfilesystemencoding()})")
    if poor:
        how = "set PYTHONUTF8=1, or a locale that ends in .UTF-8 (LANG=C.UTF-8)"
        told = f"cannot show every letter: {', '.join(poor)}"
        return Finding("terminal", "warn", told, how)
    tty = all(stream.isatty() for stream in streams.values())
    return Finding("terminal", "ok", f"{'a terminal' if tty else 'no terminal'}: {shown}")


def open_files(parallel: int, limit: int | None) -> Finding:
    """Whether as many requests as a workflow wants may be in flight. `limit` None: there is none."""
    if limit is None:
        return Finding("open files", "ok", f"no limit; `parallel` is {parallel}")
    needed = parallel + OWN_FILES
    told = f"{limit:,} may be open at once; `parallel: {parallel}` needs about {needed:,}"
    if limit < needed:
        how = f"ulimit -n {max(needed, 1024)}, or a lower `parallel`"
        return Finding("open files", "fail", told, how)
    return Finding("open files", "ok", told)


def limit_of_open_files() -> int | None:
    """How many files this process may open; None where there is no such limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _required() -> list[str]:
    """As the installed distribution says; in a checkout that is not installed, what a run records."""
    from runner.store.manifest import PACKAGES

    try:
        if metadata("askpix")["Name"]:
            return requires("askpix") or []
    except PackageNotFoundError:
        pass
    return [*PACKAGES]


def _parts(requirement: str) -> tuple[str, str, str]:
    """The name, the least version and the condition of a requirement."""
    found = _REQUIREMENT.match(requirement.strip())
    return (found[1], found[2] or "0", found[3] or "") if found else (requirement, "0", "")


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _install(name: str, least: str) -> str:
    return f"pip install '{name}>={least}'" if least != "0" else f"pip install {name}"


def _writes(encoding: str | None) -> bool:
    try:
        SIGNS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
