"""One search finds everything that a person may see, by any form of a name or number, and nothing else."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.search.everything import MOST, find_everything
from callcenter.search.places import FURTHER, places_for
from campaigns.contacts.do_not_call import forbid
from campaigns.models import Contact, ContactImport, ContactList, DoNotCall, ListMembership, RefusedRow
from providers.models import Agent
from tests.conftest import make_call, make_campaign, make_contact, make_person

pytestmark = pytest.mark.django_db


def found(text: str, person: User) -> dict[str, list[Any]]:
    return {section.key: list(section.rows) for section in find_everything(text, person)}


def people_in(text: str, person: User) -> list[Contact]:
    return [contact for contact, _is_forbidden in found(text, person).get("people", [])]


def test_a_person_is_found_by_any_form_of_name_and_number(manager: User) -> None:
    maryam = make_contact(name="مریم کاظمی", phone="+989121234567")
    make_contact(name="Ali", phone="+989127654321")
    for text in ("مریم", "كاظمي", "0912 123 4567", "+98 (912) 123-4567", "۰۹۱۲۱۲۳۴۵۶۷", "00989121234567", "234567"):
        assert people_in(text, manager) == [maryam], text
    assert found("m", manager) == {}, "one letter finds half of everybody"


def test_every_kind_is_found(manager: User, admin_person: User) -> None:
    contact = make_contact(name="Winter Smith", phone="+989121234567")
    campaign = make_campaign(name="Winter offers")
    called = make_call(campaign=campaign, contact=contact, remote_id="remote-W1", to_number=contact.phone)
    wanted = ContactList.objects.create(name="winter list")
    forbid("+989127654321", reason="Wrote to us", source=DoNotCall.Source.PERSON, person=manager)
    record = ContactImport.objects.create(original_name="winter.xlsx", owner=manager)
    row = RefusedRow.objects.create(
        contact_import=record, row=7, name="Winter Jones", written="12", digits="12", code="no_number"
    )
    provider = campaign.provider
    provider.name = "Winter line"
    provider.save()
    agent = Agent.objects.create(provider=provider, remote_id="a1", name="Winter voice")

    shown = found("winter", manager)
    assert [one for one, _ in shown["people"]] == [contact]
    assert (shown["campaigns"], shown["lists"]) == ([campaign], [wanted])
    assert [one.row for one in shown["refused"]] == [row]
    assert (shown["providers"], shown["agents"]) == ([provider], [agent])
    for text in (str(called.pk), f"#{called.pk}", str(called.reference), called.reference.hex, "remote-W1"):
        assert found(text, manager)["calls"] == [called], text
    assert [entry.phone for entry, _url in found("0912 765 4321", manager)["do_not_call"]] == ["+989127654321"]
    assert [place.label for place in found("spending", admin_person)["places"]] == ["Daily spending limits"]
    assert found("retries", manager)["help"]


def test_nobody_finds_what_is_not_theirs(caller: User) -> None:
    Membership.objects.create(user=caller, team=Team.objects.create(name="North"))
    caller = User.objects.get(pk=caller.pk)
    south = Team.objects.create(name="South")
    owner = make_person(MANAGER)
    Membership.objects.create(user=owner, team=south)
    contact = make_contact(name="Hidden Person", phone="+989121234567", owner=owner, team=south)
    campaign = make_campaign(name="Hidden campaign", owner=owner, team=south)
    call = make_call(campaign=campaign, contact=contact, owner=owner, team=south, remote_id="hidden-1")
    ContactList.objects.create(name="Hidden list", owner=owner, team=south)
    for text in ("Hidden", "+989121234567", "hidden-1", str(call.reference), str(call.pk)):
        kinds = found(text, caller).keys() - {"help"}
        assert not kinds, (text, kinds)
    assert people_in("Hidden", User.objects.get(pk=owner.pk)) == [contact]


@pytest.mark.parametrize("role", [CALLER, MANAGER, ADMIN])
@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_page_that_is_named_opens(client: Client, role: str, language: str) -> None:
    person = make_person(role)
    client.force_login(person)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    with translation.override(language):
        places = list(places_for(person))
        assert len({place.url for place in places}) == len(places)
        for place in places:
            assert place in found(str(place.label), person)["places"], place
    for place in places:
        assert client.get(place.url, follow=True).status_code == 200, place


def test_a_page_without_its_right_is_not_named() -> None:
    for role in (CALLER, MANAGER, ADMIN):
        person = make_person(role)
        client = Client()
        client.force_login(person)
        named = {place.url for place in places_for(person)}
        for name, _label, _icon in FURTHER:
            if reverse(name) not in named:
                assert client.get(reverse(name)).status_code == 403, (role, name)


def test_more_than_a_few_lead_to_all_of_them(manager: User) -> None:
    for number in range(MOST + 1):
        make_contact(name=f"Winter {number}")
    (section,) = (one for one in find_everything("winter", manager) if one.key == "people")
    assert (len(section.rows), section.more) == (MOST, reverse("people") + "?q=winter")


def test_a_number_stands_in_no_address(client: Client, manager: User) -> None:
    make_contact(name="Maryam", phone="+989121234567")
    client.force_login(manager)
    for name in ("search", "search-found"):
        moved = client.post(reverse(name), {"_search": "1", "q": "0912 123 4567"})
        assert moved.status_code == 303
        assert "1234567" not in moved["Location"].replace("%20", "").replace("+", "")
        assert "Maryam" in client.get(moved["Location"]).content.decode()
    assert client.get(reverse("search"), {"q": str(uuid.uuid4())}).status_code == 200


@pytest.mark.parametrize("path", ["/search/", "/search/found/", "/people/", "/lists/{}/"])
def test_a_number_that_is_masked_is_found_by_its_end_alone(client: Client, path: str) -> None:
    """A role of one's own sees people and no whole number: nothing tells it more digits than it sees."""
    role = Group.objects.create(name="Readers")
    role.permissions.add(*Permission.objects.filter(codename__in=["see_people", "see_today"]))
    reader = User.objects.create_user("reader")
    reader.groups.add(role)
    maryam = make_contact(name="Maryam", phone="+989125550417")
    wanted = ContactList.objects.create(name="Street")
    ListMembership.objects.create(contact_list=wanted, contact=maryam)
    record = ContactImport.objects.create(original_name="people.xlsx")
    RefusedRow.objects.create(
        contact_import=record, row=7, name="Maryam", written="0912 555 0418", digits="09125550418", code="no_number"
    )
    client.force_login(reader)
    for text, is_found in (
        ("Maryam", True), ("0417", True), ("5550", False), ("912555", False), ("0912 555 0416", False), ("0418", False),
    ):  # fmt: skip
        page = client.get(path.format(wanted.pk), {"q": text}).content.decode()
        assert (f"/people/{maryam.pk}/" in page) == is_found, text
        assert "5550417" not in page.replace(" ", "")
        assert "555 0418" not in page


def test_it_asks_as_often_for_many_as_for_few(manager: User) -> None:
    asked = []
    # What a user's rights are is read once.
    find_everything("winter", manager)
    for many in (2, 20):
        for number in range(many):
            contact = make_contact(name=f"Winter {many} {number}")
            make_call(campaign=make_campaign(name=f"Winter {many} {number}"), contact=contact)
            ContactList.objects.create(name=f"Winter {many} {number}")
        with CaptureQueriesContext(connection) as queries:
            find_everything("winter", manager)
        asked.append(len(queries))
    assert asked[0] == asked[1]
