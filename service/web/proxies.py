"""Where a request really comes from: the network address of a person, as far as the proxies in front can be believed.

Whoever asks may write any X-Forwarded-For: only what our own proxies added to it counts. Knows nothing of accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from flask import request

from service.config import Network
from service.web.context import settings

IPV6_PREFIX = 64
"""What one subscriber holds: counting single IPv6 addresses would give everybody billions of attempts."""


def client_address() -> str:
    """The address the attempts of this request are counted under."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return address_behind(request.remote_addr or "", forwarded, settings().trusted_networks)


def address_behind(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The last address of the chain that is no proxy of ours: read from the right, where each proxy writes."""
    chain = [*(one.strip() for one in forwarded.split(",") if one.strip()), peer]
    kept = peer
    while chain:
        address = _parsed(chain.pop())
        if address is None:
            break
        kept = _counted(address)
        if not any(address in network for network in trusted):
            break
    return kept


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _counted(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, IPV6_PREFIX), strict=False))
    return str(address)
