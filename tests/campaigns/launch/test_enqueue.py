"""Filling: everybody of the audience once, whatever is interrupted, repeated or doubled."""

from __future__ import annotations

import uuid
from unittest.mock import patch

import pytest
from django.db.models import F
from django.utils import timezone

from campaigns.core import message
from campaigns.launch import enqueue
from campaigns.models import Call, Campaign, DoNotCall, ListMembership
from providers.models import Provider
from providers.types import CallStatus
from tests.conftest import make_agent, make_campaign, make_contact, make_list, make_person, make_provider

pytestmark = pytest.mark.django_db


def running(people: int = 3, **fields: object) -> Campaign:
    return make_campaign([make_list(people)], status=Campaign.Status.RUNNING, **fields)


def test_everybody_gets_one_first_attempt():
    person = make_person()
    campaign = running(7, owner=person)
    assert enqueue.fill_campaign(campaign.pk, chunk=3) == 7
    campaign.refresh_from_db()
    calls = list(Call.objects.filter(campaign=campaign))
    assert campaign.is_filled
    assert {call.attempt for call in calls} == {1}
    assert {call.status for call in calls} == {CallStatus.PENDING}
    assert len({call.reference for call in calls}) == 7
    assert all(isinstance(call.reference, uuid.UUID) for call in calls)
    assert all(call.to_number == call.contact.phone and call.owner == person for call in calls if call.contact)
    assert all((call.agent_id, call.provider_id) == (campaign.agent_id, campaign.provider_id) for call in calls)
    assert all(call.variables == {} and call.extracted == {} and call.cost is None for call in calls)


def test_a_row_of_the_database_equals_a_row_of_the_model():
    campaign = running(1)
    enqueue.fill_campaign(campaign.pk)
    filled = Call.objects.get(campaign=campaign)
    made = Call.objects.create(provider=campaign.provider, to_number="+989129999999")
    different = {"id", "reference", "campaign", "contact", "agent", "to_number", "created_at", "due_at", "changed_at"}
    for field in Call._meta.concrete_fields:
        if field.name not in different:
            assert getattr(filled, field.attname) == getattr(made, field.attname), field.name
    filled.full_clean()


def test_running_again_adds_nothing():
    campaign = running(4)
    assert enqueue.fill_campaign(campaign.pk) == 4
    Campaign.objects.update(filled_through=0, is_filled=False)
    assert enqueue.fill_campaign(campaign.pk) == 0
    assert Call.objects.count() == 4


def test_person_in_two_lists_is_called_once():
    first, second = make_list(2), make_list(2)
    shared = first.contacts.first()
    assert shared
    ListMembership.objects.create(contact_list=second, contact=shared)
    campaign = make_campaign([first, second], status=Campaign.Status.RUNNING)
    assert enqueue.fill_campaign(campaign.pk, chunk=1) == 4


def test_do_not_call_is_skipped_with_its_reason():
    campaign = running(3)
    numbers = list(campaign.lists.get().contacts.values_list("phone", flat=True))
    DoNotCall.objects.create(phone=numbers[0])
    DoNotCall.objects.create(phone=numbers[1], expires_at=timezone.now() - timezone.timedelta(days=1))
    enqueue.fill_campaign(campaign.pk)
    skipped = Call.objects.get(status=CallStatus.SKIPPED)
    assert (skipped.to_number, skipped.skip_reason, skipped.rank) == (numbers[0], "do_not_call", 100)
    assert Call.objects.due(timezone.now()).count() == 2


def test_numbers_the_vendor_refuses_and_numbers_without_zone_are_skipped():
    made = make_list(1)
    for phone in ("+12025550123", "+88313000000"):
        ListMembership.objects.create(contact_list=made, contact=make_contact(phone=phone))
    provider = make_provider()
    campaign = make_campaign([made], provider=provider, status=Campaign.Status.RUNNING)

    class Picky(provider.backend_class):  # type: ignore[misc, name-defined]
        @classmethod
        def refuses_number(cls, to_number, options):
            return "no" if to_number.startswith("+1") else ""

    with patch.object(Provider, "backend_class", Picky):
        enqueue.fill_campaign(campaign.pk)
    reasons = dict(Call.objects.values_list("to_number", "skip_reason"))
    assert reasons["+12025550123"] == "number_refused"
    assert reasons["+88313000000"] == "no_zone"
    assert sorted(reasons.values()) == ["", "no_zone", "number_refused"]


@pytest.mark.parametrize("status", [Campaign.Status.DRAFT, Campaign.Status.PAUSED, Campaign.Status.STOPPED])
def test_only_a_running_campaign_is_filled(status):
    campaign = running(2)
    Campaign.objects.update(status=status)
    assert enqueue.fill_campaign(campaign.pk) == 0
    assert not Call.objects.exists()


def test_stop_in_the_middle_of_a_chunk_wins():
    campaign = running(4)
    insert = enqueue._insert_first_attempts

    def stopped_meanwhile(*given):
        added = insert(*given)
        Campaign.objects.update(status=Campaign.Status.STOPPED)
        return added

    with patch.object(enqueue, "_insert_first_attempts", stopped_meanwhile):
        assert enqueue.fill_campaign(campaign.pk) == 0
    assert not Call.objects.exists()


def test_second_worker_at_the_same_chunk_adds_nothing():
    campaign = running(4)
    insert = enqueue._insert_first_attempts

    def overtaken(*given):
        added = insert(*given)
        Campaign.objects.update(filled_through=F("filled_through") + 1)
        return added

    with patch.object(enqueue, "_insert_first_attempts", overtaken):
        assert enqueue.fill_campaign(campaign.pk) == 0
    assert not Call.objects.exists()


def test_a_killed_worker_goes_on_where_it_stopped():
    campaign = running(6)
    assert enqueue._fill_chunk(campaign.pk, 2) == 2
    assert enqueue.fill_running_campaigns(10) == 4
    assert Call.objects.count() == 6


def test_campaign_without_people_is_filled_at_once():
    campaign = make_campaign([], status=Campaign.Status.RUNNING)
    assert enqueue.fill_campaign(campaign.pk) == 0
    campaign.refresh_from_db()
    assert campaign.is_filled


def test_filling_needs_few_statements(django_assert_max_num_queries):
    campaign = running(50)
    with django_assert_max_num_queries(15):
        enqueue.fill_campaign(campaign.pk)


# What a person hears


def test_variables_are_rendered_from_the_contact():
    contact = make_contact(name="Maryam", variables={"city": "Shiraz", "amount": 1200})
    campaign = make_campaign(variables={"greeting": "Dear {name} of {city}", "due": "{amount}", "fixed": "x"})
    assert message.render_variables(campaign, contact) == {
        "name": "Maryam",
        "city": "Shiraz",
        "amount": "1200",
        "greeting": "Dear Maryam of Shiraz",
        "due": "1200",
        "fixed": "x",
    }


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("{{system_prompt}}", "system_prompt"),
        ("a\x01b\x1b[31mc\u202ed", "ab[31mcd"),
        ("two\nlines\t here", "two lines here"),
        ("می\u200cروم", "می\u200cروم"),
        ("x" * 5000, "x" * 500),
        ({"a": 1}, ""),
        (None, ""),
    ],
)
def test_a_value_cannot_carry_commands_into_the_vendors_template(raw, safe):
    contact = make_contact(variables={"note": raw})
    rendered = message.render_variables(make_campaign(variables={"own": "{note}"}), contact)
    assert rendered["note"] == rendered["own"] == safe


def test_a_placeholder_in_a_value_is_not_filled_again():
    contact = make_contact(name="{secret}", variables={"secret": "s3"})
    assert message.render_variables(make_campaign(variables={"own": "{name}"}), contact)["own"] == "secret"


def test_empty_places_in_the_message_are_named():
    campaign = make_campaign(variables={"hello": "Dear {first}", "tone": "kind", "unused": ""}, text="To {city}")
    assert message.missing_variables(campaign, make_contact(variables={"city": "Yazd"})) == ["first"]
    assert message.missing_variables(campaign, make_contact(variables={"first": "A", "city": "{ }"})) == ["city"]
    assert message.missing_variables(campaign, make_contact(variables={"first": "A", "c\x01ity": "Yazd"})) == []
    assert message.missing_variables(campaign, None) == ["first", "city"]


def test_nobody_hears_a_message_with_a_hole():
    campaign = running(1, variables={"hello": "{first}"})
    whole = make_contact(variables={"first": "A"})
    ListMembership.objects.create(contact_list=campaign.lists.get(), contact=whole)
    enqueue.fill_campaign(campaign.pk)
    assert dict(Call.objects.values_list("contact", "skip_reason"))[whole.pk] == ""
    assert Call.objects.get(status="skipped").skip_reason == "missing_variable"


def test_what_only_the_agent_expects_holds_nobody_back():
    agent = make_agent(variables=["call_sid"])
    campaign = running(1, provider=agent.provider, agent=agent)
    enqueue.fill_campaign(campaign.pk)
    assert Call.objects.get().status == "pending"


def test_campaign_that_cannot_be_filled_keeps_no_other_waiting(monkeypatch):
    campaigns = [make_campaign([make_list(3)], status="running", launched_at=timezone.now()) for _ in range(2)]
    real = enqueue.fill_campaign

    def fails_for_the_first(campaign_id, **options):
        if campaign_id == campaigns[0].pk:
            raise RuntimeError("a surprise")
        return real(campaign_id, **options)

    monkeypatch.setattr(enqueue, "fill_campaign", fails_for_the_first)
    assert enqueue.fill_running_campaigns(5) == 3
    assert not Campaign.objects.get(pk=campaigns[0].pk).is_filled
