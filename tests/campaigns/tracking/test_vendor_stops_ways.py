"""Every way in which a call becomes unwanted reaches the vendor that keeps its order: one table of ways."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import minute_job
from campaigns.contacts import do_not_call, duplicates, people, person_wishes
from campaigns.core import explanations, stop_all, stop_requests
from campaigns.launch import lifecycle
from campaigns.models import Call, Contact, DoNotCall, OtherNumber, StopRequest
from campaigns.tracking import call_updates, vendor_stops
from providers.registry import vendors_that
from providers.sandbox.engine import Engine, SimulatedCall
from providers.types import CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact, make_phone
from tests.migrated import ROOT

pytestmark = pytest.mark.django_db
Source = DoNotCall.Source


@dataclass(frozen=True)
class Desk:
    """Who acts, in which browser."""

    client: Client
    manager: User

    def post(self, page: str, *arguments: Any, **data: Any) -> str:
        """Send a form; returns the page that follows."""
        answer = self.client.post(reverse(page, args=arguments), data, follow=True)
        assert answer.status_code == 200
        return str(answer.content.decode())


def person_of(number: str) -> Any:
    return Contact.objects.get(phone=number)


def heard(number: str, **told: Any) -> Call:
    """Let the vendor tell the end of an earlier call to a number."""
    call = make_call(to_number=number, status="failed", failure_reason="not_placed", remote_id=number[1:])
    snapshot = CallSnapshot(
        remote_id=call.remote_id, raw_status="completed", status=CallStatus.COMPLETED, talk_seconds=9, **told
    )
    call_updates.merge_news({call.pk: snapshot}, source="poll", now=timezone.now())
    return call


def page_of_a_person(desk: Desk, number: str) -> None:
    said = desk.post("person-forbid", person_of(number).pk, reason="asked")
    assert "The provider is being asked to cancel 1 queued call" in said


def page_of_a_call(desk: Desk, number: str) -> None:
    other = make_call(to_number=number, status="no_answer")
    assert "asked to cancel 1 queued call" in desk.post("call-never-again", other.pk, reason="asked")


def list_page(desk: Desk, number: str) -> None:
    assert "asked to cancel 1 queued call" in desk.post(
        "do-not-call-add", phone=number, reason="asked", source="person"
    )


def batch_of_a_file(desk: Desk, number: str) -> None:
    done = do_not_call.forbid_each({number: do_not_call.OptOut("old list")}, source=Source.IMPORT, person=desk.manager)
    assert done.stops == (1, 0, 0)


def several_at_once(desk: Desk, number: str) -> None:
    do_not_call.forbid_many([make_phone(), number], reason="asked", source=Source.AUTHORITY)


def service(_desk: Desk, number: str) -> None:
    do_not_call.forbid(number, reason="asked", source=Source.PERSON)


def until_a_day(_desk: Desk, number: str) -> None:
    later = timezone.now() + datetime.timedelta(days=2)
    do_not_call.forbid(number, reason="asked", source=Source.PERSON, expires_at=later)


def certain_in_a_call(_desk: Desk, number: str) -> None:
    heard(number, do_not_call=True)


def maybe_in_a_call(_desk: Desk, number: str) -> None:
    heard(number, unclear_opt_out="maybe")
    assert not DoNotCall.objects.filter(phone=number).exists()


def decision(desk: Desk, number: str) -> None:
    call = heard(number, unclear_opt_out="maybe")
    desk.post("call-opt-out", call.pk, answer="forbid", reason="I listened")
    assert DoNotCall.objects.filter(phone=number).exists()


def first_number_of_the_person(desk: Desk, number: str) -> None:
    contact = make_contact()
    OtherNumber.objects.create(contact=contact, phone=number)
    desk.post("person-forbid", contact.pk, reason="asked")


def changed_number(desk: Desk, number: str) -> None:
    contact, forbidden = make_contact(), make_phone()
    OtherNumber.objects.create(contact=contact, phone=number)
    do_not_call.forbid(forbidden, reason="asked", source=Source.PERSON)
    people.change_person(contact.pk, {"phone": forbidden}, desk.manager)


def merge(desk: Desk, number: str) -> None:
    kept, other = make_contact(), make_contact()
    OtherNumber.objects.create(contact=kept, phone=number)
    do_not_call.forbid(other.phone, reason="asked", source=Source.PERSON)
    duplicates.merge_people(kept.pk, other.pk, desk.manager)


def further_number(desk: Desk, number: str) -> None:
    contact = make_contact()
    do_not_call.forbid(contact.phone, reason="asked", source=Source.PERSON)
    OtherNumber.objects.create(contact=contact, phone=number)
    assert person_wishes.hold_for_all_of([contact.pk], desk.manager) == 1


def end_of_the_campaign(desk: Desk, number: str) -> None:
    call = Call.objects.live().get(to_number=number)
    campaign = make_campaign(provider=call.provider, agent=call.agent, status="running", launched_at=timezone.now())
    Call.objects.filter(pk=call.pk).update(campaign=campaign)
    assert lifecycle.stop(campaign.pk, desk.manager).recalled == 1


WAYS: tuple[Callable[[Desk, str], None], ...] = (
    page_of_a_person, page_of_a_call, list_page, batch_of_a_file, several_at_once, service, until_a_day,
    certain_in_a_call, maybe_in_a_call, decision, first_number_of_the_person, changed_number, merge, further_number,
    end_of_the_campaign,
)  # fmt: skip
"""Each makes the call that the vendor keeps to a number unwanted."""


@pytest.fixture
def kept_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the simulated vendors keep every order for an hour."""
    accept = Engine.accept

    def later(self: Engine, call: SimulatedCall, **more: Any) -> SimulatedCall:
        return accept(self, call, **more | {"start_at": time.time() + 3600})

    monkeypatch.setattr(Engine, "accept", later)


def ordered(sandbox: Sandbox, dial: Callable[..., None], vendor: str, calls: int, **fields: Any) -> list[Call]:
    """Let so many orders leave, of single calls and of a campaign in turn, which the vendor keeps."""
    provider = sandbox.provider(vendor)
    message: dict[str, Any] = {"agent": provider.agent_set.first(), "caller_id": provider.callerid_set.first()}
    campaign = make_campaign(provider=provider, status="running", is_filled=True, quiet_hours=0, **ALL_DAY | message)
    of: tuple[dict[str, Any], ...] = ({"provider": provider}, {"campaign": campaign})
    made = [make_call(contact=make_contact(), **message | of[number % 2]) for number in range(calls)]
    dial(10.0, until=lambda: not Call.objects.filter(status__in=["pending", "placing"]).exists())
    assert {call.status for call in Call.objects.filter(pk__in=[call.pk for call in made])} == {"queued"}
    return made


@pytest.mark.parametrize("vendor", sorted(vendors_that("supports_cancel")))
def test_every_way_takes_back_what_the_vendor_keeps(
    vendor: str, sandbox: Sandbox, dial: Callable[..., None], kept_for_an_hour: None, as_manager: Client, manager: User
) -> None:
    desk = Desk(as_manager, manager)
    calls = dict(zip(WAYS, ordered(sandbox, dial, vendor, len(WAYS) + 1), strict=False))
    for way, call in calls.items():
        way(desk, call.to_number)
        assert StopRequest.objects.filter(pk=call.pk, closed_at=None).exists(), way.__name__
    vendor_stops.take_back()
    for way, call in calls.items():
        call.refresh_from_db()
        assert call.status == "canceled", way.__name__
        assert StopRequest.objects.get(pk=call.pk).answer == "taken_back", way.__name__
    there = [call for _vendor, ledger in sandbox.server.world.engine.ledgers() for call in ledger.calls]
    assert {call.to_number for call in there if call.stopped_as} == {call.to_number for call in calls.values()}
    # Only the one that nobody minds is still there; stop-all takes it too.
    assert stop_all.press_stop_all(manager) == (1, 0, 0)
    assert vendor_stops.take_back() == 1


def test_an_entry_written_past_the_product_is_found_by_the_minute_job(monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_call(status="queued", rank=20, remote_id="a", placing_at=timezone.now())
    DoNotCall.objects.create(phone=call.to_number)
    minute_job.sweep()
    assert StopRequest.objects.get().cause == "opt_out"


def test_the_request_is_written_in_the_transaction_of_the_entry() -> None:
    call = make_call(status="ringing", rank=50, remote_id="a", placing_at=timezone.now())
    with transaction.atomic():
        assert do_not_call.forbid(call.to_number, reason="", source=Source.PERSON).stops == (0, 1, 0)
        assert StopRequest.objects.filter(pk=call.pk).exists()
        transaction.set_rollback(True)
    assert not StopRequest.objects.exists()
    assert not DoNotCall.objects.exists()


WRITES = re.compile(r"DoNotCall\.objects\.(?:\w*create)|\bDoNotCall\((?!models|ReadOnly)")


def test_nobody_else_writes_entries() -> None:
    writers = {
        str(path.relative_to(ROOT))
        for folder in ("callcenter", "campaigns", "providers")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and WRITES.search(path.read_text())
    }
    assert writers == {"campaigns/contacts/do_not_call.py"}


# What is unwanted for a time only


def test_nobody_is_dialled_again_by_itself_whom_stop_all_took_back(
    sandbox: Sandbox, dial: Callable[..., None], kept_for_an_hour: None, manager: User
) -> None:
    """The vendor had accepted the order: a second one would be a second ring where its cancel came too late."""
    calls = ordered(sandbox, dial, "bolna", 2)
    stop_all.press_stop_all(manager)
    assert vendor_stops.take_back() == 2
    stop_all.release_stop_all(manager)
    assert set(Call.objects.values_list("status", flat=True)) == {"canceled"}
    assert Call.objects.count() == len(calls)
    calls[1].refresh_from_db()
    assert calls[1].campaign is not None
    assert explanations.why_no_more(calls[1], calls[1].campaign) == ("No retry: stopped by a user.")


def test_a_campaign_that_ended_calls_nobody_whom_it_took_back(manager: User) -> None:
    call = make_call(
        campaign=make_campaign(status="running"), contact=make_contact(), status="queued", rank=20, remote_id="a",
        placing_at=timezone.now(), stop_asked_at=timezone.now(),
    )  # fmt: skip
    stop_all.press_stop_all(manager)
    lifecycle.stop(call.campaign_id or 0, manager)
    assert StopRequest.objects.get().cause == "campaign"
    snapshot = CallSnapshot(remote_id="a", raw_status="canceled", status=CallStatus.CANCELED)
    call_updates.merge_news({call.pk: snapshot}, source="poll", now=timezone.now())
    assert Call.objects.count() == 1


def test_a_stop_that_ended_asks_for_nothing_more(manager: User) -> None:
    call = make_call(status="queued", rank=20, remote_id="a", placing_at=timezone.now())
    stop_all.press_stop_all(manager)
    stop_all.release_stop_all(manager)
    assert StopRequest.objects.get().answer == "dropped"
    do_not_call.forbid(call.to_number, reason="", source=Source.PERSON)
    assert vendor_stops.to_ask(timezone.now()).count() == 1
    do_not_call.allow_again(DoNotCall.objects.get().pk, reason="asked us", person=manager)
    assert not vendor_stops.to_ask(timezone.now()).exists()
    assert stop_requests.ask_missing(timezone.now()) == 0
