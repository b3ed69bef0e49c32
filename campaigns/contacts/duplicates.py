"""Duplicates: merges two contacts of one person, or separates them again; and notes on contacts.

All numbers, calls and lists are kept. An opt-out of either contact applies to all their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import team_of
from callcenter.audit.models import record as record_audit
from campaigns.contacts.people import calls_of, entries_of
from campaigns.contacts.person_wishes import hold_for_all, wish_of
from campaigns.contacts.sharing import join_teams
from campaigns.core.message import with_values
from campaigns.core.planned_calls import follow_number, holds_up_changes, is_planned
from campaigns.core.refusals import Refusal
from campaigns.core.stop_all import close_gate
from campaigns.models import Call, Contact, ContactNote, DoNotCall, HeardOptOut, ListMembership, OtherNumber


@dataclass(frozen=True, slots=True)
class Joining:
    """A preview of a merge."""

    kept: Contact
    other: Contact
    calls: int
    """Number of calls to the other contact, which the kept one's page will show."""
    lists: list[str]
    """Names of the lists that the kept contact joins."""
    forbidden: DoNotCall | None
    """The do-not-call entry that will apply to every number."""
    held: HeardOptOut | None
    """What may be an opt-out of one of them: then every number is held until it is decided."""
    refusal: str
    """Why the merge is not possible now; empty if it is."""


def look_at_both(kept: Contact, other: Contact) -> Joining:
    """Return what merging `other` into `kept` would do; changes nothing."""
    both = [*entries_of(kept), *entries_of(other)]
    wish = wish_of([kept.pk, other.pk])
    theirs = set(kept.memberships.values_list("contact_list", flat=True))
    joins = other.memberships.exclude(contact_list__in=theirs).select_related("contact_list")
    return Joining(
        kept=kept,
        other=other,
        calls=calls_of(other).count(),
        lists=sorted(membership.contact_list.name for membership in joins),
        forbidden=wish.entry,
        held=wish.held,
        refusal=_why_not(kept, other, both),
    )


def merge_people(kept_id: int, other_id: int, person: Any, *, number: str = "") -> Contact:
    """Merge one contact into another in one transaction; `number` is the one to call from now on.

    The other row stays as a further number of the kept contact, with its calls unchanged; a callback is the kept
    contact's from then on. Its lists, tags and notes
    move; of values that both have, the kept contact's are used. An opt-out of either applies to all numbers. Raises
    Refusal, for example while a call to either is pending or live.
    """
    with transaction.atomic():
        # With the gate closed no call can begin before this transaction ends, so the checks on calls stay true.
        close_gate()
        rows = {row.pk: row for row in Contact.objects.select_for_update().filter(pk__in=[kept_id, other_id])}
        if kept_id not in rows or other_id not in rows:
            raise Refusal(_("One of the two contacts no longer exists. Search for both again."))
        kept, other = rows[kept_id], rows[other_id]
        both = [*entries_of(kept), *entries_of(other)]
        if refusal := _why_not(kept, other, both):
            raise Refusal(refusal)
        joined = _hand_over(kept, other)
        join_teams(kept, other)
        is_other_number = number == other.phone
        if is_other_number:
            _swap_numbers(kept, other)
            follow_number(kept.pk, other.phone, kept.phone, timezone.now())
        Call.objects.filter(is_planned(), contact=other).update(contact=kept)
        wish = hold_for_all(kept.pk, person)
        record_audit(
            person,
            "person.merged",
            kept,
            merged=other.pk,
            lists=joined,
            do_not_call=wish.entry is not None,
            **({"held": True} if wish.held is not None else {}),
            called_under_the_other_number=is_other_number,
        )
    return kept


def take_apart(other_id: int, person: Any) -> Contact | None:
    """Make a merged contact independent again; returns the contact it was merged into, None if it is not merged.

    Lists, tags and notes stay with that contact.
    """
    with transaction.atomic():
        other = Contact.objects.select_for_update(of=("self",)).select_related("merged_into").get(pk=other_id)
        kept = other.merged_into
        if kept is None:
            return None
        Contact.objects.filter(pk=other_id).update(merged_into=None)
        record_audit(person, "person.taken_apart", kept, other=other_id)
    return kept


def _why_not(kept: Contact, other: Contact, both: Sequence[Contact]) -> str:
    if kept.pk == other.pk:
        return _("This is the same contact. Choose another one.")
    if kept.merged_into_id or other.merged_into_id:
        return _("One of the two contacts was merged with another contact in the meantime. Search for both again.")
    numbers, ids = [row.phone for row in both], [row.pk for row in both]
    theirs = Call.objects.filter(Q(to_number__in=numbers) | Q(contact__in=ids))
    if theirs.filter(holds_up_changes()).exists():
        return _("A call to one of the two is waiting or in progress. Wait until it ends, or cancel it first.")
    if theirs.filter(is_planned()).count() > 1:
        return _("Both contacts have a scheduled callback. Cancel one of them first.")
    return ""


def _hand_over(kept: Contact, other: Contact) -> int:
    """Move lists, tags, notes and missing values to the kept contact; returns the number of lists it joined."""
    theirs = list(kept.memberships.values_list("contact_list", flat=True))
    joined = ListMembership.objects.filter(contact=other).exclude(contact_list__in=theirs).update(contact=kept)
    ListMembership.objects.filter(contact=other).delete()
    ContactNote.objects.filter(contact=other).update(contact=kept)
    Contact.objects.filter(merged_into=other).update(merged_into=kept)
    OtherNumber.objects.filter(contact=other, phone__in=kept.other_numbers.values("phone")).delete()
    OtherNumber.objects.filter(contact=other).update(contact=kept)
    kept.name = kept.name or other.name
    kept.time_zone = kept.time_zone or other.time_zone
    kept.variables = with_values(other.variables, kept.variables)
    kept.tags = list(dict.fromkeys([*kept.tags, *other.tags]))
    if not (kept.consent_source or kept.consent_at):
        kept.consent_source, kept.consent_at = other.consent_source, other.consent_at
    kept.save(update_fields=["name", "time_zone", "variables", "tags", "consent_source", "consent_at"])
    # Without lists and tags the other row is in no campaign's audience any more.
    other.tags, other.merged_into = [], kept
    other.save(update_fields=["tags", "merged_into"])
    return joined


def _swap_numbers(kept: Contact, other: Contact) -> None:
    """Swap the two contacts' numbers, through a placeholder because `phone` is unique."""
    Contact.objects.filter(pk=other.pk).update(phone=f"~{other.pk}"[:16])
    Contact.objects.filter(pk=kept.pk).update(phone=other.phone, region=other.region)
    Contact.objects.filter(pk=other.pk).update(phone=kept.phone, region=kept.region)
    kept.phone, other.phone = other.phone, kept.phone
    kept.region, other.region = other.region, kept.region


# Notes


def add_note(contact: Contact, text: str, person: Any) -> ContactNote:
    """Add a note to a contact."""
    with transaction.atomic():
        note = ContactNote.objects.create(contact=contact, text=text, author=person, team_id=team_of(person))
        record_audit(person, "person.note_added", contact)
    return note


def remove_note(note_id: int, person: Any) -> bool:
    """Remove a note; False if it does not exist any more."""
    with transaction.atomic():
        note = ContactNote.objects.select_for_update(of=("self",)).select_related("contact").filter(pk=note_id).first()
        if note is None:
            return False
        record_audit(person, "person.note_removed", note.contact, written=note.at.isoformat())
        note.delete()
    return True
