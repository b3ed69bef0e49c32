"""The sweep for vendor calls that nobody knows: each row of a list belongs to one of ours, or is told of once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.access.rights import ADMIN
from callcenter.audit.models import AuditEvent
from campaigns import minute_job, rules, tasks
from campaigns.models import Alert, Call, UnknownVendorCall, VendorSweep
from campaigns.tracking import reconciliation_sweep
from providers.models import Provider
from tests.campaigns.conftest import Sandbox
from tests.campaigns.tracking.swept_provider import MINUTE, SweptProvider
from tests.conftest import make_call, make_person, make_provider

HOUR = 60 * MINUTE


# Ours


def test_an_unknown_call_is_bound_by_our_reference(swept: SweptProvider) -> None:
    lost = swept.call("unknown", minutes_ago=40)
    swept.list(lost, "new-1", reference=lost.reference)
    assert swept.sweep()["bound"] == 1
    lost.refresh_from_db()
    assert (lost.status, lost.remote_id) == ("completed", "new-1")
    assert swept.strangers == []


def test_a_reference_that_the_list_leaves_out_is_asked_for(swept: SweptProvider) -> None:
    lost = swept.call("unknown", minutes_ago=40)
    # Another number at the vendor's side, so that only the reference can tell.
    swept.list(None, "new-1", to_number="")
    swept.vendor.details["new-1"] = lost.reference
    swept.sweep()
    lost.refresh_from_db()
    assert lost.remote_id == "new-1"


def test_a_lost_order_is_bound_by_number_and_time_to_the_right_call(swept: SweptProvider) -> None:
    lost = swept.call("unknown", minutes_ago=40)
    other = swept.call("unknown", minutes_ago=40)
    swept.list(lost, "new-1")
    assert swept.sweep()["bound"] == 1
    lost.refresh_from_db()
    other.refresh_from_db()
    assert (lost.remote_id, lost.matched_by, other.status) == ("new-1", "number", "unknown")


def test_a_call_of_another_time_binds_nothing(swept: SweptProvider) -> None:
    lost = swept.call("unknown", minutes_ago=300)
    swept.list(lost, "new-1", created_at=swept.now - 40 * MINUTE)
    swept.sweep()
    lost.refresh_from_db()
    assert lost.status == "unknown"
    assert [row.remote_id for row in swept.strangers] == ["new-1"]


def test_two_that_fit_are_left_to_a_person_on_the_calls_page(swept: SweptProvider) -> None:
    lost = swept.call("unknown", minutes_ago=40)
    swept.list(lost, "new-1")
    swept.list(lost, "new-2")
    swept.sweep()
    lost.refresh_from_db()
    assert (lost.status, lost.remote_id, swept.strangers) == ("unknown", "", [])


def test_of_a_list_with_a_gap_what_was_read_is_compared_and_nothing_else_concluded(swept: SweptProvider) -> None:
    lost = swept.call("unknown", minutes_ago=40)
    swept.call("completed", minutes_ago=45, remote_id="in-the-gap")
    swept.list(lost, "new-1", reference=lost.reference)
    swept.list(None, "stranger-1", to_number="+12025550199", created_at=swept.now - 41 * MINUTE)
    swept.vendor.has_gap = True
    before = VendorSweep.objects.filter(provider=swept.provider).values_list("complete_until", flat=True).first()
    assert swept.sweep()["bound"] == 1
    lost.refresh_from_db()
    assert lost.remote_id == "new-1"
    assert [row.remote_id for row in swept.strangers] == ["stranger-1"]
    sweep = VendorSweep.objects.get(provider=swept.provider)
    assert sweep.complete_until == before
    assert "Part of the list could not be read" in sweep.problem


def test_after_a_restore_a_list_with_a_gap_settles_nothing(swept: SweptProvider) -> None:
    Provider.objects.filter(pk=swept.provider.pk).update(frozen_at=swept.now)
    lost = swept.call("unknown", minutes_ago=40)
    swept.list(lost, "new-1", reference=lost.reference)
    swept.vendor.has_gap = True
    swept.sweep()
    lost.refresh_from_db()
    assert (lost.status, lost.remote_id) == ("unknown", "")


def test_an_order_taken_after_it_was_held_is_bound(swept: SweptProvider) -> None:
    held = swept.call(
        "failed", minutes_ago=90, failure_reason="not_placed", rank=rules.RANK_NOT_PLACED, held_at=swept.now
    )
    swept.list(held, "late-1", created_at=swept.now - 60 * MINUTE)
    assert swept.sweep()["bound"] == 1
    held.refresh_from_db()
    assert (held.status, held.remote_id, held.held_at) == ("completed", "late-1", None)


def test_an_order_on_its_way_is_neither_bound_nor_strange(swept: SweptProvider) -> None:
    placing = swept.call("placing", minutes_ago=20, deadline_at=timezone.now() + MINUTE)
    swept.list(placing, "new-1", reference=placing.reference)
    swept.list(placing, "new-2")
    swept.sweep()
    placing.refresh_from_db()
    assert (placing.status, placing.remote_id, swept.strangers) == ("placing", "", [])


def test_the_second_vendor_call_of_one_order_is_told_of(swept: SweptProvider) -> None:
    swept.list(swept.known, "again-1", reference=swept.known.reference)
    swept.sweep()
    (row,) = swept.strangers
    assert (row.remote_id, row.has_our_mark) == ("again-1", True)
    swept.known.refresh_from_db()
    assert swept.known.remote_id == "known-1"


# Strangers


def test_a_stranger_is_written_down_once_without_its_number(swept: SweptProvider) -> None:
    swept.list(None, "strange-1")
    assert [swept.sweep()["recorded"] for _time in range(3)] == [1, 0, 0]
    (row,) = swept.strangers
    assert (row.remote_id, row.masked_number, row.state) == ("strange-1", "…1122", "open")
    assert AuditEvent.objects.filter(action="vendor_calls.unknown").count() == 1


def test_many_strangers_are_one_alert_a_sweep_with_their_number(swept: SweptProvider, mailoutbox: list[Any]) -> None:
    make_person("Managers", email="reza@example.org")
    for number in range(30):
        swept.list(None, f"strange-{number}")
    swept.sweep()
    for _time in range(2):
        minute_job.sweep()
    (letter,) = mailoutbox
    assert "30 calls in the list of" in letter.body
    assert "989350001122" not in letter.body
    swept.list(None, "strange-more")
    swept.sweep()
    minute_job.sweep()
    assert len(mailoutbox) == 2
    reconciliation_sweep.decide([row.pk for row in swept.strangers], ours=False, person=None, reason="the old tool")
    minute_job.sweep()
    assert not Alert.objects.filter(kind="strange_calls", cleared_at__isnull=True).exists()


def test_what_other_tools_leave_is_bounded(swept: SweptProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.tracking.reconciliation.MOST_OPEN", 3)
    for number in range(10):
        swept.list(None, f"strange-{number}")
    swept.sweep()
    assert len(swept.strangers) == 3


def test_a_fresh_vendor_call_waits_for_its_own_answer(swept: SweptProvider) -> None:
    swept.list(None, "fresh-1", created_at=swept.now - 2 * MINUTE)
    swept.sweep()
    assert swept.strangers == []
    assert swept.state.complete_until is not None
    assert swept.state.complete_until <= timezone.now() - 15 * MINUTE


def test_a_stranger_that_turns_out_to_be_ours_waits_for_nobody(swept: SweptProvider) -> None:
    swept.list(None, "strange-1")
    swept.sweep()
    swept.call("completed", minutes_ago=45, remote_id="strange-1")
    swept.sweep()
    assert [row.state for row in swept.strangers] == ["found"]


# How far


def test_the_next_sweep_begins_a_while_before_the_end_of_the_last(swept: SweptProvider) -> None:
    # A call in every window, so that none is stretched back to find one.
    swept.list(swept.call("completed", minutes_ago=10, remote_id="known-2"), "known-2")
    swept.sweep()
    ended = swept.state.complete_until
    assert ended is not None
    swept.vendor.asked.clear()
    swept.sweep()
    assert swept.vendor.asked[0].since <= ended - 30 * MINUTE


def test_a_list_that_misses_a_known_call_completes_nothing(swept: SweptProvider) -> None:
    swept.vendor.rows.clear()
    swept.sweep()
    # The empty day before it stands; nothing from the missed call on.
    assert swept.state.complete_until is not None
    assert swept.state.complete_until < swept.now - 50 * MINUTE
    assert "lacks 1 call" in swept.state.problem


def test_a_list_that_cannot_be_read_concludes_nothing(swept: SweptProvider) -> None:
    swept.vendor.fails = True
    swept.sweep()
    assert (swept.state.complete_until, swept.state.lease_until) == (None, None)
    assert swept.state.problem


def test_a_long_window_is_read_in_parts_that_each_stay(swept: SweptProvider) -> None:
    VendorSweep.objects.create(provider=swept.provider, span_seconds=3600)
    swept.sweep(budget=0.0)
    assert "the comparison continues" in swept.state.problem
    swept.sweep()
    spans = [query.until - query.since for query in swept.vendor.asked]
    assert len(spans) > 3
    assert swept.state.problem == ""


def test_one_sweeper_at_a_time(swept: SweptProvider) -> None:
    VendorSweep.objects.create(provider=swept.provider, lease_until=timezone.now() + MINUTE)
    swept.sweep()
    assert swept.vendor.asked == []


def test_a_vendor_without_a_list_is_not_asked(swept: SweptProvider) -> None:
    bitel = make_provider(vendor="bitel")
    assert reconciliation_sweep.comparable() == [swept.provider.pk]
    standings = reconciliation_sweep.standings(make_person(ADMIN))
    assert next(row for row in standings if row.provider.pk == bitel.pk).has_list is False


@pytest.mark.parametrize("vendor", ["bolna", "voicy", "vocode", "unleashx"])
def test_every_vendors_list_explains_its_own_calls_and_shows_the_others(
    sandbox: Sandbox, dial: Callable[..., None], vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the simulator: ours are explained, one that our database forgot is told of."""
    monkeypatch.setattr(rules, "SETTLE", 0)
    provider = sandbox.provider(vendor)
    agent = provider.agent_set.first()
    calls = [
        make_call(provider=provider, agent=agent, caller_id=provider.callerid_set.first(), to_number=f"+98912123440{n}")
        for n in range(4)
    ]
    dial(2.0)
    assert len(sandbox.dialed) == 4
    # The lists lag behind, and one of them counts whole seconds.
    time.sleep(1.2)
    reconciliation_sweep.sweep_provider(provider.pk)
    assert UnknownVendorCall.objects.count() == 0
    Call.objects.filter(pk=calls[0].pk).delete()
    reconciliation_sweep.sweep_provider(provider.pk)
    sweep = VendorSweep.objects.get(provider=provider)
    assert (sweep.problem, UnknownVendorCall.objects.count()) == ("", 1)


# The page


def test_a_person_says_whose_a_call_is(swept: SweptProvider, manager: User, client: Client) -> None:
    swept.list(None, "strange-1")
    swept.sweep()
    (row,) = swept.strangers
    client.force_login(manager)
    page = client.get("/calls/unknown-at-vendor/")
    assert "…1122" in page.content.decode()
    address = f"/calls/unknown-at-vendor/{row.pk}/decide/"
    client.post(address, {"ours": "no", "reason": " "})
    row.refresh_from_db()
    assert row.state == "open"
    client.post(address, {"ours": "no", "reason": "the survey tool"})
    row.refresh_from_db()
    assert (row.state, row.decided_by, row.reason) == ("not_ours", manager, "the survey tool")
    assert AuditEvent.objects.filter(action="vendor_call.decided", actor=manager).count() == 1
    client.post(address, {"ours": "yes", "reason": "second thoughts"})
    row.refresh_from_db()
    assert row.state == "not_ours"
    assert "the survey tool" in client.get("/calls/unknown-at-vendor/?decided=yes").content.decode()


def test_all_of_a_vendor_are_decided_at_once(swept: SweptProvider, admin_person: User, client: Client) -> None:
    for number in range(5):
        swept.list(None, f"strange-{number}")
    swept.sweep()
    client.force_login(admin_person)
    client.post(f"/calls/unknown-at-vendor/of/{swept.provider.pk}/decide/", {"reason": "the old dialler"})
    assert {row.state for row in swept.strangers} == {"not_ours"}


def test_the_page_says_which_vendor_has_no_list(swept: SweptProvider, manager: User, client: Client) -> None:
    make_provider(vendor="bitel", name="Bitel desk")
    client.force_login(manager)
    text = client.get("/calls/unknown-at-vendor/").content.decode()
    assert "This provider has no call list" in text


def test_callers_see_neither_page_nor_buttons(swept: SweptProvider, caller: User, client: Client) -> None:
    swept.list(None, "strange-1")
    swept.sweep()
    client.force_login(caller)
    assert client.get("/calls/unknown-at-vendor/").status_code == 403
    address = f"/calls/unknown-at-vendor/{swept.strangers[0].pk}/decide/"
    assert client.post(address, {"ours": "no", "reason": "x"}).status_code == 403
    assert "unknown-at-vendor" not in client.get("/today/").content.decode()


def test_today_shows_managers_that_strangers_wait(swept: SweptProvider, manager: User, client: Client) -> None:
    swept.list(None, "strange-1")
    swept.sweep()
    client.force_login(manager)
    assert "unknown-at-vendor" in client.get("/today/").content.decode()


def test_every_list_gets_a_task_of_its_own(swept: SweptProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    nudged: list[int] = []
    monkeypatch.setattr("campaigns.queue.nudge_list", nudged.append)
    tasks.sweep_lists()
    assert nudged == [swept.provider.pk]
    tasks.sweep_list(swept.provider.pk)
    assert swept.vendor.asked
