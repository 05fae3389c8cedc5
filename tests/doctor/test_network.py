"""The proxy and the certificates, as the doctor tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.doctor.network import network

SERVICE = "https://generativelanguage.googleapis.com"
AUTHORITY = Path(__file__).parents[1] / "transport" / "authority.pem"


@pytest.mark.parametrize(
    ("url", "environ", "told"),
    [
        (SERVICE, {}, []),
        (
            SERVICE,
            {"HTTPS_PROXY": "http://ann:s3cret@proxy.corp:3128"},
            [("proxy", "ok", f"http://proxy.corp:3128 (HTTPS_PROXY), for {SERVICE}")],
        ),
        (
            "http://127.0.0.1:8080",
            {"all_proxy": "http://proxy.corp:3128"},
            [
                (
                    "proxy",
                    "ok",
                    "all_proxy is set; http://127.0.0.1:8080 is reached without it (this machine,"
                    " http:// and what NO_PROXY names need none)",
                )
            ],
        ),
        (
            SERVICE,
            {"HTTPS_PROXY": "http://"},
            [("proxy", "fail", "HTTPS_PROXY is no address of a proxy; write http://HOST:PORT")],
        ),
        (
            SERVICE,
            {"SSL_CERT_FILE": str(AUTHORITY)},
            [("certificates", "ok", f"only those in {AUTHORITY} are trusted (SSL_CERT_FILE)")],
        ),
        (
            SERVICE,
            {"SSL_CERT_FILE": "/nowhere"},
            [("certificates", "fail", "SSL_CERT_FILE names /nowhere: no such file or directory")],
        ),
    ],
)
def test_what_the_environment_names_is_told(
    url: str, environ: dict[str, str], told: list[tuple[str, str, str]]
) -> None:
    """Never with a password."""
    assert [(f.check, f.level, f.says) for f in network(url, environ)] == told
