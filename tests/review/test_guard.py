"""Who is let in, decided by the first lines of a request."""

from __future__ import annotations

import pytest

from runner.review.guard import HEADERS, Guard, Refusal

GUARD = Guard("t0ken", 4000)
HOST = {"host": "127.0.0.1:4000"}
SENT = {
    **HOST,
    "origin": "http://127.0.0.1:4000",
    "content-type": "application/json",
    "content-length": "2",
}


def test_the_address_is_let_in() -> None:
    """And so is the other name of this machine."""
    assert GUARD.address == "http://127.0.0.1:4000/t0ken/"
    assert GUARD.path("GET", "/t0ken/", HOST) == ""
    assert GUARD.path("GET", "/t0ken/item/3?x=1", {"host": "localhost:4000"}) == "item/3"
    assert GUARD.path("POST", "/t0ken/undo", SENT) == "undo"


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/", HOST, 403),
        ("/t0ken", HOST, 403),
        ("/t0ke/", HOST, 403),
        ("/t0kenn/", HOST, 403),
        ("//t0ken/", HOST, 403),
        ("/x/../t0ken/", HOST, 403),
        ("/tökén/", HOST, 403),
        ("/t0ken/", {}, 403),
        ("/t0ken/", {"host": "evil.example:4000"}, 403),
        ("/t0ken/", {"host": "127.0.0.1"}, 403),
        ("/t0ken/", {"host": "127.0.0.1:4001"}, 403),
        ("/t0ken/", {"host": "127.0.0.1:4000, evil.example"}, 403),
        ("/t0ken/", {**HOST, "sec-fetch-site": "cross-site"}, 403),
        ("/t0ken/", {**HOST, "sec-fetch-site": "same-site"}, 403),
    ],
)
def test_others_are_not(target: str, headers: dict[str, str], status: int) -> None:
    """A wrong token, a name of somebody else's DNS, a page of another site."""
    refused = GUARD.path("GET", target, headers)
    assert isinstance(refused, Refusal)
    assert refused.status == status
    assert "t0ken" not in refused.why


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("origin", None, 403),
        ("origin", "null", 403),
        ("origin", "https://127.0.0.1:4000", 403),
        ("origin", "http://evil.example", 403),
        ("origin", "http://127.0.0.1:80", 403),
        ("content-type", None, 415),
        ("content-type", "text/plain", 415),
        ("content-type", "application/x-www-form-urlencoded", 415),
        ("content-length", None, 411),
        ("content-length", "-1", 411),
        ("content-length", "²", 411),
        ("content-length", "2, 2", 411),
        ("content-length", "99999999", 413),
        ("content-length", "9" * 5000, 413),
        ("transfer-encoding", "chunked", 411),
    ],
)
def test_a_decision_is_only_taken_from_the_page(
    header: str, value: str | None, status: int
) -> None:
    """A form of another site could send none of these."""
    sent = {name: each for name, each in {**SENT, header: value}.items() if each is not None}
    refused = GUARD.path("POST", "/t0ken/undo", sent)
    assert isinstance(refused, Refusal)
    assert refused.status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_other_methods_are_unknown(method: str) -> None:
    """A preflight of another site gets no permission."""
    refused = GUARD.path(method, "/t0ken/", SENT)
    assert isinstance(refused, Refusal)
    assert refused.status == 405


def test_the_headers_allow_nothing_from_elsewhere() -> None:
    """No script but our own files, no frame, no cache, no referrer, no CORS."""
    assert not [name for name in HEADERS if name.lower().startswith("access-control")]
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
