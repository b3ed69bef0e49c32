"""What tests of several rooms begin with: vendors in this process, logged-in browsers, nudges that are only noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from campaigns import queue
from campaigns.core import progress
from campaigns.dialing import dispatcher
from campaigns.models import DialingSwitch
from campaigns.tracking import polling
from providers.models import Agent, CallerId, Provider, Voice
from providers.sandbox.accounts import DEMO_ACCOUNTS
from providers.sandbox.journal import JournalEntry, read_journal
from providers.sandbox.server import SandboxServer
from tests.situations import LeasedProvider

SPEED = 20.0


class Sandbox:
    """The five vendors, and what they really dialled."""

    def __init__(self, server: SandboxServer, journal: Path) -> None:
        self.server, self._journal = server, journal

    @property
    def dialed(self) -> list[JournalEntry]:
        """Every dial that a vendor accepted."""
        return read_journal(self._journal)

    def dials_of(self, number: str) -> int:
        """How often a number was rung."""
        return sum(entry["to_number"] == number for entry in self.dialed)

    def provider(self, vendor: str = "bolna", **fields: Any) -> Provider:
        """Make a provider at one of the vendors, with its first agent, caller ID and voice."""
        account = next(account for account in DEMO_ACCOUNTS if account.vendor == vendor)
        defaults: dict[str, Any] = {
            "vendor": vendor,
            "name": account.name,
            "secrets": {"api_key": account.key},
            "options": {"base_url": self.server.origin + account.base_path, **account.options},
            "max_lines": 50,
            "calls_per_minute": 60_000,
            "reads_per_minute": 60_000,
            "price_per_minute": Decimal("0.05"),
            "currency": "USD",
        }
        provider = Provider.objects.create(**(defaults | fields))
        for agent in account.agents[:1]:
            Agent.objects.create(provider=provider, remote_id=agent.id, name=agent.name)
        for number in account.caller_ids[:1]:
            CallerId.objects.create(provider=provider, remote_id=number, number=number, name="desk")
        for voice in account.voices[:1]:
            Voice.objects.create(provider=provider, remote_id=voice.id, name=voice.name)
        return provider


@pytest.fixture
def sandbox(tmp_path: Path, settings: Settings, db: None) -> Iterator[Sandbox]:
    """Run the five vendors twenty times as fast, without limits."""
    journal = tmp_path / "journal.jsonl"
    with SandboxServer(port=0, speed=SPEED, journal=journal, limits=False) as server:
        settings.SANDBOX_ORIGIN = server.origin
        settings.TIME_SCALE = SPEED
        settings.SINGLE_CALL_HOURS = "00:00-00:00"
        DialingSwitch.objects.get_or_create(pk=1)
        yield Sandbox(server, journal)


@pytest.fixture
def dial() -> Callable[..., None]:
    """Run one dispatch slice in this process, at most until a condition holds: asked at each of its rounds."""

    def run(seconds: float = 3.0, until: Callable[[], bool] = lambda: False) -> None:
        with left_off(until):
            dispatcher.run_slice(on_placed=lambda: None, on_remaining=lambda: None, seconds=seconds)

    return run


@pytest.fixture
def read_back() -> Callable[..., None]:
    """Run one poll slice in this process, at most until a condition holds: asked at each of its rounds."""

    def run(seconds: float = 5.0, until: Callable[[], bool] = lambda: False) -> None:
        with left_off(until):
            polling.run_slice(seconds)

    return run


@contextmanager
def left_off(until: Callable[[], bool]) -> Iterator[None]:
    """Context manager: a slice leaves off where the condition holds, as where its worker is asked to end."""
    progress.connect(until)
    try:
        yield
    finally:
        progress.disconnect()


@pytest.fixture
def console(client: Client, caller: User) -> Client:
    """A browser in which a caller is logged in."""
    client.force_login(caller)
    return client


@pytest.fixture
def as_manager(client: Client, manager: User) -> Client:
    """A browser in which a manager is logged in."""
    client.force_login(manager)
    return client


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what the queue would be nudged to do instead of nudging it."""
    noted: list[str] = []
    monkeypatch.setattr(queue, "nudge_dispatch", lambda: noted.append("dispatch"))
    monkeypatch.setattr(queue, "nudge_take_back", lambda: noted.append("take_back"))
    return noted


@pytest.fixture
def leased(db: None) -> LeasedProvider:
    """A provider whose dispatch lease is ours, with a running campaign."""
    return LeasedProvider()
