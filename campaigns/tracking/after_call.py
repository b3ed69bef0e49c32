"""What the end of a call leads to: its cost is counted, another attempt is planned or called off."""

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
    """Follow up on a call that has just ended, or whose ending was just corrected; in the caller's transaction."""
    campaign = call.campaign
    if campaign is None:
        return
    if before.status in FINAL and before.rank != rules.RANK_NOT_PLACED:
        call_off(call, campaign, after, now)
    plan_retry(call, campaign, after, now)


def plan_retry(call: Call, campaign: Campaign, after: Evidence, now: datetime.datetime) -> bool:
    """Add the next attempt as a new row, where the campaign's rules plan one."""
    delays = campaign.retry_delays(after.status)
    if not delays or not campaign.is_open or call.contact_id is None:
        return False
    if call.stop_asked_at is not None:
        # The line fell silent because somebody here wanted it so: whoever wants to go on calls again on purpose.
        write_steps([step(call.pk, "no_retry_stopped", at=now)])
        return False
    if _has_talked(after):
        # Vendors call a talk that broke off failed: whoever was reached is not rung a second time for that.
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
    """Return what campaigns, by id, have spent more for these ends; what was counted before is only corrected."""
    spent: dict[int, Decimal] = defaultdict(Decimal)
    for call, before, after in ended:
        if call.campaign_id is not None:
            counted = real_cost(call, before) if before.status in FINAL else Decimal(0)
            spent[call.campaign_id] += real_cost(call, after) - counted
    return spent


def real_cost(call: Call, ended: Evidence) -> Decimal:
    """Return the vendor's cost where it is told, else our price for the time talked."""
    if ended.cost is not None:
        return ended.cost
    return call.provider.price_per_minute * Decimal(ended.talk_seconds or 0) / 60


def _has_talked(after: Evidence) -> bool:
    return conditions.has_talked(after.status, after.talk_seconds, after.answered_by)


def was_reached_late(before: Evidence, after: Evidence) -> bool:
    """Tell whether a call that had ended turns out to be one in which somebody talked."""
    return before.status in FINAL and not _has_talked(before) and _has_talked(after)


def call_off(call: Call, campaign: Campaign, after: Evidence, now: datetime.datetime) -> None:
    """Skip the next attempt that waits, where what is known of this one now plans none."""
    # The ending was corrected upwards, or it was told late that somebody talked: a planned attempt lost its reason.
    if call.contact_id is None or (campaign.retry_delays(after.status) and not _has_talked(after)):
        return
    planned = Call.objects.filter(campaign=campaign, contact=call.contact_id, attempt=call.attempt + 1)
    transitions.change(transitions.SKIP, planned, now, Why("skipped"), skip_reason=SkipReason.NOT_NEEDED)
