"""What a team may use: providers, with their agents and caller IDs, and lists; asked by every service that chooses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from callcenter.access.reach import grasp_of, may_use, teams_of, usable_by
from callcenter.access.roles import Person, team_of
from campaigns.models import ContactList
from providers.models import Provider


def team_for(person: Person | None, *teams: int | None) -> int | None:
    """Return the team to which what a person makes belongs, where it uses what belongs to these teams (None: to all).

    It is the one team of what is used, where that is within the person's reach; else the person's own. What nobody
    makes, as on the command line, belongs to the team of what it uses.
    """
    used = {team for team in teams if team is not None}
    if len(used) == 1:
        (only,) = used
        if person is None or only in teams_of(person).own or grasp_of(person).is_everything:
            return only
    return team_of(person)


def offered_to(person: Person, team: int | None = None, *, column: str = "team") -> Q:
    """Return the condition of providers or lists that a person may choose, for work of a team if it has one already."""
    if team is not None:
        return usable_by(team, column)
    if grasp_of(person).is_everything:
        return Q()
    return Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__in": sorted(teams_of(person).own)})


def refusals_of(team: int | None, provider: Provider | None, lists: Iterable[ContactList] = ()) -> list[str]:
    """Return why the work of a team (None: of none) may not use these, each with the next step; empty where it may."""
    found = []
    if provider is not None and not may_use(team, provider.team_id):
        found.append(
            _("The provider “%(name)s” is reserved for another team. Choose another one, or ask an admin to share it.")
            % {"name": provider}
        )
    for one in lists:
        if not may_use(team, one.team_id):
            found.append(_("A chosen list belongs to another team. Choose a list of this team."))
            break
    return found


def chosen_teams(values: Any, lists: Iterable[ContactList]) -> list[int | None]:
    """Return the teams of the provider and the lists that a form has chosen."""
    provider = values.get("provider")
    return [provider.team_id if provider is not None else None, *(one.team_id for one in lists)]
