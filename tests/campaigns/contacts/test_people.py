"""The screens of people and lists."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.contacts.people import find_members, find_people, last_decision
from campaigns.models import Campaign, Contact, ContactList, ListMembership
from providers.types import CallStatus
from tests.conftest import MARYAM, make_call, make_campaign, make_contact, make_list, of_a_page
from tests.shown import shown_at

pytestmark = pytest.mark.django_db

EDITED_AT = {"person-edit": "person-edit", "person-tags": "person", "list-rename": "list"}
"""The page of each form that edits a row."""


def page_at(client: Client, name: str, *arguments: Any, **query: Any) -> str:
    answer = client.get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, page: str, /, *arguments: Any, **data: Any) -> Any:
    address = reverse(page, args=arguments)
    if seen_at := EDITED_AT.get(page):
        seen = client.get(reverse(seen_at, args=arguments))
        data |= shown_at(client, reverse(seen_at, args=arguments)) if seen.status_code == 200 else {}
    return client.post(address, data, follow=True)


@pytest.mark.parametrize(
    "text",
    ["0912 123 4567", "۰۹۱۲۱۲۳۴۵۶۷", "+98 (912) 123-4567", "1234567", "۱۲۳۴", "0912123", "maryam", "Hossein", "كريمي"],
)  # fmt: skip
def test_people_are_found_in_any_form(text: str, caller: User) -> None:
    wanted = make_contact(phone=MARYAM, name="Maryam Hosseini کریمی")
    make_contact(phone="+919876543210", name="Arjun")
    assert list(find_people(text, "IR", caller)) == [wanted]


def test_short_digits_look_in_names_only(caller: User) -> None:
    make_contact(name="Unit 12")
    assert find_people("12", "IR", caller).count() == 1
    assert find_people("", "IR", caller).count() == 1
    assert find_people("zzz", "IR", caller).count() == 0


def test_people_page_in_constant_queries(client: Client, caller: User, django_assert_max_num_queries: Any) -> None:
    make_list(people=120, name="Spring")
    client.force_login(caller)
    with django_assert_max_num_queries(of_a_page(14)):
        page = page_at(client, "people")
    assert "120 people" in page
    assert page.count('data-label="Number"') == 50
    assert "Spring" in page
    oldest = page_at(client, "people", older_than=Contact.objects.order_by("pk")[10].pk)
    assert oldest.count('data-label="Number"') == 10
    assert "No one found" in page_at(client, "people", q="nobody")


def test_admins_and_strangers_do_not_see_people(client: Client, admin_person: User) -> None:
    contact = make_contact()
    for name, arguments in (("people", []), ("lists", []), ("person", [contact.pk])):
        assert client.get(reverse(name, args=arguments)).status_code == 302
    client.force_login(admin_person)
    for name, arguments in (("people", []), ("lists", []), ("person", [contact.pk])):
        assert client.get(reverse(name, args=arguments)).status_code == 403


def test_page_of_a_person(client: Client, caller: User, manager: User, django_assert_max_num_queries: Any) -> None:
    contact = make_contact(
        phone=MARYAM, name="<script>alert(1)</script>", variables={"order": "4711"}, tags=["vip"], consent_source="Web"
    )
    ListMembership.objects.create(contact_list=make_list(name="Spring"), contact=contact)
    make_call(to_number=MARYAM, contact=contact, owner=caller, status=CallStatus.BUSY, placing_at=timezone.now())
    for _ in range(3):
        make_call(
            to_number=MARYAM, owner=manager, status=CallStatus.NO_ANSWER,
            placing_at=timezone.now() - datetime.timedelta(days=2),
        )  # fmt: skip
    client.force_login(caller)
    with django_assert_max_num_queries(of_a_page(27)):
        page = page_at(client, "person", contact.pk)
    assert "<script>alert" not in page
    for words in ("+98 912 123 4567", "Spring", "vip", "4711", "Web", "Asia/Tehran", "3 more calls by other users"):
        assert words in page
    assert "Nobody answered." in page
    client.force_login(manager)
    page = page_at(client, "person", contact.pk)
    assert page.count('data-label="Result"') == 4
    assert "more calls by other users" not in page


def test_last_decision_is_one_sentence() -> None:
    contact = make_contact(phone=MARYAM)
    assert "Not called yet" in str(last_decision(contact, None).sentence)
    make_call(to_number=MARYAM, status=CallStatus.COMPLETED, talk_seconds=20)
    assert str(last_decision(contact, None).sentence) == "Answered"
    make_call(to_number=MARYAM, status=CallStatus.PENDING, wait_reason="outside_hours")
    assert "calling hours" in str(last_decision(contact, None).sentence)


def test_add_and_change_a_person(client: Client, caller: User) -> None:
    client.force_login(caller)
    spring = make_list(name="Spring")
    post(client, "person-new", name="Ann", phone="0912 123 4567", contact_list=spring.pk, variables="order: 4711")
    ann = Contact.objects.get()
    assert (ann.phone, ann.region, ann.variables, ann.owner) == (MARYAM, "IR", {"order": "4711"}, caller)
    assert list(spring.contacts.all()) == [ann]
    page = post(client, "person-new", name="Again", phone="+989121234567")
    assert (page.status_code, "This number already exists" in page.content.decode()) == (422, True)
    page = post(client, "person-edit", ann.pk, name="Ann", phone=MARYAM, time_zone="Mars/Base", variables="x")
    assert "Unknown time zone" in page.content.decode()
    assert "Enter each line as name: value." in page.content.decode()
    post(
        client, "person-edit", ann.pk, name="Ann Lee", phone="+919876543210", time_zone="Asia/Kolkata", tags="a, b،a",
        variables="city: Pune\norder: 1",
    )  # fmt: skip
    ann.refresh_from_db()
    assert (ann.name, ann.phone, ann.region, ann.time_zone) == ("Ann Lee", "+919876543210", "IN", "Asia/Kolkata")
    assert (ann.tags, ann.variables) == (["a", "b"], {"city": "Pune", "order": "1"})
    assert "phone" in AuditEvent.objects.get(action="person.changed").detail["fields"]
    make_call(contact=ann)
    page = post(client, "person-edit", ann.pk, name="Ann Lee", phone=MARYAM)
    assert "A call to the old number is waiting or in progress" in page.content.decode()
    make_contact(phone="+989130000001")


def test_several_notes_with_who_and_when(client: Client, caller: User, manager: User) -> None:
    ann = make_contact()
    client.force_login(caller)
    page = post(client, "person-note", ann.pk, text="Speaks French").content.decode()
    assert "Note saved." in page
    client.force_login(manager)
    page = post(client, "person-note", ann.pk, text="Likes <b>tea</b>\nand cake").content.decode()
    assert page.index("Likes &lt;b&gt;tea&lt;/b&gt;<br>and cake") < page.index("Speaks French")
    assert "sara" in page
    page = post(client, "person-note", ann.pk, text=" ")
    assert (page.status_code, ann.notes.count()) == (422, 2)
    own, managers = ann.notes.get(author=caller), ann.notes.get(author=manager)
    client.force_login(caller)
    assert post(client, "person-note-remove", ann.pk, managers.pk).status_code == 403
    assert "Note deleted." in post(client, "person-note-remove", ann.pk, own.pk).content.decode()
    assert post(client, "person-note-remove", ann.pk, own.pk).status_code == 404
    assert list(ann.notes.all()) == [managers]
    assert AuditEvent.objects.filter(action__in=["person.note_added", "person.note_removed"]).count() == 3


def test_tags_are_changed_in_place(client: Client, caller: User, admin_person: User) -> None:
    ann = make_contact(tags=["old"])
    client.force_login(caller)
    page = post(client, "person-tags", ann.pk, tags="vip، 2026 , vip").content.decode()
    ann.refresh_from_db()
    assert (ann.tags, "Tags saved." in page) == (["vip", "2026"], True)
    assert AuditEvent.objects.get(action="person.changed").detail["fields"] == ["tags"]
    assert post(client, "person-tags", ann.pk, tags="x" * 400).status_code == 422
    client.force_login(admin_person)
    assert post(client, "person-tags", ann.pk, tags="mine").status_code == 403


def test_calls_from_before_a_new_number_stay_on_the_page(client: Client, manager: User) -> None:
    ann = make_contact(phone=MARYAM)
    make_call(contact=ann, to_number="+989130000009", status=CallStatus.BUSY, placing_at=timezone.now())
    make_call(contact=make_contact(), to_number=MARYAM, status=CallStatus.BUSY)
    client.force_login(manager)
    assert page_at(client, "person", ann.pk).count('data-label="Result"') == 1


def test_a_known_number_stays_with_its_person(client: Client, caller: User) -> None:
    client.force_login(caller)
    make_contact(phone="+989130000001")
    ann = make_contact(phone=MARYAM)
    page = post(client, "person-edit", ann.pk, name="Ann", phone="09130000001")
    assert "Another contact already has this number." in page.content.decode()
    ann.refresh_from_db()
    assert ann.phone == MARYAM


def test_lists_are_made_renamed_and_removed(client: Client, caller: User, django_assert_max_num_queries: Any) -> None:
    client.force_login(caller)
    post(client, "list-new", name="  Spring   sale ")
    spring = ContactList.objects.get()
    assert (spring.name, spring.owner) == ("Spring sale", caller)
    page = post(client, "list-new", name="Spring sale")
    assert (page.status_code, "A list with this name" in page.content.decode()) == (422, True)
    make_list(people=3, name="Autumn")
    assert "A list with this name" in post(client, "list-rename", spring.pk, name="Autumn").content.decode()
    post(client, "list-rename", spring.pk, name="Summer")
    with django_assert_max_num_queries(10):
        page = page_at(client, "lists")
    assert "Summer" in page
    assert "Spring" not in page
    assert "This list is empty" in page_at(client, "list", spring.pk)
    campaign = make_campaign(lists=[spring])
    assert "A campaign uses this list" in post(client, "list-remove", spring.pk).content.decode()
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.FINISHED)
    post(client, "list-remove", spring.pk)
    assert set(ContactList.objects.values_list("name", flat=True)) == {"Autumn"}


def test_people_leave_a_list(client: Client, caller: User, django_assert_max_num_queries: Any) -> None:
    spring = make_list(people=60)
    client.force_login(caller)
    with django_assert_max_num_queries(of_a_page(15)):
        page = page_at(client, "list", spring.pk)
    assert page.count('name="person"') == 50
    chosen = list(spring.contacts.values_list("pk", flat=True)[:2])
    page = post(client, "list-remove-people", spring.pk, person=[*chosen, "x"]).content.decode()
    assert "2 contacts removed from the list." in page
    assert (spring.contacts.count(), Contact.objects.count()) == (58, 60)
    assert "No contacts were chosen." in post(client, "list-remove-people", spring.pk).content.decode()
    last = spring.contacts.order_by("pk").last()
    assert last is not None
    assert page_at(client, "list", spring.pk, q=last.phone[-7:]).count('name="person"') == 1


def test_a_search_in_a_list_finds_what_a_search_among_all_finds(caller: User) -> None:
    chosen = make_list(3)
    maryam = make_contact(phone=MARYAM, name="Maryam Hosseini کریمی")
    make_contact(phone="+989121234500", name="Maryam of another list")
    chosen.memberships.create(contact=maryam)
    found = 0
    for text in ("", "  ", "maryam", "MARYAM", "كريمي", "Nobody", "1234567", "۱۲۳۴", "0912 123 4567", MARYAM):
        inside = find_members(chosen.memberships.all(), text, "IR", caller).values_list("contact", flat=True)
        everywhere = find_people(text, "IR", caller).filter(lists=chosen).values_list("pk", flat=True)
        assert sorted(inside) == sorted(everywhere), text
        found += inside.count() == 1
    assert found == 7


def test_a_short_search_says_where_it_looks(client: Client, caller: User) -> None:
    chosen = make_list(people=1, name="Spring")
    client.force_login(caller)
    pages = [(reverse(name), field) for name, field in (("people", "q"), ("call-log", "person"))]
    pages += [(reverse("list", args=[chosen.pk]), "q"), (reverse("do-not-call"), "q")]
    told = "One or two letters find only the start of a word in the name."
    found = [
        [told in client.get(url, {field: text}).content.decode() for text in ("Ma", "Mar", "")] for url, field in pages
    ]
    assert found == [[True, False, False]] * 3 + [[False] * 3]
