"""Who sees a whole phone number of what; everybody else sees its country and its last four digits.

The only home of this rule: pages, files, searches, sentences and addresses ask it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models import Model, prefetch_related_objects
from django.utils import timezone

from callcenter.access.reach import content_of
from callcenter.access.roles import Person, may
from callcenter.formats.masking import ending
from callcenter.formats.phones import masked_phone, phone
from campaigns.models import Call, Contact, OtherNumber

MASKED_AFTER = datetime.timedelta(days=7)
"""After its end, the number of a call is masked for whoever sees numbers of their own work only."""


def sees_all_numbers(person: Person) -> bool:
    """Return whether a person sees every number whole, of whatever thing they may see."""
    return may(person, "see_numbers")


def sees_own_numbers(person: Person) -> bool:
    """Return whether a person sees whole numbers of their own work at least."""
    return may(person, "see_own_numbers") or sees_all_numbers(person)


def sees_number(person: Person, thing: Model, now: datetime.datetime | None = None) -> bool:
    """Return whether a person who may see a thing sees its number whole.

    With the right to own numbers: of their own contacts, their teams' and those of nobody, and of calls that are not
    over, or not for longer than `MASKED_AFTER`. Of anything else, such as an entry of the do-not-call list, only with
    the right to all.
    """
    if sees_all_numbers(person):
        return True
    if not sees_own_numbers(person):
        return False
    if isinstance(thing, Call):
        return thing.ended_at is None or (now or timezone.now()) - thing.ended_at < MASKED_AFTER
    if isinstance(thing, OtherNumber):
        thing = thing.contact
    if isinstance(thing, Contact):
        return _is_own(person, thing)
    return False


def read_teams(person: Person, contacts: Iterable[Contact]) -> None:
    """Read in one statement what `sees_number` asks of each of these contacts; where it asks nothing, read nothing."""
    if not sees_all_numbers(person) and sees_own_numbers(person) and content_of(person).teams:
        prefetch_related_objects(list(contacts), "further_teams")


def _is_own(person: Person, contact: Contact) -> bool:
    """Return whether a contact is a person's own, a team's of theirs, or nobody's.

    That is less than they reach: a colleague's contact of no team is everybody's to call, its number is not to show.
    """
    if contact.owner_id is None and contact.team_id is None:
        return True
    reach = content_of(person)
    if reach.holds(contact.owner_id, contact.team_id):
        return True
    return bool(reach.teams) and any(one.team_id in reach.teams for one in contact.further_teams.all())


def number_of(thing: Model) -> str:
    """Return the number of a call, a contact or an entry, in E.164."""
    return str(thing.to_number if isinstance(thing, Call) else getattr(thing, "phone", ""))


def shown_number(person: Person, thing: Model, now: datetime.datetime | None = None) -> str:
    """Return the number of a thing for a page, as HTML."""
    return (phone if sees_number(person, thing, now) else masked_phone)(number_of(thing))


def written_number(person: Person, thing: Model, now: datetime.datetime | None = None) -> str:
    """Return the number of a thing for a file, an answer or a sentence, as text."""
    return number_of(thing) if sees_number(person, thing, now) else ending(number_of(thing))
