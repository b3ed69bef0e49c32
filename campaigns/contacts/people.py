"""People: search, create, edit, their local times, and why each is or is not called."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.access.roles import Person, team_of
from callcenter.audit.changes import changes as before_and_after
from callcenter.audit.models import record as record_audit
from callcenter.edits.shown import Shown, changes_of
from callcenter.edits.states import put, state_of
from callcenter.formats.masking import last_four
from campaigns import time_zones
from campaigns.contacts import search
from campaigns.contacts.person_wishes import PersonWish, hold_for_all
from campaigns.contacts.sharing import share
from campaigns.core import results
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.joined import people_joined
from campaigns.core.planned_calls import follow_number, holds_up_changes
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_see, seen_by
from campaigns.core.stop_all import close_gate
from campaigns.core.whole_numbers import sees_own_numbers
from campaigns.models import Call, Contact, ContactList, ContactNote, DoNotCall, ListMembership
from campaigns.models.calls import CallQuerySet
from campaigns.numbers import understand_number
from providers.types import LIVE, CallStatus

MOST_ZONES = 3


@dataclass(frozen=True, slots=True)
class ContactClock:
    """The local time in one of the zones that a number may be in."""

    zone: str
    now: datetime.datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The latest decision about calling a person, with its time; None if no call is involved."""

    sentence: str | Promise
    at: datetime.datetime | None = None


def find_people(text: str, region: str, person: Person) -> QuerySet[Contact]:
    """Return the people that a person may see whose name contains a text, or whose number contains its digits.

    Names match in either spelling of Persian. A whole number in any form finds exactly those who have it, as the number
    to call or as another one.
    """
    people, sought = seen_by(person, Contact.objects.all()), _sought(text, region, person)
    if isinstance(sought, str):
        return people.filter(Q(phone=sought) | Q(pk__in=search.contacts_with(sought)))
    return search.people_with(sought, people) if sought else people


def find_members(members: QuerySet[ListMembership], text: str, region: str, person: Person) -> QuerySet[ListMembership]:
    """Return the members of a list who match a text as in `find_people`, in a form for paging in list order."""
    sought = _sought(text, region, person)
    if isinstance(sought, str):
        return members.filter(Q(contact__phone=sought) | Q(contact__in=search.contacts_with(sought)))
    return members.filter(search.rows_of_people_with(sought)) if sought else members


def _sought(text: str, region: str, viewer: Person) -> str | search.SearchPart | None:
    """Return a whole number in E.164, or else the search for a part of a name or number; None for an empty text.

    A viewer who sees no whole number finds them by the end that shows alone: whole ones cannot be found out by parts.
    """
    text = " ".join(text.split())
    if text and not sees_own_numbers(viewer):
        part = search.part_of_person(text)
        return replace(part, digits=last_four(part.digits), is_ending=True)
    return (understand_number(text, region).e164 or search.part_of_person(text)) if text else None


def entries_of(contact: Contact) -> list[Contact]:
    """Return the contacts of a person: the main one first, then those merged into it."""
    return [contact, *contact.merged.all()]


def calls_of(contact: Contact) -> CallQuerySet:
    """Return every call to any number of a person, including calls from before the contact existed."""
    entries = entries_of(contact)
    theirs = Q(contact__in=[entry.pk for entry in entries])
    return Call.objects.filter(theirs | Q(contact__isnull=True, to_number__in=[entry.phone for entry in entries]))


def mark_forbidden(people: Iterable[Contact]) -> set[str]:
    """Return the numbers of these people that must not be called, in one query."""
    return forbidden_numbers(person.phone for person in people)


def is_in_force(entry: DoNotCall) -> bool:
    """Tell whether a do-not-call entry is active, that is, not expired."""
    return entry.expires_at is None or entry.expires_at > timezone.now()


def local_times(contact: Contact) -> tuple[list[ContactClock], int]:
    """Return the local times in a person's first `MOST_ZONES` zones, and the number of further zones."""
    now = timezone.now()
    zones = time_zones.zones_of(contact.phone, contact.time_zone)
    times = [ContactClock(zone, now.astimezone(zoneinfo.ZoneInfo(zone))) for zone in zones]
    return times[:MOST_ZONES], max(len(times) - MOST_ZONES, 0)


def last_decision(contact: Contact, entry: DoNotCall | None, *, is_held: bool = False) -> Decision:
    """Return in one sentence why this person will be, was, or was not called."""
    if entry is not None and entry.phone != contact.phone:
        return Decision(gettext_lazy("Will not be called: another number of this contact is on the do-not-call list."))
    if entry is not None:
        return Decision(gettext_lazy("Will not be called: the number is on the do-not-call list."))
    if is_held:
        return Decision(gettext_lazy("Not called for now: this contact may have opted out."))
    calls = calls_of(contact)
    # Not ordered by id: PostgreSQL would scan everybody's calls from the newest, to find one pending call.
    waiting = calls.filter(status=CallStatus.PENDING).order_by("due_at", "pk")
    last = calls.filter(status__in=LIVE).first() or waiting.first() or calls.first()
    if last is None:
        return Decision(gettext_lazy("Not called yet, and no call is scheduled."))
    return Decision(results.sentence_of(last) or results.result_of(last).word, last.placing_at or last.changed_at)


# Changing


def add_person(values: dict[str, Any], contact_list: ContactList | None, person: Any, *, note: str = "") -> Contact:
    """Create one person, and add them to the list if one is given.

    A number that only other teams know is shared with the person's own. Raises Refusal if it is known to them.
    """
    try:
        with transaction.atomic():
            contact = Contact.objects.create(**values, owner=person, team_id=team_of(person))
            if contact_list is not None:
                ListMembership.objects.create(contact_list=contact_list, contact=contact)
            if note:
                ContactNote.objects.create(contact=contact, text=note, author=person, team_id=team_of(person))
            record_audit(person, "person.added", contact)
            if contact_list is not None or contact.tags:
                people_joined()
    except IntegrityError:
        shared = _share_known(values["phone"], contact_list, person, note)
        if shared is not None:
            return shared
        raise Refusal(_("This number already exists. Find it under Contacts.")) from None
    return contact


def _share_known(phone: str, contact_list: ContactList | None, person: Any, note: str) -> Contact | None:
    """Share another team's contact with a person's team, instead of adding its number twice; None if it was shared.

    Its name and details stay as they are.
    """
    with transaction.atomic():
        known = Contact.objects.filter(phone=phone).first()
        if known is None or may_see(person, known) or not share([phone], team_of(person), person):
            return None
        whole = known.merged_into or known
        if contact_list is not None:
            ListMembership.objects.get_or_create(contact_list=contact_list, contact=whole)
            people_joined()
        if note:
            ContactNote.objects.create(contact=whole, text=note, author=person, team_id=team_of(person))
    return whole


@dataclass(frozen=True, slots=True)
class ChangedPerson:
    """A person after an edit, and the wish that was carried over to a new number."""

    contact: Contact
    wish: PersonWish | None = None
    """None where the number is unchanged."""


def change_person(contact_id: int, values: dict[str, Any], person: Any, shown: Shown | None = None) -> ChangedPerson:
    """Edit one person and record the changed fields in the audit log. Raises Refusal, and BothChanged.

    `shown` is what the page of the values had shown; without it, all values that differ are written.

    The number cannot be changed while a call to the old one is pending or live, because it would still ring there;
    a callback follows to the new one.
    A wish of the person, under the old number or the new one, holds for all their numbers then.
    """
    wish = None
    try:
        with transaction.atomic():
            if "phone" in values:
                close_gate()
            contact = Contact.objects.select_for_update().get(pk=contact_id)
            changes = changes_of(contact, values, shown)
            changed = list(changes)
            if "phone" in changed and _has_open_call(contact):
                raise Refusal(
                    _("A call to the old number is waiting or in progress. Wait until it ends, or cancel it first.")
                )
            before, stored = contact.phone, state_of(contact, changes)
            for name, value in changes.items():
                put(contact, name, value)
            if changed:
                contact.save(update_fields=changed)
            if "phone" in changed:
                follow_number(contact.pk, before, contact.phone, timezone.now())
                wish = hold_for_all(contact.merged_into_id or contact.pk, person, [before])
            if "tags" in changed:
                people_joined()
            if changed:
                is_forbidden = {"do_not_call": True} if wish is not None and wish.entry is not None else {}
                record_audit(
                    person,
                    "person.changed",
                    contact,
                    fields=changed,
                    **is_forbidden,
                    **_before_and_after(contact, stored),
                )
    except IntegrityError:
        raise Refusal(_("Another contact already has this number.")) from None
    return ChangedPerson(contact, wish)


def _before_and_after(contact: Contact, stored: dict[str, Any]) -> dict[str, Any]:
    return before_and_after(stored, state_of(contact, stored), but=Contact.not_in_audit)


def _has_open_call(contact: Contact) -> bool:
    return Call.objects.filter(holds_up_changes(), contact=contact).exists()


# Calls


def calls_of_others(contact: Contact, viewer: Person) -> tuple[int, datetime.datetime | None]:
    """Return how many calls to this person the viewer may not see, and when the last of them was placed."""
    mine = seen_by(viewer, Call.objects.all()).filter(pk=OuterRef("pk"))
    others = calls_of(contact).filter(~Exists(mine))
    last = others.filter(placing_at__isnull=False).order_by("-placing_at").values_list("placing_at", flat=True).first()
    return others.count(), last
