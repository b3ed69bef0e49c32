"""The sweep for vendor calls that nobody knows: each row of a list belongs to one of ours, or is told of once."""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns import minute_job, rules, tasks
from campaigns.models import Alert, Call, UnknownVendorCall, VendorSweep
from campaigns.tracking import reconciliation_sweep
from providers import opening
from providers.exceptions import UnexpectedResponse
from providers.models import Agent, Provider
from providers.types import CallHandle, CallQuery, CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_agent, make_call, make_person, make_provider

MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE


class Vendor:
    """A vendor's list, and whether it can be read; rows without a reference tell it when asked one by one."""

    carries_reference = True
    reads_more_alone = True

    def __init__(self) -> None:
        self.rows: list[CallSnapshot] = []
        self.details: dict[str, uuid.UUID] = {}
        self.asked: list[CallQuery] = []
        self.fails = False
        self.client: Any = None

    def list_calls(self, query: CallQuery) -> list[CallSnapshot]:
        self.asked.append(query)
        if self.fails:
            raise UnexpectedResponse("The list does not come to an end.")
        return [row for row in self.rows if row.created_at is None or query.since <= row.created_at <= query.until]

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        return [
            CallSnapshot(remote_id=handle.remote_id, reference=self.details[handle.remote_id])
            for handle in handles
            if handle.remote_id in self.details
        ]


class Stage:
    """A provider with one known call, and its vendor's list with that call in it."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.now = timezone.now()
        self.provider: Provider = make_provider()
        Provider.objects.filter(pk=self.provider.pk).update(created_at=self.now - 48 * HOUR)
        self.agent: Agent = make_agent(self.provider)
        self.known = self.call("completed", minutes_ago=50, remote_id="known-1")
        self.list(self.known, "known-1")

    def call(self, status: str, minutes_ago: float | None = None, **fields: Any) -> Call:
        placing_at = None if minutes_ago is None else self.now - minutes_ago * MINUTE
        values = {
            "provider": self.provider, "agent": self.agent, "status": status, "rank": rules.RANK[CallStatus(status)],
            "placing_at": placing_at, "deadline_at": placing_at and placing_at + 1.5 * MINUTE,
        }  # fmt: skip
        return make_call(**(values | fields))

    def list(self, call: Call | None, remote_id: str, **fields: Any) -> None:
        values = {
            "remote_id": remote_id, "to_number": call.to_number if call else "+989350001122",
            "agent_id": self.agent.remote_id, "created_at": (call and call.placing_at) or self.now - 45 * MINUTE,
            "status": CallStatus.COMPLETED, "raw_status": "completed",
        }  # fmt: skip
        self.vendor.rows.append(CallSnapshot(**(values | fields)))

    def sweep(self, **when: Any) -> dict[str, int]:
        return reconciliation_sweep.sweep_provider(self.provider.pk, **when)

    @property
    def state(self) -> VendorSweep:
        return VendorSweep.objects.get(provider=self.provider)

    @property
    def strangers(self) -> list[UnknownVendorCall]:
        return list(UnknownVendorCall.objects.order_by("pk"))


@pytest.fixture
def stage(db: None, monkeypatch: pytest.MonkeyPatch) -> Stage:
    vendor = Vendor()
    monkeypatch.setattr(opening, "open_backend", lambda _provider, *_args, **_more: vendor)
    return Stage(vendor)


# Ours


def test_an_unknown_call_is_bound_by_our_reference(stage: Stage) -> None:
    lost = stage.call("unknown", minutes_ago=40)
    stage.list(lost, "new-1", reference=lost.reference)
    assert stage.sweep()["bound"] == 1
    lost.refresh_from_db()
    assert (lost.status, lost.remote_id) == ("completed", "new-1")
    assert stage.strangers == []


def test_a_reference_that_the_list_leaves_out_is_asked_for(stage: Stage) -> None:
    lost = stage.call("unknown", minutes_ago=40)
    # Another number at the vendor's side, so that only the reference can tell.
    stage.list(None, "new-1", to_number="")
    stage.vendor.details["new-1"] = lost.reference
    stage.sweep()
    lost.refresh_from_db()
    assert lost.remote_id == "new-1"


def test_a_lost_order_is_bound_by_number_and_time_to_the_right_call(stage: Stage) -> None:
    lost = stage.call("unknown", minutes_ago=40)
    other = stage.call("unknown", minutes_ago=40)
    stage.list(lost, "new-1")
    assert stage.sweep()["bound"] == 1
    lost.refresh_from_db()
    other.refresh_from_db()
    assert (lost.remote_id, lost.matched_by, other.status) == ("new-1", "number", "unknown")


def test_a_call_of_another_time_binds_nothing(stage: Stage) -> None:
    lost = stage.call("unknown", minutes_ago=300)
    stage.list(lost, "new-1", created_at=stage.now - 40 * MINUTE)
    stage.sweep()
    lost.refresh_from_db()
    assert lost.status == "unknown"
    assert [row.remote_id for row in stage.strangers] == ["new-1"]


def test_two_that_fit_are_left_to_a_person_on_the_calls_page(stage: Stage) -> None:
    lost = stage.call("unknown", minutes_ago=40)
    stage.list(lost, "new-1")
    stage.list(lost, "new-2")
    stage.sweep()
    lost.refresh_from_db()
    assert (lost.status, lost.remote_id, stage.strangers) == ("unknown", "", [])


def test_an_order_taken_after_it_was_held_is_bound(stage: Stage) -> None:
    held = stage.call(
        "failed", minutes_ago=90, failure_reason="not_placed", rank=rules.RANK_NOT_PLACED, held_at=stage.now
    )
    stage.list(held, "late-1", created_at=stage.now - 60 * MINUTE)
    assert stage.sweep()["bound"] == 1
    held.refresh_from_db()
    assert (held.status, held.remote_id, held.held_at) == ("completed", "late-1", None)


def test_an_order_on_its_way_is_neither_bound_nor_strange(stage: Stage) -> None:
    placing = stage.call("placing", minutes_ago=20, deadline_at=timezone.now() + MINUTE)
    stage.list(placing, "new-1", reference=placing.reference)
    stage.list(placing, "new-2")
    stage.sweep()
    placing.refresh_from_db()
    assert (placing.status, placing.remote_id, stage.strangers) == ("placing", "", [])


def test_the_second_vendor_call_of_one_order_is_told_of(stage: Stage) -> None:
    stage.list(stage.known, "again-1", reference=stage.known.reference)
    stage.sweep()
    (row,) = stage.strangers
    assert (row.remote_id, row.has_our_mark) == ("again-1", True)
    stage.known.refresh_from_db()
    assert stage.known.remote_id == "known-1"


# Strangers


def test_a_stranger_is_written_down_once_without_its_number(stage: Stage) -> None:
    stage.list(None, "strange-1")
    assert [stage.sweep()["recorded"] for _time in range(3)] == [1, 0, 0]
    (row,) = stage.strangers
    assert (row.remote_id, row.masked_number, row.state) == ("strange-1", "…1122", "open")
    assert AuditEvent.objects.filter(action="vendor_calls.unknown").count() == 1


def test_many_strangers_are_one_alert_a_sweep_with_their_number(stage: Stage, mailoutbox: list[Any]) -> None:
    make_person("Managers", email="reza@example.org")
    for number in range(30):
        stage.list(None, f"strange-{number}")
    stage.sweep()
    for _time in range(2):
        minute_job.sweep()
    (letter,) = mailoutbox
    assert "30 calls that no row of ours explains" in letter.body
    assert "989350001122" not in letter.body
    stage.list(None, "strange-more")
    stage.sweep()
    minute_job.sweep()
    assert len(mailoutbox) == 2
    reconciliation_sweep.decide([row.pk for row in stage.strangers], ours=False, person=None, reason="the old tool")
    minute_job.sweep()
    assert not Alert.objects.filter(kind="strange_calls", cleared_at__isnull=True).exists()


def test_what_other_tools_leave_is_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.tracking.reconciliation.MOST_OPEN", 3)
    for number in range(10):
        stage.list(None, f"strange-{number}")
    stage.sweep()
    assert len(stage.strangers) == 3


def test_a_fresh_vendor_call_waits_for_its_own_answer(stage: Stage) -> None:
    stage.list(None, "fresh-1", created_at=stage.now - 2 * MINUTE)
    stage.sweep()
    assert stage.strangers == []
    assert stage.state.complete_until is not None
    assert stage.state.complete_until <= timezone.now() - 15 * MINUTE


def test_a_stranger_that_turns_out_to_be_ours_waits_for_nobody(stage: Stage) -> None:
    stage.list(None, "strange-1")
    stage.sweep()
    stage.call("completed", minutes_ago=45, remote_id="strange-1")
    stage.sweep()
    assert [row.state for row in stage.strangers] == ["found"]


# How far


def test_the_next_sweep_begins_a_while_before_the_end_of_the_last(stage: Stage) -> None:
    # A call in every window, so that none is stretched back to find one.
    stage.list(stage.call("completed", minutes_ago=10, remote_id="known-2"), "known-2")
    stage.sweep()
    ended = stage.state.complete_until
    assert ended is not None
    stage.vendor.asked.clear()
    stage.sweep()
    assert stage.vendor.asked[0].since <= ended - 30 * MINUTE


def test_a_list_that_misses_a_known_call_completes_nothing(stage: Stage) -> None:
    stage.vendor.rows.clear()
    stage.sweep()
    # The empty day before it stands; nothing from the missed call on.
    assert stage.state.complete_until is not None
    assert stage.state.complete_until < stage.now - 50 * MINUTE
    assert "misses 1 call" in stage.state.problem


def test_a_list_that_cannot_be_read_concludes_nothing(stage: Stage) -> None:
    stage.vendor.fails = True
    stage.sweep()
    assert (stage.state.complete_until, stage.state.lease_until) == (None, None)
    assert stage.state.problem


def test_a_long_window_is_read_in_parts_that_each_stay(stage: Stage) -> None:
    VendorSweep.objects.create(provider=stage.provider, span_seconds=3600)
    stage.sweep(budget=0.0)
    assert "goes on" in stage.state.problem
    stage.sweep()
    spans = [query.until - query.since for query in stage.vendor.asked]
    assert len(spans) > 3
    assert stage.state.problem == ""


def test_one_sweeper_at_a_time(stage: Stage) -> None:
    VendorSweep.objects.create(provider=stage.provider, lease_until=timezone.now() + MINUTE)
    stage.sweep()
    assert stage.vendor.asked == []


def test_a_vendor_without_a_list_is_not_asked(stage: Stage) -> None:
    bitel = make_provider(vendor="bitel")
    assert reconciliation_sweep.comparable() == [stage.provider.pk]
    assert next(row for row in reconciliation_sweep.standings() if row.provider.pk == bitel.pk).has_list is False


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


def test_a_person_says_whose_a_call_is(stage: Stage, manager: User, client: Client) -> None:
    stage.list(None, "strange-1")
    stage.sweep()
    (row,) = stage.strangers
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


def test_all_of_a_vendor_are_decided_at_once(stage: Stage, admin_person: User, client: Client) -> None:
    for number in range(5):
        stage.list(None, f"strange-{number}")
    stage.sweep()
    client.force_login(admin_person)
    client.post(f"/calls/unknown-at-vendor/of/{stage.provider.pk}/decide/", {"reason": "the old dialler"})
    assert {row.state for row in stage.strangers} == {"not_ours"}


def test_the_page_says_which_vendor_has_no_list(stage: Stage, manager: User, client: Client) -> None:
    make_provider(vendor="bitel", name="Bitel desk")
    client.force_login(manager)
    text = client.get("/calls/unknown-at-vendor/").content.decode()
    assert "This vendor has no list of calls" in text


def test_callers_see_neither_page_nor_buttons(stage: Stage, caller: User, client: Client) -> None:
    stage.list(None, "strange-1")
    stage.sweep()
    client.force_login(caller)
    assert client.get("/calls/unknown-at-vendor/").status_code == 403
    address = f"/calls/unknown-at-vendor/{stage.strangers[0].pk}/decide/"
    assert client.post(address, {"ours": "no", "reason": "x"}).status_code == 403
    assert "unknown-at-vendor" not in client.get("/today/").content.decode()


def test_today_shows_managers_that_strangers_wait(stage: Stage, manager: User, client: Client) -> None:
    stage.list(None, "strange-1")
    stage.sweep()
    client.force_login(manager)
    assert "unknown-at-vendor" in client.get("/today/").content.decode()


def test_every_list_gets_a_task_of_its_own(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr("campaigns.queue.nudge_list", rung.append)
    tasks.sweep_lists()
    assert rung == [stage.provider.pk]
    tasks.sweep_list(stage.provider.pk)
    assert stage.vendor.asked
