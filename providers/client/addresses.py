"""Checks of addresses: allowed hosts, public IP addresses, and the simulator."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"[!-\[\]-~]{1,8000}")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Origin(NamedTuple):
    """Scheme, host and port of a connection; only the simulator's may be plain http and a private address."""

    scheme: str
    host: str
    port: int
    is_sandbox: bool = False

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class ForeignHost(ValueError):
    """Raised for a host that is not allowed; the argument is the host."""


def checked(url: str, allowed: Iterable[str], sandbox: str) -> tuple[SplitResult, Origin]:
    """Return an address's parts and origin; raises ValueError with the reason where it is not allowed.

    Allowed are https addresses of the hosts in `allowed` (one that begins with a dot allows its subdomains) and the
    simulator's origin `sandbox`.
    """
    parts, origin = _split(url)
    if not origin.host or "@" in parts.netloc or parts.fragment:
        raise ValueError("it is not a plain address.")
    if sandbox and origin == _split(sandbox)[1]:
        return parts, origin._replace(is_sandbox=True)
    if origin.scheme != "https" or origin.port != 443:
        raise ValueError("it must be https on the usual port.")
    names = [name.strip().lower() for name in allowed]
    if not any(origin.host == name or (name.startswith(".") and origin.host.endswith(name)) for name in names):
        raise ForeignHost(origin.host)
    return parts, origin


def _split(url: str) -> tuple[SplitResult, Origin]:
    try:
        parts, scheme = urlsplit(url), url.partition(":")[0].lower()
        origin = Origin(scheme, (parts.hostname or "").rstrip("."), parts.port or PORTS.get(scheme, 0))
    except ValueError:
        raise ValueError("it is not an address.") from None
    if not _ADDRESS.fullmatch(url):
        raise ValueError("it has characters that an address must not have.")
    return parts, origin


def is_public(address: str) -> bool:
    """Return whether an IP address is public; NAT64 and IPv4-mapped ones are judged by the IPv4 address inside."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.sixtofour or ip.teredo or ip.is_site_local:
            return False
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
