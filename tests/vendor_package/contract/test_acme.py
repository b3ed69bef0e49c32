"""Acme keeps the contract of all backends."""

from __future__ import annotations

from pathlib import Path

from acme_calls.backend import AcmeBackend

from tests.providers.contract import ProviderContract


class TestAcme(ProviderContract):
    backend_class = AcmeBackend
    payloads = Path(__file__).parent.parent / "payloads/acme"
