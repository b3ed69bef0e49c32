"""What a stopped campaign left waiting at the vendor is taken back there: in the background, once, told honestly."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from campaigns import minute_job, reasons, rules
from campaigns.core import decision_kinds, stop_requests
from campaigns.launch import lifecycle
from campaigns.models import Call, Campaign, DoNotCall, HeardOptOut, StopRequest
from campaigns.tracking import decisions, no_news, vendor_stops
from providers import opening
from providers.exceptions import CredentialsRejected, NotSent, OrderRejected, OutcomeUnknown
from providers.models import Provider
from providers.paced_reads import DatabaseErrands
from providers.types import CallHandle, CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_campaign, make_contact, make_provider

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


class Vendor:
    """A vendor that takes calls back as a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Exception | None = None
        self.state = CallStatus.CANCELED
        self.asked: list[str] = []
        monkeypatch.setattr(opening, "open_backend", lambda _provider, _note=None, **_more: self)

    def cancel_call(self, handle: CallHandle) -> None:
        self.asked.append(handle.remote_id)
        if self.answer:
            raise self.answer

    def fetch_calls(self, handles: list[CallHandle]) -> list[CallSnapshot]:
        return [CallSnapshot(remote_id=h.remote_id, raw_status=self.state, status=self.state) for h in handles]


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch, nudges: list[str]) -> Vendor:
    return Vendor(monkeypatch)


def stopped(calls: int = 2, vendor: str = "bolna", **fields: Any) -> tuple[Campaign, list[Call]]:
    """Make a stopped campaign with so many calls that wait at the vendor and one that talks, all asked to be left."""
    campaign = make_campaign(
        provider=make_provider(vendor=vendor, **fields), status="stopped", finished_at=timezone.now()
    )
    made = [
        make_call(
            campaign=campaign, contact=make_contact(), status=status, rank=rules.RANK[CallStatus(status)],
            remote_id=f"id-{campaign.pk}-{n}", placing_at=timezone.now(),
        )
        for n, status in enumerate(["in_progress", *["queued"] * calls])
    ]  # fmt: skip
    StopRequest.objects.bulk_create(StopRequest(call=call, cause="campaign") for call in made)
    return campaign, made[1:]


def codes(call: Call) -> list[str]:
    return list(call.events.values_list("code", flat=True))


def test_what_waits_at_the_vendor_is_taken_back_once(vendor: Vendor) -> None:
    campaign, calls = stopped(10)
    assert vendor_stops.take_back() == 10
    assert sorted(vendor.asked) == sorted(call.remote_id for call in calls)
    assert campaign.calls.filter(status="canceled").count() == 10
    assert campaign.calls.get(status="in_progress").stop_asked_at is None
    assert codes(calls[0]) == ["taken_back", "vendor_news"]
    assert calls[0].events.first().actor is None
    assert vendor_stops.take_back() == 0
    assert len(vendor.asked) == 10


@pytest.mark.parametrize("answer", [OrderRejected("too late"), OutcomeUnknown("cut")])
def test_what_the_vendor_does_not_give_back_is_left_and_said(vendor: Vendor, answer: Exception) -> None:
    _campaign, (call,) = stopped(1)
    vendor.answer, vendor.state = answer, CallStatus.RINGING
    assert vendor_stops.take_back() == 0
    call.refresh_from_db()
    assert (call.status, codes(call)) == ("ringing", ["taken_back", "vendor_news"])
    assert call.events.first().detail == str(answer.message)  # type: ignore[attr-defined]


def test_a_vendor_that_cannot_be_reached_is_asked_again_and_said_once(vendor: Vendor, nudges: list[str]) -> None:
    _campaign, (call,) = stopped(1)
    vendor.answer = NotSent("no network")
    for _ in range(3):
        vendor_stops.take_back()
        call.refresh_from_db()
        assert (call.status, call.stop_asked_at) == ("queued", None)
    assert len(vendor.asked) == 3
    assert codes(call) == ["not_taken_back"]
    minute_job.sweep()
    assert nudges == ["take_back"]
    vendor.answer = None
    assert vendor_stops.take_back() == 1
    Campaign.objects.update(finished_at=timezone.now() - 61 * MINUTE)
    assert not vendor_stops.to_ask(timezone.now()).exists()


def test_a_dead_key_halts_the_provider_and_the_calls_wait_for_it(vendor: Vendor) -> None:
    campaign, (call, _other) = stopped(2)
    vendor.answer = CredentialsRejected("The key is dead.")
    vendor_stops.take_back()
    campaign.provider.refresh_from_db()
    assert campaign.provider.halted_at
    call.refresh_from_db()
    assert (call.stop_asked_at, codes(call)) == (None, ["not_taken_back"])
    assert not vendor_stops.to_ask(timezone.now()).exists()


def test_a_worker_that_died_in_the_middle_is_made_up_for(vendor: Vendor) -> None:
    _campaign, (call,) = stopped(1)
    now = timezone.now()
    assert [claimed.call for claimed in vendor_stops._claim(now, set(), DatabaseErrands())] == [call]
    call.refresh_from_db()
    assert call.stop_asked_at == now
    assert vendor_stops.take_back() == 0
    StopRequest.objects.update(next_try_at=now - datetime.timedelta(seconds=1))
    assert vendor_stops.take_back() == 1


@pytest.mark.parametrize(
    ("vendor_slug", "status", "remote_id"),
    [("bitel", "stopped", "x"), ("bolna", "paused", "x"), ("bolna", "stopped", "")],
)
def test_nobody_else_is_asked_about(vendor: Vendor, vendor_slug: str, status: str, remote_id: str) -> None:
    campaign, calls = stopped(1, vendor_slug)
    Campaign.objects.filter(pk=campaign.pk).update(status=status)
    Call.objects.filter(pk=calls[0].pk).update(remote_id=remote_id)
    StopRequest.objects.all().delete()
    stop_requests.ask_missing(timezone.now())
    vendor_stops.take_back()
    assert not vendor.asked


def test_the_stop_says_what_is_taken_back(nudges: list[str], manager) -> None:  # type: ignore[no-untyped-def]
    campaign, _calls = stopped(2)
    Campaign.objects.filter(pk=campaign.pk).update(status="running")
    StopRequest.objects.all().delete()
    outcome = lifecycle.stop(campaign.pk, manager)
    assert outcome.sentence == (
        "1 call in progress will finish. The provider is being asked to cancel 2 calls that are not dialled yet."
    )
    assert nudges == ["take_back"]


def test_a_stop_reaches_the_vendor(
    sandbox: Sandbox,
    nudges: list[str],
    manager,
    dial: Callable[..., None],  # type: ignore[no-untyped-def]
) -> None:
    provider = sandbox.provider()
    campaign = make_campaign(
        provider=provider,
        agent=provider.agent_set.first(),
        status="running",
        is_filled=True,
        launched_at=timezone.now(),
    )
    # No campaign's call is ever scheduled at the vendor: one that is shows a long queue there.
    call = make_call(
        provider=provider, agent=campaign.agent, vendor_options={"scheduled_at": "2030-01-01T10:00:00+00:00"}
    )
    dial(2)
    Call.objects.filter(pk=call.pk, status="queued").update(campaign=campaign)
    assert lifecycle.stop(campaign.pk, manager).recalled == 1
    assert vendor_stops.take_back() == 1
    call.refresh_from_db()
    assert call.status == "canceled"
    assert {line.what for line in provider.exchanges.all()} == {"place_call", "cancel_call", "fetch_calls"}


# Asked again, until it is over


@pytest.mark.parametrize("answer", [OrderRejected("no"), OutcomeUnknown("cut"), None])
def test_a_vendor_that_keeps_the_order_is_asked_again_ever_more_slowly(
    vendor: Vendor, answer: Exception | None
) -> None:
    """Refused, unanswered, or taken and not done: as long as the vendor has the order, it may ring."""
    _campaign, (call,) = stopped(1)
    vendor.answer, vendor.state = answer, CallStatus.QUEUED
    for wait in [*vendor_stops.WAITS, vendor_stops.WAITS[-1]]:
        assert vendor_stops.take_back() == 0
        assert vendor_stops.take_back() == 0, "not twice in a row"
        request = StopRequest.objects.get(pk=call.pk)
        assert request.answer == "not_yet"
        assert abs(request.next_try_at - timezone.now() - wait) < MINUTE / 6
        StopRequest.objects.update(next_try_at=timezone.now())
    assert len(vendor.asked) == len(vendor_stops.WAITS) + 1
    assert codes(call).count("taken_back") == 1, "one step, however often"
    vendor.answer, vendor.state = None, CallStatus.CANCELED
    assert vendor_stops.take_back() == 1
    assert StopRequest.objects.get(pk=call.pk).answer == "taken_back"
    minute_job.sweep()
    assert not StopRequest.objects.filter(call=call, closed_at=None).exists()


def test_an_order_that_nobody_takes_back_is_ended_by_its_silence_and_a_person(vendor: Vendor, manager) -> None:  # type: ignore[no-untyped-def]
    _campaign, (call,) = stopped(1)
    vendor.answer, vendor.state = OrderRejected("no"), CallStatus.QUEUED
    vendor_stops.take_back()
    long_ago = timezone.now() - datetime.timedelta(days=3)
    Call.objects.filter(pk=call.pk).update(placing_at=long_ago, changed_at=long_ago, created_at=long_ago)
    no_news.give_up([call.pk], timezone.now(), source="poll")
    call.refresh_from_db()
    assert decision_kinds.kind_of(call, timezone.now()) == decision_kinds.BY_KEY["no_news"]
    stop_requests.close_needless(timezone.now())
    assert StopRequest.objects.get(pk=call.pk).answer == "over"
    decisions.did_not(call.pk, manager, "The vendor dropped it")
    call.refresh_from_db()
    assert call.is_final
    assert decision_kinds.kind_of(call, timezone.now()) is None
    assert stop_requests.ask_missing(timezone.now()) == 0


def test_a_call_between_two_dials_of_the_vendor_is_asked_about_when_it_waits(vendor: Vendor) -> None:
    _campaign, (call,) = stopped(1)
    Call.objects.filter(pk=call.pk).update(status="ringing", rank=50)
    assert vendor_stops.take_back() == 0
    assert not vendor.asked
    Call.objects.filter(pk=call.pk).update(status="queued", rank=20, redials=1)
    assert vendor_stops.take_back() == 1


def test_the_strongest_cause_of_a_call_is_kept() -> None:
    call = make_call(status="queued", rank=20, remote_id="a", placing_at=timezone.now())
    now = timezone.now()
    for cause, kept in (("stop_all", "stop_all"), ("held", "held"), ("opt_out", "opt_out"), ("stop_all", "opt_out")):
        stop_requests.for_numbers([call.to_number], cause, now)
        assert StopRequest.objects.get(pk=call.pk).cause == kept
    assert {str(cause) for cause in vendor_stops.STEPS} == set(StopRequest.Cause.values)
    assert all(code in reasons.SENTENCES for codes in vendor_stops.STEPS.values() for code in codes)


def test_a_request_ends_with_its_cause(vendor: Vendor) -> None:
    """However the cause went: a file that was undone, an entry that ended, a campaign that is open after a restore."""
    calls = [make_call(status="queued", rank=20, remote_id=f"r{n}", placing_at=timezone.now()) for n in range(4)]
    now = timezone.now()
    for call, cause in zip(calls, StopRequest.Cause.values, strict=True):
        stop_requests.for_numbers([call.to_number], cause, now)
    DoNotCall.objects.create(phone=calls[0].to_number)
    HeardOptOut.objects.create(phone=calls[2].to_number, call=calls[2])
    vendor.answer = NotSent("no network")
    vendor_stops.take_back()
    assert set(StopRequest.objects.filter(closed_at=None).values_list("cause", flat=True)) == {"opt_out", "held"}
    DoNotCall.objects.update(expires_at=now)
    HeardOptOut.objects.update(decided_at=now)
    assert stop_requests.close_needless(timezone.now()) == 2
    assert set(StopRequest.objects.values_list("answer", flat=True)) == {"dropped"}
    assert stop_requests.close_needless(timezone.now()) == 0


def test_a_provider_that_is_switched_off_is_asked_too(vendor: Vendor) -> None:
    campaign, _calls = stopped(1)
    Provider.objects.filter(pk=campaign.provider_id).update(is_active=False)
    assert vendor_stops.take_back() == 1
