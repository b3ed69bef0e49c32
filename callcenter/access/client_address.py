"""The address of whoever asks, also behind proxies: the one home of it for throttling, audit and limits.

A proxy of ours appends to X-Forwarded-For the address that it saw. So the last TRUSTED_HOPS entries are ours, and the
first of these is the client; those before it are what the client claims. `Forwarded`, `X-Real-Ip` and the like are
never read: whoever asks may write them, and the proxies of docs/compose.md do not take them away.
"""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST = 100
"""Characters that an entry may have: an IPv6 address in brackets with zone and port has fewer."""
WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5}", re.ASCII)
SHARED_PREFIX = 64
"""Bits of an IPv6 address that one client cannot choose: it has a whole /64 to itself (RFC 6177)."""

OF_THIS_PROCESS = {"REMOTE_ADDR": "127.0.0.1"}
"""What a request that this process makes of its own application says of where it comes from."""


def parsed(text: str) -> IPAddress | None:
    """Return the address in an entry, without port, brackets and zone; None where it is none.

    An IPv4 address that is written as an IPv6 one (::ffff:192.0.2.1) is the IPv4 address.
    """
    text = text.strip()
    if len(text) > LONGEST:
        return None
    if found := WITH_PORT.fullmatch(text):
        text = found[1] or found[2] or ""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def peer_address(request: HttpRequest) -> IPAddress | None:
    """Return the address of the other end of the connection, a proxy's perhaps; None for a unix socket."""
    return parsed(str(request.META.get("REMOTE_ADDR") or ""))


def _address(request: HttpRequest) -> IPAddress | None:
    if settings.BEHIND_PROXY:
        # From the end: the head is as long as a client likes.
        entries = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").rsplit(",", settings.TRUSTED_HOPS)
        # Where there are fewer than proxies, the request came past an outer one, and all of them are ours. What one of
        # ours could not tell ("unknown") is told by the next: then many clients share an address, and none chooses it.
        for entry in entries[-settings.TRUSTED_HOPS :]:
            if found := parsed(entry):
                return found
    return peer_address(request)


def client_address(request: HttpRequest) -> str:
    """Return the address of the client in its shortest form; empty where nobody tells it (a unix socket)."""
    return str(_address(request) or "")


def client_network(request: HttpRequest) -> str:
    """Return what to count a client by: its address, of IPv6 the /64 network in which it may choose any address."""
    address = _address(request)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, SHARED_PREFIX), strict=False))
    return str(address or "")
