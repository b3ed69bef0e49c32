"""A clock that is put back or forward: a stored time is never believed longer than it can mean.

One table through every place that compares a stored time with now: what was stored before the change holds up nothing
for longer than a minute after it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from campaigns import schedules
from campaigns.core import leases
from campaigns.dialing import circuit_breaker, reservation
from campaigns.exports import job
from campaigns.models import Alert, Call, CallExport, StopRequest, VendorSweep
from campaigns.notices import alerts
from campaigns.tracking import due_reads, reconciliation_sweep, stuck_calls, unknown_calls, vendor_stops
from providers import pace
from providers.clock import APART, has_passed, is_ahead, still_holds
from providers.models import Provider, WebhookAddress
from tests.conftest import ALL_DAY, make_agent, make_call, make_campaign, make_contact, make_person, make_provider

pytestmark = pytest.mark.django_db

THEN = datetime.datetime(2026, 11, 16, 9, 0, tzinfo=datetime.UTC)
BACK, FORWARD, MINUTE = datetime.timedelta(hours=-2), datetime.timedelta(hours=2), datetime.timedelta(minutes=1)
Look = Callable[[datetime.datetime], bool]
"""Whether the thing goes on at this time."""


def poll_lease() -> Look:
    provider = make_provider()
    assert leases.take("poll", provider.pk, uuid.uuid4(), THEN)
    return lambda now: leases.take("poll", provider.pk, uuid.uuid4(), now)


def others() -> Look:
    provider = make_provider()
    assert leases.take("dispatch", provider.pk, uuid.uuid4(), THEN)
    return lambda now: leases.Others("dispatch", uuid.uuid4()).leave_room(now)


def running(**fields: Any) -> Call:
    provider = make_provider()
    agent = make_agent(provider)
    campaign = make_campaign(provider=provider, agent=agent, status="running", is_filled=True, **ALL_DAY)
    given = {"contact": make_contact(), "agent": agent, "due_at": THEN, "changed_at": THEN, "created_at": THEN}
    return make_call(campaign=campaign, **(given | fields))


def is_reservable(call: Call) -> Look:
    def look(now: datetime.datetime) -> bool:
        stuck_calls.undo_clock_change(now - MINUTE)
        return reservation.reserve(call.provider_id, uuid.uuid4(), 5, now) == [call.pk]

    return look


def reserved_call() -> Look:
    call = running(due_at=THEN - 3 * FORWARD, changed_at=THEN - 3 * FORWARD)
    assert reservation.reserve(call.provider_id, uuid.uuid4(), 5, THEN) == [call.pk]
    return is_reservable(call)


def waiting_call() -> Look:
    return is_reservable(running())


def short_wait() -> Look:
    # What it waits for: a call to the same number that changed a moment ago.
    make_call(status="ringing", rank=50, changed_at=THEN)
    return is_reservable(running(wait_reason="live_elsewhere", due_at=THEN + MINUTE / 2, changed_at=THEN - 3 * FORWARD))


def retry() -> Look:
    return is_reservable(running(wait_reason="retry", due_at=THEN + MINUTE / 2, attempt=2))


def order_of_a_dead_worker() -> Look:
    call = make_call(status="placing", rank=10, placing_at=THEN, changed_at=THEN, deadline_at=THEN + MINUTE)

    def look(now: datetime.datetime) -> bool:
        stuck_calls.undo_clock_change(now - MINUTE)
        stuck_calls.free_the_stuck(now + MINUTE)
        return Call.objects.get(pk=call.pk).status == "unknown"

    return look


def open_call(status: str, rank: int) -> Look:
    call = make_call(
        status=status, rank=rank, placing_at=THEN - MINUTE, changed_at=THEN, deadline_at=THEN,
        next_poll_at=THEN + MINUTE / 2, remote_id="" if status == "unknown" else "call-1",
    )  # fmt: skip

    def look(now: datetime.datetime) -> bool:
        stuck_calls.undo_clock_change(now)
        return due_reads.providers_with_due(now) == [call.provider_id]

    return look


def unknown_after_a_look() -> Look:
    call = make_call(status="unknown", rank=20, placing_at=THEN, changed_at=THEN, deadline_at=THEN, next_poll_at=THEN)

    def look(now: datetime.datetime) -> bool:
        stuck_calls.undo_clock_change(now)
        unknown_calls._look_again([Call.objects.get(pk=call.pk)], now)
        found = Call.objects.get(pk=call.pk).next_poll_at
        # A clock put forward makes an old call of it, which is looked for less often.
        return found is not None and (now > THEN or found <= now + 4 * MINUTE)

    return look


def probe() -> Look:
    provider = make_provider(breaker_opened_at=THEN, breaker_probe_at=THEN + MINUTE / 2)
    make_call(provider=provider)
    return lambda now: circuit_breaker.due_probes(now) == [provider.pk]


def claimed_probe() -> Look:
    provider = make_provider(breaker_opened_at=THEN, breaker_probe_at=THEN + MINUTE)
    return lambda now: circuit_breaker.claim_probe(provider.pk, now) is not None


def slowed() -> Look:
    provider = make_provider(slow_until=THEN + MINUTE / 2)
    return lambda now: provider.slowed_for(now) == 0


def call_pace() -> Look:
    tat = pace.take(0.0, THEN.timestamp(), 60, 3).tat
    return lambda now: pace.take(tat, now.timestamp(), 60, 1).wait <= 60


def read_pace() -> Look:
    tat = pace.take(0.0, THEN.timestamp(), 60, 3).tat
    person = THEN.timestamp() + pace.PERSON_SECONDS
    return lambda now: pace.take_read(tat, person, None, now.timestamp(), 60, 1, is_person=False).wait <= 60


def sweep_lease() -> Look:
    provider = make_provider()
    sweep = VendorSweep.objects.create(provider=provider, lease_until=THEN + reconciliation_sweep.LEASE)
    return lambda now: (
        VendorSweep.objects.filter(has_passed("lease_until", now, reconciliation_sweep.LEASE), pk=sweep.pk).exists()
        and reconciliation_sweep.begin_of(provider, VendorSweep(complete_until=THEN), now) < now
    )


def frozen_sweep() -> Look:
    provider = make_provider(frozen_at=THEN)
    VendorSweep.objects.create(provider=provider, swept_at=THEN)
    return lambda now: reconciliation_sweep.frozen_to_sweep(now) == [provider.pk]


def export() -> Look:
    made = CallExport.objects.create(
        owner=make_person(), format="csv", state="writing", lease=uuid.uuid4(), lease_until=THEN + job.LEASE
    )
    return lambda now: job.unfinished(now) == [made.pk]


def vendor_stop() -> Look:
    call = running(status="queued", rank=30, remote_id="call-1", placing_at=THEN, stop_asked_at=THEN)
    StopRequest.objects.create(call=call, cause="campaign", next_try_at=THEN + vendor_stops.CLAIM)
    return lambda now: list(vendor_stops.to_ask(now).values_list("pk", flat=True)) == [call.pk]


def alert() -> Look:
    Alert.objects.create(kind="strange_calls", object_type="provider", object_id=1, raised_at=THEN, tried_at=THEN)

    def look(now: datetime.datetime) -> bool:
        alerts._tell(now)
        return Alert.objects.get().tried_at == now

    return look


def schedule() -> Look:
    schedules.sync_schedules()
    Schedule.objects.update(next_run=THEN + MINUTE)
    Schedule.objects.filter(minutes=60).update(next_run=THEN)
    return lambda now: not Schedule.objects.filter(next_run__gt=now + 61 * MINUTE).exists()


def message() -> Look:
    OrmQ.objects.create(key="callcenter", payload="x", lock=THEN)
    return lambda now: OrmQ.objects.filter(lock__lte=now).exists()


PLACES = {
    place.__name__: place
    for place in (
        poll_lease, others, reserved_call, waiting_call, short_wait, retry, order_of_a_dead_worker,
        unknown_after_a_look, probe, claimed_probe, slowed, call_pace, read_pace, sweep_lease, frozen_sweep, export,
        vendor_stop, alert, schedule, message,
    )
} | {
    "open_call": lambda: open_call("ringing", 50),
    "unknown_call": lambda: open_call("unknown", 20),
}  # fmt: skip


@pytest.mark.parametrize("change", [BACK, FORWARD], ids=["back", "forward"])
@pytest.mark.parametrize("place", PLACES)
def test_a_changed_clock_holds_nothing_up_for_more_than_a_minute(
    place: str, change: datetime.timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = PLACES[place]()
    now = THEN + change + MINUTE
    monkeypatch.setattr(timezone, "now", lambda: now)
    schedules.undo_clock_change()
    assert look(now)


def test_an_hours_wait_is_kept_where_the_clock_is_right() -> None:
    """The repair moves nothing that a clock in order has stored."""
    due = THEN + datetime.timedelta(hours=1)
    planned = running(wait_reason="retry", due_at=due, changed_at=THEN)
    night = running(wait_reason="outside_hours", due_at=due, changed_at=THEN)
    asked = make_call(status="ringing", rank=50, changed_at=THEN, next_poll_at=due, remote_id="call-1")
    assert stuck_calls.undo_clock_change(THEN) == 0
    # A call that changed in the future shows the clock to be put back; these did not.
    make_call(status="completed", rank=90, changed_at=THEN + 2 * MINUTE)
    assert stuck_calls.undo_clock_change(THEN) == 0
    assert {planned.due_at, night.due_at} == {due}
    assert Call.objects.get(pk=asked.pk).next_poll_at == due


def test_a_planned_attempt_keeps_its_wait() -> None:
    call = running(wait_reason="retry", due_at=THEN + 30 * MINUTE)
    now = THEN + BACK
    assert stuck_calls.undo_clock_change(now) == 1
    call.refresh_from_db()
    assert (call.due_at, call.changed_at) == (now + 30 * MINUTE, now)
    assert stuck_calls.undo_clock_change(now) == 0


def test_the_previous_webhook_address_does_not_open_longer() -> None:
    provider = make_provider()
    old = WebhookAddress.objects.rotate(provider, timezone.now())
    WebhookAddress.objects.rotate(provider, timezone.now())
    address = WebhookAddress.objects.get(provider=provider)
    assert address.opens_with(old, timezone.now())
    assert not address.opens_with(old, timezone.now() - datetime.timedelta(days=3))


def test_the_three_forms_of_the_rule_agree() -> None:
    provider, longest = make_provider(), MINUTE
    for apart in (-MINUTE, datetime.timedelta(0), APART, MINUTE, MINUTE + APART, MINUTE + 2 * APART, FORWARD):
        Provider.objects.filter(pk=provider.pk).update(slow_until=THEN + apart)
        holds = Provider.objects.filter(still_holds("slow_until", THEN, longest)).exists()
        assert holds == is_ahead(THEN + apart, THEN, longest)
        assert holds != Provider.objects.filter(has_passed("slow_until", THEN, longest)).exists()
    assert not is_ahead(None, THEN, longest)
