"""Addresses on this machine, which only development allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from campaigns import queue
from tests.webhook_receivers import Program, listening


@pytest.fixture(autouse=True)
def this_machine(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Allow addresses on this machine, and note nudges instead of making them."""
    settings.DEBUG, settings.OUTBOUND_HOSTS = True, ["127.0.0.1", "hooks.example.org"]
    rung: list[str] = []
    monkeypatch.setattr(queue, "nudge_webhooks", lambda: rung.append("webhooks"))
    return rung


@pytest.fixture
def program() -> Iterator[Program]:
    """A program that takes what comes."""
    with listening() as found:
        yield found
