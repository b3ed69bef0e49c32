"""Who called back: in the log, in files, on the person's page and on Today, until somebody handled it."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.calls import call_actions, called_back
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import transitions
from campaigns.core.refusals import Refusal
from campaigns.core.transitions import Why
from campaigns.exports.call_sheet import CallSheet
from campaigns.models import Call, InboundCall
from campaigns.rules import RANK
from providers.models import Provider
from providers.types import CallStatus
from tests.conftest import make_call, make_contact, make_provider

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def back(caller: User) -> Call:
    """A call with which somebody called back, an hour after a caller's call to them."""
    provider, contact = make_provider(), make_contact(name="Maryam")
    ours = make_call(
        provider=provider, contact=contact, status="no_answer", rank=86, placing_at=timezone.now() - HOUR, owner=caller
    )
    return came_in(provider, answers=ours, contact=contact, to_number=contact.phone, owner=caller)


def came_in(provider: Provider, answers: Call | None = None, **fields: object) -> Call:
    """Write a call that came in."""
    now = timezone.now()
    call = transitions.begin_inbound(
        now, Why("called_us"), provider=provider, remote_id=f"in-{Call.objects.count()}",
        status=CallStatus.COMPLETED, rank=RANK[CallStatus.COMPLETED], placed_at=now - HOUR / 2, ended_at=now,
        talk_seconds=12, **fields,
    )  # fmt: skip
    assert call is not None
    InboundCall.objects.create(call=call, our_number="+12025550111", answers=answers)
    return call


def test_the_log_finds_both_directions_and_shows_which(as_manager: Client, manager: User, back: Call) -> None:
    for direction, number in (("inbound", 1), ("outbound", 1), ("", 2)):
        assert find_calls(CallFilters(direction=direction), manager).count() == number
    assert [call.pk for call in find_calls(CallFilters(which="called_back"), manager)] == [back.pk]
    assert back.pk not in find_calls(CallFilters(kind="single"), manager).values_list("pk", flat=True)
    page = as_manager.get("/calls/?direction=inbound&column=direction&column=person&column=sent").content.decode()
    assert "Inbound" in page
    assert f"/quick-call/?again={back.pk}" not in page


def test_a_file_tells_the_direction(manager: User, back: Call) -> None:
    sheet = CallSheet(Call.objects.order_by("pk"), shows_numbers=True)
    assert "Direction" in sheet.header
    rows = [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows()]
    assert [row["Direction"] for row in rows] == ["Outbound", "Inbound"]
    sent = next(name for name in sheet.header if name.startswith("Sent"))
    assert all(row[sent] for row in rows)


def test_today_shows_who_called_back_until_somebody_handled_it(console: Client, caller: User, back: Call) -> None:
    page = console.get("/today/").content.decode()
    assert "People who called back" in page
    assert f"/calls/{back.pk}/handled/" in page
    assert called_back.open_to(caller).count == 1
    answer = console.post(f"/calls/{back.pk}/handled/", {"next": "/today/"}, follow=True)
    assert "Marked as handled." in answer.content.decode()
    assert called_back.open_to(caller).count == 0
    back.refresh_from_db()
    assert back.inbound.handled_by == caller
    assert back.inbound.handled_at is not None
    assert [step.code for step in back.events.all()] == ["called_us", "called_back_handled"]
    assert AuditEvent.objects.filter(action="call.handled").count() == 1
    again = console.post(f"/calls/{back.pk}/handled/", {}, follow=True)
    assert "already" in again.content.decode()
    assert AuditEvent.objects.filter(action="call.handled").count() == 1


def test_a_caller_sees_only_who_called_back_to_them(back: Call, make: Callable[..., User]) -> None:
    other = make("person", username="other")
    assert called_back.open_to(other).count == 0


def test_who_was_never_called_is_in_the_log_and_not_among_calls_back(caller: User, manager: User) -> None:
    call = came_in(make_provider(), to_number="")
    assert called_back.open_to(manager).count == 0
    assert not called_back.may_handle(call)
    assert find_calls(CallFilters(direction="inbound"), manager).get() == call


def test_the_page_of_a_call_that_came_in_offers_to_call_back(as_manager: Client, back: Call, manager: User) -> None:
    page = as_manager.get(f"/calls/{back.pk}/").content.decode()
    assert "Call back" in page
    assert "Our number" in page
    assert "Mark as handled" in page
    assert f"/calls/{back.pk}/again/" not in page
    with pytest.raises(Refusal, match="called us"):
        call_actions.call_again(back.pk, manager)


def test_pages_of_a_call_without_a_number_can_be_read(as_manager: Client, manager: User) -> None:
    call = came_in(make_provider(), to_number="")
    assert as_manager.get(f"/calls/{call.pk}/").status_code == 200
    assert as_manager.get("/calls/").status_code == 200


def test_the_person_has_it_in_their_history(as_manager: Client, back: Call) -> None:
    page = as_manager.get(f"/people/{back.contact_id}/").content.decode()
    assert f"/calls/{back.pk}/" in page
    assert "Called us" in page


def test_an_open_call_is_never_written_as_one_that_came_in() -> None:
    with pytest.raises(ValueError, match="when it is over"):
        transitions.begin_inbound(timezone.now(), Why("called_us"), status=CallStatus.RINGING)
