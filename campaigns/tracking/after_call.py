"""Consequences of a call's end: its cost is booked, and another attempt or a hand-over is planned or called off.

What follows on which outcome is decided by `campaigns.outcomes.plan_after`; this module asks it and writes the answer.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings

from campaigns import rules
from campaigns.calls import hand_overs
from campaigns.core import conditions, transitions
from campaigns.core.call_events import step, write_steps
from campaigns.core.transitions import Why
from campaigns.evidence import Evidence
from campaigns.models import Call, Campaign
from campaigns.outcomes import Attempts, Outcome, Plan, Then, plan_after
from campaigns.reasons import SkipReason, WaitReason
from providers.types import FINAL, CallStatus

LONGEST_DAY = datetime.timedelta(hours=25)
"""Attempts longer ago were on another day of the person, also on one on which clocks change."""


def settle_end(call: Call, before: Evidence, after: Evidence, now: datetime.datetime) -> None:
    """Handle a call that has just ended, or of whose end something else is told now; runs in the caller's transaction.

    `before` and `after` are what was known of the call before and after the latest news.
    """
    campaign = call.campaign
    if campaign is None:
        return
    plan = plan_for(call, campaign, after, now)
    if before.status in FINAL and before.rank != rules.RANK_NOT_PLACED:
        call_off(call, campaign, plan, now)
    carry_out(call, campaign, plan, after, now)


def plan_for(call: Call, campaign: Campaign, after: Evidence, now: datetime.datetime) -> Plan:
    """Return what the campaign's policy plans after this end of a call."""
    outcome = _outcome(after)
    if outcome is None:
        return Plan(Then.NOTHING)
    policy = campaign.policy
    rung: list[datetime.datetime] = []
    zones: tuple[str, ...] = ()
    if policy.attempts_a_day and call.contact is not None:
        mine = Call.objects.filter(conditions.phone_may_have_rung(), campaign=campaign, contact=call.contact_id)
        rung = [at for at in mine.filter(placing_at__gt=now - LONGEST_DAY).values_list("placing_at", flat=True) if at]
        zones = rules.zones_of(call.to_number, call.contact.time_zone)
    return plan_after(
        outcome,
        Attempts(call.attempt, rung, zones),
        policy,
        now,
        instead=conditions.outcome_but_for_machine(after.status),
        time_scale=float(settings.TIME_SCALE),
    )


def carry_out(call: Call, campaign: Campaign, plan: Plan, after: Evidence, now: datetime.datetime) -> bool:
    """Write what is planned: the next attempt as a new row, or a hand-over; returns whether anything was written."""
    if not campaign.is_open or call.contact_id is None:
        return False
    if _has_talked(after):
        if after.status != CallStatus.COMPLETED:
            # Vendors report an interrupted conversation as failed: whoever was reached is not called again for it.
            write_steps([step(call.pk, "no_retry_talked", at=now)])
        return False
    if plan.then == Then.NOTHING:
        return False
    if call.stop_asked_at is not None:
        # Somebody here asked for the call to be stopped, so nothing follows by itself; a person may still call again.
        write_steps([step(call.pk, "no_retry_stopped", at=now)])
        return False
    if plan.then == Then.ALL_USED:
        write_steps([step(call.pk, "no_retry_left", at=now)])
        return False
    if plan.then == Then.PERSON:
        outcome = _outcome(after)
        return outcome is not None and hand_overs.give(call, plan, outcome, now)
    made = transitions.begin_once(
        now,
        campaign=campaign, contact_id=call.contact_id, to_number=call.to_number, attempt=call.attempt + 1,
        provider_id=call.provider_id, agent_id=call.agent_id, voice_id=call.voice_id, text=call.text,
        caller_id_id=call.caller_id_id, dialer_id=call.dialer_id, owner_id=call.owner_id, team_id=call.team_id,
        due_at=plan.due_at, wait_reason=WaitReason.RETRY,
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
            counted = real_cost(call, before) if before.status in FINAL else Decimal(0)
            spent[call.campaign_id] += real_cost(call, after) - counted
    return spent


def real_cost(call: Call, ended: Evidence) -> Decimal:
    """Return the cost that the vendor reported, else the talk time at the provider's price in our settings."""
    if ended.cost is not None:
        return ended.cost
    return call.provider.price_per_minute * Decimal(ended.talk_seconds or 0) / 60


def _has_talked(after: Evidence) -> bool:
    return conditions.has_talked(after.status, after.talk_seconds, after.answered_by)


def _outcome(after: Evidence) -> Outcome | None:
    return conditions.outcome_of(after.status, after.answered_by, after.talk_seconds, after.failure_reason)


def is_told_anew(before: Evidence, after: Evidence) -> bool:
    """Return whether something else is known now of the end of a call that had ended: another outcome, or a talk."""
    if before.status not in FINAL or before.rank == rules.RANK_NOT_PLACED:
        return False
    return (_outcome(before), _has_talked(before)) != (_outcome(after), _has_talked(after))


def call_off(call: Call, campaign: Campaign, plan: Plan, now: datetime.datetime) -> None:
    """Skip the waiting next attempt, and drop the hand-over, where by what is now known of this call none is due."""
    if call.contact_id is None:
        return
    if plan.then != Then.PERSON:
        hand_overs.drop(call, now)
    if plan.then in {Then.NOTHING, Then.PERSON}:
        planned = Call.objects.filter(campaign=campaign, contact=call.contact_id, attempt=call.attempt + 1)
        transitions.change(transitions.SKIP, planned, now, Why("skipped"), skip_reason=SkipReason.NOT_NEEDED)
