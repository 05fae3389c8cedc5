"""The way to the service: the proxy and the certificates that the environment names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.doctor.finding import Finding
from runner.transport.surroundings import (
    SurroundingsError,
    certificates_of,
    proxy_of,
    proxy_variable,
    shown_proxy,
    trust,
)


def network(url: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Which proxy and which certificates hold for this address; nothing where none is named."""
    try:
        named, proxy = proxy_variable(environ), proxy_of(url, environ)
    except SurroundingsError as mistake:
        yield Finding("proxy", "fail", str(mistake), "correct the variable, or unset it")
    else:
        if proxy is not None:
            yield Finding("proxy", "ok", f"{shown_proxy(proxy)} ({named}), for {url}")
        elif named is not None:
            told = f"{named} is set; {url} is reached without it"
            why = "this machine, http:// and what NO_PROXY names need none"
            yield Finding("proxy", "ok", f"{told} ({why})")
    if certificates := certificates_of(environ):
        name, place = certificates
        try:
            trust(environ)
        except SurroundingsError as mistake:
            how = "name a file of certificates in PEM, or unset it"
            yield Finding("certificates", "fail", str(mistake), how)
        else:
            told = f"only those in {place} are trusted ({name})"
            yield Finding("certificates", "ok", told)
