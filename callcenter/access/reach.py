"""Whose rows a person may see and change: their own, their teams', those of no team, or all; the rule of every room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from callcenter.access.models import FurtherTeam, Membership, Team
from callcenter.access.roles import Person, may

_KEPT = "_teams_of_the_request"
"""Attribute of a user under which their teams are kept, as Django keeps their permissions: for one request."""


@dataclass(frozen=True, slots=True)
class Teams:
    """The teams of one person, and whether the installation has any."""

    own: frozenset[int] = frozenset()
    """Their team and their further ones."""
    are_any: bool = False
    """Whether there is any team at all."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose rows one person reaches.

    `is_stock` rows are what people work with (contacts, lists, providers, shared filters, do-not-call entries): those
    of no team are everybody's. Work (calls, campaigns, imports) of no team is its owner's, and theirs who hold the
    right to see what is assigned to no team.
    """

    person: int
    """The person's id; 0 for an anonymous user, who owns nothing."""
    teams: frozenset[int]
    has_unassigned: bool
    is_everything: bool

    def condition(self, owner: str, team: str, *, is_stock: bool = False) -> Q | None:
        """Return the condition on rows with an owner and a team; None where the person reaches every row."""
        if self.is_everything:
            return None
        reached = Q(**{owner: self.person}) | Q(**{f"{team}__in": sorted(self.teams)})
        return reached | Q(**{f"{team}__isnull": True}) if is_stock or self.has_unassigned else reached

    def holds(self, owner: int | None, team: int | None, *, is_stock: bool = False) -> bool:
        """Return the same of one row, by the ids of its owner and team."""
        if self.is_everything or (owner is not None and owner == self.person):
            return True
        return team in self.teams if team is not None else is_stock or self.has_unassigned


def sight_of(person: Person) -> Reach:
    """Return whose rows a person may see."""
    return _reach(person, "see_all_calls")


def grasp_of(person: Person) -> Reach:
    """Return whose rows a person may change, where they hold the right to change such rows at all."""
    return _reach(person, "control_all_campaigns")


def content_of(person: Person) -> Reach:
    """Return whose contacts, transcripts and recordings a person may see and change, where they hold such a right.

    Whoever sets things up sees everybody's calls and campaigns, but not who was called nor what was said.
    """
    return _reach(person, "see_all_content")


def _reach(person: Person, of_everything: str) -> Reach:
    teams = teams_of(person)
    has_unassigned = may(person, "see_unassigned")
    return Reach(
        person=person.pk or 0,
        teams=teams.own if may(person, "see_team_calls") else frozenset(),
        has_unassigned=has_unassigned,
        # Without any team every row is of no team: no condition then, so that nothing is slower for it.
        is_everything=may(person, of_everything) or (has_unassigned and not teams.are_any),
    )


def teams_of(person: Any) -> Teams:
    """Return a person's teams, read once for each user object."""
    kept: Teams | None = getattr(person, _KEPT, None)
    if kept is None:
        kept = _read(person.pk)
        setattr(person, _KEPT, kept)
    return kept


def forget_teams(person: Any) -> None:
    """Read a person's teams anew, after they were changed."""
    if hasattr(person, _KEPT):
        delattr(person, _KEPT)


def _read(user_id: int | None) -> Teams:
    theirs = Exists(Membership.objects.filter(team=OuterRef("pk"), user=user_id or 0)) | Exists(
        FurtherTeam.objects.filter(team=OuterRef("pk"), user=user_id or 0)
    )
    rows = list(Team.objects.order_by().annotate(is_theirs=theirs).values_list("pk", "is_theirs"))
    return Teams(frozenset(pk for pk, is_theirs in rows if is_theirs), bool(rows))


def may_use(team: int | None, of: int | None) -> bool:
    """Return whether what belongs to one team (None: to all) may be used for the work of another (None: of none)."""
    return of is None or of == team


def usable_by(team: int | None, column: str = "team") -> Q:
    """Return the condition of what the work of one team (None: of none) may use: its own, and what is everybody's."""
    everybodys = Q(**{f"{column}__isnull": True})
    return everybodys if team is None else everybodys | Q(**{column: team})
