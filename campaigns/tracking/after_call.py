"""What the end of a call leads to: the budget is settled, another attempt is planned or called off."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import F

from campaigns import rules
from campaigns.core.call_events import step, write_steps
from campaigns.evidence import Evidence
from campaigns.models import Call, Campaign
from campaigns.reasons import SkipReason, WaitReason
from providers.types import FINAL, CallStatus


def settle_end(call: Call, before: Evidence, after: Evidence, now: datetime.datetime) -> None:
    """Follow up on a call that has just ended, or whose ending was just corrected; in the caller's transaction."""
    campaign = call.campaign
    if campaign is None:
        return
    settle_cost(call, before, after)
    if before.status in FINAL and before.rank != rules.RANK_NOT_PLACED:
        _call_off(call, campaign, after, now)
    plan_retry(call, campaign, after.status, now)


def plan_retry(call: Call, campaign: Campaign, status: str, now: datetime.datetime) -> bool:
    """Add the next attempt as a new row, where the campaign's rules plan one."""
    delays = campaign.retry_delays(status)
    if not delays or not campaign.is_open or call.contact_id is None:
        return False
    if call.stop_asked_at is not None:
        # The line fell silent because somebody here wanted it so: whoever wants to go on calls again on purpose.
        write_steps([step(call.pk, "no_retry_stopped", at=now)])
        return False
    minutes = rules.retry_delay_minutes(delays, call.attempt, campaign.max_attempts)
    if minutes is None:
        write_steps([step(call.pk, "no_retry_left", at=now)])
        return False
    due_at = now + datetime.timedelta(seconds=minutes * 60 / float(settings.TIME_SCALE))
    made = Call.objects.bulk_create(
        [
            Call(
                campaign=campaign, contact_id=call.contact_id, to_number=call.to_number, attempt=call.attempt + 1,
                provider_id=call.provider_id, agent_id=call.agent_id, voice_id=call.voice_id, text=call.text,
                caller_id_id=call.caller_id_id, dialer_id=call.dialer_id, owner_id=call.owner_id, team_id=call.team_id,
                due_at=due_at, wait_reason=WaitReason.RETRY,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    write_steps([step(call.pk, "retry_planned", at=now)])
    return bool(made)


def settle_cost(call: Call, before: Evidence, after: Evidence) -> None:
    """Replace the worst case in the campaign's budget by what the call really cost; settled once, corrected later."""
    spent = real_cost(call, after) - (real_cost(call, before) if before.status in FINAL else Decimal(0))
    reserved = Decimal(0) if before.status in FINAL else call.reserved_cost
    if spent or reserved:
        Campaign.objects.filter(pk=call.campaign_id or 0).update(
            spent_cost=F("spent_cost") + spent, reserved_cost=F("reserved_cost") - reserved
        )


def real_cost(call: Call, ended: Evidence) -> Decimal:
    """Return the vendor's cost where it is told, else our price for the time talked."""
    if ended.cost is not None:
        return ended.cost
    return call.provider.price_per_minute * Decimal(ended.talk_seconds or 0) / 60


def give_back(campaign_id: int | None, reserved: Decimal) -> None:
    """Free what the budget kept for an order that never left."""
    if campaign_id and reserved:
        Campaign.objects.filter(pk=campaign_id).update(reserved_cost=F("reserved_cost") - reserved)


def _call_off(call: Call, campaign: Campaign, after: Evidence, now: datetime.datetime) -> None:
    # The ending was corrected upwards (no answer, then completed): a planned attempt has lost its reason.
    if campaign.retry_delays(after.status):
        return
    called_off = list(
        Call.objects.filter(
            campaign=campaign, contact=call.contact, attempt=call.attempt + 1, status=CallStatus.PENDING
        ).values_list("pk", flat=True)
    )
    if called_off:
        Call.objects.filter(pk__in=called_off, status=CallStatus.PENDING).update(
            status=CallStatus.SKIPPED, rank=rules.RANK[CallStatus.SKIPPED], skip_reason=SkipReason.NOT_NEEDED,
            ended_at=now, changed_at=now,
        )  # fmt: skip
        write_steps(step(pk, "skipped", at=now, from_status="pending", to_status="skipped") for pk in called_off)
