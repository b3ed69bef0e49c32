"""Which rows of any model a person sees and changes; the pages are walked in tests/security/test_route_walker.py."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model

from callcenter.access.models import FurtherTeam, Membership, Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from campaigns.core import scope
from campaigns.models import Call, Contact, ContactNote, ContactTeam, DoNotCall, ListMembership, SavedFilter
from providers.models import Provider
from tests.conftest import make_call, make_contact, make_list, make_person, make_provider

pytestmark = pytest.mark.django_db

REACHED_THROUGH_NO_PAGE = {
    "Alert", "ApprovedPerson", "CallHint", "CallTag", "CallTally", "ClearedRows", "CostTally", "CountedLaunch",
    "DatabaseMark", "DaySpending", "DialingSwitch", "Digest", "ErasureKey", "Happening", "InstallationSettings",
    "KeptOptOut", "Listening", "Notice", "NoticeDelivery", "NoticeSettings", "RetentionMark", "RunningSlice",
    "TallyMark", "VendorSweep", "WorkerHost",
}  # fmt: skip
"""Models of campaigns whose rows belong to the installation: what a page shows of them is a sum or a state of all; and
notices with what belongs to them, which are one user's alone: no right opens those of another."""


@pytest.fixture
def ours(db: None) -> Team:
    return Team.objects.create(name="Ours")


@pytest.fixture
def theirs(db: None) -> Team:
    return Team.objects.create(name="Theirs")


def member(team: Team, role: str = CALLER) -> User:
    person = make_person(role)
    Membership.objects.create(user=person, team=team)
    return person


def test_every_model_of_campaigns_has_its_place_in_the_table() -> None:
    names = {model.__name__ for model in apps.get_app_config("campaigns").get_models()}
    named = {model.__name__ for model in scope.TABLE}
    assert names - named == REACHED_THROUGH_NO_PAGE, "Say in campaigns/core/scope.py whose the rows are."
    with pytest.raises(KeyError):
        scope.seen_by(make_person(), apps.get_model("campaigns.Alert").objects.all())


def test_a_team_sees_what_its_people_made_and_no_other_does(ours: Team, theirs: Team) -> None:
    anna, ben, carl = member(ours), member(ours), member(theirs)
    call = make_call(owner=anna, team=ours)
    for person, sees in ((anna, True), (ben, True), (carl, False), (member(ours, MANAGER), True)):
        assert scope.seen_by(person, Call.objects.all()).exists() is sees
        assert scope.may_change(person, call) is sees
    FurtherTeam.objects.create(user=carl, team=ours)
    assert scope.may_see(User.objects.get(pk=carl.pk), call)
    with pytest.raises(PermissionDenied):
        scope.demand_change(member(theirs, MANAGER), call)


def test_what_hangs_on_a_row_follows_it(ours: Team, theirs: Team) -> None:
    person = member(ours)
    contact, foreign = make_contact(team=ours), make_contact(team=theirs)
    for one in (contact, foreign):
        ListMembership.objects.create(contact_list=make_list(), contact=one)
    assert [row.contact for row in scope.seen_by(person, ListMembership.objects.all())] == [contact]


def test_a_note_is_read_by_its_own_team_although_two_share_the_contact(ours: Team, theirs: Team) -> None:
    contact = make_contact(team=ours)
    older = ContactNote.objects.create(contact=contact, text="older")
    ContactTeam.objects.create(contact=contact, team=theirs)
    anna, carl = member(ours), member(theirs)
    note = ContactNote.objects.create(contact=contact, text="ours", author=anna, team=ours)
    answer = ContactNote.objects.create(contact=contact, text="theirs", author=carl, team=theirs)
    assert set(scope.seen_by(anna, ContactNote.objects.all())) == {older, note}
    assert set(scope.seen_by(carl, ContactNote.objects.all())) == {answer}


def test_a_shared_filter_is_seen_by_the_team_and_a_private_one_by_nobody_else(ours: Team, theirs: Team) -> None:
    anna, ben, carl = member(ours), member(ours), member(theirs)
    shared = SavedFilter.objects.create(owner=anna, team=ours, name="shared", query="a=1", is_shared=True)
    SavedFilter.objects.create(owner=anna, team=ours, name="own", query="a=1")
    everybodys = SavedFilter.objects.create(owner=make_person(), name="all", query="a=1", is_shared=True)
    assert set(scope.seen_by(ben, SavedFilter.objects.all())) == {shared, everybodys}
    assert set(scope.seen_by(carl, SavedFilter.objects.all())) == {everybodys}


def test_an_admin_sees_every_entry_of_the_do_not_call_list_but_no_teams_contacts(ours: Team) -> None:
    admin = make_person(ADMIN)
    DoNotCall.objects.create(phone="+989121110000", team=ours)
    make_contact(team=ours)
    assert scope.changed_by(admin, DoNotCall.objects.all()).exists()
    assert not scope.seen_by(admin, Contact.objects.all()).exists()
    call = make_call(team=ours)
    assert scope.may_see(admin, call)
    admin.groups.add(*make_person(MANAGER).groups.all())
    both = User.objects.get(pk=admin.pk)
    assert scope.may_see(both, call)
    assert not scope.may_hear(both, call), "holding two roles opens nobody's talks"


def test_providers_are_seen_by_the_one_rule_of_both_rooms(ours: Team, theirs: Team) -> None:
    make_provider(team=ours)
    make_provider(team=theirs)
    make_provider()
    for person in (member(ours), member(theirs, MANAGER), make_person(CALLER), make_person(ADMIN)):
        seen = set(Provider.objects.seen_by(person))
        assert seen == set(scope.seen_by(person, Provider.objects.all()))
    assert len(seen) == 3


@pytest.mark.parametrize("model", sorted(scope.TABLE, key=lambda one: one.__name__))
def test_a_scope_is_part_of_one_statement(model: type[Model], ours: Team, django_assert_num_queries: Any) -> None:
    person = member(ours)
    rows = scope.seen_by(person, model._default_manager.all())  # reads rights and teams, once a request
    with django_assert_num_queries(1):
        list(rows[:1])
    with django_assert_num_queries(1):
        list(scope.changed_by(person, model._default_manager.all())[:1])
