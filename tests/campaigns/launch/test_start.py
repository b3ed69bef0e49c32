"""The ways to start: by the clock once, with a pilot that asks, after approval; each however often it is pressed."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from callcenter.access import clock
from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from campaigns.core.refusals import Refusal
from campaigns.launch import enqueue, start
from campaigns.models import Alert, Call, Campaign, DoNotCall, ListMembership
from campaigns.notices import alerts
from providers.models import Provider
from tests.answers import text_of
from tests.conftest import make_campaign, make_contact, make_list, make_person
from tests.situations import fresh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status, Pilot = Campaign.Status, Campaign.Pilot
HOUR = datetime.timedelta(hours=1)


# At a time


def scheduled(person, people: int = 3, **fields: object) -> Campaign:
    """Make a campaign that starts in an hour."""
    campaign = make_campaign([make_list(people)], owner=person, **fields)
    launched = start.launch(campaign.pk, person, starts_at=timezone.now() + HOUR)
    assert (launched.changed, launched.status) == (True, Status.SCHEDULED)
    return fresh(campaign)


def test_it_starts_at_its_time_and_once(caller, nudges):
    campaign = scheduled(caller)
    assert campaign.starts_at
    assert start.start_due(campaign.starts_at - datetime.timedelta(seconds=1)) == 0
    assert (fresh(campaign).status, nudges, Call.objects.count()) == (Status.SCHEDULED, [], 0)
    assert start.start_due(campaign.starts_at) == 1
    assert start.start_due(campaign.starts_at + HOUR) == 0
    started = fresh(campaign)
    assert (started.status, started.launched_by, started.starts_at, nudges) == (
        Status.RUNNING,
        caller,
        None,
        ["dispatch"],
    )
    assert started.launched_at
    assert [event.action for event in AuditEvent.objects.order_by("id")] == [
        "campaign.scheduled",
        "campaign.started_on_time",
    ]


def test_of_two_sweeps_one_starts_it(caller, nudges, monkeypatch):
    campaign = scheduled(caller)
    at = campaign.starts_at + HOUR
    check = start.check_launch

    def other_sweep_was_first(*given):
        found = check(*given)
        monkeypatch.setattr(start, "check_launch", check)
        assert start.start_scheduled(campaign.pk, at)
        return found

    monkeypatch.setattr(start, "check_launch", other_sweep_was_first)
    assert start.start_due(at) == 0
    assert nudges == ["dispatch"]
    assert AuditEvent.objects.filter(action="campaign.started_on_time").count() == 1


def test_a_start_that_comes_after_a_long_standstill_is_left_to_a_person(caller):
    early, late = scheduled(caller), scheduled(caller)
    Campaign.objects.filter(pk=late.pk).update(starts_at=late.starts_at - 20 * HOUR)
    assert start.start_due(early.starts_at + HOUR) == 1
    assert (fresh(early).status, fresh(late).status) == (Status.RUNNING, Status.DRAFT)
    assert "more than 12 hours late" in fresh(late).start_refusal


def test_what_stands_against_it_is_said_and_told(console, caller, nudges):
    campaign = scheduled(caller)
    Provider.objects.update(halted_at=timezone.now(), halted_reason="Key refused.")
    assert start.start_due(campaign.starts_at) == 0
    refused = fresh(campaign)
    assert (refused.status, refused.launched_by, nudges) == (Status.DRAFT, None, [])
    assert "cannot call now" in refused.start_refusal
    for page in ("campaign", "campaign-check"):
        assert "It did not start" in text_of(console.get(reverse(page, args=[campaign.pk])))
    alerts.alert(timezone.now())
    assert Alert.objects.filter(kind=Alert.Kind.START_REFUSED, object_id=campaign.pk, cleared_at=None).exists()
    Provider.objects.update(halted_at=None, halted_reason="")
    start.launch(campaign.pk, caller)
    assert fresh(campaign).start_refusal == ""
    alerts.alert(timezone.now())
    assert not Alert.objects.filter(kind=Alert.Kind.START_REFUSED, cleared_at=None).exists()


def nobody_left(campaign, caller, settings):
    for contact in campaign.lists.get().contacts.all():
        DoNotCall.objects.create(phone=contact.phone)


def lists_grew(campaign, caller, settings):
    settings.CALLER_LAUNCH_LIMIT = 3
    ListMembership.objects.create(contact_list=campaign.lists.get(), contact=make_contact())


def person_left(campaign, caller, settings):
    # Past the product: a saved account gives its start times up at once.
    type(caller).objects.filter(pk=caller.pk).update(is_active=False)


def role_lost(campaign, caller, settings):
    caller.groups.clear()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (nobody_left, "Nobody in the audience can be called."),
        (lists_grew, "Send it for approval"),
        (person_left, "no longer has an account"),
        (role_lost, "is no longer allowed to launch it"),
    ],
)
def test_the_check_runs_again_at_the_time(caller, settings, change, said):
    campaign = scheduled(caller)
    change(campaign, caller, settings)
    assert start.start_due(campaign.starts_at) == 0
    assert said in fresh(campaign).start_refusal
    assert not Call.objects.exists()


def test_a_campaign_that_cannot_be_judged_does_not_hold_up_another(caller, monkeypatch):
    broken, sound = scheduled(caller), scheduled(caller)
    check = start.check_launch

    def failing(campaign, now):
        if campaign.pk == broken.pk:
            raise RuntimeError("unreadable")
        return check(campaign, now)

    monkeypatch.setattr(start, "check_launch", failing)
    assert start.start_due(sound.starts_at + HOUR) == 1
    assert (fresh(broken).status, fresh(sound).status) == (Status.SCHEDULED, Status.RUNNING)


def test_a_start_is_canceled(console, caller):
    campaign = scheduled(caller)
    console.post(reverse("campaign-withdraw", args=[campaign.pk]))
    canceled = fresh(campaign)
    assert (canceled.status, canceled.starts_at) == (Status.DRAFT, None)
    assert start.start_due(campaign.starts_at + HOUR) == 0
    with pytest.raises(PermissionDenied):
        start.take_back(scheduled(caller).pk, make_person(CALLER))


def test_it_may_start_at_once_all_the_same_and_the_clock_then_does_nothing(caller, nudges):
    campaign = scheduled(caller)
    assert start.launch(campaign.pk, caller).status == Status.RUNNING
    assert start.start_due(campaign.starts_at + HOUR) == 0
    assert nudges == ["dispatch"]


def test_the_time_is_typed_on_the_viewers_clock(console, caller, settings):
    settings.TIME_ZONE = "UTC"
    clock.choose_zone(caller, "Asia/Tehran")
    campaign = make_campaign([make_list(2)], owner=caller)
    day = timezone.now().date() + datetime.timedelta(days=30)
    persian = str(day).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    sent = {"day": persian, "time": "۰۹:۳۰", "form_token": str(uuid.uuid4()), "seen": "2"}
    answer = console.post(reverse("campaign-start-at", args=[campaign.pk]), sent)
    assert answer.url == reverse("campaign", args=[campaign.pk])
    at = datetime.datetime.combine(day, datetime.time(6, 0), tzinfo=datetime.UTC)
    assert (fresh(campaign).status, fresh(campaign).starts_at) == (Status.SCHEDULED, at)
    # Both pages say the time that was typed; to somebody elsewhere, what it is there.
    for zone, shown in (("Asia/Tehran", "09:30"), ("Asia/Kathmandu", "11:45")):
        clock.choose_zone(caller, zone)
        for address in (answer.url, reverse("campaign-check", args=[campaign.pk])):
            page = text_of(console.get(address))
            assert re.search(rf"Starts [\w ]+, {shown} ?\( ?{zone} ?\)", page)
            assert "Cancel the start" in page


def test_the_earliest_local_time_of_the_people_stands_beside_the_start(console, caller):
    clock.choose_zone(caller, "Asia/Tehran")
    people = make_list(2)
    people.memberships.order_by("pk")[0].contact.__class__.objects.filter(
        pk=people.memberships.order_by("pk")[0].contact_id
    ).update(time_zone="America/New_York")
    campaign = make_campaign([people], owner=caller)
    page = console.get(reverse("campaign-check", args=[campaign.pk])).content.decode()
    zones = re.search(r'name="zones" value="([^"]+)"', page)[1]
    assert set(zones.split(",")) == {"America/New_York", "Asia/Tehran"}
    asked = reverse("campaign-start-there", args=[campaign.pk])
    day = datetime.date(timezone.now().year + 1, 1, 20)
    if day > timezone.now().date() + datetime.timedelta(days=360):
        day -= datetime.timedelta(days=30)
    told = text_of(console.get(asked, {"day": str(day), "time": "15:00", "zones": zones}))
    assert "Earliest local time: 06:30 in New York." in told
    told = text_of(console.get(asked, {"day": str(day), "time": "07:00", "zones": zones}))
    before = date_format(day - datetime.timedelta(days=1), "j M")
    assert f"Earliest local time: 22:30 on {before} in New York." in told
    assert "This time has passed" in text_of(console.get(asked, {"day": "2020-01-01", "time": "15:00", "zones": zones}))
    assert text_of(console.get(asked, {"day": "", "time": "15:00", "zones": zones})).strip() == ""
    # Once it is set, the launch check says it of the people as they are then.
    at = datetime.datetime.combine(day, datetime.time(11, 30), tzinfo=datetime.UTC)
    start.launch(campaign.pk, caller, starts_at=at)
    page = text_of(console.get(reverse("campaign-check", args=[campaign.pk])))
    assert "Earliest local time: 06:30 in New York." in page


@pytest.mark.parametrize(
    ("zone", "day", "time", "said"),
    [
        ("UTC", "2020-01-01", "09:00", "This time has passed"),
        ("UTC", "2200-01-01", "09:00", "within a year"),
        ("UTC", "2199-12-31", "23:59", "within a year"),
        ("Europe/Berlin", "2027-03-28", "02:30", "02:30 does not exist. Choose 03:30."),
        ("Europe/Berlin", "2027-10-31", "02:30", "02:30 happens twice. Choose 01:30 or 03:30."),
        ("UTC", "soon", "09:00", "Enter a valid date"),
        ("UTC", "", "", "This field is required"),
    ],
)
def test_a_time_that_cannot_be_is_refused_at_its_field(console, caller, settings, zone, day, time, said):
    clock.choose_zone(caller, zone)
    campaign = make_campaign([make_list(1)], owner=caller)
    answer = console.post(reverse("campaign-start-at", args=[campaign.pk]), {"day": day, "time": time})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert fresh(campaign).status == Status.DRAFT
    with pytest.raises(Refusal):
        start.launch(campaign.pk, caller, starts_at=timezone.now() - HOUR)


# Approval


def test_approval_keeps_the_start_time(caller, manager, settings, nudges):
    settings.CALLER_LAUNCH_LIMIT = 2
    campaign = make_campaign([make_list(3)], owner=caller)
    at = timezone.now() + HOUR
    assert start.launch(campaign.pk, caller, starts_at=at).status == Status.WAITING
    assert start.start_due(at + HOUR) == 0
    assert start.approve(campaign.pk, manager).status == Status.SCHEDULED
    assert start.start_due(at) == 1
    assert (fresh(campaign).status, fresh(campaign).launched_by, nudges) == (Status.RUNNING, manager, ["dispatch"])
    assert enqueue.fill_campaign(campaign.pk) == 3


def test_nobody_starts_another_audience_than_they_saw(caller, manager, settings):
    settings.CALLER_LAUNCH_LIMIT = 2
    people = make_list(3)
    campaign = make_campaign([people], owner=caller)
    with pytest.raises(Refusal, match="changed from 2 to 3 people"):
        start.launch(campaign.pk, caller, seen=2)
    start.launch(campaign.pk, caller, seen=3)
    ListMembership.objects.create(contact_list=people, contact=make_contact())
    with pytest.raises(Refusal, match="changed from 3 to 4 people"):
        start.approve(campaign.pk, manager, seen=3)
    assert start.approve(campaign.pk, manager, seen=4).changed


def test_every_number_of_the_sentence_opens_its_people(console, caller):
    people = make_list(2)
    named = make_contact(variables={"city": "Yazd"}, name="Maryam")
    ListMembership.objects.create(contact_list=people, contact=named)
    DoNotCall.objects.create(phone=people.contacts.order_by("pk")[0].phone)
    campaign = make_campaign([people], owner=caller, variables={"hello": "{city}"})
    check = console.get(reverse("campaign-check", args=[campaign.pk]))
    addresses = {
        kind: reverse("campaign-check-people", args=[campaign.pk, kind])
        for kind in ("everybody", "called", "never", "do_not_call", "missing_variable")
    }
    page = check.content.decode()
    for kind, count in (("everybody", 3), ("called", 1), ("never", 2), ("do_not_call", 1), ("missing_variable", 1)):
        assert f'<a href="{addresses[kind]}">{count}</a>' in page
        assert len(console.get(addresses[kind]).context["people"]) == count
    by_name = console.get(addresses["missing_variable"], {"variable": "city"})
    assert len(by_name.context["people"]) == 1
    assert "People without a value for “city”" in text_of(by_name)
    assert console.get(addresses["called"], {"variable": "city"}).context["people"] == []


# On the command line


def test_the_command_launches_a_pilot_and_sets_a_time(caller, settings):
    settings.TIME_ZONE = "Asia/Tehran"
    pilot, later = (make_campaign([make_list(13)], owner=caller) for _one in range(2))
    call_command("launch_campaign", str(pilot.pk), username="sara", pilot=True)
    assert (fresh(pilot).status, fresh(pilot).pilot) == (Status.RUNNING, Pilot.CALLING)
    day = timezone.now().date() + datetime.timedelta(days=3)
    call_command("launch_campaign", str(later.pk), username="sara", at=f"{day}T09:30")
    assert fresh(later).starts_at == datetime.datetime.combine(day, datetime.time(6, 0), tzinfo=datetime.UTC)
    for options in ({"at": "tomorrow"}, {"at": "2020-01-01T09:00"}, {"at": f"{day}T09:30", "pilot": True}):
        with pytest.raises(CommandError):
            call_command(
                "launch_campaign", str(make_campaign([make_list(1)], owner=caller).pk), username="sara", **options
            )


def test_the_history_says_when_it_was_to_start(console, caller):
    campaign = scheduled(caller)
    page = text_of(console.get(reverse("campaign-activity", args=[campaign.pk])))
    assert f"Start scheduled · 3 people · {date_format(timezone.localtime(campaign.starts_at), 'j M Y H:i')}" in page
