"""What a company's network asks of a client: its proxy, and its own certificates.

Both are named by the variables that other programs follow, and by those of the process alone: a
`.env` that came with a workflow cannot lead requests elsewhere.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
EXCEPTIONS = ("no_proxy", "NO_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables; the first that is set counts."""

SCHEMES = ("http", "https")


class SurroundingsError(ValueError):
    """A variable that names something that cannot be used; the message names the variable."""


def proxy_of(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy through which this address is reached; None for straight there.

    Only an https address is reached through one: the proxy then holds both ends of a tunnel that it
    cannot look into. The key and the images pass none in clear, and what is on this machine is
    reached without. Raises `SurroundingsError`.
    """
    name = _first(PROXIES, environ)
    if name is None:
        return None
    target = urlsplit(url)
    if target.scheme != "https" or _is_here(target.hostname or ""):
        return None
    spared = environ.get(_first(EXCEPTIONS, environ) or "", "")
    if any(_covers(entry.strip().lower(), target) for entry in spared.split(",")):
        return None
    return _proxy(name, environ[name])


def shown_proxy(proxy: str) -> str:
    """A proxy without its user and password."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def proxy_variable(environ: Mapping[str, str]) -> str | None:
    """The variable that names the proxy."""
    return _first(PROXIES, environ)


def certificates_of(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable that names the certificates to trust, and what it names; None for those that come
    with Python's certifi."""
    name = _first(CERTIFICATES, environ)
    return None if name is None else (name, environ[name])


def trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    """What certificates are trusted. Raises `SurroundingsError`."""
    named = certificates_of(environ)
    try:
        if named is None:
            import certifi

            return ssl.create_default_context(cafile=certifi.where())
        name, place = named
        if name == "SSL_CERT_FILE":
            return ssl.create_default_context(cafile=place)
        return ssl.create_default_context(capath=place)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        if named is None:
            raise
        why = error.strerror if isinstance(error, FileNotFoundError) else "no certificates in it"
        raise SurroundingsError(f"{named[0]} names {named[1]}: {(why or '').lower()}") from error


def _covers(entry: str, target: SplitResult) -> bool:
    """Whether an entry of NO_PROXY means this address: `*`, a host, what ends in it, with a port."""
    host, _, port = entry.partition(":")
    host, ours = host.lstrip("."), target.hostname or ""
    if not host or (port and port != str(target.port or 443)):
        return False
    return host in ("*", ours) or ours.endswith(f".{host}")


def _proxy(name: str, value: str) -> str:
    proxy = value if "://" in value else f"http://{value}"  # as other programs read it
    try:
        parts = urlsplit(proxy)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host = "", None
    if not host:
        raise SurroundingsError(f"{name} is no address of a proxy; write http://HOST:PORT")
    if scheme not in SCHEMES:
        raise SurroundingsError(
            f"{name} names a proxy of the kind `{scheme}`, which askpix does not speak;"
            " write http://HOST:PORT, or leave the service out with NO_PROXY"
        )
    return proxy


def _is_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost")


def _first(names: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    return next((name for name in names if environ.get(name)), None)
