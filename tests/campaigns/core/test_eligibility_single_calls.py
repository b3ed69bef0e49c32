"""A single call that waits: how long it is wanted, and what overtakes it. The commit point and the page agree."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaigns.calls import call_actions
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.core.eligibility_of_calls import answers_about
from campaigns.core.refusals import Refusal
from campaigns.models import Call, Campaign
from providers.models import Provider
from tests.campaigns.conftest import Sandbox
from tests.conftest import MARYAM, make_call, make_campaign, make_contact, make_person
from tests.situations import LeasedProvider, single

HOUR, MINUTE = datetime.timedelta(hours=1), datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def all_day(settings: Settings) -> None:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"


def asked_for(leased: LeasedProvider, **fields: Any) -> Call:
    """Return a single call that was asked for an hour minus a minute ago, unless fields say otherwise."""
    now = timezone.now()
    call = single(leased.provider, MARYAM)
    given = {"agent": leased.campaign.agent, "created_at": now - HOUR + MINUTE, "expires_at": now + MINUTE}
    Call.objects.filter(pk=call.pk).update(**(given | fields))
    return Call.objects.get(pk=call.pk)


def other_call(minutes_ago: float, **fields: Any) -> Call:
    """Return a call of another campaign to the same number."""
    at = timezone.now() - minutes_ago * MINUTE
    given = {"campaign": make_campaign(), "contact": make_contact(), "to_number": MARYAM, "placing_at": at}
    return make_call(**(given | fields))


def called_often() -> None:
    """Ring the number as often as anybody may be rung in seven days."""
    for number in range(15):
        other_call(30 * (number + 1), **NOBODY)


TALKED = {"status": "completed", "talk_seconds": 40}
NOBODY = {"status": "no_answer"}

CASES: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[], Any], str]] = {
    "wanted": (dict, lambda: None, ""),
    "it waited its hour": (lambda: {"expires_at": timezone.now() - MINUTE}, lambda: None, "expired"),
    "others talked to the person since": (dict, lambda: other_call(0.5, **TALKED), "called_since"),
    "others rang the person since": (dict, lambda: other_call(0.5, **NOBODY), "called_since"),
    "others rang nobody": (dict, lambda: other_call(1, status="failed", failure_reason="not_placed"), ""),
    "others called before the quiet period": (dict, lambda: other_call(25 * 60, **TALKED), ""),
    "confirmed, and called before": (
        lambda: {"confirmed_at": timezone.now() - 30 * MINUTE}, lambda: other_call(40, **TALKED), "",
    ),
    "confirmed, and nobody answered since": (
        lambda: {"confirmed_at": timezone.now() - 30 * MINUTE}, lambda: other_call(20, **NOBODY), "",
    ),
    "confirmed, and a machine answered since": (
        lambda: {"confirmed_at": timezone.now() - 30 * MINUTE},
        lambda: other_call(20, **TALKED, answered_by="machine"),
        "",
    ),
    "confirmed, and talked to since": (
        lambda: {"confirmed_at": timezone.now() - 30 * MINUTE}, lambda: other_call(20, **TALKED), "called_since",
    ),
    "confirmed, and a talk ended since": (
        lambda: {"confirmed_at": timezone.now() - 30 * MINUTE},
        lambda: other_call(40, **TALKED, ended_at=timezone.now() - 29 * MINUTE),
        "called_since",
    ),
    "confirmed, and called as often as anybody may be": (
        lambda: {"confirmed_at": timezone.now() - MINUTE}, lambda: called_often(), "person_cap",
    ),
    "confirmed, and it waited its hour": (
        lambda: {"confirmed_at": timezone.now() - HOUR, "expires_at": timezone.now() - MINUTE}, lambda: None, "expired",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_commit_point_and_the_page_judge_a_waiting_single_call_alike(leased: LeasedProvider, name: str) -> None:
    fields, arrange, reason = CASES[name]
    call = asked_for(leased, **fields())
    arrange()
    answer = answers_about([call], timezone.now())[call.pk]
    assert (answer.verdict, answer.reason) == (("never", reason) if reason else ("now", ""))
    assert bool(answer.next_step(is_queued=True)) == bool(reason)
    result = leased.commit(call)
    assert [one.call_id for one in result.committed] == ([] if reason else [call.pk])
    assert (call.status, call.skip_reason) == (("skipped", reason) if reason else ("placing", ""))
    if reason:
        assert call.placing_at is None
        assert [event.code for event in call.events.all()] == ["skipped"]


def test_a_call_of_a_campaign_does_not_expire(leased: LeasedProvider) -> None:
    call = leased.call(created_at=timezone.now() - 72 * HOUR)
    leased.commit(call)
    assert (call.expires_at, call.status) == (None, "placing")


def test_whoever_asks_says_how_long_and_whether_it_was_confirmed(
    sandbox: Sandbox, caller: User, nudges: list[str], settings: Settings
) -> None:
    provider = sandbox.provider()
    settings.SINGLE_CALL_MINUTES = 20

    def ask(**more: Any) -> Call:
        asked = SingleCall(to_number=MARYAM, region="IR", provider=provider, agent=provider.agent_set.first(), **more)
        return place_single_call(asked, person=caller).call

    first = ask(is_deliberate=True)
    # There was nothing to confirm: the tick covers nothing that comes later.
    assert first.confirmed_at is None
    assert first.expires_at is not None
    assert abs(first.expires_at - first.created_at - 20 * MINUTE) < datetime.timedelta(seconds=5)
    Call.objects.filter(pk=first.pk).update(status="completed", placing_at=timezone.now())
    assert ask(is_deliberate=True).confirmed_at is not None


@pytest.mark.parametrize("reason", ["expired", "called_since"])
def test_the_asker_sees_why_and_asks_again_in_one_press(db: None, client: Client, reason: str) -> None:
    person = make_person()
    call = make_call(status="skipped", skip_reason=reason, owner=person)
    client.force_login(person)
    page = client.get(f"/calls/{call.pk}/").content.decode()
    assert "Not called: " in page
    assert "Call again if still needed." in page
    assert f"/quick-call/?again={call.pk}" in page


def test_called_again_at_night_it_is_asked_for_the_morning(
    settings: Settings, manager: User, nudges: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SINGLE_CALL_HOURS = "08:00-21:00"
    night = datetime.datetime(2026, 11, 16, 22, 0, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: night)
    held = make_call(to_number=MARYAM, status="failed", failure_reason="not_placed", held_at=night)
    again = call_actions.call_again(held.pk, manager)
    assert again.confirmed_at == night
    assert again.expires_at == datetime.datetime(2026, 11, 17, 5, 30, tzinfo=datetime.UTC)  # 08:00 in Tehran, and 1 h
    assert Provider.objects.count() == 1


# Caps of calls to one person


@pytest.mark.usefixtures("db")
def test_one_s_own_phone_may_be_tried_as_often_as_one_likes(leased: LeasedProvider) -> None:
    call = asked_for(leased, test_of=leased.campaign, confirmed_at=timezone.now())
    called_often()
    assert answers_about([call], timezone.now())[call.pk].verdict == "now"
    assert [one.call_id for one in leased.commit(call).committed] == [call.pk]


@pytest.mark.usefixtures("db")
def test_a_call_again_is_refused_where_it_would_only_end(leased: LeasedProvider, manager: User) -> None:
    called_often()
    ended = Call.objects.latest("pk")
    with pytest.raises(Refusal, match=r"called (5 times today|15 times in seven days)"):
        call_actions.call_again(ended.pk, manager)
    Campaign.objects.filter(pk=ended.campaign_id).update(status="running")
    assert call_actions.call_again(ended.pk, manager).status == "pending"


@pytest.mark.usefixtures("db")
def test_no_cap_holds_where_none_is_set(leased: LeasedProvider, settings: Settings) -> None:
    settings.PERSON_CALLS_A_DAY = settings.PERSON_CALLS_A_WEEK = 0
    call = asked_for(leased, confirmed_at=timezone.now())
    called_often()
    assert [one.call_id for one in leased.commit(call).committed] == [call.pk]
