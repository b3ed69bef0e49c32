"""The launch check promises exactly what happens; the launch happens once, within each person's limit."""

from __future__ import annotations

import datetime
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone, translation

from callcenter.access.rights import ADMIN, CALLER
from callcenter.audit.models import AuditEvent
from campaigns.core.refusals import Refusal
from campaigns.launch import enqueue, launch_check, lifecycle, start
from campaigns.launch.audience import VERDICTS, people_with
from campaigns.launch.launch_sentence import sentence_of
from campaigns.models import Call, Campaign, ContactList, DialingSwitch, DoNotCall, ListMembership
from providers.models import Provider
from tests.conftest import (
    SOME_TIME,
    make_agent,
    make_call,
    make_caller_id,
    make_campaign,
    make_contact,
    make_list,
    make_person,
    make_provider,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status = Campaign.Status
NOON_IN_TEHRAN = datetime.datetime(2026, 5, 5, 8, 30, tzinfo=datetime.UTC)


def put(contact_list: ContactList, **fields: object) -> str:
    """Put a new person into a list; returns the number."""
    contact = make_contact(**fields)
    ListMembership.objects.create(contact_list=contact_list, contact=contact)
    return contact.phone


def mixed_audience() -> ContactList:
    """Make a list with every kind of person."""
    people = make_list(4)
    DoNotCall.objects.create(phone=put(people))
    make_call(to_number=put(people), status="completed", placing_at=NOON_IN_TEHRAN - datetime.timedelta(hours=3))
    put(people, phone="+12025550123")  # half past four in the morning
    put(people, phone="+88313000000")  # a network of no country: nowhere
    put(people, variables={"first": ""})
    for contact in people.contacts.exclude(variables={"first": ""}):
        contact.variables = {"first": "A"}
        contact.save()
    return people


def in_hours(**fields: object) -> Campaign:
    hours = {"hours_start": datetime.time(9), "hours_end": datetime.time(20), "quiet_hours": 24}
    return make_campaign([mixed_audience()], variables={"hello": "{first}"}, **(hours | fields))


def test_the_check_counts_everybody_once(caller):
    check = launch_check.check_launch(in_hours(owner=caller), NOON_IN_TEHRAN, caller)
    assert check.verdicts == {
        "now": 4,
        "outside_hours": 1,
        "quiet_period": 1,
        "do_not_call": 1,
        "no_zone": 1,
        "missing_variable": 1,
    }
    assert (check.total, check.called, check.waiting, check.never) == (9, 6, 2, 3)
    assert sentence_of(check) == (
        "Of 9 people, 6 will be called: 4 now, 1 later (local calling hours) (the first from 5 May 13:00), "
        "1 later (called recently by another campaign); 3 skipped: 1 on the do-not-call list, 1 without known "
        "calling hours, 1 with an empty value in the message (“first” for 1); about 1 minute of calling, "
        "cost 0.20 to 0.45 USD."
    )
    assert check.first_opening == datetime.datetime(2026, 5, 5, 13, 0, tzinfo=datetime.UTC)
    assert check.is_ready


def test_the_sentence_has_the_stops_of_its_language():
    check = launch_check.check_launch(in_hours(), NOON_IN_TEHRAN)
    with translation.override("fa"):
        assert "؛ " in sentence_of(check)
        assert not set(";,") & set(sentence_of(check))


def test_each_number_opens_its_people():
    campaign = in_hours()
    check = launch_check.check_launch(campaign, NOON_IN_TEHRAN)
    for verdict in VERDICTS:
        people, after = people_with(campaign, verdict, NOON_IN_TEHRAN)
        assert (len(people), after) == (check.verdicts[verdict], None)
    first, after = people_with(campaign, "now", NOON_IN_TEHRAN, limit=3)
    rest, end = people_with(campaign, "now", NOON_IN_TEHRAN, after=after or 0, limit=3)
    assert (len(first), len(rest), end) == (3, 1, None)


def test_what_the_check_says_is_what_filling_does():
    campaign = in_hours(status=Status.RUNNING)
    check = launch_check.check_launch(campaign, NOON_IN_TEHRAN)
    enqueue.fill_campaign(campaign.pk)
    assert Call.objects.filter(campaign=campaign, status="skipped").count() == check.never
    assert Call.objects.filter(campaign=campaign, status="pending").count() == check.called


def test_numbers_that_the_vendor_refuses_are_counted():
    campaign = in_hours()

    class Picky(campaign.provider.backend_class):  # type: ignore[misc, name-defined]
        @classmethod
        def refuses_number(cls, to_number, options):
            return "Iran only" if not to_number.startswith("+98") else ""

    with patch.object(Provider, "backend_class", Picky):
        check = launch_check.check_launch(campaign, NOON_IN_TEHRAN)
    assert check.verdicts["number_refused"] == 2


def test_own_zone_of_a_person_counts():
    people = make_list()
    # Russia's mobiles may be anywhere: in the east it is past the hours already.
    put(people, phone="+79161234567", time_zone="Europe/Moscow")
    put(people, phone="+79161234568")
    # Where zone and number contradict each other, both must be open, and it is night in Washington.
    put(people, phone="+12025550123", time_zone="Asia/Tehran")
    campaign = make_campaign([people], hours_start=datetime.time(9), hours_end=datetime.time(20))
    assert launch_check.check_launch(campaign, NOON_IN_TEHRAN).verdicts == {"now": 1, "outside_hours": 2}


def test_hours_that_never_come_are_never():
    campaign = make_campaign([make_list(2)], days=[], hours_start=datetime.time(9), hours_end=datetime.time(20))
    check = launch_check.check_launch(campaign, NOON_IN_TEHRAN)
    assert check.verdicts == {"no_zone": 2}
    assert check.blockers == ["No weekday chosen.", "Nobody in the audience can be called."]


def test_few_statements_whatever_the_size(django_assert_max_num_queries):
    campaign = make_campaign([make_list(300)], quiet_hours=24)
    campaign = Campaign.objects.select_related("provider", "agent").get(pk=campaign.pk)
    # Two of them for the money: what the last calls cost, and the caps of the day; one for the installation's settings
    # one for numbers that are held, and one for campaigns that go first.
    with django_assert_max_num_queries(11):
        assert launch_check.check_launch(campaign).total == 300


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"agent": None}, "No message chosen: an agent."),
        ({"days": []}, "No weekday chosen."),
        ({"status": Status.RUNNING}, "The campaign has already been launched."),
    ],
)
def test_blockers_of_the_campaign(fields, sentence):
    assert sentence in launch_check.find_blockers(make_campaign([make_list(1)], **fields))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"secrets": {}}, "has no key"),
        ({"is_active": False}, "It is turned off."),
        ({"halted_at": SOME_TIME, "halted_reason": "Key refused."}, "Paused: Key refused."),
        ({"frozen_at": SOME_TIME, "frozen_reason": "Restored."}, "On hold: Restored."),
    ],
)
def test_blockers_of_the_provider(fields, sentence):
    (blocker,) = launch_check.find_blockers(make_campaign([make_list(1)], provider=make_provider(**fields)))
    assert sentence in blocker


def test_a_caller_id_is_demanded_where_the_vendor_needs_one():
    campaign = make_campaign([make_list(1)])
    with patch.object(campaign.provider.backend_class, "needs_caller_id", True):
        assert "needs a caller ID" in launch_check.find_blockers(campaign)[0]
        campaign.caller_id = make_caller_id(campaign.provider)
        assert not launch_check.find_blockers(campaign)


def test_what_belongs_to_another_provider_or_is_gone_is_named():
    gone = make_agent(is_present=False, name="Old")
    assert launch_check.find_blockers(make_campaign([make_list(1)], agent=gone)) == [
        "“Old” belongs to another provider."
    ]
    assert (
        "no longer exists at the provider"
        in launch_check.find_blockers(make_campaign([make_list(1)], provider=gone.provider, agent=gone))[0]
    )


def test_no_list_and_empty_list_are_told_apart():
    assert launch_check.check_launch(make_campaign([])).blockers == [
        "No audience chosen. Choose a list or enter a tag."
    ]
    assert launch_check.check_launch(make_campaign([make_list()])).blockers == ["The lists are empty."]


def test_warnings_do_not_block():
    provider = make_provider(price_per_minute=0, breaker_opened_at=timezone.now(), breaker_reason="5 failures.")
    agent = make_agent(provider, name="Sales", warnings=["not_voice", "not_outbound"], variables=["city"])
    DialingSwitch.objects.update_or_create(pk=1, defaults={"stopped_at": timezone.now()})
    check = launch_check.check_launch(make_campaign([make_list(2)], provider=provider, agent=agent, budget=5))
    assert check.is_ready
    assert [warning.replace(str(provider), "It").split(" ")[0:3] for warning in check.warnings] == [
        ["The", "agent", "“Sales”"],
        ["The", "agent", "“Sales”"],
        ["All", "calling", "is"],
        ["“It”", "cannot", "call"],
        ["No", "price", "per"],
        ["The", "agent", "needs"],
    ]
    assert check.estimate.cost is None


def test_estimates_follow_pace_lines_and_price():
    provider = make_provider(max_lines=10, calls_per_minute=60, price_per_minute=Decimal("0.10"))
    campaign = make_campaign([make_list(20)], provider=provider)
    check = launch_check.check_launch(campaign)
    # 20 to 30 attempts, 8 a minute, 40 to 60 seconds each.
    assert check.estimate.minutes == (3, 4)
    assert (check.estimate.cost, check.currency) == ((Decimal("1.34"), Decimal("3.00")), "USD")
    campaign.calls_per_minute, campaign.max_attempts = 2, 1
    assert launch_check.check_launch(campaign).estimate.minutes == (10, 10)


# The launch


def test_launch_answers_at_once_and_nudges_the_dispatcher(caller, nudges, django_assert_max_num_queries):
    campaign = make_campaign([make_list(3)], owner=caller)
    # Fourteen, and one that lets only one launch of a person go on at a time.
    with django_assert_max_num_queries(15):
        launched = start.launch(campaign.pk, caller)
    campaign.refresh_from_db()
    assert (launched.changed, launched.people, launched.status) == (True, 3, "running")
    assert launched.sentence == "Launched: 3 people queued."
    assert (campaign.status, campaign.launched_by, campaign.is_filled) == (Status.RUNNING, caller, False)
    assert campaign.launched_at
    assert nudges == ["dispatch"]
    assert not Call.objects.exists()
    assert AuditEvent.objects.get(action="campaign.launched").detail == {"people": 3}


def test_second_launch_changes_nothing(caller, nudges):
    campaign = make_campaign([make_list(3)], owner=caller)
    start.launch(campaign.pk, caller)
    lifecycle.stop(campaign.pk, caller)
    again = start.launch(campaign.pk, caller)
    assert (again.changed, again.status) == (False, "stopped")
    assert nudges == ["dispatch", "take_back"]


def test_above_the_limit_a_manager_approves(caller, manager, nudges, settings):
    settings.CALLER_LAUNCH_LIMIT = 2
    campaign = make_campaign([make_list(3)], owner=caller)
    assert launch_check.check_launch(campaign, person=caller).needs_approval
    asked = start.launch(campaign.pk, caller)
    assert (asked.changed, asked.status, nudges) == (True, "waiting", [])
    assert "approval" in asked.sentence
    with pytest.raises(PermissionDenied):
        start.approve(campaign.pk, caller)
    approved = start.approve(campaign.pk, manager)
    assert (approved.changed, approved.status, nudges) == (True, "running", ["dispatch"])
    assert not start.approve(campaign.pk, manager).changed
    assert [event.action for event in AuditEvent.objects.order_by("id")] == [
        "campaign.approval_asked",
        "campaign.approved",
    ]


def test_nobody_approves_their_own(manager, settings):
    settings.CALLER_LAUNCH_LIMIT = 2
    for fields in ({"owner": manager}, {"launched_by": manager}):
        campaign = make_campaign([make_list(3)], status=Status.WAITING, **fields)
        with pytest.raises(PermissionDenied):
            start.approve(campaign.pk, manager)


def test_managers_launch_any_size(manager, settings):
    settings.CALLER_LAUNCH_LIMIT = 2
    campaign = make_campaign([make_list(3)])
    assert start.launch(campaign.pk, manager).status == Status.RUNNING


def test_an_edit_withdraws_the_request(caller):
    campaign = make_campaign(status=Status.WAITING, launched_by=caller, owner=caller)
    assert start.withdraw(campaign.pk, caller)
    assert not start.withdraw(campaign.pk, caller)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.launched_by) == (Status.DRAFT, None)


def test_a_blocked_launch_says_why(manager):
    campaign = make_campaign([make_list(1)], agent=None)
    with pytest.raises(Refusal, match="No message chosen"):
        start.launch(campaign.pk, manager)
    with pytest.raises(Refusal, match="is empty"):
        start.launch(make_campaign([make_list()]).pk, manager)


@pytest.mark.parametrize(("role", "own"), [(CALLER, False), (ADMIN, True)])
def test_who_may_not_launch(role, own):
    person = make_person(role)
    campaign = make_campaign([make_list(1)], owner=person if own else None)
    with pytest.raises(PermissionDenied):
        start.launch(campaign.pk, person)
    assert "cannot launch" in launch_check.find_blockers(campaign, person)[0]


def test_lists_that_grow_after_the_launch_do_not_pass_the_limit(caller, manager, settings):
    settings.CALLER_LAUNCH_LIMIT = 2
    people = make_list(2)
    campaign = make_campaign([people], owner=caller)
    start.launch(campaign.pk, caller)
    put(people)
    assert enqueue.fill_campaign(campaign.pk) == 0
    campaign.refresh_from_db()
    assert (campaign.status, campaign.paused_by_system) == (Status.PAUSED, True)
    lifecycle.resume(campaign.pk, manager)
    assert enqueue.fill_campaign(campaign.pk) == 3


def test_an_approved_campaign_is_filled_whole(caller, manager, settings):
    settings.CALLER_LAUNCH_LIMIT = 2
    campaign = make_campaign([make_list(3)], owner=caller)
    start.launch(campaign.pk, caller)
    start.approve(campaign.pk, manager)
    assert enqueue.fill_campaign(campaign.pk) == 3


def test_a_budget_below_one_call_blocks():
    (blocker,) = launch_check.find_blockers(make_campaign([make_list(1)], budget=1))
    assert "smaller than the most expensive possible call (1.50 USD)" in blocker


def test_lists_that_grow_during_a_pause_do_not_pass_the_limit(caller, manager, settings):
    settings.CALLER_LAUNCH_LIMIT = 2
    people = make_list(2)
    campaign = make_campaign([people], owner=caller)
    start.launch(campaign.pk, caller)
    lifecycle.pause(campaign.pk, caller)
    put(people)
    with pytest.raises(Refusal, match="grew"):
        lifecycle.resume(campaign.pk, caller)
    assert lifecycle.resume(campaign.pk, manager).changed
