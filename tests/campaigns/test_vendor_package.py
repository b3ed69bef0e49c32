"""A vendor of an installed package does what ours do: called through, followed, found again when an answer is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Call, DialingSwitch
from providers.models import Agent, Provider
from providers.sandbox.journal import read_journal
from providers.sandbox.server import SandboxServer
from providers.sandbox.wire import demo_accounts
from providers.services.checking import check_provider
from tests.conftest import make_call
from tests.installed import VENDOR_PACKAGE, install, uninstall

Run = Callable[..., None]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def provider(
    tmp_path: Path, journal: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None
) -> Iterator[Provider]:
    """A provider of the package's vendor, at the package's simulator."""
    install(VENDOR_PACKAGE, tmp_path / "site", monkeypatch)
    account = next(found for found in demo_accounts() if found.vendor == "acme")
    with SandboxServer(port=0, speed=20.0, journal=journal, limits=False) as server:
        settings.SANDBOX_ORIGIN, settings.TIME_SCALE, settings.SINGLE_CALL_HOURS = server.origin, 20.0, "00:00-00:00"
        DialingSwitch.objects.get_or_create(pk=1)
        made = Provider.objects.create(
            vendor="acme", name=account.name, secrets={"api_key": account.key}, max_lines=5, calls_per_minute=6000,
            reads_per_minute=6000, options={"base_url": server.origin + account.base_path},
        )  # fmt: skip
        Agent.objects.create(provider=made, remote_id=account.agents[0].id, name=account.agents[0].name)
        yield made
    uninstall()


@pytest.mark.usefixtures("nudges")
def test_calls_go_through_it(provider: Provider, journal: Path, dial: Run, read_back: Run) -> None:
    assert check_provider(provider.pk).is_ok
    calls = [
        make_call(provider=provider, to_number=f"+98912123{last}", agent=provider.agent_set.first())
        for last in ("9901", "9902", "9907")
    ]
    dial(2)
    assert Call.objects.get(pk=calls[2].pk).status == "unknown"
    Call.objects.update(next_poll_at=timezone.now())
    read_back(8)
    states = [Call.objects.get(pk=call.pk).status for call in calls]
    assert states[:2] == ["completed", "busy"]
    assert states[2] in {"completed", "no_answer", "busy"}, "found again by its reference in the vendor's list"
    dialed = [entry["to_number"] for entry in read_journal(journal)]
    assert sorted(dialed) == sorted(call.to_number for call in calls)
