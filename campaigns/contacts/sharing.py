"""Contacts that several teams share: one row is one number, and each of its teams sees and changes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from callcenter.audit.models import record
from campaigns.models import Contact, ContactTeam


def share(phones: Sequence[str], team: int | None, person: Any, *, imported_by: int | None = None) -> int:
    """Let a team share the contacts of these numbers that belong to others, with an audit event each; returns how many.

    Nothing happens to a contact of no team, which is everybody's, nor for work of no team. An entry that was merged
    into another is shared with it, as the page shows the one person.
    """
    if team is None or not phones:
        return 0
    found = Contact.objects.filter(phone__in=list(phones)).values_list("pk", "merged_into")
    wanted = {pk for row in found for pk in row if pk is not None}
    theirs = ContactTeam.objects.filter(contact__in=wanted, team=team).values("contact")
    foreign = list(
        Contact.objects.filter(pk__in=wanted, team__isnull=False)
        .exclude(team=team)
        .exclude(pk__in=theirs)
        .order_by("pk")
    )
    now = timezone.now()
    actor = getattr(person, "pk", None)
    ContactTeam.objects.bulk_create(
        [
            ContactTeam(contact=one, team_id=team, person_id=actor, imported_by_id=imported_by, at=now)
            for one in foreign
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    for one in foreign:
        record(person, "person.shared", one, team=team, **({"by_import": imported_by} if imported_by else {}))
    return len(foreign)


def join_teams(kept: Contact, other: Contact) -> None:
    """Let the teams of an entry that is merged into another share that one, in the caller's transaction."""
    teams = {team for team in [other.team_id, *other.further_teams.values_list("team", flat=True)] if team}
    if kept.team_id is None:
        return
    if other.team_id is None:
        # One of the two was everybody's, and so is the one person that they are.
        Contact.objects.filter(pk=kept.pk).update(team=None)
        kept.team_id = None
        return
    ContactTeam.objects.bulk_create(
        [ContactTeam(contact=kept, team_id=team) for team in sorted(teams - {kept.team_id})], ignore_conflicts=True
    )


def tell_teams(contacts: Sequence[Contact], person: Any, import_id: int) -> None:
    """Write into the history of contacts of other teams that an import changed them, so that all of them are told."""
    for contact in contacts:
        if contact.team_id is not None:
            record(person, "person.changed", contact, by_import=import_id)
