"""Only the public internet is fetched from."""

from __future__ import annotations

import pytest

from runner.sources.address import is_public


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "0.0.0.0", "169.254.169.254", "100.64.0.1", "10.0.0.1", "172.16.0.1",
        "192.168.0.1", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::", "2001::1", "fd00:ec2::254",
        "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "no address", "",
    ],
)  # fmt: skip
def test_addresses_inside_a_network(ip: str) -> None:
    """Loopback, private, shared, link-local, multicast, reserved, and every disguise of them."""
    assert not is_public(ip)


@pytest.mark.parametrize(
    "ip", ["8.8.8.8", "142.250.80.14", "::ffff:8.8.8.8", "2607:f8b0:4005:805::200e"]
)
def test_public_addresses(ip: str) -> None:
    """What anybody can reach."""
    assert is_public(ip)
