"""Consequences of a call's end: its cost is booked, and another attempt or a hand-over is planned or called off.

What follows on which outcome is decided by `campaigns.outcomes.plan_after`; this module asks it and writes the answer.
A call that the vendor took and then ended for a fault of the account is nobody's attempt: its provider halts, and a new
row follows that does not count.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.conf import settings
from django.db.models import prefetch_related_objects

from campaigns.calls import hand_overs
from campaigns.core import budget, conditions, day_caps, second_provider, transitions
from campaigns.core.attempts import attempts_of
from campaigns.core.call_events import step, write_steps
from campaigns.core.costs import real_cost
from campaigns.core.transitions import Why
from campaigns.evidence import Evidence
from campaigns.models import Call, Campaign, Consequence, Disposition
from campaigns.outcomes import Outcome, Plan, Then, plan_after
from campaigns.reasons import SkipReason, WaitReason
from providers.exceptions import OutOfCredit
from providers.models import Provider
from providers.types import CallStatus


def settle_end(call: Call, before: Evidence, after: Evidence, now: datetime.datetime) -> None:
    """Handle a call that has just ended, or of whose end something else is told now; runs in the caller's transaction.

    `before` and `after` are what was known of the call before and after the latest news.
    """
    campaign = call.campaign
    if campaign is None:
        return
    plan = plan_for(call, campaign, after, now)
    if before.has_ended:
        call_off(call, campaign, plan, now)
    carry_out(call, campaign, plan, after, now)


def plan_for(call: Call, campaign: Campaign, after: Evidence, now: datetime.datetime) -> Plan:
    """Return what the campaign's policy plans after this end of a call.

    After a fault of the account another attempt follows whatever the policy says: at once, as its provider is halted.
    """
    if conditions.is_account_failure(after.status, after.failure_reason) and not _has_talked(after):
        return Plan(Then.AGAIN, now)
    outcome = _outcome(after)
    if outcome is None:
        return Plan(Then.NOTHING)
    return plan_after(
        outcome,
        attempts_of(call, campaign, now),
        campaign.policy,
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
    is_uncounted = conditions.is_account_failure(after.status, after.failure_reason)
    made = transitions.begin_once(
        now,
        campaign=campaign, contact_id=call.contact_id, to_number=call.to_number, attempt=call.attempt + 1,
        owner_id=call.owner_id, team_id=call.team_id, variant=call.variant,
        **second_provider.of_next_attempt(call, campaign),
        uncounted=call.uncounted + is_uncounted, due_at=plan.due_at,
        wait_reason=WaitReason.PROVIDER_HALTED if is_uncounted else WaitReason.RETRY,
    )  # fmt: skip
    planned = step(call.pk, "account_retry", at=now) if is_uncounted else step(call.pk, "retry_planned", at=now)
    write_steps([planned])
    return made


def halt_accounts(ended: Sequence[tuple[Call, Evidence, Evidence]]) -> None:
    """Halt the providers whose vendor has just ended a call for a fault of the account; outside any transaction.

    An order that left before a person resumed the provider tells nothing of the account as it is now.
    """
    for call, _before, after in ended:
        if not conditions.is_account_failure(after.status, after.failure_reason):
            continue
        resumed_at = Provider.objects.values_list("resumed_at", flat=True).get(pk=call.provider_id)
        if resumed_at is None or call.placing_at is None or call.placing_at > resumed_at:
            words = after.failure_detail or "The vendor ended a call because the account is empty."
            Provider.objects.halt_for(call.provider_id, OutOfCredit(words))
            Provider.objects.ask_sync(call.provider_id)


def costs_of(ended: Sequence[tuple[Call, Evidence, Evidence]]) -> list[tuple[Call, Decimal]]:
    """Return what each of these ended calls adds to what was spent.

    Each tuple holds a call and what was known of it before and after. For a call whose cost was counted already only
    the difference is returned.
    """
    prefetch_related_objects([call for call, _before, _after in ended], "provider", "campaign")
    return [
        (call, _cost(call, after) - (_cost(call, before) if before.has_ended else Decimal(0)))
        for call, before, after in ended
    ]


def book_costs(
    ended: Sequence[tuple[Call, Evidence, Evidence]],
    now: datetime.datetime,
    reserves: Mapping[int, Decimal] = budget.NOTHING,
) -> None:
    """Book what these ended calls cost, to their campaigns and to the day's caps, beside reserves that were freed."""
    costs = costs_of(ended)
    budget.book(reserves, by_campaign(costs))
    day_caps.book_spent(costs, now)


def by_campaign(costs: Sequence[tuple[Call, Decimal]]) -> dict[int, Decimal]:
    """Return the costs of calls added up by campaign id; single calls are left out."""
    spent: dict[int, Decimal] = defaultdict(Decimal)
    for call, amount in costs:
        if call.campaign_id is not None:
            spent[call.campaign_id] += amount
    return spent


def _cost(call: Call, ended: Evidence) -> Decimal:
    return real_cost(call.provider, ended.talk_seconds, ended.cost, ended.currency)


def _has_talked(after: Evidence) -> bool:
    return conditions.has_talked(after.status, after.talk_seconds, after.answered_by)


def _outcome(after: Evidence) -> Outcome | None:
    return conditions.outcome_of(after.status, after.answered_by, after.talk_seconds, after.failure_reason)


def is_told_anew(before: Evidence, after: Evidence) -> bool:
    """Return whether something else is known now of the end of a call that had ended: another outcome, or a talk."""
    if not before.has_ended:
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
        # What the call's disposition asked for stands, whatever the policy says of its outcome.
        asked = Consequence.objects.filter(call=call, follows=Disposition.Follows.RETRY, made__isnull=False)
        planned = planned.exclude(pk__in=list(asked.values_list("made", flat=True)))
        transitions.change(transitions.SKIP, planned, now, Why("skipped"), skip_reason=SkipReason.NOT_NEEDED)
