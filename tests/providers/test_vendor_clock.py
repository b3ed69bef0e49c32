"""This machine's clock against the vendors': by the date of an answer to one harmless read."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from callcenter import diagnosis
from providers.models import Provider
from providers.sandbox.accounts import DEMO_ACCOUNTS
from providers.sandbox.journal import read_journal
from providers.sandbox.server import SandboxServer
from providers.services.vendor_clock import seconds_ahead
from tests.conftest import make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor(tmp_path: Path, settings: Settings) -> Iterator[Provider]:
    """A provider at the simulator."""
    journal = tmp_path / "journal.jsonl"
    account = next(account for account in DEMO_ACCOUNTS if account.vendor == "vocode")
    with SandboxServer(port=0, journal=journal) as server:
        settings.SANDBOX_ORIGIN = server.origin
        yield make_provider(
            vendor="vocode", secrets={"api_key": account.key}, options={"base_url": server.origin + account.base_path}
        )
    assert read_journal(journal) == []


@pytest.mark.parametrize(("apart", "level"), [(0, "ok"), (30, "ok"), (-3600, "problem"), (3600, "problem")])
def test_doctor_compares_the_clocks(vendor: Provider, monkeypatch: pytest.MonkeyPatch, apart: int, level: str) -> None:
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + datetime.timedelta(seconds=apart))
    ahead = seconds_ahead(vendor)
    assert ahead is not None
    assert abs(ahead - apart) < 5
    (finding,) = diagnosis.vendor_clocks()
    assert finding.level == level
    if level == "problem":
        assert f"{'ahead of' if apart > 0 else 'behind'} Vocode" in finding.sentence


def test_a_refusal_has_a_date_too(vendor: Provider) -> None:
    vendor.secrets = {"api_key": "a-wrong-key-0123456789"}
    assert abs(seconds_ahead(vendor) or 99.0) < 5


def test_a_vendor_that_does_not_answer_is_not_compared(settings: Settings) -> None:
    settings.SANDBOX_ORIGIN = "http://127.0.0.1:9"
    silent = make_provider(options={"base_url": "http://127.0.0.1:9"})
    assert seconds_ahead(silent) is None
    assert list(diagnosis.vendor_clocks()) == []
