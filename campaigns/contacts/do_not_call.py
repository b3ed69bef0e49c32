"""The do-not-call list: an entry is effective from its commit, and pending calls to the number are skipped with it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from callcenter.audit.models import record as record_audit
from campaigns.core import transitions
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.stop_all import close_gate
from campaigns.core.transitions import Why
from campaigns.models import Call, Contact, DoNotCall
from campaigns.reasons import MAX_REASON, SkipReason
from providers.types import CallStatus

_FOR_EVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)


class OptOut(NamedTuple):
    """Why a number must not be called, and until when; None means for ever."""

    reason: str
    expires_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The result of adding entries: new ones, ones that existed already, and pending calls that were skipped."""

    added: int = 0
    known: int = 0
    skipped: int = 0


def forbid(
    phone: str,
    *,
    reason: str,
    source: str,
    person: Any = None,
    expires_at: datetime.datetime | None = None,
) -> Forbidden:
    """Add a number (E.164) to the do-not-call list and skip its pending calls, in one transaction.

    `person` is the user who did it, None for the product itself; `expires_at` None means for ever. An active entry is
    never weakened: it keeps the later of the two ends.
    """
    with transaction.atomic():
        done = forbid_many([phone], reason=reason, source=source, person=person, expires_at=expires_at)
        entry = DoNotCall.objects.get(phone=phone)
        record_audit(person, "do_not_call.added", entry, reason=entry.reason, source=source, skipped=done.skipped)
    return done


def forbid_many(
    phones: Sequence[str],
    *,
    reason: str,
    source: str,
    person: Any = None,
    expires_at: datetime.datetime | None = None,
) -> Forbidden:
    """Add up to a few thousand numbers at once for one reason; see `forbid`. Writes no audit event."""
    return forbid_each({phone: OptOut(reason, expires_at) for phone in phones}, source=source, person=person)


def forbid_each(
    wishes: Mapping[str, OptOut], *, source: str, person: Any = None, imported_by: int | None = None
) -> Forbidden:
    """Add up to a few thousand numbers, each with its own reason and end, and all other numbers of the same people.

    `imported_by` is the import whose undoing removes the entries that it made. An entry that another import made is
    confirmed by being added again, by whatever way, and stays then. Writes no audit event.
    """
    now = timezone.now()
    actor_id = getattr(person, "pk", None)
    with transaction.atomic():
        # A commit point after this transaction sees the entries; one before it has already committed its call.
        close_gate()
        wishes = _for_other_numbers(wishes)
        entries = {entry.phone: entry for entry in DoNotCall.objects.filter(phone__in=list(wishes))}
        fresh = [
            DoNotCall(
                phone=phone,
                reason=wish.reason[:MAX_REASON],
                source=source,
                added_by_id=actor_id,
                added_at=now,
                expires_at=wish.expires_at,
                imported_by_id=imported_by,
            )
            for phone, wish in wishes.items()
            if phone not in entries
        ]
        DoNotCall.objects.bulk_create(fresh, batch_size=500)
        changed = [
            entry
            for phone, entry in entries.items()
            if _confirm(entry, imported_by, now) | _strengthen(entry, wishes[phone], source, actor_id, now)
        ]
        DoNotCall.objects.bulk_update(
            changed, ["reason", "source", "added_by", "added_at", "expires_at", "imported_by"], batch_size=500
        )
        skipped = _skip_waiting(wishes, actor_id, now)
    return Forbidden(len(fresh), len(entries), skipped)


def _for_other_numbers(wishes: Mapping[str, OptOut]) -> dict[str, OptOut]:
    """Add the other numbers of the same people: an opt-out applies to all numbers of a person."""
    rows = Contact.objects.filter(Q(merged_into__isnull=False) | Q(merged__isnull=False), phone__in=list(wishes))
    by_head: dict[int, OptOut] = {}
    for phone, pk, head in rows.order_by("pk").values_list("phone", "pk", "merged_into"):
        by_head.setdefault(head or pk, wishes[phone])
    same = Contact.objects.filter(Q(pk__in=by_head) | Q(merged_into__in=by_head)) if by_head else Contact.objects.none()
    others = {phone: by_head[head or pk] for phone, pk, head in same.values_list("phone", "pk", "merged_into")}
    return others | dict(wishes)


def _confirm(entry: DoNotCall, imported_by: int | None, now: datetime.datetime) -> bool:
    """Say which import an entry hangs on after it was added again; returns whether that changed. Does not save.

    One that had ended hangs on the import that renews it; one in force hangs on no import any more but its own.
    """
    has_ended = entry.expires_at is not None and entry.expires_at <= now
    before = entry.imported_by_id
    entry.imported_by_id = imported_by if has_ended or before == imported_by else None
    return entry.imported_by_id != before


def _strengthen(entry: DoNotCall, wish: OptOut, source: str, actor_id: int | None, now: datetime.datetime) -> bool:
    """Renew an expired entry, or extend an active one; returns whether anything changed. Does not save."""
    has_ended = entry.expires_at is not None and entry.expires_at <= now
    lasts_longer = (wish.expires_at or _FOR_EVER) > (entry.expires_at or _FOR_EVER)
    if not has_ended and not lasts_longer:
        return False
    entry.reason, entry.source, entry.added_by_id, entry.added_at = wish.reason[:MAX_REASON], source, actor_id, now
    entry.expires_at = wish.expires_at
    return True


def _skip_waiting(wishes: Mapping[str, OptOut], actor_id: int | None, now: datetime.datetime) -> int:
    """Skip pending calls to these numbers; the caller has closed the gate, so none can be placed meanwhile."""
    waiting = list(
        Call.objects.select_for_update()
        .filter(to_number__in=list(wishes), status=CallStatus.PENDING)
        .order_by("pk")
        .values_list("pk", "to_number")
    )
    if not waiting:
        return 0
    source = Source.PERSON if actor_id else Source.SYSTEM
    skipped = transitions.change(
        transitions.SKIP,
        Call.objects.filter(pk__in=[pk for pk, _phone in waiting]),
        now,
        {
            call_id: Why("skipped", source.value, wishes[phone].reason or str(SkipReason.DO_NOT_CALL.label), actor_id)
            for call_id, phone in waiting
        },
        skip_reason=SkipReason.DO_NOT_CALL,
    )
    return len(skipped)


def allow_again(entry_id: int, *, reason: str, person: Any) -> bool:
    """Remove an entry and record the reason in the audit log; False if the entry does not exist any more.

    Calls that were skipped stay skipped. Raises ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a reason is needed")
    with transaction.atomic():
        close_gate()
        entry = DoNotCall.objects.select_for_update().filter(pk=entry_id).first()
        if entry is None:
            return False
        record_audit(
            person,
            "do_not_call.removed",
            entry,
            reason=reason.strip()[:MAX_REASON],
            was_added=entry.added_at.isoformat(),
            was_reason=entry.reason,
            was_source=entry.source,
        )
        entry.delete()
    return True


def never_call_again(call: Call, person: AbstractBaseUser | AnonymousUser, reason: str = "") -> int:
    """Add the number of a call to the do-not-call list for ever; returns how many pending calls were skipped.

    From the commit on no call to this number is placed; a live call is not ended.
    """
    with transaction.atomic():
        done = forbid(call.to_number, reason=reason, source=DoNotCall.Source.PERSON, person=person)
        heard = step(
            call.pk, "do_not_call_heard", at=timezone.now(), source=Source.PERSON, detail=reason, actor_id=person.pk
        )
        write_steps([heard])
    return done.skipped
