"""Other numbers of a person: shown and changed on the person's page, found by search, covered by every opt-out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.contacts import other_numbers
from campaigns.contacts.do_not_call import forbid
from campaigns.contacts.duplicates import merge_people
from campaigns.contacts.people import find_members, find_people
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.refusals import Refusal
from campaigns.models import Contact, ContactImport, ListMembership, OtherNumber, RefusedRow
from tests.conftest import MANAGER, make_call, make_contact, make_list, make_person

pytestmark = pytest.mark.django_db
OWN, HOME, WORK = "+989120009101", "+982188770001", "+989350009102"


@pytest.fixture
def sara() -> Contact:
    contact = make_contact(phone=OWN, name="Sara")
    OtherNumber.objects.create(contact=contact, phone=HOME)
    return contact


def post(client: Client, name: str, *arguments: int, **sent: Any) -> str:
    return client.post(reverse(name, args=arguments), sent, follow=True).content.decode()


def test_they_are_shown_added_and_removed(client: Client, caller: User, sara: Contact) -> None:
    client.force_login(caller)
    page = client.get(reverse("person", args=[sara.pk])).content.decode()
    assert "+98 21 8877 0001" in page
    assert "Number added." in post(client, "person-number-add", sara.pk, phone="0935 000 9102")
    assert "already has this number" in post(client, "person-number-add", sara.pk, phone=WORK)
    assert "already has this number" in post(client, "person-number-add", sara.pk, phone=OWN)
    assert "not a phone number" in post(client, "person-number-add", sara.pk, phone="x")
    assert [one.phone for one in sara.other_numbers.all()] == [HOME, WORK]
    number = sara.other_numbers.first()
    assert number is not None
    assert "Number removed." in post(client, "person-number-remove", sara.pk, number.pk)
    assert "Number removed." in post(client, "person-number-remove", sara.pk, number.pk)
    assert [one.phone for one in sara.other_numbers.all()] == [WORK]


def test_another_number_is_called_from_now_on(client: Client, caller: User, sara: Contact) -> None:
    client.force_login(caller)
    number = sara.other_numbers.get()
    call = make_call(contact=sara)
    with pytest.raises(Refusal):
        other_numbers.call_from_now_on(sara.pk, number.pk, caller)
    call.delete()
    somebody = make_contact(phone=HOME)
    assert "Another contact has this number" in post(client, "person-number-call", sara.pk, number.pk)
    somebody.delete()
    assert "This number will be called from now on" in post(client, "person-number-call", sara.pk, number.pk)
    sara.refresh_from_db()
    assert (sara.phone, [one.phone for one in sara.other_numbers.all()]) == (HOME, [OWN])


def test_a_do_not_call_of_one_holds_for_all(client: Client, caller: User, sara: Contact) -> None:
    client.force_login(caller)
    forbid(HOME, reason="asked", source="person", person=caller)
    assert forbidden_numbers([OWN, HOME, WORK]) == {OWN, HOME}
    assert "is on the do-not-call list" in client.get(reverse("person", args=[sara.pk])).content.decode()
    # A number that is added later is covered too, and none is removed to get round the list.
    assert "this contact is not called" in post(client, "person-number-add", sara.pk, phone=WORK)
    assert forbidden_numbers([WORK]) == {WORK}
    with pytest.raises(Refusal):
        other_numbers.remove_number(sara.pk, sara.other_numbers.all()[0].pk, caller)


def test_a_shared_number_is_said_on_the_page_of_whoever_shares_it(client: Client, caller: User) -> None:
    client.force_login(caller)
    omid = make_contact(phone=HOME, name="Omid")
    sara = make_contact(phone=OWN, name="Sara")
    forbid(OWN, reason="asked", source="person", person=caller)
    OtherNumber.objects.create(contact=sara, phone=HOME)
    page = client.get(reverse("person", args=[omid.pk])).content.decode()
    assert "another number of this contact is on the do-not-call list" in page


def test_people_are_found_by_every_number(client: Client, caller: User, sara: Contact) -> None:
    contact_list = make_list()
    ListMembership.objects.create(contact_list=contact_list, contact=sara)
    make_contact(phone=WORK, name="Omid")
    for text in ("02188770001", "+982188770001", "8877", "88770001", "۸۸۷۷۰۰۰۱"):
        assert [one.name for one in find_people(text, "IR", caller)] == ["Sara"], text
        members = find_members(ListMembership.objects.filter(contact_list=contact_list), text, "IR", caller)
        assert [one.contact.name for one in members] == ["Sara"], text
    make_call(contact=sara, placing_at=None, owner=caller)
    client.force_login(make_person(MANAGER))
    for text in ("02188770001", "8877"):
        page = client.get(reverse("call-log"), {"person": text})
        assert [call.contact for call in page.context["page"].rows] == [sara], text


def test_a_merge_keeps_every_number_once(caller: User, sara: Contact) -> None:
    omid = make_contact(phone=WORK, name="Omid")
    for phone in (HOME, "+982188770009"):
        OtherNumber.objects.create(contact=omid, phone=phone)
    merge_people(sara.pk, omid.pk, caller)
    assert [one.phone for one in sara.other_numbers.all()] == [HOME, "+982188770009"]
    assert not omid.other_numbers.exists()


# Those who were refused


def test_whoever_was_refused_is_found_with_reason_and_file(client: Client, caller: User) -> None:
    record = ContactImport.objects.create(original_name="spring.csv", owner=caller, status="saved")
    RefusedRow.objects.create(
        contact_import=record, row=7, name="Nima Fard", written="0912000", digits="0912000", code="too_short"
    )
    address, log = reverse("people"), reverse("call-log")
    client.force_login(caller)
    for text in ("nima", "0912000", "12000", "۰۹۱۲۰۰۰"):
        page = client.get(address, {"q": text}).content.decode()
        assert "The number is too short" in page, text
        assert "spring.csv" in page
        assert "Row 7" in page
        assert "spring.csv" in client.get(log, {"person": text}).content.decode(), text
    assert "spring.csv" not in client.get(address, {"q": "omid"}).content.decode()
    assert "spring.csv" not in client.get(address).content.decode()
    # An import is shown to its owner and to managers.
    client.force_login(make_person(MANAGER))
    assert "spring.csv" in client.get(address, {"q": "nima"}).content.decode()
    RefusedRow.objects.update(contact_import=ContactImport.objects.create(original_name="other.csv"))
    client.force_login(caller)
    assert "other.csv" not in client.get(address, {"q": "nima"}).content.decode()
