"""What others hear of: written with the change and only with it, once for each listener, and nothing where none is."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from callcenter.access.rights import MANAGER
from campaigns import minute_job
from campaigns.answers import entering
from campaigns.callbacks import planning
from campaigns.calls import call_columns
from campaigns.calls.call_log_filters import CallFilters
from campaigns.contacts.do_not_call import forbid, forbid_many
from campaigns.core import happenings, transitions
from campaigns.core.transitions import Why
from campaigns.exports import job, requests
from campaigns.launch import lifecycle, start
from campaigns.models import Call, Callback, CallTranscript, Campaign, DoNotCall, Happening, Listening, Question
from campaigns.notices import alerts
from campaigns.tracking import call_updates
from providers.models import Provider
from providers.types import CallSnapshot, CallStatus
from tests.campaigns.callbacks.plans import make_due, planned, talked_with
from tests.conftest import make_call, make_campaign, make_list, make_person, make_phone, make_provider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def heard() -> None:
    happenings.listen("ours", happenings.KINDS)


def told(kind: str = "") -> list[Any]:
    """Return the kinds and subjects that were written, or the subjects of one kind, and forget them."""
    rows = list(Happening.objects.order_by("pk").values_list("kind", "subject"))
    Happening.objects.all().delete()
    return [subject for one, subject in rows if one == kind] if kind else rows


def news(call: Call, status: CallStatus, **fields: Any) -> None:
    snapshot = CallSnapshot(remote_id=call.remote_id, raw_status=str(status), status=status, **fields)
    call_updates.merge_news({call.pk: snapshot}, source="poll", now=timezone.now())


def live(**fields: Any) -> Call:
    values = {"status": "ringing", "rank": 50, "remote_id": make_phone(), "placing_at": timezone.now()}
    return make_call(**(values | fields))


def test_a_call_is_told_when_it_is_answered_and_when_it_ends() -> None:
    call = live()
    news(call, CallStatus.IN_PROGRESS)
    news(call, CallStatus.IN_PROGRESS)
    assert told() == [("call.answered", call.pk)]
    news(call, CallStatus.COMPLETED, talk_seconds=9)
    news(call, CallStatus.COMPLETED, talk_seconds=9)
    assert told() == [("call.ended", call.pk)]


def test_one_that_is_first_read_after_its_end_is_told_as_both() -> None:
    talked, unanswered = live(), live()
    news(talked, CallStatus.COMPLETED, talk_seconds=9)
    news(unanswered, CallStatus.NO_ANSWER)
    assert told() == [("call.answered", talked.pk), ("call.ended", talked.pk), ("call.ended", unanswered.pk)]


def test_an_end_that_we_make_ourselves_is_told_and_one_that_never_left_is_not() -> None:
    waiting, taken = make_call(), live(status="placing", remote_id="")
    calls = Call.objects.filter(pk__in=[waiting.pk, taken.pk])
    transitions.change(transitions.SKIP, calls, timezone.now(), Why("skipped"), skip_reason="stopped")
    assert told() == []
    why = Why("order_rejected")
    refused = {"failure_reason": "place_rejected", "failure_detail": ""}
    transitions.change(transitions.REFUSE, calls, timezone.now(), why, **refused)
    assert told() == [("call.ended", taken.pk)]


def test_answers_are_told_by_their_call(caller: User) -> None:
    campaign = make_campaign(owner=caller)
    asked = Question.objects.create(campaign=campaign, name="Comes", kind="yes_no", source="words", words=["yes"])
    call = live(campaign=campaign, owner=caller)
    CallTranscript.objects.create(call=call, turns=[], text="")
    entering.enter(make_person(MANAGER), call, asked, "yes")
    assert told() == [("answer.given", call.pk)]


def test_campaigns_are_told(caller: User, manager: User) -> None:
    campaign = make_campaign([make_list(2)], owner=caller, status="running", is_filled=True)
    lifecycle.pause(campaign.pk, caller)
    assert told() == [("campaign.paused", campaign.pk)]
    lifecycle.resume(campaign.pk, caller)
    Campaign.objects.filter(pk=campaign.pk).update(is_filled=True)
    assert lifecycle.finish_done_campaigns() == 1
    assert told() == [("campaign.finished", campaign.pk)]


def test_approvals_are_told(caller: User, manager: User, settings: Any) -> None:
    settings.CALLER_LAUNCH_LIMIT = 1
    campaign = make_campaign([make_list(2)], owner=caller)
    assert start.launch(campaign.pk, caller).status == "waiting"
    start.take_back(campaign.pk, manager)
    start.launch(campaign.pk, caller)
    start.approve(campaign.pk, manager)
    kinds = ["approval.needed", "approval.returned", "approval.needed", "approval.given"]
    assert told() == [(kind, campaign.pk) for kind in kinds]


def test_a_pilot_that_is_over_is_told(caller: User) -> None:
    campaign = make_campaign([make_list(12)], owner=caller, status="running", is_filled=True, pilot="calling")
    lifecycle.end_pilot(campaign.pk, caller)
    assert told() == [("campaign.pilot_over", campaign.pk)]


def test_a_halt_is_told_once() -> None:
    provider = make_provider()
    assert Provider.objects.halt(provider.pk, "the key is dead")
    assert not Provider.objects.halt(provider.pk, "again")
    assert told() == [("provider.halted", provider.pk)]


def test_a_low_balance_is_told_with_its_alert() -> None:
    provider = make_provider(balance_limit=10, currency="USD", account={"balance": "3", "currency": "USD"})
    alerts.alert(timezone.now())
    alerts.alert(timezone.now())
    assert told("balance.low") == [provider.pk]


def test_entries_of_the_do_not_call_list_are_told_when_they_are_new() -> None:
    one, two = make_phone(), make_phone()
    forbid(one, reason="asked", source="person")
    forbid_many([one, two], reason="a file", source="person")
    entries = [DoNotCall.objects.get(phone=phone).pk for phone in (one, two)]
    assert told() == [("do_not_call.added", pk) for pk in entries]


def test_a_callback_is_told_at_its_time_and_again_when_it_was_moved(caller: User) -> None:
    made, long_over = planned(caller), planned(caller, talked_with(caller))
    told()
    now = timezone.now()
    assert planning.tell_due(now) == 0
    make_due(made)
    Call.objects.filter(pk=long_over.call_id).update(due_at=now - 2 * DAY)
    assert planning.tell_due(now) == 1
    assert planning.tell_due(now) == 0
    assert told() == [("callback.due", made.pk)]
    planning.move(made.pk, {"local_day": made.local_day + DAY}, caller)
    assert Callback.objects.filter(due_told_at=None).get() == made


def test_an_export_is_told_when_its_file_is_there(manager: User, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    make_call(owner=manager)
    export = requests.ask(manager, CallFilters(), call_columns.chosen(["person"]), words=[], file_format="csv")
    assert job.write(export.pk)
    assert told() == [("export.ready", export.pk)]


def test_every_kind_is_told_somewhere() -> None:
    """The tests above tell each of these; a kind that nothing tells would be a promise that nobody keeps."""
    written = "".join(path.read_text() for path in Path("campaigns").rglob("*.py") if path.name != "happenings.py")
    for kind in set(happenings.KINDS) - {"provider.halted"}:
        assert f'"{kind}"' in written, kind


# The outbox


def test_what_is_rolled_back_is_told_to_nobody() -> None:
    provider = make_provider()
    with transaction.atomic():
        Provider.objects.halt(provider.pk, "the key is dead")
        transaction.set_rollback(True)
    assert told() == []


def test_where_nobody_listens_nothing_is_written(django_assert_num_queries: Any) -> None:
    happenings.listen("ours", ["call.ended"])
    with django_assert_num_queries(1):
        assert happenings.happened("call.answered", 1, 2, 3) == 0
    with django_assert_num_queries(0):
        assert happenings.happened("call.ended") == 0
    assert told() == []


def test_each_listener_has_its_own_rows_and_is_rung(django_assert_num_queries: Any) -> None:
    rung: list[str] = []
    happenings.register("theirs", lambda: rung.append("theirs"))
    happenings.listen("theirs", ["call.ended"])
    with django_assert_num_queries(2):
        assert happenings.all_happened({"call.ended": range(50), "call.answered": [7, 7]}) == 101
    assert rung == ["theirs"]
    with transaction.atomic():
        mine = happenings.taken("theirs", most=20)
    assert [one.subject for one in mine] == list(range(20))
    assert len({one.key for one in mine}) == 20
    assert Happening.objects.filter(listener="theirs").count() == 30
    assert Happening.objects.filter(listener="ours").count() == 51


def test_what_is_taken_and_rolled_back_waits_again() -> None:
    happenings.happened("call.ended", 1)
    with transaction.atomic():
        assert len(happenings.taken("ours")) == 1
        transaction.set_rollback(True)
    assert happenings.has_untaken("ours")


def test_a_wish_is_replaced_by_the_next_one() -> None:
    happenings.listen("ours", ["call.ended", "balance.low"])
    happenings.listen("ours", ["call.ended", "call.answered"])
    assert set(Listening.objects.values_list("kind", flat=True)) == {"call.ended", "call.answered"}
    with pytest.raises(KeyError):
        happenings.listen("ours", ["call.began"])
    with pytest.raises(KeyError):
        happenings.happened("call.began", 1)


def test_what_no_listener_takes_is_cleared() -> None:
    happenings.happened("call.ended", 1, 2)
    Happening.objects.filter(subject=1).update(at=timezone.now() - happenings.KEPT - DAY)
    minute_job.sweep()
    assert told("call.ended") == [2]
