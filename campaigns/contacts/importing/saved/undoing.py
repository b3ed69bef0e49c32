"""Undo of an import, within 24 hours and before any of its people was called; of do-not-call entries likewise."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.audit.models import record as record_audit
from campaigns.contacts import doubtful_wishes
from campaigns.contacts.do_not_call import own_entries_of, undo_entries_of
from campaigns.contacts.importing.rows.opt_outs import FORBIDDEN
from campaigns.contacts.importing.saved.rows_kept import forget_refused
from campaigns.contacts.opt_out_removal import ask_to_undo
from campaigns.core import transitions
from campaigns.core.refusals import Refusal
from campaigns.core.stop_all import close_gate
from campaigns.core.transitions import Why
from campaigns.models import (
    Call,
    Campaign,
    Contact,
    ContactImport,
    ContactList,
    ContactNote,
    ContactTeam,
    ListMembership,
    OtherNumber,
)
from campaigns.reasons import SkipReason
from providers.types import CallStatus

UNDO_HOURS = 24
Status = ContactImport.Status
_USING = (Campaign.Status.WAITING, Campaign.Status.SCHEDULED, Campaign.Status.RUNNING, Campaign.Status.PAUSED)


class Obstacle(NamedTuple):
    """What stands in the way of an undo."""

    sentence: Promise | str
    """What is, and the step that leads on; a final one has no step."""
    is_final: bool = False
    campaign: Campaign | None = None
    """The campaign that has to be ended first."""


def obstacle(record: ContactImport) -> Obstacle | None:
    """Return what keeps an import from being undone, final obstacles first; None if nothing does.

    Whatever can be done about an obstacle is named only while no final one stands behind it.
    """
    if record.status != Status.SAVED or record.saved_at is None:
        return Obstacle(_("Only a saved import can be undone."), is_final=True)
    if timezone.now() - record.saved_at > datetime.timedelta(hours=UNDO_HOURS):
        return Obstacle(_("More than 24 hours have passed. It can no longer be undone."), is_final=True)
    if record.is_of_opt_outs:
        return None
    theirs = _calls(record)
    if theirs.filter(placing_at__isnull=False).exists():
        return Obstacle(_("A contact of this import has already been called, so it cannot be undone."), is_final=True)
    fixed = Campaign.objects.filter(lists=record.contact_list_id, status__in=_USING, is_living=False)
    using = fixed.order_by("pk").first()
    if using is not None:
        return _first_end(using)
    # A living campaign goes on without them: their calls are taken out.
    stay = theirs.filter(status=CallStatus.PENDING).exclude(_of_living())
    waiting = stay.select_related("campaign").order_by("pk").first()
    if waiting is None:
        return None
    if waiting.campaign is not None and waiting.campaign.status in _USING:
        return _first_end(waiting.campaign)
    return Obstacle(_("A call to a contact of this import is waiting. Cancel that call, then undo the import."))


def _first_end(campaign: Campaign) -> Obstacle:
    sentence = gettext("The campaign “%(name)s” calls contacts of this import. End it, then undo the import.")
    return Obstacle(sentence % {"name": campaign.name}, campaign=campaign)


def why_not(record: ContactImport) -> Promise | str:
    """Return the sentence on why an import cannot be undone; empty if it can."""
    found = obstacle(record)
    return found.sentence if found else ""


def undo_import(import_id: int, person: Any) -> dict[str, int]:
    """Remove what an import added; returns counts of people and memberships removed, and of people kept.

    New people are kept if they are in another list, have notes, were merged or are shared with another team; values
    that the file gave to known people are kept too. Numbers that only this file put on the do-not-call list come off
    it; those whose people asked for it themselves stay until a second person confirms, who is asked. Calls of living
    campaigns that wait for these people are taken out. The gate is closed meanwhile, so that no call begins. Raises
    Refusal.
    """
    with transaction.atomic():
        # The row before the gate, in the order in which saving takes them.
        record = ContactImport.objects.select_for_update().get(pk=import_id)
        close_gate()
        # Whoever takes people up for them waits here, or is seen below.
        living = Campaign.objects.filter(is_living=True, status__in=_USING).order_by("pk")
        list(living.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        reason = why_not(record)
        if reason:
            raise Refusal(str(reason))
        _take_out(record)
        left, _rows = ListMembership.objects.filter(imported_by=record).delete()
        elsewhere = ListMembership.objects.filter(contact=OuterRef("pk"))
        noted = ContactNote.objects.filter(contact=OuterRef("pk"))
        one_of_two = Q(merged_into__isnull=False) | Exists(Contact.objects.filter(merged_into=OuterRef("pk")))
        made = Contact.objects.filter(imported_by=record)
        shared = ContactTeam.objects.filter(contact=OuterRef("pk"))
        leaving = made.filter(~Exists(elsewhere), ~Exists(noted), ~one_of_two, ~Exists(shared))
        kept = made.count() - leaving.count()
        Call.objects.filter(contact__in=leaving.values("pk")).update(contact=None)
        forget_refused(import_id)
        ContactTeam.objects.filter(Q(imported_by=record) | Q(contact__in=leaving.values("pk"))).delete()
        OtherNumber.objects.filter(Q(imported_by=record) | Q(contact__in=leaving.values("pk"))).delete()
        # No other table refers to these contacts, so one DELETE does, without loading every row.
        removed = leaving._raw_delete(leaving.db)
        _remove_empty_list(record)
        allowed, own = undo_entries_of(record), own_entries_of(record)
        doubtful_wishes.undo(record)
        if own:
            ask_to_undo(record, person)
        confirmed = max(0, int(record.counts.get(FORBIDDEN, 0)) - allowed - own)
        done = {
            "people": int(removed), "places": int(left), "kept": kept, "numbers": allowed, "confirmed": confirmed,
            "own": own,
        }  # fmt: skip
        ContactImport.objects.filter(pk=import_id).update(
            status=Status.UNDONE,
            undone_at=timezone.now(),
            counts=record.counts
            | {"removed": removed, "kept": kept, "allowed_again": allowed, "confirmed": confirmed, "own": own},
        )
        record_audit(person, "import.undone", record, **done)
    return done


def _of_living() -> Q:
    return Q(campaign__is_living=True)


def _take_out(record: ContactImport) -> None:
    """Skip the calls of living campaigns that wait for people of an import; whoever is imported anew joins anew."""
    ids = list(_calls(record).filter(_of_living(), status=CallStatus.PENDING).values_list("pk", flat=True).distinct())
    waiting, why = Call.objects.filter(pk__in=ids), Why("skipped", detail=str(SkipReason.IMPORT_UNDONE.label))
    transitions.change(transitions.SKIP, waiting, timezone.now(), why, skip_reason=SkipReason.IMPORT_UNDONE)
    waiting.filter(skip_reason=SkipReason.IMPORT_UNDONE).update(contact=None)


def _calls(record: ContactImport) -> QuerySet[Call]:
    """Return the calls that this import led to: any call to its new people, calls through its list to known ones."""
    new = Q(contact__imported_by=record)
    # A living campaign takes them up while the import is still being saved.
    since = Q(created_at__gte=record.saved_at) | Q(_of_living(), created_at__gte=record.created_at)
    through = since & Q(campaign__lists=record.contact_list_id, contact__memberships__imported_by=record)
    return Call.objects.filter(new | through)


def _remove_empty_list(record: ContactImport) -> None:
    """Delete the list that the import created, if it is empty and no campaign uses it."""
    if not record.list_name or record.contact_list_id is None:
        return
    ContactList.objects.filter(
        ~Exists(ListMembership.objects.filter(contact_list=OuterRef("pk"))),
        ~Exists(Campaign.lists.through.objects.filter(contactlist=OuterRef("pk"))),
        pk=record.contact_list_id,
    ).delete()
