"""Consequences of a call's end: its cost is added to the campaign, and the next attempt is planned or cancelled."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings

from campaigns import rules
from campaigns.core import conditions, transitions
from campaigns.core.call_events import step, write_steps
from campaigns.core.transitions import Why
from campaigns.evidence import Evidence
from campaigns.models import Call, Campaign
from campaigns.reasons import SkipReason, WaitReason
from providers.types import FINAL


def settle_end(call: Call, before: Evidence, after: Evidence, now: datetime.datetime) -> None:
    """Handle a call that has just ended, or whose end was just corrected; runs in the caller's transaction.

    `before` and `after` are what was known of the call before and after the latest news.
    """
    campaign = call.campaign
    if campaign is None:
        return
    if before.has_ended:
        call_off(call, campaign, after, now)
    plan_retry(call, campaign, after, now)


def plan_retry(call: Call, campaign: Campaign, after: Evidence, now: datetime.datetime) -> bool:
    """Insert the next attempt as a new row if the campaign's retry rules plan one; returns whether it was inserted."""
    delays = campaign.retry_delays(after.status)
    if not delays or not campaign.is_open or call.contact_id is None:
        return False
    if call.stop_asked_at is not None:
        # Somebody here asked for the call to be stopped, so no automatic retry; a person may still call again.
        write_steps([step(call.pk, "no_retry_stopped", at=now)])
        return False
    if _has_talked(after):
        # Vendors report an interrupted conversation as failed: a person who was reached is not called again for it.
        write_steps([step(call.pk, "no_retry_talked", at=now)])
        return False
    minutes = rules.retry_delay_minutes(delays, call.attempt, campaign.max_attempts)
    if minutes is None:
        write_steps([step(call.pk, "no_retry_left", at=now)])
        return False
    due_at = now + datetime.timedelta(seconds=minutes * 60 / float(settings.TIME_SCALE))
    made = transitions.begin_once(
        now,
        campaign=campaign, contact_id=call.contact_id, to_number=call.to_number, attempt=call.attempt + 1,
        provider_id=call.provider_id, agent_id=call.agent_id, voice_id=call.voice_id, text=call.text,
        caller_id_id=call.caller_id_id, dialer_id=call.dialer_id, owner_id=call.owner_id, team_id=call.team_id,
        due_at=due_at, wait_reason=WaitReason.RETRY,
    )  # fmt: skip
    write_steps([step(call.pk, "retry_planned", at=now)])
    return made


def costs_of(ended: Sequence[tuple[Call, Evidence, Evidence]]) -> dict[int, Decimal]:
    """Return the additional spending of each campaign, by id, caused by these ended calls.

    Each tuple holds a call and what was known of it before and after. For a call whose cost was counted already only
    the difference is returned.
    """
    spent: dict[int, Decimal] = defaultdict(Decimal)
    for call, before, after in ended:
        if call.campaign_id is not None:
            counted = real_cost(call, before) if before.has_ended else Decimal(0)
            spent[call.campaign_id] += real_cost(call, after) - counted
    return spent


def real_cost(call: Call, ended: Evidence) -> Decimal:
    """Return the cost that the vendor reported, else the talk time at the provider's price in our settings."""
    if ended.cost is not None:
        return ended.cost
    return call.provider.price_per_minute * Decimal(ended.talk_seconds or 0) / 60


def _has_talked(after: Evidence) -> bool:
    return conditions.has_talked(after.status, after.talk_seconds, after.answered_by)


def was_reached_late(before: Evidence, after: Evidence) -> bool:
    """Return whether a call that had already ended is only now known to have reached a person."""
    return before.status in FINAL and not _has_talked(before) and _has_talked(after)


def call_off(call: Call, campaign: Campaign, after: Evidence, now: datetime.datetime) -> None:
    """Skip the waiting next attempt if, by what is now known of this call, no further attempt is due."""
    # The end was corrected, or the vendor reported late that somebody talked: the planned attempt is not needed.
    if call.contact_id is None or (campaign.retry_delays(after.status) and not _has_talked(after)):
        return
    planned = Call.objects.filter(campaign=campaign, contact=call.contact_id, attempt=call.attempt + 1)
    transitions.change(transitions.SKIP, planned, now, Why("skipped"), skip_reason=SkipReason.NOT_NEEDED)
