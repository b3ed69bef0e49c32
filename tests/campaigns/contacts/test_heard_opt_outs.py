"""What may be an opt-out: never lost, held for everybody, decided by a person, counted where decisions are."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from callcenter.context import Console
from campaigns import minute_job
from campaigns.contacts import do_not_call, heard_opt_outs
from campaigns.core import decision_kinds
from campaigns.core.refusals import Refusal
from campaigns.models import Alert, Call, DoNotCall, HeardOptOut, OtherNumber, StopRequest
from campaigns.reports import progress, today
from campaigns.tracking import call_updates, consequences
from providers.services.wishes import heard_wishes
from providers.types import CallSnapshot, CallStatus
from tests.conftest import make_call, make_campaign, make_contact

pytestmark = pytest.mark.django_db
MAYBE = "Do Not Call: maybe"


def tell(call: Call, **told: Any) -> None:
    snapshot = CallSnapshot(
        remote_id=call.remote_id, raw_status="completed", status=CallStatus.COMPLETED, talk_seconds=9, **told
    )
    call_updates.merge_news({call.pk: snapshot}, source="poll", now=timezone.now())


def talk(**fields: Any) -> Call:
    return make_call(**{"status": "in_progress", "rank": 60, "remote_id": "a", "placing_at": timezone.now()} | fields)


def held(call: Call) -> bool:
    return heard_opt_outs.held_among([call.to_number]) is not None


def test_it_is_kept_once_and_counted_everywhere(manager: User, django_assert_max_num_queries: Any, rf: Any) -> None:
    campaign = make_campaign(status="running", launched_at=timezone.now())
    call = talk(campaign=campaign, contact=make_contact())
    for _round in range(3):
        tell(call, unclear_opt_out=MAYBE)
    row = HeardOptOut.objects.get()
    assert (row.call, row.phone, row.said, row.decision) == (call, call.to_number, MAYBE, "")
    assert call.events.filter(code="opt_out_unclear").count() == 1
    assert heard_wishes(call.provider).calls == 0, "what is not certain is no evidence"
    assert not DoNotCall.objects.exists()
    now = timezone.now()
    assert decision_kinds.count(Call.objects.all(), now)["opt_out"] == 1
    assert decision_kinds.count_by("campaign_id", [campaign.pk], now)[campaign.pk] == 1
    assert today.overview(manager).decision_counts["opt_out"] == 1
    assert progress.measure(campaign).to_decide == 1
    request = rf.get("/")
    request.user = manager
    assert Console(request).to_decide == 1


def test_all_numbers_are_held_and_freed_together(as_manager: Client, manager: User) -> None:
    contact = make_contact()
    other = OtherNumber.objects.create(contact=contact, phone="+989121110000")
    call = talk(contact=contact)
    waiting = make_call(to_number=other.phone, status="queued", rank=20, remote_id="b", placing_at=timezone.now())
    tell(call, unclear_opt_out=MAYBE)
    assert set(HeardOptOut.objects.values_list("phone", flat=True)) == {contact.phone, other.phone}
    assert StopRequest.objects.get(closed_at=None).call == waiting
    page = as_manager.get("/decisions/?kind=opt_out").content.decode()
    assert MAYBE in page
    assert "Add to the do-not-call list" in page
    pages = {
        f"/calls/{call.pk}/": "may have asked not to be called again",
        f"/people/{contact.pk}/": "may have opted out",
    }
    for shown, words in pages.items():
        assert words in as_manager.get(shown).content.decode()
    said = as_manager.post(f"/calls/{call.pk}/opt-out/", {"answer": "allow", "reason": ""}, follow=True)
    assert "Enter a reason" in said.content.decode()
    assert held(call)
    as_manager.post(f"/calls/{call.pk}/opt-out/", {"answer": "allow", "reason": "they meant the other list"})
    assert not HeardOptOut.objects.undecided().exists()
    assert StopRequest.objects.get().answer == "dropped"
    assert call.events.get(code="opt_out_allowed").actor == manager
    assert AuditEvent.objects.get(action="do_not_call.decided").detail["forbidden"] is False
    tell(call, unclear_opt_out=MAYBE)
    assert not held(call), "decided is decided"
    with pytest.raises(Refusal, match="already been decided"):
        heard_opt_outs.may_be_called(call.pk, manager, "again")


def test_put_on_the_list_it_is_an_entry_for_every_number(as_manager: Client, manager: User) -> None:
    call = talk()
    tell(call, unclear_opt_out=MAYBE)
    waiting = make_call(to_number=call.to_number)
    page = as_manager.post(f"/calls/{call.pk}/opt-out/", {"answer": "forbid", "reason": "I listened"}, follow=True)
    assert "1 waiting call was cancelled" in page.content.decode()
    waiting.refresh_from_db()
    assert (waiting.status, waiting.skip_reason) == ("skipped", "do_not_call")
    entry = DoNotCall.objects.get()
    assert (entry.phone, entry.added_by, entry.reason) == (call.to_number, manager, "I listened")
    row = HeardOptOut.objects.get()
    assert (row.decision, row.decided_by) == ("forbidden", manager)
    assert heard_wishes(call.provider).calls == 0, "a person heard it"


def test_who_may_not_take_numbers_off_the_list_decides_nothing(client: Client, caller: User) -> None:
    call = talk(owner=caller)
    tell(call, unclear_opt_out=MAYBE)
    client.force_login(caller)
    assert client.post(f"/calls/{call.pk}/opt-out/", {"answer": "allow", "reason": "x"}).status_code == 403
    with pytest.raises(PermissionDenied):
        heard_opt_outs.put_on_the_list(call.pk, caller, "x")
    page = client.get("/decisions/").content.decode()
    assert "A manager must decide this." in page
    assert "Add to the do-not-call list" not in page
    # But whoever may add to the list may do so from the call.
    client.post(f"/calls/{call.pk}/never-again/", {"reason": "they asked"})
    assert not HeardOptOut.objects.undecided().exists()


def test_an_entry_for_a_time_does_not_decide_it() -> None:
    call = talk()
    tell(call, unclear_opt_out=MAYBE)
    do_not_call.forbid(
        call.to_number, reason="", source="person", expires_at=timezone.now() + datetime.timedelta(days=1)
    )
    assert held(call)
    do_not_call.forbid(call.to_number, reason="", source="person")
    assert not held(call)


def test_who_is_on_the_list_for_ever_is_not_asked_about() -> None:
    call = talk()
    do_not_call.forbid(call.to_number, reason="", source="person")
    tell(call, unclear_opt_out=MAYBE)
    assert not HeardOptOut.objects.exists()


@pytest.mark.parametrize("told", [{"do_not_call": True}, {"unclear_opt_out": MAYBE}])
def test_what_was_heard_outlives_a_worker(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = make_campaign(status="running", retries={"no_answer": [1]}, max_attempts=3)
    call = talk(campaign=campaign, contact=make_contact())
    with monkeypatch.context() as dead:
        dead.setattr(consequences, "carry_out_opt_outs", lambda *_arguments: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            tell(call, **told)
    assert held(call), "nobody is called between the news and what follows from it"
    minute_job.sweep()
    assert DoNotCall.objects.filter(phone=call.to_number).exists() is ("do_not_call" in told)
    assert held(call) is ("do_not_call" not in told)
    assert heard_opt_outs.unfinished() == []
    assert heard_wishes(call.provider).calls == int("do_not_call" in told)


def test_a_certain_one_after_a_maybe_needs_nobody() -> None:
    call = talk()
    tell(call, unclear_opt_out=MAYBE)
    tell(call, do_not_call=True)
    assert DoNotCall.objects.get().phone == call.to_number
    assert not held(call)


def test_managers_are_told_once_while_nobody_has_decided(manager: User, mailoutbox: list[Any]) -> None:
    User.objects.filter(pk=manager.pk).update(email="reza@example.org")
    call = talk()
    tell(call, unclear_opt_out=MAYBE)
    for _round in range(2):
        minute_job.sweep()
    (mail,) = mailoutbox
    assert mail.subject == "Callcenter: A contact may have opted out"
    assert f"/calls/{call.pk}/" in mail.body
    assert call.to_number not in mail.body
    heard_opt_outs.may_be_called(call.pk, manager, "no")
    minute_job.sweep()
    assert not Alert.objects.filter(cleared_at=None).exists()
