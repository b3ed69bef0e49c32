"""Whose rows a person reaches: the condition of the query and the answer about one row are the same rule."""

from __future__ import annotations

import itertools

import pytest
from django.contrib.auth.models import AnonymousUser, User

from callcenter.access.models import FurtherTeam, Membership, Team
from callcenter.access.reach import Reach, content_of, forget_teams, grasp_of, sight_of
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from campaigns.models import Campaign
from tests.conftest import make_person, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def teams() -> tuple[Team, Team]:
    return Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")


def joined(person: User, team: Team) -> User:
    Membership.objects.create(user=person, team=team)
    return person


def test_condition_and_answer_are_the_same_rule(teams: tuple[Team, Team]) -> None:
    ours, theirs = teams
    caller, manager = joined(make_person(CALLER), ours), joined(make_person(MANAGER), ours)
    leads_both = joined(make_person(MANAGER), ours)
    FurtherTeam.objects.create(user=leads_both, team=theirs)
    people = [caller, manager, leads_both, make_person(CALLER), make_person(MANAGER), make_person(ADMIN)]
    provider = make_provider()
    for number, (owner, team) in enumerate(itertools.product([*people, None], [ours, theirs, None])):
        Campaign.objects.create(name=f"Campaign {number}", provider=provider, owner=owner, team=team)
    for person in [*people, AnonymousUser()]:
        for reach, is_stock in itertools.product(
            (sight_of(person), grasp_of(person), content_of(person)), (True, False)
        ):
            condition = reach.condition("owner", "team", is_stock=is_stock)
            found = Campaign.objects.all() if condition is None else Campaign.objects.filter(condition)
            held = [row for row in Campaign.objects.all() if reach.holds(row.owner_id, row.team_id, is_stock=is_stock)]
            assert set(found) == set(held), (person, reach)


def test_whose_work_each_role_reaches(teams: tuple[Team, Team]) -> None:
    ours, theirs = teams
    nobody = 0
    cases: list[tuple[User, set[int | None]]] = [
        (joined(make_person(CALLER), ours), {ours.pk}),
        (joined(make_person(MANAGER), ours), {ours.pk, None}),
        (make_person(CALLER), set()),
        (make_person(MANAGER), {None}),
        (make_person(ADMIN), {ours.pk, theirs.pk, None}),
    ]
    for person, expected in cases:
        reached = {team for team in (ours.pk, theirs.pk, None) if sight_of(person).holds(nobody, team)}
        assert reached == expected, person
    # Stock of no team is everybody's.
    assert sight_of(cases[0][0]).holds(nobody, None, is_stock=True)


def test_whoever_sets_things_up_sees_calls_but_not_what_was_said(teams: tuple[Team, Team]) -> None:
    admin = make_person(ADMIN)
    assert sight_of(admin).is_everything
    assert not content_of(admin).is_everything
    assert not content_of(admin).holds(None, teams[0].pk)


def test_without_any_team_a_manager_reaches_everything() -> None:
    """So that no query is slower for a condition, and kept sums may be read."""
    assert sight_of(make_person(MANAGER)).is_everything
    assert grasp_of(make_person(MANAGER)).is_everything
    assert not sight_of(make_person(CALLER)).is_everything


def test_nobody_owns_what_is_nobodys() -> None:
    reach = Reach(person=0, teams=frozenset(), has_unassigned=False, is_everything=False)
    assert not reach.holds(None, None)


def test_teams_are_read_once_a_person_and_anew_when_told(
    teams: tuple[Team, Team], django_assert_num_queries: object
) -> None:
    person = joined(make_person(CALLER), teams[0])
    sight_of(person)
    with django_assert_num_queries(0):  # type: ignore[operator]
        sight_of(person)
    FurtherTeam.objects.create(user=person, team=teams[1])
    forget_teams(person)
    assert sight_of(person).teams == {team.pk for team in teams}
