"""A test call to oneself: the campaign's message, the dialler's own path, outside the campaign's figures."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from callcenter.access.rights import ADMIN
from callcenter.audit.models import AuditEvent
from campaigns.core.refusals import Refusal
from campaigns.launch import test_call
from campaigns.models import Call, Campaign, Contact, DialingSwitch, DoNotCall, ListMembership, OwnNumber
from campaigns.numbers import UnderstoodNumber
from campaigns.reports import progress
from tests.answers import text_of
from tests.conftest import make_call, make_campaign, make_contact, make_list, make_person

pytestmark = pytest.mark.django_db
MINE = UnderstoodNumber("+989120000001", "IR")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    monkeypatch.setattr("campaigns.queue.nudge_dispatch", lambda: None)
    settings.SINGLE_CALL_HOURS = "00:00-00:00"


def confirmed(person, phone: str = MINE.e164) -> OwnNumber:
    return OwnNumber.objects.create(person=person, phone=phone, confirmed_at=timezone.now(), reason="seen")


def written(person, **fields: object) -> tuple[Campaign, Contact]:
    """Make a draft with one person whose values are all there, and a number of the writer's own."""
    confirmed(person)
    people = make_list()
    contact = make_contact(name="Maryam", variables={"city": "Yazd"})
    ListMembership.objects.create(contact_list=people, contact=contact)
    campaign = make_campaign([people], owner=person, variables={"hello": "Dear {name} of {city}"}, **fields)
    return campaign, contact


def sent(**fields: str) -> dict[str, str]:
    return {"number": "0912 000 0001", "form_token": str(uuid.uuid4())} | fields


def test_my_phone_rings_with_the_message_and_the_campaign_counts_nothing(console, caller):
    campaign, _contact = written(caller, budget=100)
    form = sent()
    first, second = (console.post(reverse("campaign-try", args=[campaign.pk]), form) for _press in range(2))
    call = Call.objects.get()
    assert first.url == second.url == reverse("call", args=[call.pk])
    assert (call.campaign, call.test_of, call.to_number, call.owner) == (None, campaign, MINE.e164, caller)
    assert (call.agent, call.provider) == (campaign.agent, campaign.provider)
    assert call.variables == {"name": "Maryam", "city": "Yazd", "hello": "Dear Maryam of Yazd"}
    # The one who tries is not the one whose message it is.
    assert (call.contact.phone, call.contact.name) == (MINE.e164, "")
    Call.objects.update(status="completed", talk_seconds=20, cost=3, placing_at=timezone.now())
    now = progress.measure(campaign)
    assert (now.people, now.waiting, now.live, now.spent) == (1, 0, 0, 0)
    assert dict(now.by_status) == {}
    assert [event.action for event in AuditEvent.objects.order_by("id")] == ["call.asked", "campaign.tried"]
    page = console.get(reverse("campaign-check", args=[campaign.pk]))
    assert page.context["tries"] == [call]
    assert page.context["try_form"]["number"].value() == MINE.e164
    assert page.context["check"].total == 1


def test_it_goes_the_diallers_own_path(sandbox, dial, caller):
    provider = sandbox.provider("bolna")
    campaign, contact = written(caller, provider=provider, agent=provider.agent_set.first())
    placed = test_call.try_message(campaign, caller, MINE, contact, uuid.uuid4())
    dial()
    placed.call.refresh_from_db()
    assert placed.call.placing_at
    assert sandbox.dials_of(MINE.e164) == 1
    campaign.refresh_from_db()
    assert (campaign.reserved_cost, campaign.status) == (0, Campaign.Status.DRAFT)


@pytest.mark.parametrize("hindrance", ["do_not_call", "hours", "stop_all", "live"])
def test_every_rule_holds(console, caller, settings, hindrance):
    campaign, _contact = written(caller)
    if hindrance == "do_not_call":
        DoNotCall.objects.create(phone=MINE.e164)
    elif hindrance == "hours":
        there = timezone.now().astimezone(timezone.get_fixed_timezone(210))
        settings.SINGLE_CALL_HOURS = f"{(there.hour + 3) % 24:02d}:00-{(there.hour + 4) % 24:02d}:00"
    elif hindrance == "stop_all":
        DialingSwitch.objects.update_or_create(pk=1, defaults={"stopped_at": timezone.now()})
    else:
        make_call(to_number=MINE.e164, status="ringing")
    before = Call.objects.count()
    answer = console.post(reverse("campaign-try", args=[campaign.pk]), sent())
    assert answer.status_code == 422
    said = {
        "do_not_call": "on the do-not-call list",
        "hours": "Outside local calling hours",
        "stop_all": "All calling is stopped",
        "live": "is in progress",
    }
    assert said[hindrance] in text_of(answer)
    assert 'value="0912 000 0001"' in answer.content.decode()
    assert Call.objects.count() == before


def test_a_second_try_is_meant_however_soon(caller):
    campaign, contact = written(caller)
    test_call.try_message(campaign, caller, MINE, contact, uuid.uuid4())
    Call.objects.update(status="completed", placing_at=timezone.now())
    assert test_call.try_message(campaign, caller, MINE, contact, uuid.uuid4()).is_new


def test_it_is_heard_as_whoever_is_chosen_and_never_with_a_hole(console, caller):
    campaign, _contact = written(caller)
    empty = make_contact(name="Omid", variables={})
    ListMembership.objects.create(contact_list=campaign.lists.get(), contact=empty)
    address = reverse("campaign-try", args=[campaign.pk])
    refused = console.post(address, sent(hear="omi"))
    assert refused.status_code == 422
    assert "city is empty" in text_of(refused)
    unknown = console.post(address, sent(hear="Zahra"))
    assert list(unknown.context["try_form"].errors) == ["hear"]
    Contact.objects.filter(pk=empty.pk).update(variables={"city": "Rasht"})
    console.post(address, sent(hear="omi"))
    assert Call.objects.get().variables["hello"] == "Dear Omid of Rasht"


def test_without_a_choice_the_first_whole_one_is_heard(caller):
    campaign, whole = written(caller)
    hole = make_contact(variables={})
    ListMembership.objects.create(contact_list=campaign.lists.get(), contact=hole)
    assert test_call.choose_hearer(campaign, "") == whole
    whole.delete()
    assert test_call.choose_hearer(campaign, "") == hole


def test_a_wrong_number_is_said_at_its_field(console, caller):
    campaign, _contact = written(caller)
    answer = console.post(reverse("campaign-try", args=[campaign.pk]), sent(number="12"))
    assert (answer.status_code, list(answer.context["try_form"].errors)) == (422, ["number"])
    stale = console.post(reverse("campaign-try", args=[campaign.pk]), sent(form_token=""))
    assert "earlier visit" in text_of(stale)
    assert not Call.objects.exists()


def test_a_message_that_is_not_complete_is_not_tried(caller):
    campaign, contact = written(caller, agent=None)
    with pytest.raises(Refusal, match="Choose an agent, voice, text or digits"):
        test_call.try_message(campaign, caller, MINE, contact, uuid.uuid4())


def test_who_may_not_try_a_message_does_not(client, caller):
    campaign, contact = written(caller)
    nobody = User.objects.create_user("nobody")
    with pytest.raises(PermissionDenied):
        test_call.try_message(campaign, nobody, MINE, contact, uuid.uuid4())
    client.force_login(nobody)
    assert client.post(reverse("campaign-try", args=[campaign.pk]), sent()).status_code == 403
    client.force_login(make_person())
    assert client.post(reverse("campaign-try", args=[campaign.pk]), sent()).status_code == 404


def test_only_ones_own_confirmed_number_rings(console, caller, manager):
    campaign, contact = written(caller)
    other = UnderstoodNumber("+989120000002", "IR")
    OwnNumber.objects.create(person=caller, phone=other.e164)
    confirmed(manager, other.e164)
    for number in (other.e164, "+989120000003"):
        answer = console.post(reverse("campaign-try", args=[campaign.pk]), sent(number=number))
        assert answer.status_code == 422
        assert "not confirmed as yours. Enter it under “Own numbers”" in text_of(answer)
    assert not Call.objects.exists()
    OwnNumber.objects.filter(person=caller, phone=other.e164).update(confirmed_at=timezone.now())
    assert test_call.try_message(campaign, caller, other, contact, uuid.uuid4()).is_new


def test_an_admin_may_try_what_they_have_set_up(client, caller):
    campaign, contact = written(caller)
    admin = make_person(ADMIN)
    # An admin sees no contacts, so hears nobody's values either: a message that needs none can be tried.
    with pytest.raises(Refusal, match="The message is missing a value"):
        test_call.try_message(campaign, admin, MINE, contact, uuid.uuid4())
    Campaign.objects.filter(pk=campaign.pk).update(variables={})
    campaign.refresh_from_db()
    with pytest.raises(Refusal, match="not confirmed as yours"):
        test_call.try_message(campaign, admin, MINE, contact, uuid.uuid4())
    confirmed(admin)
    client.force_login(admin)
    assert client.post(reverse("campaign-try", args=[campaign.pk]), sent()).status_code == 302
    assert Call.objects.get().owner == admin


def test_a_day_has_so_many_test_calls(caller, settings):
    settings.TEST_CALLS_A_DAY = 2
    campaign, contact = written(caller)
    token = uuid.uuid4()
    for each in (token, uuid.uuid4()):
        test_call.try_message(campaign, caller, MINE, contact, each)
        Call.objects.update(status="completed", placing_at=timezone.now())
    with pytest.raises(Refusal, match="limit of 2 test calls in 24 hours"):
        test_call.try_message(campaign, caller, MINE, contact, uuid.uuid4())
    # The same press again is the same call, not a third.
    assert not test_call.try_message(campaign, caller, MINE, contact, token).is_new
    first = Call.objects.order_by("pk").first()
    Call.objects.filter(pk=first.pk).update(created_at=timezone.now() - test_call.DAY)
    assert test_call.try_message(campaign, caller, MINE, contact, uuid.uuid4()).is_new
    settings.TEST_CALLS_A_DAY = 0
    with pytest.raises(Refusal, match="turned off"):
        test_call.try_message(campaign, caller, MINE, contact, uuid.uuid4())


def test_whoever_sees_no_contacts_types_what_the_message_takes_from_one(client):
    admin = make_person(ADMIN)
    campaign, contact = written(admin)
    client.force_login(admin)
    page = client.get(reverse("campaign-check", args=[campaign.pk]))
    form = page.context["try_form"]
    assert "hear" not in form.fields
    by_name = {name: field for field, name in form.samples.items()}
    assert set(by_name) == {"name", "city"}
    assert contact.name not in text_of(page)
    address = reverse("campaign-try", args=[campaign.pk])
    holed = client.post(address, sent(**{by_name["name"]: "Sample"}))
    assert list(holed.context["try_form"].errors) == [by_name["city"]]
    client.post(address, sent(**{by_name["name"]: "Sample", by_name["city"]: "Shiraz"}))
    call = Call.objects.get()
    assert call.variables["hello"] == "Dear Sample of Shiraz"
    assert call.to_number == MINE.e164
