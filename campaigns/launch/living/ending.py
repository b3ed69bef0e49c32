"""How a campaign that stays open ends: by its last day, its limit in all, or by hand (`lifecycle.stop`).

Once closed to new people it finishes as any other campaign does, when no call of it is left to make.
"""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from callcenter.audit.models import record
from campaigns.core import transitions
from campaigns.core.last_day import is_over
from campaigns.core.transitions import Why
from campaigns.launch import living_terms as terms
from campaigns.models import Call, Campaign
from campaigns.reasons import SkipReason
from providers.types import CallStatus

Status = Campaign.Status
OPEN = (Status.RUNNING, Status.PAUSED)


def close_over(now: datetime.datetime) -> int:
    """Close every living campaign that is over to new people, and skip whoever waits past a last day.

    Returns how many were closed.
    """
    living = Campaign.objects.filter(is_living=True, status__in=OPEN).order_by("pk")
    return sum(close_if_over(campaign, now) for campaign in living)


def close_if_over(campaign: Campaign, now: datetime.datetime) -> bool:
    """Close a living campaign if its last day is over or its limit in all is reached; returns whether it was closed."""
    past = is_over(campaign.last_day, now)
    if not past and (campaign.is_filled or not is_full(campaign, now)):
        return False
    with transaction.atomic():
        still_open = Campaign.objects.filter(pk=campaign.pk, is_filled=False, status__in=OPEN)
        closed = still_open.update(is_filled=True)
        # Also those who came back or were planned since it was closed: nobody is called after the last day.
        skipped = _skip_waiting(campaign, now) if past else 0
        if closed:
            reason = _("Its last day has passed.") if past else _("The maximum total contacts are queued.")
            people = terms.taken(campaign, now).in_all
            record(None, "campaign.closed", campaign, reason=reason, people=people, skipped=skipped)
    return bool(closed)


def is_full(campaign: Campaign, now: datetime.datetime) -> bool:
    """Return whether a living campaign has queued as many people as it may in all."""
    most = campaign.people_in_all or 0
    # Whoever was refused is counted among those who joined, so the calls are counted only where it may matter.
    return campaign.people_joined >= most and terms.taken(campaign, now).in_all >= most


def _skip_waiting(campaign: Campaign, now: datetime.datetime) -> int:
    waiting = Call.objects.filter(campaign=campaign, status=CallStatus.PENDING)
    why = Why("skipped", detail=str(SkipReason.LAST_DAY.label))
    return len(transitions.change(transitions.SKIP, waiting, now, why, skip_reason=SkipReason.LAST_DAY))
