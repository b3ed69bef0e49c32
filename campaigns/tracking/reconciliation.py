"""Compares one window of a vendor's list with our rows: stores vendor ids of our calls, records unexplained ones."""

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
from campaigns.directions import divided
from campaigns.matching import Sought
from campaigns.models import Call, UnknownVendorCall
from campaigns.tracking import call_updates, inbound
from campaigns.tracking.our_lines import our_lines
from campaigns.tracking.unknown_calls import EARLY, NO_REFERENCE, sought_of
from providers.base import ProviderBackend
from providers.models import Provider
from providers.types import CallHandle, CallSnapshot, CallStatus, FailureReason

MOST_DETAILS = 50
"""Most calls of one window that are read one by one."""
MOST_OPEN = 1000
"""Most unexplained calls of one vendor that may wait for a person; other tools with the same key may make many."""
IDS_A_QUERY = 500
"""Vendor ids that one statement looks up."""
CALLS_A_WINDOW = 4 * IDS_A_QUERY
"""Most of our calls without a vendor id that are compared with one window."""

MAX_REMOTE_ID = UnknownVendorCall._meta.get_field("remote_id").max_length
MAX_AGENT_ID = UnknownVendorCall._meta.get_field("agent_id").max_length
MAX_RAW_STATUS = UnknownVendorCall._meta.get_field("raw_status").max_length
State = UnknownVendorCall.State


@dataclass(slots=True)
class ListPart:
    """One time window of a vendor's list, and our calls in it."""

    provider: Provider
    since: datetime.datetime
    until: datetime.datetime
    known: list[Sought]
    """Our own calls in the window; if the list lacks old enough ones, it cannot be trusted."""
    is_frozen: bool
    """Whether the provider is frozen after a restored backup, so that a pending call may have been dialled already."""


@dataclass(slots=True)
class Comparison:
    """The result of comparing one window: how many calls were seen, bound, held and recorded."""

    bound: int = 0
    held: int = 0
    recorded: int = 0
    inbound: int = 0
    """Calls that people made to us, new in the call log."""
    missing: int = 0
    """Known calls that are old enough to be listed, and are not."""
    seen: int = 0
    """Known calls that are listed."""
    rest: list[CallSnapshot] = field(default_factory=list)
    is_whole: bool = True
    """Whether the whole list of the window was read."""


def compare(
    part: ListPart, backend: ProviderBackend, listed: Sequence[CallSnapshot], now: datetime.datetime
) -> Comparison:
    """Match every row of a vendor's list with our calls, and write what follows.

    Rows that carry no reference of ours are read one by one first, because the full call may carry it.
    """
    done = Comparison()
    lines = our_lines(part.provider)
    rows = divided(listed, lines)
    rest, missing = matching.explained(part.known, rows.outbound)
    fresh = now - span(rules.SETTLE)
    # At the edges of the window, clock differences decide whether the vendor lists a call: do not count those.
    inner = (part.since + EARLY, min(part.until - EARLY, fresh))
    done.missing = sum(inner[0] <= call.placing_at < inner[1] for call in missing)
    done.seen = len(part.known) - len(missing)
    ids = known_ids(part.provider, [row.remote_id for row in rest])
    rest = [row for row in rest if row.remote_id not in ids]
    # A very recent vendor call may belong to an order whose answer has not arrived yet.
    rest = [row for row in rest if part.is_frozen or row.created_at is None or row.created_at < fresh]
    recorded = _recorded_ids(part.provider, [row.remote_id for row in rest])
    rest = with_details(backend, rest, recorded)
    rest = _bind_by_reference(part, rest, done, now)
    rest = _bind_by_number(part, rest, done, now)
    if part.is_frozen:
        rest = _settle_waiting(part, rest, done, now)
    done.rest = [row for row in rest if row.remote_id not in recorded]
    done.recorded = _record(part.provider, done.rest, now)
    done.inbound = inbound.take_in(part.provider, backend, rows.inbound, lines, now)
    _close_found(part.provider)
    return done


def known_ids(provider: Provider, ids: Sequence[str]) -> set[str]:
    """Return which of these vendor ids our calls have."""
    found: set[str] = set()
    for start in range(0, len(ids), IDS_A_QUERY):
        calls = Call.objects.filter(provider=provider, remote_id__in=ids[start : start + IDS_A_QUERY])
        found.update(calls.values_list("remote_id", flat=True))
    return found


def _recorded_ids(provider: Provider, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), IDS_A_QUERY):
        rows = UnknownVendorCall.objects.filter(provider=provider, remote_id__in=ids[start : start + IDS_A_QUERY])
        found.update(rows.values_list("remote_id", flat=True))
    return found


def with_details(backend: ProviderBackend, rows: list[CallSnapshot], recorded: set[str]) -> list[CallSnapshot]:
    """Read one by one the rows without our reference: lists leave fields out that the full call may carry."""
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
        # Our call has another vendor id already: the vendor dialled twice for one order, so this row stays unexplained.
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
    """Match rows and calls by number, agent and time; bind only pairs that fit each other and nothing else.

    Returns the rows that are still unexplained.
    """
    calls = {call.pk: call for call in nameless_calls(part.provider, part.since, part.until)}
    if not calls:
        return rows
    nameless = [row for row in rows if row.reference is None]
    findings = matching.look([sought_late(call) for call in calls.values()], [], nameless)
    settled = set()
    for found in findings.found:
        call = calls[found.call_id]
        if is_on_its_way(call, now):
            settled.add(found.snapshot.remote_id)
        elif _bind(call, found.snapshot, found.by, now):
            settled.add(found.snapshot.remote_id)
            done.bound += 1
    for call_id, ids in findings.ambiguous.items():
        # Several rows fit this call: a person decides on the call's own page.
        if calls[call_id].status in {CallStatus.UNKNOWN, CallStatus.PLACING}:
            settled.update(ids)
    return [row for row in rows if row.remote_id not in settled]


def nameless_calls(provider: Provider, since: datetime.datetime, until: datetime.datetime) -> list[Call]:
    """Return our calls without a vendor id that a row of this window may be: on their way, unknown, or held."""
    held = Q(status=CallStatus.FAILED, failure_reason=FailureReason.NOT_PLACED)
    states = Q(status__in=[CallStatus.UNKNOWN, CallStatus.PLACING]) | held
    # The vendor may list a call later than we sent its order.
    longest = span(rules.HTTP_DEADLINE + rules.PRESEND + rules.GRACE + 2 * rules.LONG_SETTLE)
    calls = Call.objects.filter(states, provider=provider, remote_id="")
    calls = calls.filter(placing_at__gte=since - longest, placing_at__lte=until + EARLY)
    return list(calls.select_related("agent")[:CALLS_A_WINDOW])


def sought_late(call: Call) -> Sought:
    """Return what to look for of such a call; a held one may have been taken late."""
    sought = sought_of(call)
    if call.status != CallStatus.FAILED:
        return sought
    return replace(sought, latest_at=sought.latest_at + span(2 * rules.LONG_SETTLE))


def is_on_its_way(call: Call, now: datetime.datetime) -> bool:
    """Return whether the vendor's answer to this call's order may still arrive."""
    return call.status == CallStatus.PLACING and call.deadline_at is not None and call.deadline_at >= now


def _bind(call: Call, row: CallSnapshot, by: str, now: datetime.datetime) -> bool:
    """Store a row's vendor id on our call by compare-and-set, then write the row's state; returns whether it did."""
    code = "bound" if by == "id" else "bound_by_number"
    if call.status == CallStatus.PENDING:
        bound = _bind_waiting(call, row, by, now)
    else:
        bound = call_updates.bind(call.pk, row.remote_id, code=code, source="list", now=now, matched_by=by)
    if bound:
        call_updates.merge_news({call.pk: row}, source="list", now=now)
    return bound


# After a restored backup: calls that are pending here and were already dialled by the vendor


def _bind_waiting(call: Call, row: CallSnapshot, by: str, now: datetime.datetime) -> bool:
    """Bind a pending call that the vendor has dialled already, so that no dispatcher sends it again."""
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
    """Bind the one pending call that fits a row; if several fit, hold them all so that none is dialled.

    A call that waits for the other provider of its campaign may have gone this way too: it is held.
    """
    numbers = {row.to_number for row in rows if row.to_number}
    waiting: dict[str, list[Call]] = defaultdict(list)
    here = Q(provider=part.provider) | Q(campaign__second__provider=part.provider)
    here |= Q(campaign__provider=part.provider)
    for call in Call.objects.filter(here, status=CallStatus.PENDING, to_number__in=numbers).select_related("agent"):
        waiting[call.to_number].append(call)
    left = []
    for row in rows:
        fitting = [call for call in waiting.get(row.to_number, []) if _may_be(call, row, part.provider)]
        if len(fitting) == 1 and _bind_here(part, fitting[0], row, now):
            waiting[row.to_number].remove(fitting[0])
            done.bound += 1
            continue
        for call in fitting:
            done.held += _hold(call, now)
            waiting[row.to_number].remove(call)
        left.append(row)
    return left


def _bind_here(part: ListPart, call: Call, row: CallSnapshot, now: datetime.datetime) -> bool:
    return call.provider_id == part.provider.pk and _bind(call, row, "number", now)


def _may_be(call: Call, row: CallSnapshot, provider: Provider) -> bool:
    # With what it would have gone through the other provider of its campaign, its row does not say.
    agent = call.agent.remote_id if call.agent and call.provider_id == provider.pk else ""
    if agent and row.agent_id and agent != row.agent_id:
        return False
    # A later attempt is planned again after the restore, so its row may be younger than the vendor's call.
    return row.created_at is None or call.attempt > 1 or call.created_at <= row.created_at + EARLY


def _hold(call: Call, now: datetime.datetime) -> int:
    this = Call.objects.filter(pk=call.pk)
    return len(transitions.change(transitions.HOLD_WAITING, this, now, Why("held_after_restore")))


# Vendor calls that no row of ours explains


def _record(provider: Provider, rows: Sequence[CallSnapshot], now: datetime.datetime) -> int:
    """Insert each unexplained row once, up to `MOST_OPEN` open ones a provider; returns how many were new."""
    waiting = UnknownVendorCall.objects.filter(provider=provider, state=State.OPEN).count()
    fresh = [
        UnknownVendorCall(
            provider=provider,
            remote_id=row.remote_id[:MAX_REMOTE_ID],
            masked_number=ending_if_long(call_updates.digits(row.to_number)),
            agent_id=row.agent_id[:MAX_AGENT_ID],
            vendor_time=row.created_at,
            seen_at=now,
            raw_status=row.raw_status[:MAX_RAW_STATUS],
            has_our_mark=row.reference is not None,
        )
        for row in rows[: max(0, MOST_OPEN - waiting)]
    ]
    UnknownVendorCall.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _close_found(provider: Provider) -> None:
    """Close open unexplained vendor calls whose id one of our calls has meanwhile received."""
    call = Call.objects.filter(provider=OuterRef("provider"), remote_id=OuterRef("remote_id"))
    UnknownVendorCall.objects.filter(Exists(call), provider=provider, state=State.OPEN).update(state=State.FOUND)
