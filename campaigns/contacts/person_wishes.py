"""A wish belongs to the person: it holds for all their numbers, also after a merge, and for a new or further number."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.contacts import heard_opt_outs
from campaigns.contacts.do_not_call import Forbidden, forbid_many
from campaigns.core import stop_requests
from campaigns.core.all_numbers import further_numbers, numbers_of
from campaigns.core.stop_all import close_gate
from campaigns.models import Contact, DoNotCall, HeardOptOut


@dataclass(frozen=True, slots=True)
class PersonWish:
    """What stands against calls to a person, whichever of their numbers it came by."""

    entry: DoNotCall | None = None
    """The do-not-call entry in force with the latest end."""
    kept: Mapping[str, DoNotCall] = dataclasses.field(default_factory=dict)
    """All entries by number, those that have ended among them."""
    held: HeardOptOut | None = None
    """What may be an opt-out, and is not decided yet."""
    numbers: int = 1
    """How many numbers the person has."""
    forbidden: frozenset[str] = frozenset()
    """Those of them that are on the do-not-call list."""
    stops: stop_requests.Stops = stop_requests.NONE
    """How it stands with live calls to them, where there is a wish."""
    done: Forbidden | None = None
    """What carrying the entry over to all numbers changed."""


def wish_of(
    contact_ids: Collection[int], before: Collection[str] = (), *, numbers: Collection[str] | None = None
) -> PersonWish:
    """Return what stands against calls to these entries of one person; `before` are numbers they had.

    `numbers` are all numbers of the person where the caller has read them already.
    """
    numbers = numbers_of(contact_ids) if numbers is None else numbers
    every = [*numbers, *before]
    now = timezone.now()
    kept = {entry.phone: entry for entry in DoNotCall.objects.select_related("added_by").filter(phone__in=every)}
    entries = [entry for entry in kept.values() if entry.expires_at is None or entry.expires_at > now]
    held = heard_opt_outs.held_among(every)
    return PersonWish(
        entry=max(entries, key=_lasting, default=None),
        kept=kept,
        held=held,
        numbers=len(numbers),
        forbidden=frozenset(entry.phone for entry in entries if entry.phone in numbers),
        stops=stop_requests.state_of(every, now) if entries or held else stop_requests.NONE,
    )


def _lasting(entry: DoNotCall) -> tuple[bool, datetime.datetime]:
    return entry.expires_at is None, entry.expires_at or entry.added_at


def hold_for_all(contact_id: int, person: Any, before: Collection[str] = ()) -> PersonWish:
    """Let the wish of a person hold for all their numbers, in the caller's transaction, which has closed the gate.

    To be called after a number was changed or added, or entries were merged; `before` are numbers they had until now.
    Also a number that was held stays so, under each number.
    """
    found = wish_of([contact_id], before)
    numbers = numbers_of([contact_id])
    done = None
    if found.entry is not None:
        done = forbid_many(
            numbers,
            reason=found.entry.reason,
            source=found.entry.source,
            person=person,
            expires_at=found.entry.expires_at,
            is_own_wish=any(entry.takes_two_people for entry in found.kept.values()),
        )
    if found.held is not None:
        heard_opt_outs.carry_over([*numbers, *before], numbers)
    return dataclasses.replace(found, forbidden=frozenset(numbers if found.entry else ()), done=done)


def hold_for_all_of(contact_ids: Collection[int], person: Any) -> int:
    """Let wishes hold for all numbers of these people, as after an import gave them further ones; returns for how many.

    Reads a fixed number of statements unless somebody has a wish.
    """
    numbers = numbers_of(contact_ids)
    if not numbers:
        return 0
    wished = {
        *DoNotCall.objects.in_force().filter(phone__in=numbers).values_list("phone", flat=True),
        *HeardOptOut.objects.undecided().filter(phone__in=numbers).values_list("phone", flat=True),
    }
    if not wished:
        return 0
    phones = {*wished, *further_numbers(wished)}
    people = Contact.objects.filter(phone__in=phones, pk__in=contact_ids).order_by("pk")
    found = list(people.values_list("pk", flat=True))
    with transaction.atomic():
        close_gate()
        for pk in found:
            hold_for_all(pk, person)
    return len(found)
