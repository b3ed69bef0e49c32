"""Opt-outs that were heard in calls: kept with the news, so that none is lost, and held until they are decided.

Of a certain one the product decides itself (`tracking.consequences`); of another a person does. While a number is held
nobody calls it (`core.eligibility`), and vendors are asked to leave what waits there.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from callcenter.audit.models import record
from campaigns import queue
from campaigns.contacts.do_not_call import Forbidden, forbid_many
from campaigns.core import decision_kinds, stop_requests
from campaigns.core.all_numbers import further_numbers
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.refusals import Refusal
from campaigns.core.stop_all import close_gate
from campaigns.models import Call, CallEvent, DoNotCall, HeardOptOut
from campaigns.reasons import MAX_REASON

UNCLEAR = "opt_out_unclear"
"""The step of a call in which something like an opt-out was heard."""
MOST_AT_ONCE = 200

Cause = stop_requests.Cause
Decision = HeardOptOut.Decision


def keep(heard: Iterable[tuple[Call, str, bool]], now: datetime.datetime) -> None:
    """Hold the numbers of calls in which an opt-out was heard, in the transaction of the news that brought it.

    `heard` are the call, what was said without full phone numbers, and whether it is certain. A call of which a person
    has decided, and a number that is on the list for ever, are left as they are.
    """
    told = list(heard)
    if not told:
        return
    free = set(_not_forbidden([call.to_number for call, _said, _is_certain in told]))
    rows = [
        HeardOptOut(call=call, phone=call.to_number, said=said[:MAX_REASON], is_certain=is_certain, heard_at=now)
        for call, said, is_certain in told
        if call.to_number in free
    ]
    HeardOptOut.objects.bulk_create(rows, ignore_conflicts=True)
    certain = [row.call_id for row in rows if row.is_certain]
    HeardOptOut.objects.undecided().filter(call__in=certain, is_certain=False).update(is_certain=True)


def hold(call: Call, now: datetime.datetime, *, source: str = Source.SYSTEM) -> bool:
    """Hold all numbers of the person of a call in which something like an opt-out was kept; in one transaction.

    `source` is where the news came from. Returns False, and nothing changes, where that was done before.
    """
    with transaction.atomic():
        close_gate()
        row = HeardOptOut.objects.undecided().filter(call=call).order_by("pk").first()
        if row is None or call.events.filter(code=UNCLEAR).exists():
            return False
        numbers = [call.to_number, *further_numbers([call.to_number])]
        _write_like(row, _not_forbidden(numbers))
        write_steps([step(call.pk, UNCLEAR, at=now, source=source, detail=row.said)])
    return True


def unfinished() -> list[HeardOptOut]:
    """Return what was kept and not carried out, as after the death of a worker: certain ones, and unclear ones."""
    held_fully = CallEvent.objects.filter(call=OuterRef("call"), code=UNCLEAR)
    rows = HeardOptOut.objects.undecided().filter(Q(is_certain=True) | ~Exists(held_fully), call__isnull=False)
    return list(rows.select_related("call__provider").order_by("pk")[:MOST_AT_ONCE])


def _not_forbidden(numbers: Collection[str]) -> list[str]:
    entries = DoNotCall.objects.filter(phone__in=numbers, expires_at__isnull=True)
    forbidden = set(entries.values_list("phone", flat=True))
    return [number for number in numbers if number not in forbidden]


def _write_like(row: HeardOptOut, numbers: Collection[str]) -> None:
    """Hold further numbers for what holds a row's, of the same call or the same row of a file."""
    rows = [
        HeardOptOut(
            call_id=row.call_id,
            contact_import_id=row.contact_import_id,
            sheet=row.sheet,
            row=row.row,
            phone=phone,
            said=row.said,
            heard_at=row.heard_at,
        )
        for phone in numbers
    ]
    HeardOptOut.objects.bulk_create(rows, ignore_conflicts=True)
    stop_requests.for_numbers(numbers, Cause.HELD, timezone.now())


def carry_over(phones: Collection[str], others: Collection[str]) -> int:
    """Hold `others` for what holds `phones`, which are numbers of the same person; returns how many rows that adds.

    The caller's transaction has closed the gate.
    """
    held = list(HeardOptOut.objects.undecided().filter(phone__in=list(phones)))
    others = _not_forbidden(others)
    for row in {(row.call_id, row.contact_import_id): row for row in held}.values():
        _write_like(row, others)
    return len(held) * len(others)


def held_among(numbers: Collection[str]) -> HeardOptOut | None:
    """Return the oldest undecided opt-out that holds one of these numbers; None if none is held."""
    held = HeardOptOut.objects.undecided().filter(phone__in=list(numbers))
    return held.select_related("call", "contact_import").order_by("pk").first()


def put_on_the_list(call_id: int, person: Person, reason: str) -> Forbidden:
    """Decide that it was an opt-out: the numbers go on the do-not-call list. Raises Refusal and PermissionDenied."""
    with transaction.atomic():
        close_gate()
        call, rows = _opened(call_id, person)
        done = forbid_many(
            [row.phone for row in rows],
            reason=reason or rows[0].said,
            source=DoNotCall.Source.VENDOR,
            person=person,
            is_own_wish=True,
        )
        now = timezone.now()
        write_steps(
            [step(call.pk, "do_not_call_heard", at=now, source=Source.PERSON, detail=reason, actor_id=person.pk)]
        )
        record(person, "do_not_call.decided", call, forbidden=True, reason=reason, skipped=done.skipped)
    return done


def may_be_called(call_id: int, person: Person, reason: str) -> None:
    """Decide that it was no opt-out: the numbers may be called, unless another one holds them.

    Raises Refusal, also without a reason, and PermissionDenied.
    """
    if not reason.strip():
        raise Refusal(_("Enter a reason; it is recorded. Nothing was changed."))
    with transaction.atomic():
        close_gate()
        call, rows = _opened(call_id, person)
        now = timezone.now()
        allow(rows, person, now)
        write_steps([step(call.pk, "opt_out_allowed", at=now, source=Source.PERSON, detail=reason, actor_id=person.pk)])
        record(person, "do_not_call.decided", call, forbidden=False, reason=reason)


def allow(rows: Sequence[HeardOptOut], person: Person, now: datetime.datetime) -> None:
    """Let the numbers of these rows be called, unless others hold them; the caller has closed the gate."""
    HeardOptOut.objects.filter(pk__in=[row.pk for row in rows]).update(
        decision=Decision.ALLOWED, decided_at=now, decided_by=person.pk
    )
    let_go({row.phone for row in rows}, now)


def let_go(numbers: Collection[str], now: datetime.datetime) -> None:
    """Drop the stop requests of those of the numbers that nothing holds any more, so that their calls go on."""
    still_held = HeardOptOut.objects.undecided().filter(phone__in=numbers).values_list("phone", flat=True)
    if freed := set(numbers) - set(still_held):
        stop_requests.drop(Cause.HELD, now, freed)
        queue.nudge_dispatch()


def _opened(call_id: int, person: Person) -> tuple[Call, list[HeardOptOut]]:
    """Lock the undecided opt-outs of a call about which the person may decide; there is at least one."""
    call = Call.objects.get(pk=call_id)
    if not decision_kinds.may_decide(call, person, decision_kinds.BY_KEY["opt_out"]):
        raise PermissionDenied("remove_do_not_call")
    rows = list(HeardOptOut.objects.undecided().select_for_update().filter(call=call_id).order_by("pk"))
    if not rows:
        raise Refusal(_("This has already been decided. See the timeline of the call."))
    return call, rows
