"""Removing entries of the do-not-call list: staff's own by one person, a person's own opt-out by two."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access import two_people
from callcenter.access.models import TwoPersonRequest
from callcenter.access.reach import grasp_of
from callcenter.access.roles import Person, may
from callcenter.access.two_people_kinds import REMOVE_OPT_OUT, UNDO_OPT_OUTS
from campaigns.contacts import do_not_call
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by
from campaigns.core.stop_all import close_gate
from campaigns.models import ContactImport, DoNotCall


class Removed(NamedTuple):
    """What became of an entry that somebody wanted to remove."""

    asked: TwoPersonRequest | None = None
    """The request that a second person must confirm; None where the entry was removed."""
    others: int = 0
    """Other numbers of the person that stay on the list."""


def remove(entry_id: int, person: Person, reason: str) -> Removed | None:
    """Remove an entry, or ask a second person to confirm it; None if it does not exist any more.

    Raises PermissionDenied, and CannotBeDone without a reason.
    """
    if not may(person, "remove_do_not_call"):
        raise PermissionDenied("remove_do_not_call")
    if not reason.strip():
        raise two_people.CannotBeDone(_("Enter a reason; it is recorded. Nothing was changed."))
    entry = DoNotCall.objects.filter(pk=entry_id).first()
    if entry is None:
        return None
    if not entry.takes_two_people:
        others = do_not_call.allow_again(entry_id, reason=reason, person=person)
        return None if others is None else Removed(others=others)
    asked = two_people.ask(
        REMOVE_OPT_OUT, person, thing=entry, reason=reason, detail={"added_at": entry.added_at.isoformat()}
    )
    return Removed(asked)


def remove_confirmed(request: TwoPersonRequest, person: Person) -> str:
    """Remove the entry of a confirmed request, in its transaction; returns what was done.

    Raises Refusal if the person asked anew meanwhile: that was not part of what was confirmed.
    """
    entry = DoNotCall.objects.filter(pk=int(request.thing_id)).first()
    if entry is None:
        return _("It was already removed.")
    if request.detail.get("added_at") != entry.added_at.isoformat():
        raise Refusal(
            _("The contact opted out again after this request. Refuse it, and request again if it is still right.")
        )
    others = do_not_call.allow_again(entry.pk, reason=request.reason, person=person, confirmed=request)
    return removed_in_words(others or 0)


def entries_beyond(ids: list[int], person: Person) -> set[int]:
    """Return which of these entries of the list a person may not change, by id."""
    entries = DoNotCall.objects.filter(pk__in=ids)
    return _ids(entries) - _ids(changed_by(person, entries))


def imports_beyond(ids: list[int], person: Person) -> set[int]:
    """Return which of these imports are of teams whose work a person may not change, by id."""
    imports = ContactImport.objects.filter(pk__in=ids)
    # As of calls and campaigns: what is confirmed shows nobody of the file.
    within = grasp_of(person).condition("owner", "team")
    return set() if within is None else _ids(imports) - _ids(imports.filter(within))


def _ids(rows: QuerySet[Any]) -> set[int]:
    return set(rows.values_list("pk", flat=True))


def removed_in_words(others: int) -> str:
    """Return what is said of a number that came off the list."""
    first = _("Removed from the list. This number can be called again. Calls already cancelled stay cancelled.")
    more = ngettext(
        "%(n)d other number of this contact stays on the list.",
        "%(n)d other numbers of this contact stay on the list.",
        others,
    )
    return f"{first} {more % {'n': others}}" if others else first


def ask_to_undo(record: ContactImport, person: Person) -> TwoPersonRequest | None:
    """Ask a second person to remove the opt-outs that an undone import leaves on the list; None if it leaves none."""
    if not do_not_call.own_entries_of(record):
        return None
    reason = _("Undo of import “%(file)s”") % {"file": record.original_name}
    return two_people.ask(UNDO_OPT_OUTS, person, thing=record, reason=reason)


def undo_confirmed(request: TwoPersonRequest, _person: Person) -> str:
    """Remove the opt-outs of an undone import, in the transaction of the confirmation; returns what was done."""
    with transaction.atomic():
        record = ContactImport.objects.select_for_update().get(pk=int(request.thing_id))
        close_gate()
        removed = do_not_call.undo_entries_of(record, request)
    return ngettext(
        "%(n)d number removed from the do-not-call list.", "%(n)d numbers removed from the do-not-call list.", removed
    ) % {"n": removed}
