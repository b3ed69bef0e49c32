"""What a start does: every list is compared before the first order leaves, at every vendor."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import Settings

from campaigns import minute_job, tasks, worker_life
from campaigns.models import Call, DatabaseMark, DialingSwitch
from campaigns.tracking import start_comparison
from providers.models import Provider, ProviderState
from providers.sandbox.server import SandboxServer
from tests.campaigns.conftest import Sandbox
from tests.campaigns.tracking.swept_provider import MINUTE
from tests.conftest import make_agent, make_call, make_provider


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch, db: None) -> list[int]:
    """The providers whose comparison was queued."""
    noted: list[int] = []
    monkeypatch.setattr("campaigns.queue.nudge_comparison", noted.append)
    DialingSwitch.objects.get_or_create(pk=1)
    return noted


def test_a_start_beside_nobody_compares_every_list_first(rung: list[int]) -> None:
    listed, desk = make_provider(), make_provider(vendor="bitel")
    worker_life.starts(is_alone=True)
    waiting = set(Provider.objects.filter(uncompared_since__isnull=False).values_list("pk", flat=True))
    assert waiting == {listed.pk}
    assert rung == [listed.pk]
    assert Provider.objects.get(pk=desk.pk).state is not ProviderState.COMPARING


def test_a_start_takes_over_the_claim_of_a_dead_worker(rung: list[int]) -> None:
    began = timezone.now() - 5 * MINUTE
    claimed = timezone.now() + datetime.timedelta(seconds=50)
    provider = make_provider(uncompared_since=began, compare_next_at=claimed)
    worker_life.starts(is_alone=True)
    assert rung == [provider.pk]


def test_a_start_beside_a_living_host_compares_nothing(rung: list[int]) -> None:
    make_provider()
    worker_life.starts(is_alone=False)
    assert rung == []
    assert Provider.objects.get().uncompared_since is None


def test_the_minute_job_repeats_it(rung: list[int]) -> None:
    provider = make_provider(uncompared_since=timezone.now())
    make_provider(uncompared_since=timezone.now(), frozen_at=timezone.now())
    make_provider(uncompared_since=timezone.now(), is_active=False)
    minute_job.sweep()
    assert rung == [provider.pk]


def test_a_machine_that_stood_still_compares_too(rung: list[int]) -> None:
    provider = make_provider()
    minute_job.sweep()
    assert Provider.objects.get().uncompared_since is None
    DatabaseMark.objects.update(watched_at=timezone.now() - 3 * MINUTE)
    minute_job.sweep()
    assert rung == [provider.pk]


def test_calls_leave_only_after_the_comparison(sandbox: Sandbox, dial: Callable[..., None], nudges: list[str]) -> None:
    provider = sandbox.provider()
    first = make_call(provider=provider, agent=provider.agent_set.first())
    dial(1.0)
    call = make_call(provider=provider, agent=provider.agent_set.first())
    worker_life.starts(is_alone=True)
    dial(0.6)
    assert sandbox.dials_of(call.to_number) == 0
    tasks.compare_start(provider.pk)
    assert nudges == ["dispatch"]
    dial(1.0)
    assert (sandbox.dials_of(first.to_number), sandbox.dials_of(call.to_number)) == (1, 1)


def test_a_folder_put_back_dials_nobody_again(sandbox: Sandbox, dial: Callable[..., None]) -> None:
    """Rows and marks are as they were before: only the vendor's list tells."""
    provider = sandbox.provider()
    agent = provider.agent_set.first()
    calls = [make_call(provider=provider, agent=agent) for _number in range(5)]
    dial(1.5)
    assert len(sandbox.dialed) == 5
    Call.objects.filter(pk__in=[call.pk for call in calls[1:]]).update(
        status="pending", rank=0, remote_id="", placing_at=None, deadline_at=None, placed_at=None, lease=None,
        lease_until=None, next_poll_at=None,
    )  # fmt: skip
    worker_life.starts(is_alone=True)
    tasks.compare_start(provider.pk)
    assert Provider.objects.get(pk=provider.pk).state is ProviderState.FROZEN
    dial(1.0)
    assert len(sandbox.dialed) == 5


@pytest.mark.parametrize("vendor", ["bolna", "unleashx", "voicy", "vocode"])
def test_every_vendor_with_a_list_is_compared(
    sandbox: Sandbox, dial: Callable[..., None], read_back: Callable[..., None], vendor: str
) -> None:
    provider = sandbox.provider(vendor)
    fields = {"provider": provider, "agent": provider.agent_set.first(), "caller_id": provider.callerid_set.first()}
    for _number in range(3):
        make_call(**fields)
    dial(1.5)
    read_back(2.0)
    worker_life.starts(is_alone=True)
    assert start_comparison.compare(provider.pk), Provider.objects.get(pk=provider.pk).standing
    Call.objects.order_by("-placing_at")[0].delete()
    worker_life.starts(is_alone=True)
    assert not start_comparison.compare(provider.pk)
    assert Provider.objects.get(pk=provider.pk).state is ProviderState.FROZEN


def test_a_fresh_agent_less_provider_is_compared(sandbox: Sandbox) -> None:
    provider = sandbox.provider()
    provider.agent_set.all().delete()
    worker_life.starts(is_alone=True)
    assert start_comparison.compare(provider.pk)
    assert make_agent(provider)


@pytest.mark.parametrize("vendor", ["bolna", "unleashx", "voicy", "vocode"])
def test_a_simulator_that_is_started_anew_still_lists_its_calls(
    sandbox: Sandbox, dial: Callable[..., None], settings: Settings, vendor: str
) -> None:
    """As a vendor does: a demo that is ended and started again is not taken for a restored backup."""
    provider = sandbox.provider(vendor)
    make_call(provider=provider, agent=provider.agent_set.first(), caller_id=provider.callerid_set.first())
    dial(1.5)
    assert len(sandbox.dialed) == 1
    journal, before = sandbox.server.world.journal.path, sandbox.server.origin
    sandbox.server.stop()
    with SandboxServer(port=0, speed=20.0, journal=journal, limits=False) as anew:
        settings.SANDBOX_ORIGIN = anew.origin
        provider.options["base_url"] = provider.options["base_url"].replace(before, anew.origin)
        provider.save(update_fields=["options"])
        worker_life.starts(is_alone=True)
        assert start_comparison.compare(provider.pk), Provider.objects.get(pk=provider.pk).standing
    assert Provider.objects.get(pk=provider.pk).compared_calls == 1
