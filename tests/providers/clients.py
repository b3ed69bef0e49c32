"""Clients that the tests of the client share, and answers without one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pycurl
import pytest
from requests import Request, Response

from providers.client import addresses, loop, transfers
from providers.client.client import HttpClient
from providers.client.transfers import Transfer
from tests.providers.vendor_stub import VendorStub
from tests.waiting import A_MINUTE

KEY = "canary-key-55"
ORDER = Request("POST", "/call", json={"to": "+15550001111"})
READ = Request("GET", "/calls", params={"number": "+15550001111", "id": ["a", "b c"]})
LIMIT_S = 1.0


def client_to(stub: VendorStub, path: str = "", **limits: Any) -> HttpClient:
    """Return a client of the stub as the sandbox."""
    return HttpClient(
        stub.origin + path,
        headers={"Authorization": f"Bearer {KEY}"},
        allowed_hosts=(),
        sandbox_origin=stub.origin,
        **{"total_timeout": LIMIT_S, "connect_timeout": A_MINUTE, **limits},
    )


def public_client(host: str = "vendor.example", **more: Any) -> HttpClient:
    """Return a client of a vendor on the public internet."""
    return HttpClient(
        f"https://{host}", headers={"Authorization": KEY}, allowed_hosts=[host], connect_timeout=0.5, **more
    )


def stand_in(monkeypatch: pytest.MonkeyPatch, port: int, *found: str) -> None:
    """Let every name mean the given addresses; without one, a listener on loopback that counts as public."""
    target = "stand-in.example" if found else "127.0.0.1"
    if not found:
        monkeypatch.setattr(addresses, "is_public", lambda address: True)
    template = transfers.template.__wrapped__

    def standing_in(scheme: str, is_pooled: bool) -> pycurl.Curl:
        curl = template(scheme, is_pooled)
        curl.setopt(pycurl.CONNECT_TO, [f"::{target}:{port}"])
        curl.setopt(pycurl.RESOLVE, [f"stand-in.example:{port}:{','.join(found or ['127.0.0.1'])}"])
        return curl

    monkeypatch.setattr(transfers, "template", standing_in)
    monkeypatch.setattr(Transfer, "forget_address", lambda _transfer: None)


def answer_of(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer as the client gives it."""
    response = Response()
    response.status_code, response.raw = status, io.BytesIO(body)
    response.headers.update(headers or {})
    return response


def carry(transfer: Transfer) -> Response:
    """Carry one transfer to its end; raises what it ended in where that is no answer."""
    loop.carry(transfer)
    return transfer.answer()
