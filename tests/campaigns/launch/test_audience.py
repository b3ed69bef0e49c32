"""Whom a campaign is about: lists, tags, people left out; the check and the filling agree to the last person."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from campaigns.launch import drafts, enqueue, launch_check
from campaigns.launch.audience_query import Selection, count_people, unknown_tags
from campaigns.launch.launch_sentence import sentence_of
from campaigns.models import Call, Campaign, Contact, ContactList, DoNotCall, ListMembership
from tests.answers import text_of
from tests.campaigns.launch.builder_form import typed
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_list
from tests.shown import shown_at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status = Campaign.Status


def tagged(*tags: str, lists: list[ContactList] | None = None, **fields: object) -> Contact:
    """Make a person with tags, in some lists."""
    contact = make_contact(tags=list(tags), **fields)
    for one in lists or []:
        ListMembership.objects.create(contact_list=one, contact=contact)
    return contact


def people_in(campaign: Campaign) -> set[int]:
    """Fill a campaign and return whose turn comes."""
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.RUNNING)
    enqueue.fill_campaign(campaign.pk, chunk=2)
    return set(Call.objects.filter(campaign=campaign, status="pending").values_list("contact", flat=True))


@pytest.mark.parametrize(
    ("with_lists", "tags", "chosen"),
    [
        (True, [], {"in_vip", "in_plain", "in_both"}),
        (True, ["vip"], {"in_vip", "in_both"}),
        (True, ["vip", "شیراز"], {"in_vip", "in_both"}),
        (True, ["شیراز"], {"in_both"}),
        (False, ["vip"], {"in_vip", "in_both", "out_vip"}),
        (False, [], set()),
    ],
)
def test_lists_and_tags_make_the_audience(with_lists, tags, chosen):
    first, second = make_list(), make_list()
    people = {
        "in_vip": tagged("vip", lists=[first]),
        "in_plain": tagged("vi", "vip2", lists=[second]),
        "in_both": tagged("شیراز", "vip", lists=[first, second]),
        "out_vip": tagged("vip"),
        "out_plain": tagged(),
    }
    campaign = make_campaign([first, second] if with_lists else [], tags=tags)
    wanted = {people[name].pk for name in chosen}
    selection = Selection.of(campaign)
    assert set(selection.people().values_list("pk", flat=True)) == wanted
    assert (selection.count(), count_people(campaign)) == (len(wanted), len(wanted))
    assert selection.next_ids(0, 99) == sorted(wanted)
    assert selection.next_ids(min(wanted, default=0), 1) == sorted(wanted)[1:2]
    assert launch_check.check_launch(campaign).total == len(wanted)
    assert people_in(campaign) == wanted


def elsewhere() -> tuple[Campaign, dict[str, Contact]]:
    """Make a campaign that was, with people in every relation to it."""
    other = make_campaign(status=Status.FINISHED, launched_at=timezone.now())
    people = {
        name: make_contact() for name in ("talked", "machine", "no_answer", "left_out_there", "renumbered", "new")
    }
    row = {"campaign": other, "provider": other.provider}
    make_call(**row, contact=people["talked"], status="completed", talk_seconds=30)
    make_call(**row, contact=people["machine"], status="completed", talk_seconds=9, answered_by="machine")
    make_call(**row, contact=people["no_answer"], status="no_answer")
    make_call(**row, contact=people["left_out_there"], status="skipped", skip_reason="excluded")
    # The person was deleted and came back by another import: the number is what stays.
    make_call(**row, to_number=people["renumbered"].phone, status="completed", talk_seconds=5)
    return other, people


@pytest.mark.parametrize(
    ("only_reached", "called"),
    [(False, {"left_out_there", "new"}), (True, {"machine", "no_answer", "left_out_there", "new"})],
)
def test_people_of_another_campaign_are_left_out_with_the_reason(only_reached, called):
    other, people = elsewhere()
    audience = make_list()
    for contact in people.values():
        ListMembership.objects.create(contact_list=audience, contact=contact)
    campaign = make_campaign([audience], excludes_only_reached=only_reached)
    campaign.excluded_campaigns.set([other])
    check = launch_check.check_launch(campaign)
    assert (check.total, check.called, check.verdicts["excluded"]) == (6, len(called), 6 - len(called))
    assert f"{6 - len(called)} excluded" in sentence_of(check)
    assert people_in(campaign) == {people[name].pk for name in called}
    skipped = Call.objects.filter(campaign=campaign, status="skipped")
    assert {call.skip_reason for call in skipped} == {"excluded"}
    assert skipped.count() == check.never


def test_each_left_out_person_is_found_by_an_index():
    other, _people = elsewhere()
    selection = Selection(tags=("x",), left_out=(other.pk,))
    plan = selection.people().annotate(out=selection.stands_elsewhere()).explain()
    if connection.vendor == "sqlite":
        assert "call_by_number (to_number=?)" in plan
        assert "(campaign_id=?)" not in plan


def test_hours_that_never_come_are_skipped_at_filling_as_the_check_says():
    campaign = make_campaign([make_list(2)], days=[])
    check = launch_check.check_launch(campaign)
    assert people_in(campaign) == set()
    assert Call.objects.filter(campaign=campaign, skip_reason="no_zone").count() == check.never == 2


def test_do_not_call_comes_before_everything_else():
    other, people = elsewhere()
    DoNotCall.objects.create(phone=people["talked"].phone)
    audience = make_list()
    ListMembership.objects.create(contact_list=audience, contact=people["talked"])
    campaign = make_campaign([audience])
    campaign.excluded_campaigns.set([other])
    assert launch_check.check_launch(campaign).verdicts == {"do_not_call": 1}
    people_in(campaign)
    assert Call.objects.get(campaign=campaign).skip_reason == "do_not_call"


def test_a_tag_that_nobody_carries_is_named():
    tagged("vip")
    assert unknown_tags(["vip", "vi", 'a"b', "%"]) == ["vi", 'a"b', "%"]


# The builder


def test_the_builder_keeps_tags_and_left_out_people(console, caller):
    agent = make_agent()
    tagged("vip")
    other = make_campaign(status=Status.FINISHED, launched_at=timezone.now(), owner=caller)
    sent = typed(agent.provider, agent=agent.pk, tags="vip، vip", excluded_campaigns=[other.pk])
    answer = console.post(reverse("campaign-new"), sent | {"excludes_only_reached": "True"})
    campaign = Campaign.objects.get(name="Spring reminder")
    assert answer.url == reverse("campaign-check", args=[campaign.pk])
    assert (campaign.tags, campaign.excludes_only_reached) == (["vip"], True)
    assert list(campaign.excluded_campaigns.all()) == [other]
    page = text_of(console.get(reverse("campaign-edit", args=[campaign.pk])))
    assert "1 person in this audience now." in page
    copied = drafts.copy(campaign.pk, caller)
    assert (copied.tags, list(copied.excluded_campaigns.all())) == (["vip"], [other])


def test_another_persons_campaign_is_no_choice_to_leave_out(console):
    agent = make_agent()
    tagged("vip")
    foreign = make_campaign(status=Status.FINISHED, launched_at=timezone.now())
    sent = typed(agent.provider, agent=agent.pk, tags="vip", excluded_campaigns=[foreign.pk])
    answer = console.post(reverse("campaign-new"), sent)
    assert list(answer.context["form"].errors) == ["excluded_campaigns"]


def test_a_wrong_tag_is_said_at_its_field_and_kept(console):
    agent = make_agent()
    answer = console.post(reverse("campaign-new"), typed(agent.provider, agent=agent.pk, tags="vpi"))
    assert answer.status_code == 422
    assert "No contact has the tag “vpi”" in text_of(answer)
    assert 'value="vpi"' in answer.content.decode()


def test_other_tags_take_a_campaign_back_from_approval_and_from_its_time(console, caller):
    agent = make_agent()
    tagged("vip")
    for status in (Status.WAITING, Status.SCHEDULED):
        campaign = make_campaign(owner=caller, status=status, provider=agent.provider, agent=agent)
        starts = {"starts_at": timezone.now() + timezone.timedelta(hours=1), "launched_by": caller}
        Campaign.objects.filter(pk=campaign.pk).update(**starts)
        sent = typed(agent.provider, name=campaign.name, agent=agent.pk, tags="vip", then="save")
        page = reverse("campaign-edit", args=[campaign.pk])
        console.post(page, sent | shown_at(console, page))
        campaign.refresh_from_db()
        assert (campaign.status, campaign.starts_at, campaign.tags) == (Status.DRAFT, None, ["vip"])


# What one person hears


def test_the_message_is_shown_for_whoever_is_looked_up(console):
    agent = make_agent(variables=["city"])
    people = make_list(4)
    for name, variables in (("Maryam Hosseini", {"city": "Yazd"}), ("Omid Karimi", {})):
        ListMembership.objects.create(
            contact_list=people,
            contact=make_contact(name=name, variables=variables, phone=f"+98935{uuid.uuid4().int % 10**7:07d}"),
        )
    omid = Contact.objects.get(name="Omid Karimi")
    sent = typed(agent.provider, agent=agent.pk, lists=[people.pk], then="stay")
    shown = console.post(reverse("campaign-new"), sent | {"hear": "hosse"}).context["preview"]
    assert [(one.contact.name, one.variables, one.unmet) for one in shown] == [
        ("Maryam Hosseini", [("city", "Yazd")], [])
    ]
    by_number = console.post(reverse("campaign-new"), sent | {"hear": "0" + omid.phone[3:]})
    assert [(one.contact, one.unmet) for one in by_number.context["preview"]] == [(omid, ["city"])]
    assert "The agent needs city, which is empty" in text_of(by_number)
    nobody = console.post(reverse("campaign-new"), sent | {"hear": "Zahra"})
    assert "No one in this audience matches “Zahra”" in text_of(nobody)


def test_who_is_not_in_the_audience_is_not_found(console):
    agent = make_agent()
    make_contact(name="Stranger")
    sent = typed(agent.provider, agent=agent.pk, lists=[make_list(1).pk], then="stay", hear="Stranger")
    assert console.post(reverse("campaign-new"), sent).context["preview"] == []


def test_a_new_campaign_takes_the_quiet_period_of_the_installation(console, settings):
    settings.QUIET_PERIOD_HOURS = 72
    assert console.get(reverse("campaign-new")).context["form"]["quiet_hours"].value() == 72
