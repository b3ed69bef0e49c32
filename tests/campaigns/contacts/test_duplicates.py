"""Two entries of one person become one: nothing is lost, nobody is called who said no."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.contacts.do_not_call import forbid
from campaigns.contacts.duplicates import add_note, look_at_both, merge_people, take_apart
from campaigns.contacts.people import calls_of
from campaigns.core.refusals import Refusal
from campaigns.models import Call, Contact, ContactList, DoNotCall, ListMembership
from providers.types import CallStatus
from tests.campaigns.contacts.imported_files import save, take
from tests.conftest import make_call, make_campaign, make_contact, make_list
from tests.files import people_file

pytestmark = pytest.mark.django_db


def member(contact: Contact, *lists: ContactList) -> None:
    for contact_list in lists:
        ListMembership.objects.create(contact_list=contact_list, contact=contact)


@pytest.fixture
def two() -> tuple[Contact, Contact]:
    kept = make_contact(name="Ann Lee", variables={"city": "Pune"}, tags=["vip"])
    other = make_contact(
        name="A. Lee", variables={"city": "Goa", "order": "4711"}, tags=["old", "vip"], consent_source="Web",
        time_zone="Asia/Kolkata",
    )  # fmt: skip
    return kept, other


def test_calls_lists_notes_and_what_is_known_stay(two: tuple[Contact, Contact], manager: User) -> None:
    kept, other = two
    spring, autumn, both = make_list(name="Spring"), make_list(name="Autumn"), make_list(name="Both")
    member(kept, spring, both)
    member(other, autumn, both)
    campaign = make_campaign(lists=[both])
    # The same attempt of the same campaign, to either entry.
    calls = [make_call(contact=one, campaign=campaign, status=CallStatus.BUSY) for one in two]
    stray = make_call(to_number=other.phone, status=CallStatus.COMPLETED, talk_seconds=9)
    add_note(other, "Speaks French", manager)
    before = list(Call.objects.order_by("pk").values())

    merge_people(kept.pk, other.pk, manager)

    kept.refresh_from_db()
    assert set(calls_of(kept)) == {*calls, stray}
    assert list(Call.objects.order_by("pk").values()) == before
    assert set(kept.lists.all()) == {spring, autumn, both}
    assert ListMembership.objects.filter(contact=other).count() == 0
    assert (kept.name, kept.variables, kept.tags) == ("Ann Lee", {"city": "Pune", "order": "4711"}, ["vip", "old"])
    assert (kept.consent_source, kept.time_zone) == ("Web", "Asia/Kolkata")
    assert [note.text for note in kept.notes.all()] == ["Speaks French"]
    event = AuditEvent.objects.get(action="person.merged")
    assert (event.actor, event.object_id, event.detail["merged"]) == (manager, str(kept.pk), other.pk)
    assert other.phone not in str(event.detail) + event.object_name


@pytest.mark.parametrize("index", [0, 1])
def test_do_not_call_of_either_holds_for_both_numbers(two: tuple[Contact, Contact], manager: User, index: int) -> None:
    soon = timezone.now() + datetime.timedelta(days=2)
    forbid(two[index].phone, reason="Asked us", source="person", expires_at=None)
    forbid(two[1 - index].phone, reason="Two days", source="person", expires_at=soon)
    merge_people(two[0].pk, two[1].pk, manager)
    entries = DoNotCall.objects.in_force()
    assert {entry.phone for entry in entries} == {contact.phone for contact in two}
    assert {(entry.reason, entry.expires_at) for entry in entries} == {("Asked us", None)}


def test_a_later_wish_holds_for_every_number(two: tuple[Contact, Contact], manager: User) -> None:
    merge_people(two[0].pk, two[1].pk, manager)
    waiting = make_call(to_number=two[0].phone)
    done = forbid(two[1].phone, reason="Asked us", source="person")
    assert (done.added, done.skipped) == (2, 1)
    waiting.refresh_from_db()
    assert waiting.status == CallStatus.SKIPPED


@pytest.mark.parametrize("status", [CallStatus.PENDING, CallStatus.PLACING, CallStatus.RINGING, CallStatus.UNKNOWN])
@pytest.mark.parametrize("index", [0, 1])
def test_refused_while_a_call_waits_or_is_out(
    two: tuple[Contact, Contact], manager: User, index: int, status: CallStatus
) -> None:
    make_call(to_number=two[index].phone, status=status)
    with pytest.raises(Refusal, match="is waiting or in progress"):
        merge_people(two[0].pk, two[1].pk, manager)
    assert not Contact.objects.filter(merged_into__isnull=False).exists()
    assert look_at_both(*two).refusal


def test_the_other_number_may_be_the_one_to_call(two: tuple[Contact, Contact], manager: User) -> None:
    old, new = two[0].phone, two[1].phone
    call = make_call(contact=two[0], status=CallStatus.BUSY)
    merge_people(two[0].pk, two[1].pk, manager, number=new)
    kept = Contact.objects.get(merged_into=None)
    assert (kept.pk, kept.phone, kept.merged.get().phone) == (two[0].pk, new, old)
    assert list(calls_of(kept)) == [call]


def test_three_entries_one_after_the_other_and_apart_again(two: tuple[Contact, Contact], manager: User) -> None:
    third = make_contact()
    merge_people(two[0].pk, two[1].pk, manager)
    merge_people(third.pk, two[0].pk, manager)
    assert set(third.merged.all()) == set(two)
    for one, again in ((two[0].pk, third.pk), (third.pk, third.pk), (third.pk, 999_999)):
        with pytest.raises(Refusal):
            merge_people(one, again, manager)
    assert take_apart(two[0].pk, manager) == third
    assert take_apart(two[0].pk, manager) is None
    assert list(third.merged.all()) == [two[1]]
    assert AuditEvent.objects.filter(action="person.taken_apart").count() == 1


def test_a_file_with_the_other_number_reaches_the_one_person(
    two: tuple[Contact, Contact], manager: User, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    merge_people(two[0].pk, two[1].pk, manager)
    record = save(take(people_file(tmp_path / "a.csv", two[1].phone, two[0].phone)))
    assert record.counts["known"] == 2
    assert Contact.objects.count() == 2
    assert [membership.contact for membership in ListMembership.objects.all()] == [two[0]]
    again = take(people_file(tmp_path / "b.csv", two[1].phone), contact_list=record.contact_list)
    assert again.counts["in_list"] == 1


# Screens


def test_a_manager_looks_at_both_and_makes_them_one(
    two: tuple[Contact, Contact], client: Client, manager: User
) -> None:
    kept, other = two
    member(other, make_list(name="Spring"))
    make_call(contact=other, status=CallStatus.BUSY, placing_at=timezone.now())
    forbid(other.phone, reason="Asked us", source="person")
    client.force_login(manager)
    page = client.get(reverse("person", args=[kept.pk])).content.decode()
    assert reverse("person-merge-choose", args=[kept.pk]) in page
    url = reverse("person-merge", args=[kept.pk, other.pk])
    page = client.get(reverse("person-merge-choose", args=[kept.pk]), {"q": "lee"}).content.decode()
    assert url in page
    assert reverse("person-merge", args=[kept.pk, kept.pk]) not in page
    page = client.get(url).content.decode()
    for words in ("1 call of the other contact", "Spring", "asked not to be called"):
        assert words in page
    assert client.post(url, {"number": "+989999999999"}).status_code == 422
    answer = client.post(url, {"number": kept.phone}, follow=True)
    page = answer.content.decode()
    assert answer.request["PATH_INFO"] == reverse("person", args=[kept.pk])
    assert "Contacts merged." in page
    assert page.count('data-label="Result"') == 1
    assert "Will not be called: the number is on the do-not-call list." in page
    # The other entry leads to the one person, is found by its number, and is no longer one among the people.
    assert client.get(reverse("person", args=[other.pk]))["Location"] == reverse("person", args=[kept.pk])
    assert "Merged" in client.get(reverse("people"), {"q": other.phone}).content.decode()
    assert client.get(reverse("people")).content.decode().count('data-label="Number"') == 1
    assert client.get(url).status_code == 404
    page = client.post(reverse("person-take-apart", args=[kept.pk, other.pk]), follow=True).content.decode()
    assert "Contacts separated." in page


def test_a_live_call_is_said_in_words(two: tuple[Contact, Contact], client: Client, manager: User) -> None:
    make_call(contact=two[1], status=CallStatus.RINGING)
    client.force_login(manager)
    url = reverse("person-merge", args=[two[0].pk, two[1].pk])
    assert "is waiting or in progress" in client.get(url).content.decode()
    answer = client.post(url, {"number": two[0].phone})
    assert (answer.status_code, "is waiting or in progress" in answer.content.decode()) == (422, True)


def test_only_managers_make_one_of_two(
    two: tuple[Contact, Contact], client: Client, caller: User, admin_person: User
) -> None:
    for person in (caller, admin_person):
        client.force_login(person)
        for name, arguments in (
            ("person-merge-choose", [two[0].pk]),
            ("person-merge", [two[0].pk, two[1].pk]),
            ("person-take-apart", [two[0].pk, two[1].pk]),
        ):
            assert client.post(reverse(name, args=arguments)).status_code == 403
    client.force_login(caller)
    assert "Merge contacts" not in client.get(reverse("person", args=[two[0].pk])).content.decode()
