"""Takes in the calls that people made to us, as vendors list them: each becomes one row of the call log.

A row is written when the call is over. It holds no line, is no attempt and never counts as dialled; what was said in
it, and that the person asked not to be called again, is read like that of any other call.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from campaigns import rules
from campaigns.core import transitions
from campaigns.core.call_events import Source
from campaigns.core.clock import span
from campaigns.core.conditions import phone_may_have_rung
from campaigns.core.transitions import Why
from campaigns.directions import OurLines, told
from campaigns.evidence import Evidence, evidence_of
from campaigns.models import Call, Contact, InboundCall
from campaigns.tracking import call_updates
from campaigns.tracking.unknown_calls import NO_REFERENCE
from providers.base import ProviderBackend
from providers.models import Agent, Provider
from providers.parsing import is_e164
from providers.types import FINAL, CallHandle, CallSnapshot, CallStatus

CALLED_BACK_WITHIN = datetime.timedelta(days=30)
"""A call that comes in this long after ours to the person is taken for a call back."""
MOST_DETAILS = 50
"""Most calls of one list that are read one by one; the others are written as their rows tell them."""
MAX_NUMBER = InboundCall._meta.get_field("our_number").max_length


def take_in(
    provider: Provider, backend: ProviderBackend, rows: Sequence[CallSnapshot], lines: OurLines, now: datetime.datetime
) -> int:
    """Write down the calls that came in and are over, and what is new of those known; returns how many were new.

    Calls not known here are read by themselves first: a list leaves out most of what a call came to. One of which that
    read does not say that it came in is left alone.
    """
    ids = [row.remote_id for row in rows]
    known = dict(Call.objects.filter(provider=provider, remote_id__in=ids).values_list("remote_id", "pk"))
    ours = set(Call.objects.inbound().filter(pk__in=known.values()).values_list("pk", flat=True))
    news = {known[row.remote_id]: row for row in rows if known.get(row.remote_id) in ours}
    if news:
        call_updates.merge_news(news, source=Source.LIST, now=now)
    fresh = _with_details(backend, [row for row in rows if row.remote_id not in known], lines)
    return sum(_write(provider, row, now) for row in fresh if row.direction == "inbound")


def _with_details(backend: ProviderBackend, rows: Sequence[CallSnapshot], lines: OurLines) -> list[CallSnapshot]:
    if not backend.reads_more_alone:
        return list(rows)
    handles = [
        CallHandle(
            reference=NO_REFERENCE, remote_id=row.remote_id, to_number=row.to_number, agent_id=row.agent_id,
            placed_at=row.created_at,
        )
        for row in rows[:MOST_DETAILS]
    ]  # fmt: skip
    found = {one.remote_id: told(one, lines) for one in (backend.fetch_calls(handles) if handles else [])}
    return [_filled(row, found.get(row.remote_id), lines) for row in rows]


def _filled(row: CallSnapshot, whole: CallSnapshot | None, lines: OurLines) -> CallSnapshot:
    """Return the call as it was read by itself, with what only its row in the list tells."""
    if whole is None:
        return row
    if whole.direction is None and row.direction == "inbound":
        whole = told(replace(whole, direction="inbound"), lines)
    return replace(
        whole,
        to_number=whole.to_number or row.to_number,
        caller_id=whole.caller_id or row.caller_id,
        agent_id=whole.agent_id or row.agent_id,
        created_at=whole.created_at or row.created_at,
    )


def _write(provider: Provider, row: CallSnapshot, now: datetime.datetime) -> bool:
    """Write one call that came in, if it is over; returns whether it was new."""
    began_at = row.created_at or row.started_at
    known = _end_of(provider, row, began_at, now)
    if known is None:
        return False
    number = row.to_number if is_e164(row.to_number) else ""
    contact = Contact.objects.filter(phone=number).first() if number else None
    ours = _answered_call(number, began_at or now)
    owner = ours or contact
    with transaction.atomic():
        call = transitions.begin_inbound(
            now,
            Why("called_us", Source.LIST.value),
            provider=provider,
            remote_id=row.remote_id,
            to_number=number,
            contact=contact,
            agent=Agent.objects.filter(provider=provider, remote_id=row.agent_id).first() if row.agent_id else None,
            owner_id=owner.owner_id if owner else None,
            team_id=owner.team_id if owner else None,
            status=known.status,
            rank=known.rank,
            failure_reason=known.failure_reason,
            failure_detail=known.failure_detail,
            placed_at=began_at,
            ended_at=row.ended_at or began_at or now,
        )
        if call is None:
            return False
        InboundCall.objects.create(call=call, our_number=row.caller_id[:MAX_NUMBER], answers=ours)
    # What it came to is joined the one way in which all news is: figures, words, and a wish not to be called again.
    call_updates.merge_news({call.pk: row}, source=Source.LIST, now=now)
    return True


def _end_of(
    provider: Provider, row: CallSnapshot, began_at: datetime.datetime | None, now: datetime.datetime
) -> Evidence | None:
    """Return how a call ended; None while it may go on.

    After the longest call it is over also where the vendor's word is not known: it took place, whatever it came to.
    """
    told_end = evidence_of(row)
    if told_end.status in FINAL:
        return told_end
    longest = span(provider.max_call_seconds) + span(rules.SETTLE)
    if began_at is None or now - began_at <= longest:
        return None
    return Evidence(status=CallStatus.COMPLETED, rank=rules.RANK[CallStatus.COMPLETED])


def _answered_call(number: str, began_at: datetime.datetime) -> Call | None:
    """Return our last call to the person before theirs, if they called back within `CALLED_BACK_WITHIN`."""
    if not number:
        return None
    before = Call.objects.filter(phone_may_have_rung(), to_number=number, placing_at__lte=began_at)
    return before.filter(placing_at__gt=began_at - CALLED_BACK_WITHIN).order_by("-placing_at").first()
