"""What plug-ins are given: a provider sees its own key, and no other."""

from __future__ import annotations

import pytest

from runner.roles import Connection, Service
from runner.stages.recall import endpoint

OURS, THEIRS = "AIzaCANARY-0123456789", "sk-canary-0123456789abcdef"
LOCAL = "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    ("services", "key", "address"),
    [
        ({}, None, None),
        ({"openai": Service(LOCAL)}, None, LOCAL),
        ({"openai": Service(LOCAL, THEIRS)}, THEIRS, LOCAL),
    ],
)
def test_an_openai_compatible_server_never_sees_the_key_of_gemini(
    services: dict[str, Service], key: str | None, address: str | None
) -> None:
    """Also when nobody said what its own is."""
    connection = Connection(OURS, "https://gemini.example.com", services=services)
    own = connection.of("openai")
    assert (own.key, own.base_url, own.services) == (key, address, {})
    assert OURS not in f"{own!r} {own}"


def test_gemini_never_sees_the_key_of_another_service() -> None:
    """Its own key and address are those of the connection itself."""
    connection = Connection(OURS, None, services={"openai": Service(LOCAL, THEIRS)})
    assert connection.of("gemini") == Connection(OURS)
    assert THEIRS not in repr(connection)


def test_a_run_and_the_cache_know_each_service_by_its_address() -> None:
    """An answer of one server never stands for one of another."""
    connection = Connection(OURS, services={"openai": Service(LOCAL)})
    assert connection.endpoint == LOCAL
    assert endpoint("openai", connection) == f"openai {LOCAL}"
    assert endpoint("gemini", connection) == "gemini v1beta"
    assert Connection(OURS).endpoint is None
    assert Connection(OURS, "http://127.0.0.1:1").endpoint == "http://127.0.0.1:1"
