"""A person's own opt-out comes off the list by two people, through whatever door; staff's own entries by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access import two_people
from callcenter.access.models import Membership, Team, TwoPersonRequest
from callcenter.access.rights import MANAGER
from callcenter.access.two_people_kinds import REMOVE_OPT_OUT
from callcenter.audit.models import AuditEvent
from campaigns.contacts import do_not_call, duplicates, heard_opt_outs, opt_out_removal, other_numbers
from campaigns.contacts.do_not_call import OwnOptOut, forbid, never_call_again
from campaigns.contacts.importing.saved.undoing import undo_import
from campaigns.core.refusals import Refusal
from campaigns.core.views.two_people import asked_in_words
from campaigns.models import Contact, ContactImport, DoNotCall
from campaigns.tracking import consequences
from tests.conftest import MARYAM, make_call, make_contact, make_person

Source = DoNotCall.Source
pytestmark = pytest.mark.django_db


def heard_by_a_user(person: User) -> None:
    never_call_again(make_call(to_number=MARYAM), person, "said so")


def told_by_the_vendor(_person: User) -> None:
    consequences._forbid(make_call(to_number=MARYAM), "webhook", timezone.now(), was_over=False)


def decided_by_a_user(person: User) -> None:
    call = make_call(to_number=MARYAM)
    heard_opt_outs.keep([(call, "stop it", False)], timezone.now())
    heard_opt_outs.put_on_the_list(call.pk, person, "clear")


def added_again_by_staff(person: User) -> None:
    told_by_the_vendor(person)
    forbid(MARYAM, reason="list of the authority", source=Source.AUTHORITY, person=person)


def carried_over_by_a_merge(person: User) -> None:
    contact, other = make_contact(), make_contact(phone=MARYAM)
    never_call_again(make_call(to_number=contact.phone, contact=contact), person, "said so")
    duplicates.merge_people(contact.pk, other.pk, person)


def carried_over_to_a_further_number(person: User) -> None:
    contact = make_contact()
    never_call_again(make_call(to_number=contact.phone, contact=contact), person, "said so")
    other_numbers.add_number(contact.pk, MARYAM, person)


def written_by_the_version_before(_person: User) -> None:
    DoNotCall.objects.create(phone=MARYAM, source=Source.VENDOR)


OWN = (
    heard_by_a_user,
    told_by_the_vendor,
    decided_by_a_user,
    added_again_by_staff,
    carried_over_by_a_merge,
    carried_over_to_a_further_number,
    written_by_the_version_before,
)


@pytest.mark.parametrize("opted_out", OWN, ids=lambda one: one.__name__)
def test_one_person_alone_does_not_remove_an_own_opt_out(opted_out: Callable[[User], None]) -> None:
    reza, ali = make_person(MANAGER), make_person(MANAGER)
    opted_out(reza)
    entry = DoNotCall.objects.get(phone=MARYAM)
    with pytest.raises(OwnOptOut):
        do_not_call.allow_again(entry.pk, reason="he said so", person=reza)
    done = opt_out_removal.remove(entry.pk, reza, "he said so")
    assert done is not None
    assert done.asked is not None
    assert DoNotCall.objects.filter(pk=entry.pk).exists()
    # An open request is no confirmation, and one about another entry neither.
    with pytest.raises(OwnOptOut):
        do_not_call.allow_again(entry.pk, reason="x", person=reza, confirmed=done.asked)
    two_people.confirm(done.asked.pk, ali)
    assert not DoNotCall.objects.filter(pk=entry.pk).exists()
    removed = AuditEvent.objects.get(action="do_not_call.removed")
    assert (removed.actor, removed.detail["asked_by"], removed.detail["reason"]) == (ali, reza.pk, "he said so")


def test_who_is_added_again_by_staff_stays_their_own(manager: User) -> None:
    heard_by_a_user(manager)
    forbid(MARYAM, reason="list", source=Source.AUTHORITY, person=manager)
    with pytest.raises(OwnOptOut):
        do_not_call.allow_again(DoNotCall.objects.get().pk, reason="x", person=manager)


def test_a_confirmed_request_opens_only_its_own_entry(manager: User, admin_person: User) -> None:
    for phone in (MARYAM, "+989121110000"):
        forbid(phone, reason="asked", source=Source.VENDOR, is_own_wish=True)
    first, second = DoNotCall.objects.order_by("pk")
    done = opt_out_removal.remove(first.pk, manager, "x")
    assert done is not None
    assert done.asked is not None
    confirmed = two_people.confirm(done.asked.pk, admin_person)
    with pytest.raises(OwnOptOut):
        do_not_call.allow_again(second.pk, reason="x", person=manager, confirmed=confirmed)


def test_what_staff_added_is_removed_by_one(manager: User) -> None:
    forbid(MARYAM, reason="wrong number", source=Source.AUTHORITY, person=manager)
    done = opt_out_removal.remove(DoNotCall.objects.get().pk, manager, "was a mistake")
    assert done is not None
    assert done.asked is None
    assert not DoNotCall.objects.exists()


def test_who_asks_anew_after_the_request_stays_on_the_list(manager: User, admin_person: User) -> None:
    soon = timezone.now() + timezone.timedelta(days=1)  # type: ignore[attr-defined]
    forbid(MARYAM, reason="asked", source=Source.PERSON, expires_at=soon, is_own_wish=True)
    entry = DoNotCall.objects.get()
    done = opt_out_removal.remove(entry.pk, manager, "x")
    assert done is not None
    assert done.asked is not None
    never_call_again(make_call(to_number=MARYAM), manager, "said it again")
    with pytest.raises(Refusal, match="opted out again"):
        two_people.confirm(done.asked.pk, admin_person)
    assert DoNotCall.objects.filter(pk=entry.pk).exists()


def make_import(owner: User, **fields: Any) -> ContactImport:
    return ContactImport.objects.create(
        owner=owner, status=ContactImport.Status.SAVED, saved_at=timezone.now(), original_name="people.csv", **fields
    )


def test_an_undone_import_leaves_peoples_own_opt_outs_until_a_second_person_confirms(
    manager: User, admin_person: User
) -> None:
    record = make_import(manager)
    for number, is_own in ((1, True), (2, True), (3, False)):
        do_not_call.forbid_each(
            {f"+98912000000{number}": do_not_call.OptOut("said no")},
            source=Source.IMPORT,
            imported_by=record.pk,
            is_own_wish=is_own,
        )
    done = undo_import(record.pk, manager)
    assert (done["numbers"], done["own"]) == (1, 2)
    assert DoNotCall.objects.count() == 2
    request = TwoPersonRequest.objects.get()
    assert request.asked_by == manager
    assert "2 numbers removed" in two_people.confirm(request.pk, admin_person).outcome
    assert not DoNotCall.objects.exists()


def test_the_page_asks_and_a_second_person_confirms_there(client: Client, manager: User, admin_person: User) -> None:
    never_call_again(make_call(to_number=MARYAM), manager, "said so")
    entry = DoNotCall.objects.get()
    client.force_login(manager)
    assert "second user must confirm the removal" in client.get(reverse("do-not-call")).content.decode()
    answer = client.post(reverse("do-not-call-remove", args=[entry.pk]), {"reason": "called us"}, follow=True)
    assert "Not changed yet: another user must confirm this. They can: admin" in answer.content.decode()
    assert "Removal needs a second user" in answer.content.decode()
    request = TwoPersonRequest.objects.get()
    page = client.get(reverse("two-people")).content.decode()
    assert reverse("two-people-confirm", args=[request.pk]) not in page
    assert client.post(reverse("two-people-confirm", args=[request.pk])).status_code == 403
    client.force_login(admin_person)
    for name in ("today", "decisions"):
        shown = re.sub(r"\s+", " ", client.get(reverse(name)).content.decode())
        assert "1 request needs a second user" in shown, name
    page = client.get(reverse("two-people")).content.decode()
    assert "The number is removed from the do-not-call list." in page
    assert MARYAM not in page
    answer = client.post(reverse("two-people-confirm", args=[request.pk]), follow=True)
    assert "can be called again" in answer.content.decode()
    assert not DoNotCall.objects.exists()


def test_the_person_page_asks_too(client: Client, manager: User) -> None:
    contact: Contact = make_contact(phone=MARYAM)
    never_call_again(make_call(to_number=MARYAM, contact=contact), manager, "said so")
    client.force_login(manager)
    page = client.get(reverse("person", args=[contact.pk])).content.decode()
    assert "second user must confirm the removal" in page


def test_only_those_who_reach_the_entry_are_named_as_confirming() -> None:
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    asker, own, other = (make_person(MANAGER, username=name) for name in ("asker", "colleague", "stranger"))
    for person, team in ((asker, ours), (own, ours), (other, theirs)):
        Membership.objects.create(user=person, team=team)
    entry = DoNotCall.objects.create(phone=MARYAM, source=Source.VENDOR, team=ours)
    row = two_people.ask(REMOVE_OPT_OUT, asker, thing=entry, reason="as asked")
    assert two_people.who_may_confirm([row]) == {row.pk: ["colleague"]}
    assert "stranger" not in asked_in_words(row)
