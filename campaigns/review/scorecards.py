"""Scorecards and their points: who writes them. Reviews keep the points as they were asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callcenter.access.reach import usable_by
from callcenter.access.roles import Person, may, team_of
from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from campaigns.answers.typed import key_of
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change
from campaigns.models import Scorecard, ScorecardPoint
from campaigns.models.scorecards import MAX_CARD, MAX_POINT

RIGHT = "define_dispositions"
MOST = 40
"""Points of one scorecard."""


def offered_to(team: int | None) -> QuerySet[Scorecard]:
    """Return the scorecards by which calls of a team (None: of none) are reviewed, by name."""
    return Scorecard.objects.filter(usable_by(team), is_offered=True, points__isnull=False).distinct()


def demand(person: Person, row: Any = None) -> None:
    """Raise PermissionDenied unless a person may write scorecards and queues, or change this one."""
    if not may(person, RIGHT) or (row is not None and not may_change(person, row)):
        raise PermissionDenied(RIGHT)


def add(person: Person, name: str) -> Scorecard:
    """Add a scorecard without points. Raises PermissionDenied and Refusal."""
    demand(person)
    with transaction.atomic():
        made = Scorecard.objects.create(owner_id=person.pk, team_id=team_of(person), name=_named(name, MAX_CARD))
        record(person, "scorecard.added", made, points=0)
    return made


def change(person: Person, card: Scorecard, values: Mapping[str, Any], shown: Shown | None = None) -> None:
    """Rename a scorecard, or take it out of use. Raises PermissionDenied, Refusal and BothChanged."""
    demand(person, card)
    with transaction.atomic():
        stored = Scorecard.objects.select_for_update(of=("self",)).get(pk=card.pk)
        changes = changes_of(
            stored, {"name": _named(values["name"], MAX_CARD), "is_offered": values["is_offered"]}, shown
        )
        if changes:
            for name, value in changes.items():
                setattr(stored, name, value)
            stored.save(update_fields=list(changes))
            record(person, "scorecard.changed", stored, fields=list(changes))


def add_point(person: Person, card: Scorecard, text: str, most: int, weight: int) -> ScorecardPoint:
    """Add a point, for reviews from now on. Raises PermissionDenied and Refusal."""
    demand(person, card)
    with transaction.atomic():
        Scorecard.objects.select_for_update(of=("self",)).get(pk=card.pk)
        if card.points.count() >= MOST:
            raise Refusal(_("A scorecard can have %(n)d points: remove one.") % {"n": MOST})
        made = ScorecardPoint.objects.create(scorecard=card, text=_named(text, MAX_POINT), most=most, weight=weight)
        record(person, "scorecard.changed", card, fields=["points"])
    return made


def remove_point(person: Person, card: Scorecard, point_id: int) -> bool:
    """Remove a point; reviews that hold it keep it. Returns False if it was gone. Raises PermissionDenied."""
    demand(person, card)
    with transaction.atomic():
        if not ScorecardPoint.objects.filter(pk=point_id, scorecard=card).delete()[0]:
            return False
        record(person, "scorecard.changed", card, fields=["points"])
    return True


def _named(text: str, most: int) -> str:
    plain = " ".join(str(text).replace("\x00", "").split())[:most]
    if not key_of(plain):
        raise Refusal(_("Enter a name with letters or digits first."))
    return plain
