"""Invitations: a link that works once and lapses, made by whom it may be made for."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from callcenter.sign_in.models import Invitation
from tests.conftest import make_person

NEW = {"new_password1": "river table lamp", "new_password2": "river table lamp"}


@pytest.fixture
def team(manager: User) -> Team:
    made = Team.objects.create(name="Reminders")
    Membership.objects.create(user=manager, team=made)
    return made


def group(role: str) -> int:
    return Group.objects.get(name=role).pk


def invite(client: Client, role: str, team: Team | None = None, **more: Any) -> Any:
    given = {"username": "laleh", "first_name": "Laleh", "email": "", "roles": [group(role)], **more}
    return client.post(reverse("invite"), given | ({"team": team.pk} if team else {}))


def link_in(answer: Any) -> str:
    found = re.search(r'value="(?:https?://[^/"]+)?(/invitations/[^"]+)"', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def test_an_invited_user_chooses_a_password_nobody_else_knows(client: Client, admin_person: User, team: Team) -> None:
    client.force_login(admin_person)
    shown = invite(client, CALLER, team)
    assert shown.status_code == 200
    user = User.objects.get(username="laleh")
    assert not user.has_usable_password()
    assert [one.name for one in user.groups.all()] == [CALLER]
    assert user.membership.team == team
    browser = Client()
    path = link_in(shown)
    page = browser.get(path)
    assert page["Location"] == "/invitations/chosen/"
    assert "laleh" in browser.get(page["Location"]).content.decode()
    assert browser.post(page["Location"], NEW)["Location"] == reverse("login")
    user.refresh_from_db()
    assert user.check_password("river table lamp")
    given = {"username": "laleh", "password": "river table lamp"}
    assert browser.post(reverse("login"), given).status_code == 302
    actions = list(AuditEvent.objects.values_list("action", flat=True))
    assert {"user.created", "user.invited", "password.chosen"} <= set(actions)


def test_a_link_works_once_lapses_and_is_voided_by_a_newer_one(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    first = link_in(invite(client, CALLER))
    user = User.objects.get(username="laleh")
    second = link_in(client.post(reverse("invitation-renew", args=[user.pk])))

    def opened(path: str) -> int:
        browser = Client()
        return int(browser.get(browser.get(path)["Location"]).status_code)

    assert opened(first) == 410
    with time_machine.travel(timezone.now() + datetime.timedelta(days=7, minutes=1), tick=False):
        assert opened(second) == 410
    assert opened(second) == 200
    browser = Client()
    browser.post(browser.get(second)["Location"], NEW)
    assert opened(second) == 410
    assert opened("/invitations/guess/") == 410
    stored = str(list(Invitation.objects.values()))
    assert second.split("/")[2] not in stored, "the token is stored nowhere"


def test_managers_invite_callers_of_their_own_team_and_nobody_else(client: Client, manager: User, team: Team) -> None:
    other = Team.objects.create(name="Others")
    client.force_login(manager)
    assert invite(client, ADMIN, team).status_code == 422
    assert invite(client, MANAGER, team).status_code == 422
    assert invite(client, CALLER, other).status_code == 422
    assert invite(client, CALLER).status_code == 422
    assert not User.objects.filter(username="laleh").exists()
    assert invite(client, CALLER, team, username="mine").status_code == 200
    mine = User.objects.get(username="mine")
    assert client.post(reverse("invitation-renew", args=[mine.pk])).status_code == 200
    stranger = make_person(CALLER)
    above = make_person(MANAGER)
    Membership.objects.create(user=above, team=team)
    both = make_person(CALLER)
    both.groups.add(Group.objects.get(name=ADMIN))
    Membership.objects.create(user=both, team=team)
    for foreign in (stranger, above, both, manager):
        assert client.post(reverse("invitation-renew", args=[foreign.pk])).status_code == 404, foreign
    names = client.get(reverse("users")).content.decode()
    assert "mine" in names
    assert stranger.username not in names


def test_callers_invite_nobody_and_admins_make_no_link_for_a_superuser(
    client: Client, caller: User, admin_person: User
) -> None:
    client.force_login(caller)
    assert client.get(reverse("users")).status_code == 403
    assert invite(client, CALLER).status_code == 403
    root = User.objects.create_superuser("root")
    client.force_login(admin_person)
    assert client.post(reverse("invitation-renew", args=[root.pk])).status_code == 404


def test_set_up_chooses_no_password_for_anybody(client: Client, admin_person: User, caller: User) -> None:
    client.force_login(admin_person)
    assert client.get("/setup/auth/user/add/")["Location"] == reverse("invite")
    assert client.get(f"/setup/auth/user/{caller.pk}/password/")["Location"] == reverse("users")
    before = caller.password
    client.post(
        f"/setup/auth/user/{caller.pk}/password/", {"password1": "chosen by admin", "password2": "chosen by admin"}
    )
    caller.refresh_from_db()
    assert caller.password == before
    page = client.get(f"/setup/auth/user/{caller.pk}/change/").content.decode()
    assert "algorithm" not in page


def test_a_name_that_differs_in_capitals_alone_is_taken(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    assert invite(client, CALLER, username="ADMIN").status_code == 422


def test_a_link_of_a_user_who_is_switched_off_is_dead(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    path = link_in(invite(client, CALLER))
    User.objects.filter(username="laleh").update(is_active=False)
    browser = Client()
    assert browser.get(browser.get(path)["Location"]).status_code == 410
