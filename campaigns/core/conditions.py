"""What is true of a call - they talked, it is held, it is over - each said once, as a condition or of one row."""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from campaigns import rules
from campaigns.core.sql.bulk import literals
from campaigns.models import Call, Campaign
from campaigns.models.calls import CallQuerySet
from campaigns.models.status_conditions import StatusIsMostly
from providers.types import FINAL, CallStatus, FailureReason

UNKNOWN_FOR = datetime.timedelta(minutes=15)
"""An unknown call younger than this settles by itself as a rule."""

NEVER_LEFT = (CallStatus.PENDING, CallStatus.SKIPPED)
NOBODY_RUNG = (FailureReason.PLACE_REJECTED, FailureReason.INVALID_NUMBER, FailureReason.NOT_PLACED)
"""Failures in which no phone rang: the order was refused, or never taken. Any other failure came after the vendor had
taken the order, and none of its words proves that the phone stayed silent."""


def phone_may_have_rung() -> Q:
    """Return the condition of calls in which a phone rang, rings or may ring."""
    left = Q(placing_at__isnull=False) & ~Q(status__in=NEVER_LEFT)
    return left & ~Q(status=CallStatus.FAILED, failure_reason__in=NOBODY_RUNG)


PHONE_MAY_HAVE_RUNG = (
    f"placing_at IS NOT NULL AND status NOT IN ({literals(NEVER_LEFT)}) "
    f"AND NOT (status = '{CallStatus.FAILED}' AND failure_reason IN ({literals(NOBODY_RUNG)}))"
)
"""The same condition for a plain statement over calls."""


def may_have_rung(call: Call) -> bool:
    """Tell whether a phone rang, rings or may ring in one call: the same condition of one row."""
    if call.placing_at is None or call.status in NEVER_LEFT:
        return False
    return call.status != CallStatus.FAILED or call.failure_reason not in NOBODY_RUNG


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
