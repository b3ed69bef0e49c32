"""Actions of a user on one call: cancel a pending call, or call the person again."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns import queue, time_zones
from campaigns.core import explanations, transitions
from campaigns.core.allowed_use import refusals_of
from campaigns.core.call_caps import caps_of, counted_since
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.eligibility import FORBIDDEN, HELD, LIVE_ELSEWHERE, Judge, capped, refused_by_type
from campaigns.core.eligibility_facts import asked_columns, numbers_now
from campaigns.core.installation import current
from campaigns.core.refusals import Refusal
from campaigns.core.scope import demand_change, may_change
from campaigns.core.transitions import Why
from campaigns.models import Call
from campaigns.reasons import MAX_REASON, SkipReason
from providers.types import CallStatus


def cancel_call(call_id: int, person: Person, reason: str = "") -> bool:
    """Skip one pending call; there is no automatic further attempt.

    Returns False if the call was no longer pending: it passed its commit point, so the phone may ring. Raises
    PermissionDenied.
    """
    call = Call.objects.select_related("campaign").get(pk=call_id)
    if not may_cancel(call, person):
        raise PermissionDenied("control_campaign")
    now = timezone.now()
    with transaction.atomic():
        canceled = transitions.change(
            transitions.SKIP,
            Call.objects.filter(pk=call_id),
            now,
            Why("canceled_by_person", Source.PERSON.value, reason, person.pk),
            skip_reason=SkipReason.CANCELED,
        )
        if canceled:
            kept = {"reason": reason[:MAX_REASON]} if reason else {}
            record(person, "call.canceled", call, **kept)
            if call.campaign is not None:
                record(person, "campaign.person_skipped", call.campaign, call=call_id, **kept)
    return bool(canceled)


def call_again(call_id: int, person: Person, token: UUID | None = None) -> Call:
    """Queue one more attempt after a finished call; the same `token` creates one call only (idempotent).

    The new call belongs to the same campaign while that is open, else it is a single call. Raises PermissionDenied, or
    Refusal with the reason.
    """
    if not may(person, "settle_calls"):
        raise PermissionDenied("settle_calls")
    now = timezone.now()
    with transaction.atomic():
        call = (
            Call.objects.select_for_update(of=("self",))
            .select_related("campaign", "contact", "provider")
            .get(pk=call_id)
        )
        known = Call.objects.filter(form_token=token).first() if token else None
        if known is not None:
            return known
        demand_change(person, call)
        if refused := refusals_of(call.team_id, call.provider):
            raise Refusal(" ".join(refused))
        _refuse_second_ring(call)
        campaign = call.campaign if call.campaign is not None and call.campaign.is_open else None
        last = 0
        if campaign is not None and call.contact_id is not None:
            rounds = Call.objects.filter(campaign=campaign, contact=call.contact_id)
            last = rounds.aggregate(last=Max("attempt"))["last"] or 0
        copied = {name: getattr(call, name) for name in COPIED}
        if campaign is None:
            # Asked for at night, it is asked for the morning. Whoever asks again knows of the earlier call.
            zones = time_zones.zones_of(call.to_number, call.contact.time_zone if call.contact else "")
            closed = Judge(now, None).hours(zones)
            copied |= {"variant": ""} | asked_columns(
                now, not_before=closed.until if closed else None, is_confirmed=True
            )
        again = transitions.begin(
            now,
            Why("call_again", Source.PERSON.value, actor_id=person.pk),
            **copied,
            campaign=campaign,
            attempt=max(last, call.attempt) + 1,
            form_token=token,
        )
        Call.objects.filter(pk=call_id).update(held_at=None, needs_person_at=None)
        here = step(
            call_id, "call_again", at=now, source=Source.PERSON, from_status=call.status, to_status=call.status,
            actor_id=person.pk,
        )  # fmt: skip
        write_steps([here])
        record(person, "call.called_again", again, of=call_id)
        if campaign is not None:
            record(person, "campaign.called_again", campaign, call=again.pk)
        queue.nudge_dispatch()
    return again


COPIED = (
    "contact_id",
    "to_number",
    "provider_id",
    "agent_id",
    "voice_id",
    "caller_id_id",
    "dialer_id",
    "variant",
    "text",
    "digits",
    "variables",
    "owner_id",
    "team_id",
    "uncounted",
)
"""What a further attempt takes over: the order, without vendor-side extras."""


def may_cancel(call: Call, person: Person) -> bool:
    """Return whether a person may cancel a call that waits: one that they may change."""
    return may_change(person, call) and (may(person, "control_all_campaigns") or may(person, "place_call"))


def _refuse_second_ring(call: Call) -> None:
    if call.is_inbound:
        raise Refusal(_("This contact called us. To call back, use “Call” on the contact's page."))
    if not call.is_final:
        raise Refusal(explanations.not_over(call))
    number = call.to_number
    now = timezone.now()
    known = numbers_now([number], now, None, counted_since=counted_since(now, [None]))
    if number in known.live:
        raise Refusal(LIVE_ELSEWHERE.words(is_queued=False))
    # A callback is for later: it lapses if they talk now.
    waits_here = Call.objects.filter(to_number=number, status=CallStatus.PENDING, callback__isnull=True)
    if waits_here.filter(Q(campaign=call.campaign_id) | Q(campaign__isnull=True)).exists():
        raise Refusal(_("Another call to this number is already waiting."))
    if number in known.forbidden:
        raise Refusal(FORBIDDEN.words(is_queued=False))
    if number in known.held:
        raise Refusal(HELD.words(is_queued=False))
    if refused := refused_by_type(number, current(), is_allowed=number in known.allowed):
        raise Refusal(refused.words(is_queued=False))
    if call.campaign is None or not call.campaign.is_open:
        # A further attempt of an open campaign waits until it is allowed; a single call would only end.
        zones = time_zones.zones_of(number, call.contact.time_zone if call.contact else "")
        for obstacle in capped(known.caps(number, caps_of(None)), zones, now):
            raise Refusal(obstacle.words(is_queued=False))
