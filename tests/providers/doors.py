"""Doors that the tests of the door share."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from providers import connections
from providers.base import Request
from providers.http import HttpDoor
from tests.providers.vendor_stub import VendorStub

KEY = "canary-key-55"
ORDER = Request(method="POST", path="/call", json={"to": "+15550001111"})
READ = Request(method="GET", path="/calls", params={"number": "+15550001111", "id": ["a", "b c"]})
LIMIT_S = 1.0


def door_to(stub: VendorStub, path: str = "", **limits: Any) -> HttpDoor:
    """Return a door to the stub as the sandbox."""
    return HttpDoor(
        stub.origin + path,
        headers={"Authorization": f"Bearer {KEY}"},
        allowed_hosts=(),
        sandbox_origin=stub.origin,
        **{"total_timeout": LIMIT_S, "connect_timeout": 0.5, **limits},
    )


def public_door(host: str = "vendor.example", **more: Any) -> HttpDoor:
    """Return a door to a vendor on the public internet."""
    return HttpDoor(
        f"https://{host}", headers={"Authorization": KEY}, allowed_hosts=[host], connect_timeout=0.5, **more
    )


def stand_in(monkeypatch: pytest.MonkeyPatch, port: int, *addresses: str) -> None:
    """Let every name mean the given addresses; without one, a listener on loopback that counts as public."""

    def look_up(host: str, asked: int, **how: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in addresses or ("127.0.0.1",)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    if not addresses:
        monkeypatch.setattr(connections, "is_public", lambda address: True)
