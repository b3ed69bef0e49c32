"""Compares a part of a vendor's list with our rows: binds what is ours, records once what no row explains."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from callcenter.formats.masking import ending_if_long
from campaigns import matching, rules
from campaigns.core import transitions
from campaigns.core.call_events import Source
from campaigns.core.clock import span
from campaigns.core.transitions import Why
from campaigns.matching import Sought
from campaigns.models import Call, UnknownVendorCall
from campaigns.tracking import call_updates
from campaigns.tracking.unknown_calls import EARLY, NO_REFERENCE, sought_of
from providers.base import ProviderBackend
from providers.models import Provider
from providers.types import CallHandle, CallSnapshot, CallStatus, FailureReason

MOST_DETAILS = 50
MOST_OPEN = 1000
"""So many unexplained calls of one vendor wait for a person at most; other tools with the same key may make many."""
AT_ONCE = 500

State = UnknownVendorCall.State


@dataclass(slots=True)
class ListPart:
    """One window of a vendor's list, and what we know of it."""

    provider: Provider
    since: datetime.datetime
    until: datetime.datetime
    known: list[Sought]
    """Calls of ours that the list must show, or it is not to be trusted."""
    is_frozen: bool
    """After a restored backup: a waiting call may be one that was dialled already."""


@dataclass(slots=True)
class Comparison:
    """What a comparison did."""

    bound: int = 0
    held: int = 0
    recorded: int = 0
    missing: int = 0
    """Calls that we know, that are old enough, and that the list does not show."""
    seen: int = 0
    """Calls that we know and that it shows."""
    rest: list[CallSnapshot] = field(default_factory=list)


def compare(
    part: ListPart, backend: ProviderBackend, listed: Sequence[CallSnapshot], now: datetime.datetime
) -> Comparison:
    """Match every row of a list; rows without our reference are read one by one first, where that may tell."""
    done = Comparison()
    rest, missing = matching.explained(part.known, listed)
    fresh = now - span(rules.SETTLE)
    # Near the edges of the window the vendor's clock decides whether a call is in it.
    inner = (part.since + EARLY, min(part.until - EARLY, fresh))
    done.missing = sum(inner[0] <= call.placing_at < inner[1] for call in missing)
    done.seen = len(part.known) - len(missing)
    ids = _known_ids(part.provider, [row.remote_id for row in rest])
    rest = [row for row in rest if row.remote_id not in ids]
    # A vendor call younger than this may be one whose answer is on its way to us.
    rest = [row for row in rest if part.is_frozen or row.created_at is None or row.created_at < fresh]
    recorded = _recorded_ids(part.provider, [row.remote_id for row in rest])
    rest = _with_details(backend, rest, recorded)
    rest = _bind_by_reference(part, rest, done, now)
    rest = _bind_by_number(part, rest, done, now)
    if part.is_frozen:
        rest = _settle_waiting(part, rest, done, now)
    done.rest = [row for row in rest if row.remote_id not in recorded]
    done.recorded = _record(part.provider, done.rest, now)
    _close_found(part.provider)
    return done


def _known_ids(provider: Provider, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        calls = Call.objects.filter(provider=provider, remote_id__in=ids[start : start + AT_ONCE])
        found.update(calls.values_list("remote_id", flat=True))
    return found


def _recorded_ids(provider: Provider, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        rows = UnknownVendorCall.objects.filter(provider=provider, remote_id__in=ids[start : start + AT_ONCE])
        found.update(rows.values_list("remote_id", flat=True))
    return found


def _with_details(backend: ProviderBackend, rows: list[CallSnapshot], recorded: set[str]) -> list[CallSnapshot]:
    """Read rows that do not say whose they are: lists are trimmed, the call itself may carry our reference."""
    if not (backend.carries_reference and backend.reads_more_alone):
        return rows
    unsaid = [row for row in rows if row.reference is None and row.remote_id not in recorded][:MOST_DETAILS]
    handles = [
        CallHandle(
            reference=NO_REFERENCE, remote_id=row.remote_id, to_number=row.to_number, agent_id=row.agent_id,
            placed_at=row.created_at,
        )
        for row in unsaid
    ]  # fmt: skip
    found = {detail.remote_id: detail for detail in backend.fetch_calls(handles)} if handles else {}
    return [replace(row, reference=detail.reference) if (detail := found.get(row.remote_id)) else row for row in rows]


def _bind_by_reference(
    part: ListPart, rows: list[CallSnapshot], done: Comparison, now: datetime.datetime
) -> list[CallSnapshot]:
    references = [row.reference for row in rows if row.reference]
    calls = {call.reference: call for call in Call.objects.filter(provider=part.provider, reference__in=references)}
    left = []
    for row in rows:
        call = calls.get(row.reference) if row.reference else None
        # A call of ours that has another id already: the vendor dialled twice for one order.
        if call is None or call.remote_id or call_updates.is_of_another(call, row):
            left.append(row)
        elif is_on_its_way(call, now):
            continue
        elif _bind(call, row, "id", now):
            done.bound += 1
        else:
            left.append(row)
    return left


def _bind_by_number(
    part: ListPart, rows: list[CallSnapshot], done: Comparison, now: datetime.datetime
) -> list[CallSnapshot]:
    """Bind by number, agent and time, as settling does: only where one call and one row fit nobody else."""
    held = Q(status=CallStatus.FAILED, failure_reason=FailureReason.NOT_PLACED)
    states = Q(status__in=[CallStatus.UNKNOWN, CallStatus.PLACING]) | held
    # An order that was taken late stands in the list later than it left.
    longest = span(rules.HTTP_DEADLINE + rules.PRESEND + rules.GRACE + 2 * rules.LONG_SETTLE)
    calls = {
        call.pk: call
        for call in Call.objects.filter(states, provider=part.provider, remote_id="")
        .filter(placing_at__gte=part.since - longest, placing_at__lte=part.until + EARLY)
        .select_related("agent")[: 4 * AT_ONCE]
    }
    if not calls:
        return rows
    nameless = [row for row in rows if row.reference is None]
    findings = matching.look([_sought(call) for call in calls.values()], [], nameless)
    settled = set()
    for found in findings.found:
        call = calls[found.call_id]
        if is_on_its_way(call, now):
            settled.add(found.snapshot.remote_id)
        elif _bind(call, found.snapshot, found.by, now):
            settled.add(found.snapshot.remote_id)
            done.bound += 1
    for call_id, ids in findings.ambiguous.items():
        # Several fit: settling asks a person on the call's own page.
        if calls[call_id].status in {CallStatus.UNKNOWN, CallStatus.PLACING}:
            settled.update(ids)
    return [row for row in rows if row.remote_id not in settled]


def _sought(call: Call) -> Sought:
    sought = sought_of(call)
    if call.status != CallStatus.FAILED:
        return sought
    return replace(sought, latest_at=sought.latest_at + span(2 * rules.LONG_SETTLE))


def is_on_its_way(call: Call, now: datetime.datetime) -> bool:
    """Tell whether an order is out whose own answer may still come: neither unknown nor lost."""
    return call.status == CallStatus.PLACING and call.deadline_at is not None and call.deadline_at >= now


def _bind(call: Call, row: CallSnapshot, by: str, now: datetime.datetime) -> bool:
    """Give a call its vendor call by the same compare-and-set as settling, then what the vendor says of it."""
    code = "bound" if by == "id" else "bound_by_number"
    if call.status == CallStatus.PENDING:
        bound = _bind_waiting(call, row, by, now)
    else:
        bound = call_updates.bind(call.pk, row.remote_id, code=code, source="list", now=now, matched_by=by)
    if bound:
        call_updates.merge_news({call.pk: row}, source="list", now=now)
    return bound


# After a restored backup: calls that wait here and were dialled there


def _bind_waiting(call: Call, row: CallSnapshot, by: str, now: datetime.datetime) -> bool:
    """Take a call out of the queue that the vendor has already; no commit point passes a row that does not wait."""
    try:
        with transaction.atomic():
            dialed_at = row.created_at or now
            bound = transitions.change(
                transitions.BIND_WAITING, Call.objects.filter(pk=call.pk), now, Why("bound_waiting", Source.LIST.value),
                remote_id=row.remote_id, matched_by=by, placing_at=dialed_at, deadline_at=dialed_at,
            )  # fmt: skip
            return bool(bound)
    except IntegrityError:
        return False


def _settle_waiting(
    part: ListPart, rows: list[CallSnapshot], done: Comparison, now: datetime.datetime
) -> list[CallSnapshot]:
    """Bind the one waiting call that a row fits; where several fit, hold them all: nobody is guessed at or dialled."""
    numbers = {row.to_number for row in rows if row.to_number}
    waiting: dict[str, list[Call]] = defaultdict(list)
    for call in Call.objects.filter(
        provider=part.provider, status=CallStatus.PENDING, to_number__in=numbers
    ).select_related("agent"):
        waiting[call.to_number].append(call)
    left = []
    for row in rows:
        fitting = [call for call in waiting.get(row.to_number, []) if _may_be(call, row)]
        if len(fitting) == 1 and _bind(fitting[0], row, "number", now):
            waiting[row.to_number].remove(fitting[0])
            done.bound += 1
            continue
        for call in fitting:
            done.held += _hold(call, now)
            waiting[row.to_number].remove(call)
        left.append(row)
    return left


def _may_be(call: Call, row: CallSnapshot) -> bool:
    agent = call.agent.remote_id if call.agent else ""
    if agent and row.agent_id and agent != row.agent_id:
        return False
    # A second attempt is planned anew after the restore: its row may be younger than the call.
    return row.created_at is None or call.attempt > 1 or call.created_at <= row.created_at + EARLY


def _hold(call: Call, now: datetime.datetime) -> int:
    this = Call.objects.filter(pk=call.pk)
    return len(transitions.change(transitions.HOLD_WAITING, this, now, Why("held_after_restore")))


# What nothing explains


def _record(provider: Provider, rows: Sequence[CallSnapshot], now: datetime.datetime) -> int:
    """Write down each row once, as many as a person may ever look at; returns how many were new."""
    waiting = UnknownVendorCall.objects.filter(provider=provider, state=State.OPEN).count()
    fresh = [
        UnknownVendorCall(
            provider=provider,
            remote_id=row.remote_id[:200],
            masked_number=ending_if_long(call_updates.digits(row.to_number)),
            agent_id=row.agent_id[:200],
            vendor_time=row.created_at,
            seen_at=now,
            raw_status=row.raw_status[:80],
            has_our_mark=row.reference is not None,
        )
        for row in rows[: max(0, MOST_OPEN - waiting)]
    ]
    UnknownVendorCall.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _close_found(provider: Provider) -> None:
    """End what waited for a person and turned out to be a row's call after all."""
    call = Call.objects.filter(provider=OuterRef("provider"), remote_id=OuterRef("remote_id"))
    UnknownVendorCall.objects.filter(Exists(call), provider=provider, state=State.OPEN).update(state=State.FOUND)
