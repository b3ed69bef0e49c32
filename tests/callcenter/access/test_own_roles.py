"""Roles made in Set-up: from the same rights, audited, and nobody gives what they do not hold."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from callcenter.access.models import FurtherTeam, Membership, Team
from callcenter.access.own_roles import given_by, may_manage, rights_of, set_rights, sync_staff
from callcenter.access.rights import ADMIN, CALLER, MANAGER, RIGHTS
from callcenter.audit.models import AuditEvent
from tests.conftest import make_person
from tests.shown import edit_form_at, sent

pytestmark = pytest.mark.django_db
ROLES = "/setup/auth/group/"


def filled(client: Client, page: str, **changes: Any) -> dict[str, list[str]]:
    return sent(edit_form_at(client, page), **changes)


def own_role(name: str, *codes: str) -> Group:
    role = Group.objects.create(name=name)
    set_rights(role, codes)
    return role


@pytest.fixture
def keeper() -> User:
    """Somebody who manages accounts by a role of one's own, and calls people."""
    person = make_person(CALLER)
    person.groups.add(own_role("Keepers", "manage_people"))
    sync_staff(person)
    return person


def test_an_admin_makes_a_role_whose_holders_may_what_it_says(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    made = client.post(f"{ROLES}add/", {"name": "Listeners", "rights": ["see_calls", "hear_calls"]})
    assert made.status_code == 302
    role = Group.objects.get(name="Listeners")
    person = User.objects.create_user("lena")
    person.groups.add(role)
    assert rights_of(person) == {"see_calls", "hear_calls"}
    event = AuditEvent.objects.get(action="role.created")
    assert (event.actor, event.detail["before"], event.detail["after"]) == (
        admin_person, [], ["hear_calls", "see_calls"],
    )  # fmt: skip
    page = f"{ROLES}{role.pk}/change/"
    changed = client.post(page, filled(client, page, rights=["see_calls"]))
    assert changed.status_code == 302
    assert rights_of(User.objects.get(pk=person.pk)) == {"see_calls"}
    event = AuditEvent.objects.get(action="role.changed")
    assert (event.detail["before"], event.detail["after"]) == (["hear_calls", "see_calls"], ["see_calls"])


def test_the_built_in_roles_follow_the_table_alone(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    callers = Group.objects.get(name=CALLER)
    page = f"{ROLES}{callers.pk}/change/"
    shown = client.get(page)
    assert "Call one contact" in shown.content.decode()
    assert client.post(page, {"name": "Callers", "rights": ["manage_people"]}).status_code == 403
    with pytest.raises(ValueError, match=CALLER):
        set_rights(callers, ["manage_people"])
    assert "manage_people" not in rights_of(make_person(CALLER))


def test_nobody_makes_a_role_of_rights_that_they_do_not_hold(client: Client, keeper: User) -> None:
    client.force_login(keeper)
    refused = client.post(f"{ROLES}add/", {"name": "More", "rights": ["place_call", "release_stop_all"]})
    assert "Resume calling after a stop" in refused.context["adminform"].form.errors["rights"][0]
    assert not Group.objects.filter(name="More").exists()
    assert client.post(f"{ROLES}add/", {"name": "Same", "rights": ["place_call"]}).status_code == 302


def test_nobody_changes_in_a_role_what_they_do_not_hold(client: Client, keeper: User) -> None:
    role = own_role("Chiefs", "release_stop_all")
    client.force_login(keeper)
    page = f"{ROLES}{role.pk}/change/"
    client.post(page, filled(client, page, rights=[]))
    assert set(role.permissions.values_list("codename", flat=True)) == {"release_stop_all"}


def test_roles_and_teams_are_given_only_by_who_holds_them(client: Client, keeper: User) -> None:
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    Membership.objects.create(user=keeper, team=ours)
    other = make_person(CALLER)
    assert set(given_by(keeper)) == {Group.objects.get(name=CALLER), Group.objects.get(name="Keepers")}
    client.force_login(keeper)
    page = reverse("admin:auth_user_change", args=[other.pk])

    def posted(**fields: Any) -> Any:
        return client.post(page, filled(client, page, **fields))

    for fields in (
        {"roles": [Group.objects.get(name=MANAGER).pk]},
        {"roles": [Group.objects.get(name=ADMIN).pk]},
        {"team": theirs.pk},
        {"further_teams": [theirs.pk]},
    ):
        assert posted(**fields).status_code == 200, fields
    assert [group.name for group in other.groups.all()] == [CALLER]
    assert not Membership.objects.filter(user=other).exists()
    assert posted(team=ours.pk).status_code == 302
    assert Membership.objects.get(user=other).team == ours
    assert AuditEvent.objects.get(action="user.team_changed").detail["after"] == ["Ours"]


def test_an_account_that_may_more_is_not_changed_by_who_may_less(client: Client, keeper: User) -> None:
    """Whoever sets another's password could log in as them."""
    manager, admin = make_person(MANAGER), make_person(ADMIN)
    client.force_login(keeper)
    for person in (manager, admin):
        assert not may_manage(keeper, person)
        page = reverse("admin:auth_user_change", args=[person.pk])
        assert client.post(page, {"username": "x"}).status_code == 403
        # Nobody sets another's password: a link for a new one is made on the page of users, which the keeper lacks.
        answer = client.post(reverse("admin:auth_user_password_change", args=[person.pk]), {"password1": "a-new-one-1"})
        assert answer.status_code == 302
        assert answer.headers["Location"] == reverse("users")
        assert client.post(reverse("invitation-renew", args=[person.pk])).status_code == 403
        before = person.password
        person.refresh_from_db()
        assert person.password == before
    assert may_manage(keeper, make_person(CALLER))
    assert may_manage(admin, manager)


def test_an_admin_puts_somebody_in_several_teams(client: Client, admin_person: User) -> None:
    teams = [Team.objects.create(name=name) for name in ("One", "Two", "Three")]
    person = make_person(MANAGER)
    client.force_login(admin_person)
    page = reverse("admin:auth_user_change", args=[person.pk])
    answer = client.post(page, filled(client, page, team=teams[0].pk, further_teams=[teams[1].pk]))
    assert answer.status_code == 302
    assert Membership.objects.get(user=person).team == teams[0]
    assert [one.team for one in FurtherTeam.objects.filter(user=person)] == [teams[1]]


def test_set_up_opens_for_roles_that_work_there_and_closes_again() -> None:
    person, role = User.objects.create_user("lena"), own_role("Keepers", "manage_people")
    person.groups.add(role)
    set_rights(role, ["manage_people", "see_calls"])
    assert User.objects.get(pk=person.pk).is_staff
    set_rights(role, ["see_calls"])
    assert not User.objects.get(pk=person.pk).is_staff


def test_the_last_admin_stays(client: Client, admin_person: User, keeper: User) -> None:
    """A role of one's own does not count for an admin, whatever it may."""
    keeper.groups.add(own_role("Almost", *(right.code for right in RIGHTS)))
    sync_staff(keeper)
    client.force_login(keeper)
    page = reverse("admin:auth_user_change", args=[admin_person.pk])
    values = {"username": "admin", "is_active": "", "roles": []}
    assert client.post(page, values).status_code == 403
    another = make_person(ADMIN)
    client.force_login(another)
    client.post(page, filled(client, page, roles=[Group.objects.get(name=CALLER).pk]))
    assert not admin_person.groups.filter(name=ADMIN).exists()
    own = reverse("admin:auth_user_change", args=[another.pk])
    client.post(own, filled(client, own, is_active=[], roles=[]))
    another.refresh_from_db()
    assert another.is_active
    assert another.groups.filter(name=ADMIN).exists()
