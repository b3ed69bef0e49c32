"""What is true of a call - they talked, it is held, it is over - each said once, as a condition or of one row."""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from campaigns import rules
from campaigns.models import Call, Campaign
from campaigns.models.calls import CallQuerySet
from campaigns.models.status_conditions import StatusIsMostly
from providers.types import FINAL, CallStatus

UNKNOWN_FOR = datetime.timedelta(minutes=15)
"""An unknown call younger than this settles by itself as a rule."""


def talked() -> Q:
    """Return the condition of calls in which a person talked."""
    return Q(status=CallStatus.COMPLETED, talk_seconds__gt=0) & ~Q(answered_by="machine")


def hung_up_at_once() -> Q:
    """Return the condition of calls that the person answered and ended at once."""
    # Found by their length, which is rare: nearly half of all calls are completed.
    ended = Q(StatusIsMostly({CallStatus.COMPLETED})) & ~Q(answered_by="machine")
    return ended & Q(talk_seconds__gt=0, talk_seconds__lte=rules.HUNG_UP_WITHIN)


def held() -> Q:
    """Return the condition of calls that were proved never placed and wait for a person."""
    return Q(held_at__isnull=False)


def long_unknown() -> Q:
    """Return the condition of calls that have been unknown for a while, or of which a person must decide."""
    long_ago = Q(placing_at__lte=timezone.now() - UNKNOWN_FOR)
    return Q(status=CallStatus.UNKNOWN) & (long_ago | Q(needs_person_at__isnull=False))


def is_over(call: Call, now: datetime.datetime) -> bool:
    """Tell whether nothing is to be expected of a call any more: ended, and its transcript had ten minutes to come."""
    if call.status not in FINAL:
        return False
    late = call.ended_at is None or now - call.ended_at > datetime.timedelta(minutes=10)
    return late or call.status != CallStatus.COMPLETED or hasattr(call, "transcript")


def last_attempts(campaign: Campaign) -> CallQuerySet:
    """Return one call a person: the last attempt."""
    later = Call.objects.filter(campaign=campaign, contact=OuterRef("contact"), attempt__gt=OuterRef("attempt"))
    return Call.objects.filter(~Exists(later), campaign=campaign)


def down_from_newest(calls: CallQuerySet, campaign: Campaign) -> CallQuerySet:
    """Return the same calls of a campaign, for a list that begins with the newest.

    PostgreSQL would walk down from the newest call of all, past every later campaign.
    """
    newest = Call.objects.filter(campaign=campaign).order_by("-pk").values("pk")[:1]
    return calls.filter(pk__lte=Subquery(newest))
