"""Campaigns that repeat: one copy a day at most, launched by the usual rules, for everybody or by a date."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from callcenter.access.rights import MANAGER
from callcenter.audit.models import AuditEvent
from campaigns import minute_job
from campaigns.core.refusals import Refusal
from campaigns.launch import drafts, enqueue, repeats, start, successions
from campaigns.launch.audience_query import Selection
from campaigns.launch.dated_people import dated
from campaigns.models import Call, Campaign, CampaignRepeat, ListMembership
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_campaign, make_contact, make_list, make_person
from tests.situations import fresh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status = Campaign.Status
TEHRAN = "Asia/Tehran"
MONDAY = datetime.datetime(2026, 11, 30, 6, 30, tzinfo=datetime.UTC)
"""10:00 of a Monday in Tehran."""
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def on_that_monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


def repeating(person: User, people: int = 2, *, now: datetime.datetime = MONDAY, **values: Any) -> CampaignRepeat:
    campaign = make_campaign([make_list(people)], owner=person, **ALL_DAY)
    asked = {"days": [0, 3], "local_time": datetime.time(10, 30), "column": "", "days_before": 0} | values
    return repeats.save(campaign, person, asked, now, TEHRAN)


def copies(repeat: CampaignRepeat) -> list[Campaign]:
    return list(Campaign.objects.exclude(pk=repeat.pk).order_by("pk"))


def test_the_next_time_is_on_the_next_chosen_day(manager: User) -> None:
    repeat = repeating(manager)
    due = datetime.datetime(2026, 11, 30, 7, tzinfo=datetime.UTC)
    assert repeat.next_at == due
    assert repeats.next_time(repeat, due) == due + 3 * DAY
    repeat.days = [0]
    assert repeats.next_time(repeat, due) == due + 7 * DAY
    repeat.last_day = due.date()
    assert repeats.next_time(repeat, MONDAY) == due + 7 * DAY
    repeat.days = []
    assert repeats.next_time(repeat, MONDAY) is None


def test_each_run_is_one_launched_copy_with_its_own_people(manager: User) -> None:
    repeat = repeating(manager)
    assert repeats.run_due(MONDAY) == 0
    due = MONDAY + datetime.timedelta(minutes=31)
    assert [repeats.run_due(due), repeats.run_due(due)] == [1, 0]
    [first] = copies(repeat)
    assert (first.status, first.owner, fresh(repeat.campaign).status) == (Status.RUNNING, manager, Status.DRAFT)
    ListMembership.objects.create(contact_list=first.lists.get(), contact=make_contact())
    # Moved to a later time of the same day: that day was run.
    moved = repeats.save(repeat.campaign, manager, {"local_time": datetime.time(12)}, due, TEHRAN)
    assert moved.next_at == datetime.datetime(2026, 12, 3, 8, 30, tzinfo=datetime.UTC)
    assert repeats.run_due(moved.next_at) == 1
    second = copies(repeat)[1]
    assert [enqueue.fill_campaign(one.pk) for one in (second,)] == [3]
    assert AuditEvent.objects.filter(action="campaign.repeated").count() == 2


def test_a_run_that_fails_half_way_leaves_nothing_and_is_run_again(manager: User) -> None:
    repeat = repeating(manager)
    with patch.object(start, "launch", side_effect=ValueError):
        assert repeats.run_due(repeat.next_at) == 0
    assert copies(repeat) == []
    assert repeats.run_due(repeat.next_at) == 1


def test_the_limit_of_whoever_set_it_holds_for_each_run(caller: User, settings: Any) -> None:
    settings.CALLER_LAUNCH_LIMIT = 1
    repeat = repeating(caller)
    repeats.run_due(repeat.next_at)
    [made] = copies(repeat)
    assert made.status == Status.WAITING
    assert CampaignRepeat.objects.get().note.startswith("Sent for approval: 2 people.")


def test_what_cannot_start_says_why_and_the_next_run_comes(manager: User) -> None:
    repeat = repeating(manager, people=0)
    minute = repeat.next_at
    assert repeats.run_due(minute) == 1
    [made] = copies(repeat)
    assert (made.status, "is empty" in made.start_refusal) == (Status.DRAFT, True)
    now = CampaignRepeat.objects.get()
    assert (now.note, now.next_at) == (made.start_refusal, minute + 3 * DAY)


def test_a_run_that_nobody_was_there_for_is_not_made_up_for(manager: User) -> None:
    repeat = repeating(manager)
    assert repeats.run_due(repeat.next_at + datetime.timedelta(hours=13)) == 0
    assert copies(repeat) == []
    assert "more than 12 hours late" in CampaignRepeat.objects.get().note


@pytest.mark.parametrize("way", ["left", "switched off past the product", "without the right"])
def test_who_may_not_any_more_launches_nothing(manager: User, way: str) -> None:
    repeat = repeating(manager)
    if way == "left":
        successions.leave(manager, None)
    elif way == "without the right":
        manager.groups.clear()
    else:
        User.objects.filter(pk=manager.pk).update(is_active=False)
    assert repeats.run_due(repeat.next_at) == 0
    now = CampaignRepeat.objects.get()
    assert (copies(repeat), now.next_at, "set it again" in now.note) == ([], None, True)


def test_a_successor_goes_on(manager: User) -> None:
    repeat, other = repeating(manager), make_person(MANAGER, username="other")
    successions.hand_over(manager, other, None)
    repeats.run_due(repeat.next_at)
    assert copies(repeat)[0].owner == other


def test_who_may_not_launch_it_lets_it_not_repeat(caller: User, manager: User) -> None:
    campaign = make_campaign(owner=manager)
    with pytest.raises(PermissionDenied):
        repeats.save(campaign, caller, {"days": [0]}, MONDAY, TEHRAN)
    living = make_campaign(owner=manager, is_living=True)
    with pytest.raises(Refusal, match="cannot repeat"):
        repeats.save(living, manager, {"days": [0]}, MONDAY, TEHRAN)


# By a date


@pytest.mark.parametrize(
    "text",
    ["2026-12-01", "1405/09/10", "۱۴۰۵/۹/۱۰", "10 آذر 1405", "1 December 2026", "2026-12-01 23:30", "30.11.2026"],
)
def test_dates_of_every_calendar_are_found(text: str) -> None:
    people = make_list(0)
    contact = make_contact(variables={"visit": text})
    ListMembership.objects.create(contact_list=people, contact=contact)
    found = dated(Selection(lists=(people.pk,)), "visit", datetime.date(2026, 12, 1))
    assert found.ids == ([] if text == "30.11.2026" else [contact.pk])
    assert found.unread == 0


def test_each_is_called_once_the_day_before_the_date(manager: User) -> None:
    repeat = repeating(manager, people=1, days=[0, 1, 2, 3, 4, 5, 6], column="visit", days_before=1)
    people = repeat.campaign.lists.get()
    contacts = {
        text: make_contact(variables={"visit": text}) for text in ("2026-12-01", "2026-12-02", "03/04/2026", "soon", "")
    }
    ListMembership.objects.bulk_create(
        ListMembership(contact_list=people, contact=contact) for contact in contacts.values()
    )
    now, called = repeat.next_at, []
    for _day in range(4):
        repeats.run_due(now)
        now += DAY
    for made in copies(repeat):
        called += list(made.lists.get().contacts.values_list("variables__visit", flat=True))
        assert made.status == Status.RUNNING
    assert called == ["2026-12-01", "2026-12-02"]
    assert [made.last_day for made in copies(repeat)] == [datetime.date(2026, 11, 30), datetime.date(2026, 12, 1)]
    assert CampaignRepeat.objects.get().note == (
        "No contact had this date. 2 dates could not be read. Use the format 2026-12-31 or 1405-10-10."
    )
    # A copy of such a copy, made by hand, is for any day.
    assert drafts.copy(copies(repeat)[0].pk, manager).last_day is None


# On the screen


def test_a_run_where_the_installation_has_the_next_day_already_starts(manager: User, settings: Any) -> None:
    contact = make_contact(variables={"visit": "2026-12-01"})
    people = make_list(0)
    ListMembership.objects.create(contact_list=people, contact=contact)
    campaign = make_campaign([people], owner=manager, **ALL_DAY)
    asked = {"days": [0], "local_time": datetime.time(16), "column": "visit", "days_before": 1}
    repeat = repeats.save(campaign, manager, asked, MONDAY, "America/Los_Angeles")
    assert repeat.next_at is not None
    with time_machine.travel(repeat.next_at, tick=False):
        repeats.run_due(repeat.next_at)
    assert [made.status for made in copies(repeat)] == [Status.RUNNING]


def test_it_is_set_and_ended_on_its_page(client: Client, manager: User) -> None:
    client.force_login(manager)
    campaign = make_campaign([make_list(1)], owner=manager, **ALL_DAY)
    address = f"/campaigns/{campaign.pk}/repeat/"
    assert "Repeat this campaign" in text_of(client.get(address))
    assert "Choose a day." in text_of(client.post(address, {"local_time": "10:00"}))
    data = {"days": ["0"], "local_time": "۱۰:۰۰", "column": "visit", "days_apart": "2", "side": "after"}
    assert client.post(address, data).status_code == 302
    repeat = CampaignRepeat.objects.get()
    assert (repeat.days, repeat.column, repeat.days_before, repeat.person) == ([0], "visit", -2, manager)
    assert "Next:" in text_of(client.get(address))
    assert "The next copy is created" in text_of(client.get(f"/campaigns/{campaign.pk}/settings/"))
    assert client.post(address, {"then": "end"}).status_code == 302
    assert CampaignRepeat.objects.get().next_at is None
    assert minute_job.repeats.run_due(timezone.now() + 30 * DAY) == 0
    assert not Call.objects.exists()
