"""A wish belongs to the person: it follows a changed number, a merge and a second number, and the pages say so."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns.contacts import do_not_call, duplicates, heard_opt_outs, people, person_wishes
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.core.all_numbers import further_numbers
from campaigns.models import Contact, DoNotCall, HeardOptOut, OtherNumber, StopRequest
from tests.campaigns.contacts.imported_files import save, take
from tests.conftest import make_call, make_contact, make_phone
from tests.shown import shown_at

pytestmark = pytest.mark.django_db


def forbid(number: str, **fields: Any) -> None:
    do_not_call.forbid(number, reason="asked", source="person", **fields)


def maybe(number: str) -> HeardOptOut:
    call = make_call(to_number=number, status="completed")
    heard_opt_outs.keep([(call, "maybe", False)], timezone.now())
    heard_opt_outs.hold(call, timezone.now())
    return HeardOptOut.objects.get(call=call, phone=number)


def forbidden(*numbers: str) -> list[bool]:
    return [DoNotCall.objects.in_force().filter(phone=number).exists() for number in numbers]


def held(*numbers: str) -> list[bool]:
    return [heard_opt_outs.held_among([number]) is not None for number in numbers]


def test_it_holds_for_every_number_of_the_person_and_of_nobody_else() -> None:
    person, stranger = make_contact(), make_contact()
    part = make_contact(merged_into=person)
    second = OtherNumber.objects.create(contact=person, phone=make_phone()).phone
    third = OtherNumber.objects.create(contact=part, phone=make_phone()).phone
    every = [person.phone, part.phone, second, third]
    for number in every:
        assert sorted([number, *further_numbers([number])]) == sorted(every)
    assert further_numbers([stranger.phone]) == {}
    forbid(third)
    assert forbidden(*every, stranger.phone) == [True] * 4 + [False]


def test_a_number_that_two_people_share_counts_for_both() -> None:
    one, two = make_contact(), make_contact()
    shared = make_phone()
    for contact in (one, two):
        OtherNumber.objects.create(contact=contact, phone=shared)
    forbid(one.phone)
    assert forbidden(one.phone, shared, two.phone) == [True, True, False]
    forbid(make_phone())
    other = make_phone()
    OtherNumber.objects.create(contact=one, phone=other)
    DoNotCall.objects.all().delete()
    forbid(shared)
    assert forbidden(one.phone, shared, two.phone, other) == [True] * 4


@pytest.mark.parametrize("is_certain", [True, False])
def test_it_follows_a_changed_number(as_manager: Client, is_certain: bool) -> None:
    person = make_contact()
    old, new = person.phone, make_phone()
    forbid(old) if is_certain else maybe(old)
    page = f"/people/{person.pk}/edit/"
    before = as_manager.get(page).content.decode()
    assert ("A new number is added to that list, too" if is_certain else "A new number is not called either") in before
    data = {"name": person.name, "phone": new, "time_zone": "", "tags": "", "variables": "", "consent_source": ""}
    after = as_manager.post(page, data | shown_at(as_manager, page), follow=True).content.decode()
    assert ("the new number is added to it too" if is_certain else "the new number is on hold too") in after
    assert Contact.objects.get(pk=person.pk).phone == new
    assert (forbidden(old, new), held(old, new)) == (
        ([True, True], [False, False]) if is_certain else ([False, False], [True, True])
    )


def test_a_new_number_that_is_on_the_list_forbids_the_others(manager: User) -> None:
    person, new = make_contact(), make_phone()
    second = OtherNumber.objects.create(contact=person, phone=make_phone()).phone
    forbid(new)
    people.change_person(person.pk, {"phone": new}, manager)
    assert forbidden(new, second) == [True, True]


def test_it_ends_with_the_entry(manager: User) -> None:
    person, new = make_contact(), make_phone()
    until = timezone.now().replace(microsecond=0) + datetime.timedelta(days=3)
    forbid(person.phone, expires_at=until)
    people.change_person(person.pk, {"phone": new}, manager)
    assert DoNotCall.objects.get(phone=new).expires_at == until
    DoNotCall.objects.update(expires_at=timezone.now())
    newer = make_phone()
    people.change_person(person.pk, {"phone": newer}, manager)
    assert forbidden(newer) == [False]


@pytest.mark.parametrize("is_certain", [True, False])
def test_it_follows_a_merge(as_manager: Client, manager: User, is_certain: bool) -> None:
    kept, other = make_contact(), make_contact()
    second = OtherNumber.objects.create(contact=kept, phone=make_phone()).phone
    forbid(other.phone) if is_certain else maybe(other.phone)
    page = as_manager.get(f"/people/{kept.pk}/merge/{other.pk}/").content.decode()
    assert (
        "this applies to all numbers of this contact" if is_certain else "numbers is called until a manager decides"
    ) in page
    duplicates.merge_people(kept.pk, other.pk, manager)
    numbers = [kept.phone, other.phone, second]
    assert (forbidden(*numbers), held(*numbers)) == (
        ([True] * 3, [False] * 3) if is_certain else ([False] * 3, [True] * 3)
    )


@pytest.mark.parametrize("is_certain", [True, False])
def test_it_follows_a_further_number_of_an_import(
    manager: User, is_certain: bool, django_assert_max_num_queries: Any
) -> None:
    wished, other = make_contact(), make_contact()
    forbid(wished.phone) if is_certain else maybe(wished.phone)
    numbers = [OtherNumber.objects.create(contact=contact, phone=make_phone()).phone for contact in (wished, other)]
    with django_assert_max_num_queries(4):
        assert person_wishes.hold_for_all_of([other.pk], manager) == 0
    assert person_wishes.hold_for_all_of([wished.pk, other.pk], manager) == 1
    assert (forbidden(*numbers), held(*numbers)) == (
        ([True, False], [False, False]) if is_certain else ([False, False], [True, False])
    )


def test_it_follows_a_further_number_of_a_file(tmp_path: Path, caller: User) -> None:
    known = make_contact(phone="+989120009101")
    held_one, kept_order = "+989350009102", "+989350009103"
    maybe(known.phone)
    order = make_call(to_number=held_one, status="queued", rank=20, remote_id="q", placing_at=timezone.now())
    path = tmp_path / "a.csv"
    path.write_text("Name,Mobile,Work\nSara,09120009101,09350009102\nAli,09120009104,09350009103\n")
    record = take(path, caller)
    record.mapping = record.mapping | {"2": "other_phone"}
    record.save(update_fields=["mapping"])
    save(check_import(record.pk), caller)
    assert OtherNumber.objects.count() == 2
    assert held(known.phone, held_one, kept_order) == [True, True, False]
    assert StopRequest.objects.filter(pk=order.pk).exists()


def test_the_page_of_a_person_says_for_how_many_numbers_and_what_may_still_ring(as_manager: Client) -> None:
    person = make_contact()
    second = OtherNumber.objects.create(contact=person, phone=make_phone()).phone
    make_call(to_number=second, status="ringing", rank=50, remote_id="r", placing_at=timezone.now())
    make_call(to_number=person.phone, status="queued", rank=20, remote_id="q", placing_at=timezone.now())
    said = as_manager.post(f"/people/{person.pk}/do-not-call/", {"reason": "asked"}, follow=True).content.decode()
    for words in (
        "On the list: 2 of the 2 numbers of this person.",
        "The provider is being asked to cancel 1 queued call",
        "1 call is already at the provider and cannot be cancelled",
    ):
        assert words in said
    # A number alone is taken off; the page tells of the others.
    entry = DoNotCall.objects.get(phone=person.phone)
    said = as_manager.post(f"/do-not-call/{entry.pk}/remove/", {"reason": "x"}, follow=True).content.decode()
    assert "1 other number of this contact stays on the list." in said
