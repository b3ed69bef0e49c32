"""The do-not-call list: an entry is effective from its commit, and no call waits for the number here or at a vendor.

The only module that writes entries. With each entry, in one transaction: pending calls are skipped, vendors are asked
to leave what waits there (`core.stop_requests`), and an opt-out that was not certain is decided.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access import two_people
from callcenter.access.models import TwoPersonRequest
from callcenter.access.roles import team_of
from callcenter.access.two_people_kinds import REMOVE_OPT_OUT, UNDO_OPT_OUTS
from callcenter.audit.models import record as record_audit
from campaigns.core import kept_opt_outs, stop_requests, transitions
from campaigns.core.all_numbers import further_numbers
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.happenings import happened
from campaigns.core.refusals import Refusal
from campaigns.core.stop_all import close_gate
from campaigns.core.transitions import Why
from campaigns.models import Call, ContactImport, DoNotCall, HeardOptOut
from campaigns.reasons import MAX_REASON, SkipReason
from providers.types import CallStatus

_FOR_EVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)


class OwnOptOut(Refusal):
    """One person alone wanted to remove a person's own opt-out."""


class OptOut(NamedTuple):
    """Why a number must not be called, and until when; None means for ever."""

    reason: str
    expires_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The result of adding entries: new ones, ones that existed already, and the calls that are no longer wanted."""

    added: int = 0
    known: int = 0
    skipped: int = 0
    stops: stop_requests.Stops = stop_requests.NONE
    """Live calls: those that vendors are asked to leave, and those that may still ring."""


def forbid(
    phone: str,
    *,
    reason: str,
    source: str,
    person: Any = None,
    expires_at: datetime.datetime | None = None,
    team: int | None = None,
    is_own_wish: bool = False,
) -> Forbidden:
    """Add a number (E.164) to the do-not-call list and skip its pending calls, in one transaction.

    `person` is the user who did it, None for the product itself, which says whose the entry becomes (`team`);
    `expires_at` None means for ever; `is_own_wish` says that the person asked for it themselves, in a call or in a
    file. An active entry is never weakened: it keeps the later of the two ends, and stays the person's own opt-out.
    """
    with transaction.atomic():
        done = forbid_many(
            [phone], reason=reason, source=source, person=person, expires_at=expires_at, team=team,
            is_own_wish=is_own_wish,
        )  # fmt: skip
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
    team: int | None = None,
    is_own_wish: bool = False,
) -> Forbidden:
    """Add up to a few thousand numbers at once for one reason; see `forbid`. Writes no audit event."""
    wishes = {phone: OptOut(reason, expires_at) for phone in phones}
    return forbid_each(wishes, source=source, person=person, team=team, is_own_wish=is_own_wish)


def forbid_each(
    wishes: Mapping[str, OptOut],
    *,
    source: str,
    person: Any = None,
    imported_by: int | None = None,
    team: int | None = None,
    is_own_wish: bool = False,
) -> Forbidden:
    """Add up to a few thousand numbers, each with its own reason and end, and all other numbers of the same people.

    `team` is whose entries they become where `person` does not say it; an entry that a second team adds is everybody's.
    `imported_by` is the import whose undoing removes the entries that it made. An entry that another import made is
    confirmed by being added again, by whatever way, and stays then. Writes no audit event.
    """
    now = timezone.now()
    actor_id = getattr(person, "pk", None)
    team = team_of(person) if person is not None else team
    with transaction.atomic():
        # A commit point after this transaction sees the entries; one before it has already committed its call.
        close_gate()
        wishes = _with_all_numbers(wishes)
        entries = {entry.phone: entry for entry in DoNotCall.objects.filter(phone__in=list(wishes))}
        fresh = [
            DoNotCall(
                phone=phone,
                reason=wish.reason[:MAX_REASON],
                source=source,
                added_by_id=actor_id,
                team_id=team,
                added_at=now,
                expires_at=wish.expires_at,
                imported_by_id=imported_by,
                is_own_wish=is_own_wish,
            )
            for phone, wish in wishes.items()
            if phone not in entries
        ]
        made = DoNotCall.objects.bulk_create(fresh, batch_size=500)
        changed = [
            entry
            for phone, entry in entries.items()
            if _confirm(entry, imported_by, now)
            | _own(entry, now, is_own_wish=is_own_wish)
            | _strengthen(entry, wishes[phone], source, actor_id, now)
            | _share(entry, team)
        ]
        DoNotCall.objects.bulk_update(
            changed,
            ["reason", "source", "added_by", "team", "added_at", "expires_at", "imported_by", "is_own_wish"],
            batch_size=500,
        )
        skipped = _skip_waiting(wishes, actor_id, now)
        for_ever = [phone for phone, wish in wishes.items() if wish.expires_at is None]
        HeardOptOut.objects.undecided().filter(phone__in=for_ever).update(
            decision=HeardOptOut.Decision.FORBIDDEN, decided_at=now, decided_by=actor_id
        )
        stops = stop_requests.for_numbers(list(wishes), stop_requests.Cause.OPT_OUT, now, actor_id)
        happened("do_not_call.added", *(entry.pk for entry in made))
    return Forbidden(len(fresh), len(entries), skipped, stops)


def _with_all_numbers(wishes: Mapping[str, OptOut]) -> dict[str, OptOut]:
    """Add the further numbers of the same people: an opt-out applies to all numbers of a person."""
    return {other: wishes[phone] for other, phone in further_numbers(wishes.keys()).items()} | dict(wishes)


def _confirm(entry: DoNotCall, imported_by: int | None, now: datetime.datetime) -> bool:
    """Say which import an entry hangs on after it was added again; returns whether that changed. Does not save.

    One that had ended hangs on the import that renews it; one in force hangs on no import any more but its own.
    """
    has_ended = entry.expires_at is not None and entry.expires_at <= now
    before = entry.imported_by_id
    entry.imported_by_id = imported_by if has_ended or before == imported_by else None
    return entry.imported_by_id != before


def _own(entry: DoNotCall, now: datetime.datetime, *, is_own_wish: bool) -> bool:
    """Note whether an entry is the person's own opt-out; returns whether that changed. Does not save.

    One in force stays so whoever adds it again, so that nobody removes it alone afterwards.
    """
    has_ended = entry.expires_at is not None and entry.expires_at <= now
    before = entry.is_own_wish
    entry.is_own_wish = is_own_wish or (before and not has_ended)
    if entry.source == DoNotCall.Source.VENDOR and not has_ended:
        entry.is_own_wish = True
    return entry.is_own_wish != before


def _strengthen(entry: DoNotCall, wish: OptOut, source: str, actor_id: int | None, now: datetime.datetime) -> bool:
    """Renew an expired entry, or extend an active one; returns whether anything changed. Does not save."""
    has_ended = entry.expires_at is not None and entry.expires_at <= now
    lasts_longer = (wish.expires_at or _FOR_EVER) > (entry.expires_at or _FOR_EVER)
    if not has_ended and not lasts_longer:
        return False
    entry.reason, entry.source, entry.added_by_id, entry.added_at = wish.reason[:MAX_REASON], source, actor_id, now
    entry.expires_at = wish.expires_at
    return True


def _share(entry: DoNotCall, team: int | None) -> bool:
    """Make an entry everybody's that another team asked for too; returns whether that changed. Does not save."""
    is_foreign = entry.team_id is not None and entry.team_id != team
    entry.team_id = None if is_foreign else entry.team_id
    return is_foreign


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


def allow_again(entry_id: int, *, reason: str, person: Any, confirmed: TwoPersonRequest | None = None) -> int | None:
    """Remove an entry and record the reason in the audit log; None if the entry does not exist any more.

    A person's own opt-out needs the request that a second person has confirmed in this transaction. Returns how many
    other numbers of the person stay on the list. Calls that were skipped stay skipped, and no vendor is asked any more
    to leave a call to the number. Raises ValueError without a reason, and OwnOptOut.
    """
    if not reason.strip():
        raise ValueError("a reason is needed")
    with transaction.atomic():
        close_gate()
        entry = DoNotCall.objects.select_for_update().filter(pk=entry_id).first()
        if entry is None:
            return None
        if entry.takes_two_people and not two_people.is_confirmed(confirmed, REMOVE_OPT_OUT, entry):
            raise OwnOptOut(_("This contact opted out. A second user must confirm the removal."))
        record_audit(
            person,
            "do_not_call.removed",
            entry,
            reason=reason.strip()[:MAX_REASON],
            was_added=entry.added_at.isoformat(),
            was_reason=entry.reason,
            was_source=entry.source,
            **({"asked_by": confirmed.asked_by_id} if confirmed is not None else {}),
        )
        # Also where the person was erased meanwhile, and only the hash of this number was kept.
        kept_opt_outs.forget([entry.phone])
        stop_requests.drop(stop_requests.Cause.OPT_OUT, timezone.now(), [entry.phone])
        entry.delete()
        others = DoNotCall.objects.in_force().filter(phone__in=further_numbers([entry.phone]))
        return others.count()


def own_entries_of(record: ContactImport) -> int:
    """Count the persons' own opt-outs that only this import made: those that an undo alone leaves on the list."""
    return DoNotCall.objects.in_force().own_wishes().filter(imported_by=record).count()


def undo_entries_of(record: ContactImport, confirmed: TwoPersonRequest | None = None) -> int:
    """Remove the entries that only this import made; returns how many. The caller holds the transaction and the gate.

    Persons' own opt-outs stay, unless a second person has confirmed their removal in this transaction. An entry that
    anything has confirmed since does not hang on the import any more, and stays. What was heard in calls and was
    decided by such an entry is undecided again. Calls that were skipped stay skipped.
    """
    made = DoNotCall.objects.filter(imported_by=record)
    if not two_people.is_confirmed(confirmed, UNDO_OPT_OUTS, record):
        made = made.exclude(pk__in=DoNotCall.objects.in_force().own_wishes().filter(imported_by=record).values("pk"))
    by_time: dict[datetime.datetime, list[str]] = defaultdict(list)
    for phone, added_at in made.values_list("phone", "added_at"):
        by_time[added_at].append(phone)
    for added_at, phones in by_time.items():
        decided = HeardOptOut.objects.filter(phone__in=phones, decided_at=added_at)
        decided.filter(decision=HeardOptOut.Decision.FORBIDDEN).update(
            decision=HeardOptOut.Decision.NONE, decided_at=None, decided_by=None
        )
        stop_requests.drop(stop_requests.Cause.OPT_OUT, timezone.now(), phones)
    removed, _rows = made.delete()
    return removed


def never_call_by_rule(call: Call, reason: str) -> Forbidden:
    """Add the number of a call to the do-not-call list for ever, because a rule of dispositions says so; see below.

    It counts as the person's own opt-out: a rule reads it out of what they answered or said.
    """
    with transaction.atomic():
        heard = f"{reason[: MAX_REASON - 20]} #{call.pk}"
        source = DoNotCall.Source.PERSON
        done = forbid(call.to_number, reason=heard, source=source, team=call.team_id, is_own_wish=True)
        write_steps([step(call.pk, "never_call_by_rule", at=timezone.now(), detail=reason)])
    return done


def never_call_again(call: Call, person: AbstractBaseUser | AnonymousUser, reason: str = "") -> Forbidden:
    """Add the number of a call to the do-not-call list for ever, and write that it was asked in this call.

    From the commit on no call to this number is placed; a live call is not ended.
    """
    with transaction.atomic():
        done = forbid(call.to_number, reason=reason, source=DoNotCall.Source.PERSON, person=person, is_own_wish=True)
        heard = step(
            call.pk, "do_not_call_heard", at=timezone.now(), source=Source.PERSON, detail=reason, actor_id=person.pk
        )
        write_steps([heard])
    return done
