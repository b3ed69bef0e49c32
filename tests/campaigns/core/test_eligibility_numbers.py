"""The numbers that must not be called: one answer for a few, for thousands and for an audience."""

from __future__ import annotations

import itertools

import pytest
from django.utils import timezone

from campaigns.core import eligibility_numbers, kept_opt_outs
from campaigns.core.eligibility_facts import numbers_now
from campaigns.core.eligibility_numbers import forbidden_numbers, is_forbidden, numbers_of_persons
from campaigns.models import Contact, DoNotCall, OtherNumber
from tests.conftest import make_contact

pytestmark = pytest.mark.django_db


def test_every_way_of_asking_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every state of three numbers of one person and a shared one: own, another, forbidden or not."""
    now, serial = timezone.now(), itertools.count(9_120_000_000)
    expected: set[str] = set()
    for own, first, second in itertools.product((False, True), repeat=3):
        phone, other, shared = (f"+98{next(serial)}" for _ in range(3))
        sara, omid = make_contact(phone=phone), make_contact(phone=shared)
        OtherNumber.objects.bulk_create([OtherNumber(contact=sara, phone=number) for number in (other, shared)])
        asked = [number for number, is_wish in ((phone, own), (other, first), (shared, second)) if is_wish]
        DoNotCall.objects.bulk_create(DoNotCall(phone=number) for number in asked)
        expected |= {phone, other, shared} if asked else set()
        assert omid.phone == shared
    erased, lapsed = (f"+98{next(serial)}" for _ in range(2))
    kept_opt_outs.keep([erased], None)
    kept_opt_outs.keep([lapsed], now)
    for phone in (erased, lapsed):
        make_contact(phone=phone)
    everybody = [*Contact.objects.values_list("phone", flat=True), *OtherNumber.objects.values_list("phone", flat=True)]
    expected_kept = expected | {erased}
    assert forbidden_numbers(everybody, now) == expected_kept
    assert numbers_now(everybody, now, None).forbidden == expected_kept
    monkeypatch.setattr(eligibility_numbers, "MOST_LISTED", 0)
    monkeypatch.setattr(kept_opt_outs, "AT_ONCE", 3)
    assert forbidden_numbers(everybody, now) == expected_kept
    # Of contacts the entries alone are told here: an erased person has no contact any more.
    marked = Contact.objects.annotate(forbidden=is_forbidden(now)).filter(forbidden=True)
    assert set(marked.values_list("phone", flat=True)) == expected & set(
        Contact.objects.values_list("phone", flat=True)
    )
    assert forbidden_numbers([]) == set()


def test_all_numbers_of_a_person_their_own_first() -> None:
    sara = make_contact(phone="+989120000001")
    make_contact(phone="+989120000002", merged_into=sara)
    for phone in ("+989120000003", "+989120000002"):
        OtherNumber.objects.create(contact=sara, phone=phone)
    assert numbers_of_persons([sara.pk]) == {sara.pk: ["+989120000001", "+989120000002", "+989120000003"]}
