"""The API key and the address: where they come from and whether they can be right. The key itself is
in no finding."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from runner.doctor.finding import Finding
from runner.text.masking import KEY

USUAL_LENGTH = 39

VERSIONS = ("v1beta", "v1", "v1alpha")
"""The versions of the API. Source: ai.google.dev, API versions; google-genai 3.4.0."""

MAKE_ONE = "make one at https://aistudio.google.com/apikey"


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A variable that holds a key, and where it was found; the first of several is used."""

    name: str
    where: str
    key: str = field(repr=False)


def key(found: Sequence[FoundKey], faults: Sequence[str], *, needed: bool) -> Iterator[Finding]:
    """Where the key is and what it looks like. `faults` say what is wrong with `.env` files,
    `needed` whether a service is asked that takes no other."""
    for fault in faults:
        yield Finding("key", "warn", fault, "correct the file, or delete it")
    if not found:
        told = "there is none in GEMINI_API_KEY or GOOGLE_API_KEY, nor in a file .env"
        if not needed:
            yield Finding("key", "ok", f"{told}; none is needed here")
            return
        how = f"{MAKE_ONE} and write GEMINI_API_KEY=… into a file .env"
        yield Finding("key", "fail", told, how)
        return
    used, *others = found
    yield _shape(used, needed=needed)
    if any(other.key != used.key for other in others):
        told = f"{used.name} is used; {others[0].name} ({others[0].where}) holds another key"
        yield Finding("key", "warn", told, "remove the one that you do not mean")


def server_key(found: Sequence[FoundKey]) -> Finding:
    """The key of an OpenAI-compatible server, which may want none."""
    if not found:
        told = "there is none in OPENAI_API_KEY, nor in a file .env; many servers want none"
        return Finding("key", "ok", told)
    return Finding("key", "ok", f"{_length(found[0])}; for `provider: openai`")


def readable_by_others(files: Sequence[Path]) -> Iterator[Finding]:
    """Files with a key that other people of this machine can read."""
    for path in files:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
            told = f"{path} holds a key, and others on this machine can read it"
            yield Finding("key", "warn", told, f"chmod 600 {path}")


def address(url: str | None, usual: str) -> Finding:
    """The address that is asked."""
    if url is None:
        return Finding("address", "ok", f"{usual} (the service's own)")
    how = "write it as https://HOST, in --base-url or GOOGLE_GEMINI_BASE_URL"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return Finding("address", "fail", f"{url} is no web address", how)
    if parts.scheme not in ("http", "https") or not host:
        return Finding("address", "fail", f"{url} is no web address", how)
    last = parts.path.rstrip("/").rpartition("/")[2]
    if last in VERSIONS:
        told = f"{url} ends in the version, which is added once more"
        return Finding("address", "warn", told, f"leave out /{last}, and use --api-version {last}")
    if parts.scheme == "http" and not is_this_machine(url):
        told = f"{url}: the key and the images travel unencrypted"
        return Finding("address", "warn", told, "use https://")
    return Finding("address", "ok", f"{url} (instead of {usual})")


def api_version(version: str, models: Sequence[str], revisions: Sequence[str]) -> Iterator[Finding]:
    """The version in every address. `revisions` are the workflows that send an Api-Revision."""
    if version not in VERSIONS:
        told = f"{version} is none that is documented ({', '.join(VERSIONS)})"
        yield Finding("api version", "warn", told, "leave out --api-version")
    else:
        yield Finding("api version", "ok", f"{version}; no Api-Revision is needed")
    moving = [name for name in models if name.endswith("-latest")]
    if moving and version == "v1":
        told = f"{', '.join(moving)}: names that move are said to be known to v1beta only"
        yield Finding("api version", "warn", told, "use --api-version v1beta, or name a model")
    for workflow in revisions:
        told = f"{workflow} sends an Api-Revision, which the service ignores since 2026-06-08"
        yield Finding("api version", "warn", told, "delete the header")


def is_this_machine(url: str | None) -> bool:
    """Whether an address is one of this machine: a simulator or a test, which takes any key."""
    host = urlsplit(url or "").hostname or ""
    return host == "localhost" or host.startswith("127.")


def _length(used: FoundKey) -> str:
    return f"{used.name}, from {used.where}: {len(used.key)} characters"


def _shape(used: FoundKey, *, needed: bool) -> Finding:
    told = _length(used)
    if any(
        not (letter.isascii() and letter.isprintable()) or letter in " \"'" for letter in used.key
    ):
        what = "with one that no key has: a space, a quote, a line break?"
        return Finding("key", "fail", f"{told}, {what}", "copy the key again, alone")
    if not needed:
        return Finding("key", "ok", f"{told}; any will do here")
    if KEY.fullmatch(used.key) and len(used.key) == USUAL_LENGTH:
        return Finding("key", "ok", f"{told}, of the usual form")
    what = f"not of the usual form (AIza and {USUAL_LENGTH - 4} more)"
    return Finding("key", "warn", f"{told}, {what}", "if the service refuses it, copy it again")
