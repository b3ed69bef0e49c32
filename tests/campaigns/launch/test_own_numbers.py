"""People's own numbers: entered by themselves, confirmed by somebody else with a reason, audited."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.core.refusals import Refusal
from campaigns.launch import own_numbers
from campaigns.models import OwnNumber
from tests.answers import text_of
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
PHONE = "+989120000001"
PAGE = "/own-numbers/"


def test_a_number_is_entered_confirmed_by_another_and_removed(client: Client, caller: User) -> None:
    client.force_login(caller)
    assert client.post(PAGE, {"number": "0912 000 0001"}).status_code == 302
    found = OwnNumber.objects.get()
    assert (found.person, found.phone, found.confirmed_at) == (caller, PHONE, None)
    assert "Not confirmed yet: ask a manager or an admin" in text_of(client.get(PAGE))
    assert not own_numbers.confirmed(caller).exists()
    address = reverse("own-number-confirm", args=[found.pk])
    assert client.post(address, {"reason": "mine"}).status_code == 403
    manager = make_person(MANAGER)
    client.force_login(manager)
    assert "To be confirmed" in text_of(client.get(PAGE))
    client.post(address, {"reason": " "})
    assert not own_numbers.confirmed(caller).exists()
    client.post(address, {"reason": "I called it"})
    found.refresh_from_db()
    assert (found.confirmed_by, found.reason) == (manager, "I called it")
    client.force_login(caller)
    assert "Confirmed for test calls." in text_of(client.get(PAGE))
    client.post(reverse("own-number-remove", args=[found.pk]))
    assert not OwnNumber.objects.exists()
    about = AuditEvent.objects.filter(action__startswith="own_number.").order_by("pk")
    actions = list(about.values_list("action", "actor__username"))
    assert actions == [
        ("own_number.entered", caller.username), ("own_number.confirmed", manager.username),
        ("own_number.removed", caller.username),
    ]  # fmt: skip
    assert PHONE not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("role", [MANAGER, ADMIN])
def test_nobody_confirms_their_own(role: str) -> None:
    person = make_person(role)
    found = own_numbers.enter(person, PHONE)
    assert not own_numbers.confirm(found.pk, person=person, reason="mine")
    assert own_numbers.waiting_for(person) == []
    assert not own_numbers.confirmed(person).exists()


def test_who_may_not_confirm_sees_and_removes_only_their_own(client: Client, caller: User) -> None:
    theirs = own_numbers.enter(make_person(MANAGER), PHONE)
    with pytest.raises(PermissionDenied):
        own_numbers.confirm(theirs.pk, person=caller, reason="so")
    client.force_login(caller)
    assert "0912 000 0001" not in text_of(client.get(PAGE))
    client.post(reverse("own-number-remove", args=[theirs.pk]))
    assert OwnNumber.objects.filter(pk=theirs.pk).exists()


def test_a_person_has_few_numbers(caller: User) -> None:
    for place in range(own_numbers.MOST_EACH):
        own_numbers.enter(caller, f"+98912000000{place}")
    own_numbers.enter(caller, "+989120000000")
    with pytest.raises(Refusal, match="Remove one"):
        own_numbers.enter(caller, "+989120000009")


def test_the_command_line_confirms_where_nobody_else_can(caller: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("confirm_number", caller.username, PHONE, reason="the only user")
    assert own_numbers.confirmed(caller).get().reason == "the only user"
    call_command("confirm_number", caller.username, PHONE, reason="again")
    assert "confirmed before" in capsys.readouterr().out
    for user, number in (("nobody-such", PHONE), (caller.username, "12")):
        with pytest.raises(CommandError):
            call_command("confirm_number", user, number, reason="x")


def test_who_may_confirm_is_told_of_numbers_of_their_own_team(client: Client, caller: User) -> None:
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    own, other, admin = make_person(MANAGER), make_person(MANAGER), make_person(ADMIN)
    for person, team in ((caller, ours), (own, ours), (other, theirs)):
        Membership.objects.create(user=person, team=team)
    found = own_numbers.enter(caller, PHONE)
    told = "1 number for test calls needs confirmation"
    for person, is_told in ((own, True), (admin, True), (other, False), (caller, False)):
        client.force_login(person)
        assert (told in text_of(client.get(reverse("today")))) is is_told
        assert own_numbers.all_waiting_for(person).count() == len(own_numbers.waiting_for(person)) == is_told
    with pytest.raises(PermissionDenied):
        own_numbers.confirm(found.pk, person=other, reason="so")
    with pytest.raises(PermissionDenied):
        own_numbers.remove(found.pk, person=other)
    assert own_numbers.confirm(found.pk, person=own, reason="I called it")
    client.force_login(own)
    assert told not in text_of(client.get(reverse("today")))
