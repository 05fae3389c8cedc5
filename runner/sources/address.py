"""Which addresses an image may be fetched from: the public internet, not the inside of a network."""

from __future__ import annotations

import ipaddress

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")


def is_public(ip: str) -> bool:
    """True for a global unicast address.

    The standard library alone is not enough: `is_private` lets 100.64.0.1 through, `is_global`
    lets 224.0.0.1, ::127.0.0.1 and the IPv4 addresses inside NAT64 ones through. Every IPv6 form
    that carries an IPv4 address is judged by that address or refused.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(str(address.ipv4_mapped))
        if address.sixtofour or address.teredo or address.is_site_local or int(address) >> 32 == 0:
            return False
        if any(address in network for network in _NAT64):
            return False
    elif address in _PROTOCOLS:  # what of it is global depends on the version of Python
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
