"""An approval binds what was approved: what grows or is edited afterwards calls nobody until it is approved anew."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.core.refusals import Refusal
from campaigns.launch import approvals, approved_people, drafts, enqueue, lifecycle, redial, start
from campaigns.models import (
    ApprovedPerson,
    Call,
    Campaign,
    CampaignApproval,
    Contact,
    ContactImport,
    ListMembership,
)
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_agent, make_campaign, make_contact, make_list, make_person
from tests.situations import fresh

Status = Campaign.Status
HOUR = datetime.timedelta(hours=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]


@pytest.fixture(autouse=True)
def small_limit(settings: Any) -> None:
    settings.CALLER_LAUNCH_LIMIT = 3


def asked(caller: User, people: int = 4, **fields: Any) -> Campaign:
    """Make a campaign of a caller that waits for approval."""
    starts_at = fields.pop("starts_at", None)
    campaign = make_campaign([make_list(people)], owner=caller, **(ALL_DAY | fields))
    assert start.launch(campaign.pk, caller, starts_at=starts_at).status == Status.WAITING
    return fresh(campaign)


def approved(caller: User, manager: User, **fields: Any) -> Campaign:
    campaign = asked(caller, **fields)
    start.approve(campaign.pk, manager, mark=approvals.mark_of(campaign))
    return fresh(campaign)


def add_people(campaign: Campaign, count: int = 50) -> None:
    people = campaign.lists.get()
    ListMembership.objects.bulk_create(
        ListMembership(contact_list=people, contact=make_contact(name=f"New {n}")) for n in range(count)
    )


def called(campaign: Campaign) -> int:
    return Call.objects.filter(campaign=campaign).count()


def test_every_column_is_either_bound_or_free() -> None:
    columns = {field.name for field in Campaign._meta.get_fields() if not field.auto_created or field.concrete}
    columns -= {"excluded_campaigns"}  # bound besides the columns
    assert {*approvals.BOUND, *approvals.LIVING} | approvals.FREE == columns | {"id"}
    assert not {*approvals.BOUND, *approvals.LIVING} & approvals.FREE


# Growth


def added_by_hand(campaign: Campaign, person: User) -> str:
    add_people(campaign)
    return "50 people more: New 0, New 1, New 2 and 47 others."


def added_by_an_import(campaign: Campaign, person: User) -> str:
    record = ContactImport.objects.create(owner=person, contact_list=campaign.lists.get())
    contact = make_contact(name="Imported", imported_by=record)
    ListMembership.objects.create(contact_list=campaign.lists.get(), contact=contact, imported_by=record)
    return "1 person more: Imported."


def exchanged_for_another(campaign: Campaign, person: User) -> str:
    ListMembership.objects.filter(contact_list=campaign.lists.get()).order_by("-pk")[:1].get().delete()
    add_people(campaign, 1)
    return "1 person more: New 0."


def given_another_number(campaign: Campaign, person: User) -> str:
    contact = Contact.objects.filter(memberships__contact_list=campaign.lists.get()).order_by("-pk")[:1].get()
    Contact.objects.filter(pk=contact.pk).update(phone="+989129999999")
    return f"1 person has another number: {contact.name}."


def hours_behind_the_forms(campaign: Campaign, person: User) -> str:
    Campaign.objects.filter(pk=campaign.pk).update(hours_end=datetime.time(23))
    return "Hours: was all day, now 00:00 – 23:00."


CHANGES = (added_by_hand, added_by_an_import, exchanged_for_another, given_another_number, hours_behind_the_forms)


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_between_approval_and_fill(
    client: Client, caller: User, manager: User, change: Callable[[Campaign, User], str]
) -> None:
    """Four approved, four called at most: never the others."""
    campaign = approved(caller, manager)
    words = change(campaign, caller)
    approved_then = {(row.pk, row.phone) for row in Contact.objects.filter(name__startswith="Person")}
    enqueue.fill_campaign(campaign.pk)
    queued = set(Call.objects.filter(campaign=campaign).values_list("contact", "to_number"))
    assert fresh(campaign).status == Status.WAITING
    assert queued <= approved_then - {(pk, "+989129999999") for pk, _phone in approved_then}
    client.force_login(manager)
    page = text_of(client.get(reverse("campaign-check", args=[campaign.pk])))
    assert words in page
    sent_back = AuditEvent.objects.get(action="campaign.sent_back")
    assert "New 0" not in str(sent_back.detail)
    # Approved as it is now, it goes on.
    start.approve(campaign.pk, manager, mark=approvals.mark_of(fresh(campaign)))
    enqueue.fill_campaign(campaign.pk)
    assert called(campaign) == approvals.in_force(campaign.pk).people  # type: ignore[union-attr]
    assert fresh(campaign).is_filled


def test_between_chunks_and_behind_the_fill(caller: User, manager: User) -> None:
    behind = make_contact(name="Behind")
    campaign = approved(caller, manager, people=6)
    assert enqueue._fill_chunk(campaign.pk, 2) == 2
    # An old contact, whose place the fill has passed already, joins the list.
    ListMembership.objects.create(contact_list=campaign.lists.get(), contact=behind)
    enqueue.fill_campaign(campaign.pk, chunk=2)
    assert (fresh(campaign).status, called(campaign) <= 6) == (Status.WAITING, True)
    assert not Call.objects.filter(campaign=campaign, contact=behind).exists()


def test_a_person_who_joins_after_the_look_is_left_out_by_the_statement_itself(
    caller: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = approved(caller, manager)
    look = approvals.is_edited

    def joined_right_after(*arguments: Any) -> bool:
        found = look(*arguments)
        add_people(campaign, 1)
        return found

    monkeypatch.setattr(approvals, "is_edited", joined_right_after)
    # The chunk reaches behind the new one's id.
    monkeypatch.setattr(enqueue.Selection, "next_ids", lambda *_: [10**9])
    assert enqueue._fill_chunk(campaign.pk, 100) is None
    assert (called(campaign), fresh(campaign).status) == (4, Status.WAITING)
    assert not Call.objects.filter(contact__name="New 0").exists()


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_between_approval_and_a_later_start(
    caller: User, manager: User, change: Callable[[Campaign, User], str]
) -> None:
    campaign = approved(caller, manager, starts_at=timezone.now() + HOUR)
    assert campaign.status == Status.SCHEDULED
    change(campaign, caller)
    assert start.start_due(timezone.now() + 2 * HOUR) == 0
    assert fresh(campaign).status == Status.WAITING
    assert fresh(campaign).launched_by == caller
    start.approve(campaign.pk, manager, mark=approvals.mark_of(fresh(campaign)))
    assert fresh(campaign).status in {Status.SCHEDULED, Status.RUNNING}


def test_a_later_start_of_what_was_approved_starts(caller: User, manager: User) -> None:
    campaign = approved(caller, manager, starts_at=timezone.now() + HOUR)
    assert start.start_due(timezone.now() + 2 * HOUR) == 1
    enqueue.fill_campaign(campaign.pk)
    assert called(campaign) == 4


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_after_a_pause(caller: User, manager: User, change: Callable[[Campaign, User], str]) -> None:
    campaign = approved(caller, manager)
    lifecycle.pause(campaign.pk, caller)
    words = change(campaign, caller)
    with pytest.raises(Refusal, match="Sent for approval") as refused:
        lifecycle.resume(campaign.pk, caller)
    assert words in str(refused.value)
    assert fresh(campaign).status == Status.WAITING
    start.take_back(campaign.pk, caller)
    assert fresh(campaign).status == Status.PAUSED
    with pytest.raises(Refusal, match="Sent for approval"):
        lifecycle.resume(campaign.pk, manager)


def test_what_was_undone_goes_on_as_approved(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    lifecycle.pause(campaign.pk, caller)
    add_people(campaign, 2)
    with pytest.raises(Refusal):
        lifecycle.resume(campaign.pk, caller)
    ListMembership.objects.filter(contact__name__startswith="New").delete()
    start.take_back(campaign.pk, caller)
    assert lifecycle.resume(campaign.pk, caller).status == Status.RUNNING
    enqueue.fill_campaign(campaign.pk)
    assert called(campaign) == 4


def test_who_joins_after_everybody_is_queued_changes_nothing(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    enqueue.fill_campaign(campaign.pk)
    add_people(campaign)
    lifecycle.pause(campaign.pk, caller)
    assert lifecycle.resume(campaign.pk, caller).status == Status.RUNNING
    enqueue.fill_campaign(campaign.pk)
    assert called(campaign) == 4


def test_fewer_people_need_no_approval(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    campaign.lists.get().memberships.order_by("pk")[:1].get().delete()
    assert enqueue.fill_campaign(campaign.pk) == 3
    assert fresh(campaign).status == Status.RUNNING


def test_a_pilot_calls_nobody_who_was_not_approved(caller: User, manager: User) -> None:
    campaign = make_campaign([make_list(12)], owner=caller, **ALL_DAY)
    start.launch(campaign.pk, caller, is_pilot=True)
    start.approve(campaign.pk, manager, mark=approvals.mark_of(campaign))
    add_people(campaign, 1)
    assert enqueue.fill_campaign(campaign.pk) == 0
    assert (fresh(campaign).status, called(campaign)) == (Status.WAITING, 0)


# Edits


EDITS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"hours_start": datetime.time(9), "hours_end": datetime.time(20)}, "Hours: was all day, now 09:00 – 20:00."),
    ({"budget": Decimal(500)}, "Budget: was no budget, now 500.00 USD."),
    ({"max_attempts": 9}, "Attempts: was"),
    ({"days": [0]}, "Days: was every day, now Monday."),
    ({"requires_consent": True}, "Consent: was not required, now required."),
    ({"quiet_hours": 0}, "Quiet period: was 24 hours, now none."),
)


@pytest.mark.parametrize(("values", "words"), EDITS, ids=lambda one: str(one)[:20])
def test_an_edit_while_it_runs_stops_it_at_once(
    caller: User, manager: User, values: dict[str, Any], words: str
) -> None:
    campaign = approved(caller, manager)
    enqueue.fill_campaign(campaign.pk)
    drafts.change(campaign.pk, caller, values, None, was_launched=True)
    assert fresh(campaign).status == Status.WAITING
    approval = approvals.in_force(campaign.pk)
    assert approval is not None
    assert any(one.startswith(words) for one in approvals.differences(fresh(campaign), approval))


def test_an_edit_of_name_or_pace_is_no_difference(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    drafts.change(campaign.pk, caller, {"name": "Other", "calls_per_minute": 5}, None, was_launched=True)
    assert fresh(campaign).status == Status.RUNNING


def test_an_edit_before_a_later_start_returns_it_with_the_difference(caller: User, manager: User) -> None:
    campaign = approved(caller, manager, starts_at=timezone.now() + HOUR)
    agent = make_agent(campaign.provider, name="Other agent")
    was = campaign.agent
    drafts.change(campaign.pk, caller, {"agent": agent, "text": "Hello"}, None, was_launched=False)
    found = fresh(campaign)
    assert (found.status, found.launched_by) == (Status.WAITING, caller)
    approval = approvals.in_force(campaign.pk)
    assert approval is not None
    assert approvals.differences(found, approval) == [
        f"Agent: was {was}, now Other agent.",
        "Text: was none, now “Hello”.",
    ]


def test_an_edit_while_it_is_paused_returns_it_at_the_resume(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    enqueue.fill_campaign(campaign.pk)
    lifecycle.pause(campaign.pk, caller)
    drafts.change(campaign.pk, caller, {"budget": Decimal(500)}, None, was_launched=True)
    assert fresh(campaign).status == Status.PAUSED
    with pytest.raises(Refusal, match="Budget"):
        lifecycle.resume(campaign.pk, manager)
    assert fresh(campaign).status == Status.WAITING


def test_an_edit_between_the_look_and_the_press_is_not_approved(client: Client, caller: User, manager: User) -> None:
    campaign = asked(caller)
    client.force_login(manager)
    page = client.get(reverse("campaign-check", args=[campaign.pk])).content.decode()
    seen = re.search(r'name="mark" value="([0-9a-f]+)"', page)
    assert seen
    assert f'value="{approvals.mark_of(campaign)}"' in page
    for text in ("Other", ""):
        Campaign.objects.filter(pk=campaign.pk).update(text=text)
        if not text:
            exchanged_for_another(campaign, caller)
        answer = client.post(reverse("campaign-approve", args=[campaign.pk]), {"mark": seen[1]}, follow=True)
        assert "changed after you opened it" in answer.content.decode()
        assert fresh(campaign).status == Status.WAITING
    # A press without the mark approves nothing.
    client.post(reverse("campaign-approve", args=[campaign.pk]))
    assert fresh(campaign).status == Status.WAITING
    assert not CampaignApproval.objects.exists()
    client.post(reverse("campaign-approve", args=[campaign.pk]), {"mark": approvals.mark_of(fresh(campaign))})
    assert fresh(campaign).status == Status.RUNNING


# What does not take it over


def test_neither_a_copy_nor_a_redial_is_approved(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    enqueue.fill_campaign(campaign.pk)
    lifecycle.stop(campaign.pk, caller)
    copied = drafts.copy(campaign.pk, caller)
    again = redial.redial(campaign.pk, ["stopped"], caller)
    for made in (copied, again):
        assert approvals.in_force(made.pk) is None
        assert start.launch(made.pk, caller).status == Status.WAITING


def test_what_is_taken_back_to_a_draft_is_approved_no_more(caller: User, manager: User) -> None:
    campaign = approved(caller, manager, starts_at=timezone.now() + HOUR)
    start.take_back(campaign.pk, caller)
    assert (fresh(campaign).status, approvals.in_force(campaign.pk)) == (Status.DRAFT, None)
    assert start.launch(campaign.pk, caller).status == Status.WAITING


def test_a_campaign_that_is_over_forgets_its_approved_people(caller: User, manager: User) -> None:
    campaign, other = approved(caller, manager), approved(caller, manager)
    lifecycle.stop(campaign.pk, caller)
    assert approvals.forget_over() == 4
    assert list(ApprovedPerson.objects.values_list("approval__campaign", flat=True).distinct()) == [other.pk]


# Who approves


def test_nobody_approves_what_they_wrote_edited_or_launched(caller: User, manager: User) -> None:
    campaign = asked(caller)
    other = make_person(MANAGER)
    drafts.change(campaign.pk, other, {"text": "Edited"}, None, was_launched=False)
    start.launch(campaign.pk, caller)
    found = fresh(campaign)
    assert not approvals.may_approve(found, other)
    with pytest.raises(PermissionDenied):
        start.approve(campaign.pk, other)
    # Another role of the same person changes nothing.
    caller.groups.add(Group.objects.get(name=MANAGER), Group.objects.get(name=ADMIN))
    again = User.objects.get(pk=caller.pk)
    assert not approvals.may_approve(found, again)
    assert approvals.who_may_approve(found) == ["reza"]
    assert not approvals.may_approve(found, make_person(CALLER))


def test_who_approved_may_approve_the_difference(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    add_people(campaign)
    enqueue.fill_campaign(campaign.pk)
    assert approvals.may_approve(fresh(campaign), manager)


def test_the_launcher_sees_who_can_approve(client: Client, caller: User, manager: User) -> None:
    campaign = asked(caller)
    client.force_login(caller)
    for page in ("campaign", "campaign-check"):
        assert "Can approve: reza" in text_of(client.get(reverse(page, args=[campaign.pk])))
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert "No other user may approve this" in text_of(client.get(reverse("campaign", args=[campaign.pk])))


def test_who_can_approve_a_difference_is_said_once(client: Client, caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    add_people(campaign)
    enqueue.fill_campaign(campaign.pk)
    client.force_login(caller)
    assert "No other user may" not in text_of(client.get(reverse("campaign-check", args=[campaign.pk])))


def test_the_number_of_an_approved_person_is_not_kept_again(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    numbers = set(Contact.objects.values_list("phone", flat=True))
    for row in ApprovedPerson.objects.all():
        assert len(row.mark) == 32
        assert not any(phone in row.mark for phone in numbers)
    assert approved_people.mark_of_audience(Contact.objects.all()) != ""
    assert campaign.status == Status.RUNNING
