"""A restored backup freezes calling until the vendors' lists were compared; nothing else ever does."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from callcenter.audit.models import AuditEvent
from campaigns import minute_job, rules
from campaigns.models import Call, DatabaseMark, UnknownVendorCall, VendorSweep
from campaigns.tracking import reconciliation_sweep, restore_guard
from providers.models import Provider
from providers.types import CallStatus
from tests.campaigns.conftest import Sandbox
from tests.campaigns.tracking.swept_provider import MINUTE, SweptProvider
from tests.conftest import make_call, make_person, make_provider


def go_back_to(count: int) -> None:
    """Have the database as it was at an earlier count."""
    DatabaseMark.objects.update(count=count)


def frozen() -> list[str]:
    return list(Provider.objects.filter(frozen_at__isnull=False).order_by("pk").values_list("name", flat=True))


# Noticing


def test_a_database_that_goes_on_is_never_frozen(watch: Callable[[], bool]) -> None:
    make_provider()
    assert not any(watch() for _time in range(5))
    assert frozen() == []


def test_an_older_database_freezes_every_provider_once(watch: Callable[[], bool], tmp_path: Path) -> None:
    names = [make_provider().name, make_provider(vendor="bitel").name, make_provider(is_active=False).name]
    for _time in range(5):
        watch()
    copy_of_another_host = (tmp_path / restore_guard.FILE_NAME).read_text()
    go_back_to(2)
    assert watch() is True
    assert frozen() == names
    event = AuditEvent.objects.get(action="database.restored")
    assert event.detail["found_by_itself"] is True
    # An admin's word stands: the same restore is not found again, on no host.
    (tmp_path / restore_guard.FILE_NAME).write_text(copy_of_another_host)
    Provider.objects.unfreeze(Provider.objects.first().pk)  # type: ignore[union-attr]
    assert not watch()
    assert frozen() == names[1:]


def test_a_lost_copy_proves_nothing_and_is_written_anew(watch: Callable[[], bool], tmp_path: Path) -> None:
    make_provider()
    watch()
    (tmp_path / restore_guard.FILE_NAME).unlink()
    assert not watch()
    assert json.loads((tmp_path / restore_guard.FILE_NAME).read_text())


@pytest.mark.parametrize("rubbish", ["", "[]", "{", '{"a": "b"}', "\x00"])
def test_a_broken_copy_proves_nothing(watch: Callable[[], bool], tmp_path: Path, rubbish: str) -> None:
    make_provider()
    (tmp_path / restore_guard.FILE_NAME).write_text(rubbish)
    assert not watch()
    assert not watch()
    assert frozen() == []


def test_another_database_in_the_same_folder_is_not_taken_for_a_restored_one(
    watch: Callable[[], bool], tmp_path: Path
) -> None:
    make_provider()
    for _time in range(5):
        watch()
    # A fresh installation: another identity, counting from the beginning.
    DatabaseMark.objects.update(identity=uuid.uuid4(), count=0)
    assert not watch()
    assert len(json.loads((tmp_path / restore_guard.FILE_NAME).read_text())) == 2


def test_two_hosts_with_a_copy_each_do_not_freeze_each_other(
    watch: Callable[[], bool], settings: Settings, tmp_path: Path
) -> None:
    make_provider()
    for number in range(12):
        settings.VAR_DIR = tmp_path / f"host{number % 2}"
        settings.VAR_DIR.mkdir(exist_ok=True)
        assert not watch()
        if number % 3 == 0:
            watch()


def test_a_folder_that_cannot_be_written_stops_nothing(watch: Callable[[], bool], settings: Settings) -> None:
    settings.VAR_DIR = Path("/dev/null/nowhere")
    assert not watch()
    assert not watch()


def test_a_count_that_was_rolled_back_leaves_no_copy(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    # The test's own transaction never commits.
    restore_guard.watch()
    assert not (tmp_path / restore_guard.FILE_NAME).exists()


def test_redis_alone_tells_too(watch: Callable[[], bool], settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = "redis://the-cache-of-the-tests"
    make_provider()
    for _time in range(3):
        watch()
    (tmp_path / restore_guard.FILE_NAME).unlink()
    go_back_to(1)
    assert watch()
    cache.clear()


def test_the_minute_sweep_and_the_dispatcher_watch_before_anything_else(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen in the very first round: not one order leaves."""
    provider = sandbox.provider()
    make_call(provider=provider, agent=provider.agent_set.first())
    monkeypatch.setattr(restore_guard, "_outside", lambda _identity: 1000)
    dial(1.0)
    assert frozen() == [provider.name]
    assert sandbox.dialed == []
    Provider.objects.unfreeze(provider.pk)
    go_back_to(2)
    minute_job.sweep()
    assert frozen() == [provider.name]


def test_a_freeze_holds_back_calls_until_it_ends(sandbox: Sandbox, dial: Callable[..., None]) -> None:
    provider = sandbox.provider()
    call = make_call(provider=provider, agent=provider.agent_set.first())
    restore_guard.freeze_all("a backup was restored", None)
    dial(0.6)
    assert sandbox.dialed == []
    Provider.objects.unfreeze(provider.pk)
    dial(2.0)
    assert sandbox.dials_of(call.to_number) == 1


# By hand


def test_an_admin_freezes_by_hand(watch: Callable[[], bool], capsys: pytest.CaptureFixture[str]) -> None:
    make_provider(name="Main")
    make_provider(name="Bitel desk", vendor="bitel")
    call_command("after_restore", reason="the disk of 3 March")
    assert frozen() == ["Main", "Bitel desk"]
    told = capsys.readouterr().out
    assert "Main is frozen. The provider's call list" in told
    assert "This provider has no call list" in told
    call_command("after_restore")
    assert AuditEvent.objects.filter(action="provider.frozen").count() == 2


def test_the_age_of_the_backup_widens_the_comparison(watch: Callable[[], bool]) -> None:
    provider = make_provider()
    VendorSweep.objects.create(provider=provider, complete_until=timezone.now())
    call_command("after_restore", since="2026-01-05T10:00")
    begins = VendorSweep.objects.get().complete_until
    assert begins is not None
    assert begins.date() == datetime.date(2026, 1, 5)
    for wrong in ("yesterday", "2026-13-45T99:00", "2999-01-01T00:00"):
        with pytest.raises(CommandError):
            call_command("after_restore", since=wrong)


def test_an_admin_ends_a_freeze_with_a_reason(admin_person: User, caller: User, client: Client) -> None:
    provider = make_provider(vendor="bitel")
    Provider.objects.freeze(provider.pk, "a backup of the database was restored.")
    address = f"/providers/{provider.pk}/unfreeze/"
    client.force_login(caller)
    assert client.post(address, {"reason": "x"}).status_code == 403
    client.force_login(admin_person)
    page = client.get(f"/providers/{provider.pk}/").content.decode()
    assert "This provider has no call list" in page.replace("&#x27;", "'")
    client.post(address, {"reason": "  "})
    assert frozen()
    client.post(address, {"reason": "looked at Bitel's page: nobody was called since"})
    assert frozen() == []
    event = AuditEvent.objects.get(action="provider.unfrozen")
    assert (event.actor, event.detail["reason"]) == (admin_person, "looked at Bitel's page: nobody was called since")


def test_managers_are_told_of_a_freeze(db: None, mailoutbox: list[Any]) -> None:
    make_person("Admins", email="admin@example.org")
    provider = make_provider(name="Main")
    Provider.objects.freeze(provider.pk, "a backup of the database was restored.")
    minute_job.sweep()
    minute_job.sweep()
    (letter,) = mailoutbox
    assert "Calling through “Main” is on hold" in letter.body
    assert "compared automatically" in letter.body


# What ends it


@pytest.fixture
def swept(swept: SweptProvider) -> SweptProvider:
    """A provider as a restored backup has it: frozen, its last complete comparison an hour before the known call."""
    since = swept.now - 110 * MINUTE
    VendorSweep.objects.create(provider=swept.provider, complete_until=since)
    Provider.objects.filter(pk=swept.provider.pk).update(frozen_at=swept.now - 20 * MINUTE, frozen_reason="restored")
    return swept


def waiting(swept: SweptProvider, **fields: Any) -> Call:
    call = swept.call("pending", **fields)
    # Queued before the backup was made, and dialled after it.
    Call.objects.filter(pk=call.pk).update(created_at=swept.now - 300 * MINUTE)
    return call


def test_a_whole_list_ends_the_freeze(swept: SweptProvider) -> None:
    assert swept.sweep()["unfrozen"] == 1
    assert frozen() == []


def test_not_before_a_lagging_list_had_its_time(swept: SweptProvider) -> None:
    Provider.objects.update(frozen_at=timezone.now() - 5 * MINUTE)
    assert swept.sweep()["unfrozen"] == 0
    assert frozen()


@pytest.mark.parametrize("fault", ["empty", "fails"])
def test_a_list_that_proves_nothing_keeps_it_frozen(swept: SweptProvider, fault: str) -> None:
    swept.vendor.rows.clear()
    swept.vendor.fails = fault == "fails"
    swept.sweep()
    assert frozen()
    assert swept.state.problem


def test_without_any_known_call_an_admin_decides(swept: SweptProvider) -> None:
    swept.known.delete()
    swept.vendor.rows.clear()
    swept.sweep()
    assert frozen()
    assert "An admin must decide" in swept.state.problem


def test_a_waiting_call_that_was_dialled_is_bound_by_its_reference(swept: SweptProvider) -> None:
    call = waiting(swept)
    swept.list(call, "gap-1", reference=call.reference)
    swept.sweep()
    call.refresh_from_db()
    assert (call.status, call.remote_id) == ("completed", "gap-1")
    assert call.placing_at is not None
    assert "bound_waiting" in {event.code for event in call.events.all()}


def test_a_waiting_call_that_was_dialled_is_bound_by_its_number(swept: SweptProvider) -> None:
    call, other = waiting(swept), waiting(swept)
    swept.list(call, "gap-1")
    swept.sweep()
    call.refresh_from_db()
    other.refresh_from_db()
    assert (call.status, call.matched_by, other.status) == ("completed", "number", "pending")
    assert UnknownVendorCall.objects.count() == 0


def test_where_two_waiting_calls_fit_both_are_held_and_nobody_is_dialled(swept: SweptProvider) -> None:
    call = waiting(swept)
    twin = waiting(swept, to_number=call.to_number)
    swept.list(call, "gap-1")
    swept.sweep()
    for one in (call, twin):
        one.refresh_from_db()
        assert (one.status, one.failure_reason) == ("failed", "not_placed")
        assert one.held_at
    assert UnknownVendorCall.objects.count() == 1


def test_a_call_queued_after_the_vendors_call_is_not_that_one(swept: SweptProvider) -> None:
    call = waiting(swept)
    Call.objects.filter(pk=call.pk).update(created_at=swept.now)
    swept.list(call, "gap-1")
    swept.sweep()
    call.refresh_from_db()
    assert call.status == "pending"


def test_a_second_attempt_planned_anew_is_bound_to_the_one_that_was_made(swept: SweptProvider) -> None:
    again = swept.call("pending", attempt=2)
    swept.list(again, "gap-2")
    swept.sweep()
    again.refresh_from_db()
    assert again.remote_id == "gap-2"


def test_without_a_freeze_a_waiting_call_is_bound_by_its_reference_only(swept: SweptProvider) -> None:
    Provider.objects.update(frozen_at=None)
    call, named = waiting(swept), waiting(swept)
    swept.list(call, "strange-1")
    swept.list(named, "ours-1", reference=named.reference)
    swept.sweep()
    call.refresh_from_db()
    named.refresh_from_db()
    assert (call.status, named.status) == ("pending", "completed")


def test_the_minute_sweep_has_frozen_lists_compared(swept: SweptProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    nudged: list[int] = []
    monkeypatch.setattr("campaigns.queue.nudge_list", nudged.append)
    make_provider(vendor="bitel", frozen_at=timezone.now())
    minute_job.sweep()
    assert nudged == [swept.provider.pk]
    VendorSweep.objects.update(swept_at=timezone.now())
    minute_job.sweep()
    assert nudged == [swept.provider.pk]


def test_a_restored_backup_dials_nobody_who_was_called_since(
    sandbox: Sandbox, dial: Callable[..., None], read_back: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the simulator: calls leave, the rows go back to how they were before, the sweep finds every one of them."""
    provider = sandbox.provider()
    agent = provider.agent_set.first()
    numbers = [f"+98912123450{n}" for n in range(6)]
    known = make_call(provider=provider, agent=agent, to_number="+989121234599")
    dial(1.0)
    known.refresh_from_db()
    calls = [make_call(provider=provider, agent=agent, to_number=number) for number in numbers]
    dial(2.0)
    assert len(sandbox.dialed) == 7
    read_back(2.0)
    Call.objects.filter(pk__in=[call.pk for call in calls]).update(
        status=CallStatus.PENDING, rank=0, remote_id="", placing_at=None, deadline_at=None, placed_at=None,
        next_poll_at=None, ended_at=None, lease=None, lease_until=None, created_at=known.created_at,
    )  # fmt: skip
    restore_guard.freeze_all("a backup was restored", None)
    monkeypatch.setattr(rules, "SETTLE", 0)
    for _time in range(2):
        reconciliation_sweep.sweep_provider(provider.pk)
    assert frozen() == []
    dial(1.0)
    assert len(sandbox.dialed) == 7
    assert Call.objects.exclude(remote_id="").count() == 7
