"""Hours by weekday, dates without calls and holidays in the builder, the API, the approval and the launch check."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.core.eligibility import Judge
from campaigns.core.hours import hours_of
from campaigns.launch import approvals, drafts
from campaigns.launch.audience import people_with
from campaigns.launch.campaign_words import in_words
from campaigns.launch.launch_check import check_launch
from campaigns.models import Campaign, InstallationSettings
from tests.campaigns.launch.builder_form import typed
from tests.conftest import make_agent, make_campaign, make_contact, make_list
from tests.programs import Program

pytestmark = pytest.mark.django_db

NOWRUZ = datetime.datetime(2026, 3, 21, 9, tzinfo=datetime.UTC)
"""New Year's day in Tehran, half past twelve; 21 to 24 March are holidays there."""


@pytest.fixture
def keeps_iran() -> None:
    InstallationSettings.objects.create(holiday_countries=["IR"])


def draft(client: Client, **fields: Any) -> Any:
    agent, people = make_agent(), make_list(2)
    sent = typed(agent.provider, agent=agent.pk, lists=[people.pk], then="save", **fields)
    return client.post("/campaigns/new/", sent)


def test_hours_by_weekday_stand_in_place_of_the_same_on_every_day(client: Client, manager: User) -> None:
    client.force_login(manager)
    own = {"hours_on_0": "9-13, ۱۶-۲۰", "hours_on_5": "10:00-24:00", "blackout_dates": "1405/10/03\n2026-12-31"}
    assert draft(client, has_weekly_hours="on", days=[], **own).status_code == 302
    campaign = Campaign.objects.get()
    assert campaign.weekly_hours == {"0": ["09:00-13:00", "16:00-20:00"], "5": ["10:00-00:00"]}
    assert (campaign.days, campaign.blackout_dates) == ([0, 5], ["2026-12-24", "2026-12-31"])
    assert in_words(campaign)["hours"] == "Monday 09:00 – 13:00, 16:00 – 20:00; Saturday 10:00 – 00:00"
    hours = hours_of(campaign)
    monday = datetime.datetime(2026, 12, 21, 14, tzinfo=datetime.UTC)
    assert not hours.is_open(monday, ["UTC"])
    assert hours.next_opening(monday, ["UTC"]) == monday.replace(hour=16)
    page = client.get(f"/campaigns/{campaign.pk}/edit/")
    form = page.context["form"]
    assert [form["hours_on_0"].value(), form["has_weekly_hours"].value()] == ["09:00-13:00, 16:00-20:00", True]
    assert form["blackout_dates"].value() == "2026-12-24\n2026-12-31"


def test_without_the_tick_the_hours_are_as_before(client: Client, manager: User) -> None:
    client.force_login(manager)
    assert draft(client, hours_on_0="9-13").status_code == 302
    campaign = Campaign.objects.get()
    assert (campaign.weekly_hours, campaign.blackout_dates, campaign.holiday_countries) == (None, [], None)
    assert not hours_of(campaign).closed


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"hours_on_1": "morning"}, "hours_on_1", "Enter hours such as 9:00-13:00, 16:00-20:00."),
        ({"hours_on_1": "9-13, 12-14"}, "hours_on_1", "These hours overlap."),
        ({"has_weekly_hours": "on"}, "has_weekly_hours", "Enter the hours of at least one weekday."),
        ({"blackout_dates": "tomorrow"}, "blackout_dates", "“tomorrow” does not start with a date."),
        ({"blackout_dates": "2026-12-24 Christmas"}, "blackout_dates", "enter only the date"),
        ({"holidays_kept": "own"}, "holiday_countries", "Tick a country"),
    ],
)
def test_what_cannot_be_kept_is_said_at_its_field(
    client: Client, manager: User, keeps_iran: None, fields: dict[str, str], field: str, said: str
) -> None:
    client.force_login(manager)
    answer = draft(client, **fields)
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors[field])


@pytest.mark.parametrize(
    ("chosen", "kept", "stored"),
    [("as_set", {"IR"}, None), ("none", set(), []), ("own", {"IR"}, ["IR"])],
)
def test_a_campaign_keeps_holidays_as_set_or_as_it_chooses(
    client: Client, manager: User, keeps_iran: None, chosen: str, kept: set[str], stored: list[str] | None
) -> None:
    client.force_login(manager)
    assert draft(client, holidays_kept=chosen, holiday_countries=["IR"]).status_code == 302
    campaign = Campaign.objects.get()
    assert campaign.holiday_countries == stored
    found = hours_of(campaign).closed.holidays
    assert (set(found.countries) if found else set()) == kept


def test_a_holiday_is_said_with_its_name_and_the_next_try(keeps_iran: None) -> None:
    people = make_list()
    people.contacts.add(make_contact(phone="+989121112233"), make_contact(phone="+4915123456789"))
    campaign = make_campaign([people])
    answer = Judge(NOWRUZ, campaign.provider, campaign).hours(("Asia/Tehran",))
    assert answer is not None
    assert answer.sentence.startswith("Today is a holiday there: ")
    assert "Nowruz" in answer.sentence
    assert answer.next_step(is_queued=True) == "No action needed. It will be called on 25 Mar at 09:00 local time."
    assert answer.next_step(is_queued=False).startswith("Call again from Wed 09:00 local time")
    before = NOWRUZ - datetime.timedelta(days=4)
    found = check_launch(campaign, before)
    assert "4 of the next 7 days are holidays for 1 person: 20 Mar, 21 Mar, 22 Mar, 23 Mar." in found.warnings
    waiting, _more = people_with(campaign, "outside_hours", NOWRUZ)
    assert [person.phone for person in waiting] == ["+989121112233"]


def test_a_date_without_calls_is_said_to_be_one() -> None:
    campaign = make_campaign([make_list(1)], blackout_dates=["2026-03-21"], weekly_hours={"5": ["09:00-20:00"]})
    answer = Judge(NOWRUZ, campaign.provider, campaign).hours(("Asia/Tehran",))
    assert answer is not None
    assert answer.sentence == "This campaign makes no calls on today's date (local time)."
    assert answer.next_step(is_queued=False).startswith("Call again from 28 Mar 09:00 local time")
    sunday = NOWRUZ + datetime.timedelta(days=1)
    closed = Judge(sunday, campaign.provider, campaign).hours(("Asia/Tehran",))
    assert closed is not None
    assert closed.sentence == "Outside local calling hours (09:00 to 20:00)."


def test_a_program_reads_and_sets_hours(caller: User, keeps_iran: None) -> None:
    campaign, program = make_campaign([make_list(1)], owner=caller), Program(caller)
    read = program.get(f"/campaigns/{campaign.pk}")
    told = read.json()["hours"]
    assert (told["start"], told["end"], told["weekly"]) == ("09:00", "20:00", None)
    change = {
        "weekly_hours": {"1": ["09:00-13:00", "16:00-20:00"]},
        "blackout_dates": ["2026-12-24/2027-01-02"],
        "holiday_countries": ["IR"],
    }
    changed = program.patch(f"/campaigns/{campaign.pk}", change, If_Match=read["ETag"])
    assert changed.status_code == 200, changed.json()
    hours = changed.json()["hours"]
    assert {name: hours[name] for name in ("days", "blackout_dates", "holiday_countries")} == {
        "days": [1],
        "blackout_dates": ["2026-12-24/2027-01-02"],
        "holiday_countries": ["IR"],
    }
    assert hours["weekly"] == {"1": ["09:00-13:00", "16:00-20:00"]}
    tag = changed["ETag"]
    assert program.patch(f"/campaigns/{campaign.pk}", {"holiday_countries": ["DE"]}, If_Match=tag).status_code == 422
    assert (
        program.patch(f"/campaigns/{campaign.pk}", {"weekly_hours": {"1": ["soon"]}}, If_Match=tag).status_code == 422
    )
    back = program.patch(f"/campaigns/{campaign.pk}", {"weekly_hours": None, "holiday_countries": []}, If_Match=tag)
    assert (back.json()["hours"]["weekly"], back.json()["hours"]["holiday_countries"]) == (None, [])


def test_an_approval_of_before_holds_where_nothing_is_chosen() -> None:
    """It was kept without these columns, which a campaign has by now."""
    campaign = make_campaign([make_list(1)])
    assert not {"weekly_hours", "blackout_dates", "holiday_countries"} & set(approvals.bound_values(campaign))
    campaign.holiday_countries = []
    assert approvals.bound_values(campaign)["holiday_countries"] == []


def test_an_edit_of_hours_after_an_approval_differs_from_it(caller: User, manager: User) -> None:
    campaign = make_campaign([make_list(1)], owner=caller, status="running", is_filled=True, launched_by=caller)
    approval = approvals.give(campaign, manager, None)
    edits: dict[str, Any] = {
        "weekly_hours": {"0": ["09:00-13:00"]},
        "blackout_dates": ["2026-12-24"],
        "holiday_countries": [],
    }
    drafts.change(campaign.pk, caller, edits, None, was_launched=False)
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.WAITING
    assert approvals.differences(campaign, approval) == [
        "Hours by weekday: was same every day, now Monday 09:00 – 13:00.",
        "Dates without calls: was none, now 24 Dec 2026.",
        "Public holidays: was same as for all campaigns, now calls on holidays.",
    ]
    drafts.change(campaign.pk, caller, dict(zip(edits, (None, [], None), strict=True)), None, was_launched=False)
    campaign.refresh_from_db()
    assert not approvals.exceeds(campaign, approval)
