"""What is true of a call - they talked, a machine answered, it is held, unclear, over - each said once.

Each is a condition for the database and a question about one row; a test holds both equal. The questions take values
rather than a call, since sums and files read plain rows.
"""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from campaigns import rules
from campaigns.core.sql.bulk import literals
from campaigns.models import Call, Campaign
from campaigns.models.calls import CallQuerySet
from campaigns.models.status_conditions import StatusIsMostly
from providers.types import ENDED, FINAL, CallStatus, FailureReason

UNKNOWN_FOR = datetime.timedelta(minutes=15)
"""An unknown call younger than this settles by itself as a rule."""
MACHINE = "machine"


def ended() -> Q:
    """Return the condition of calls that were made and are over."""
    return Q(StatusIsMostly(ENDED))


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


MAY_HAVE_TALKED = ENDED - {CallStatus.BUSY, CallStatus.NO_ANSWER}
"""Final states of a call in which somebody may have talked. Where a vendor says that nobody took the call, its seconds
are those of the ringing: UnleashX tells one duration for both."""


def talked() -> Q:
    """Return the condition of calls in which a person talked; whoever was called so was reached.

    Talk time proves it and nothing else does: vendors call a rejected call completed, and call a talk that broke off
    failed. Who answered is known for sure only when the call is over.
    """
    # Hidden from the planners' eyes, and a yes or no also where no time is told: half of all calls have some, so an
    # index over it would only have them all sorted.
    has_talk_time = Q(GreaterThan(Coalesce("talk_seconds", Value(0)), 0))
    return Q(StatusIsMostly(MAY_HAVE_TALKED)) & has_talk_time & ~Q(answered_by=MACHINE)


def has_talked(status: str, talk_seconds: int | None, answered_by: str) -> bool:
    """Tell whether a person talked in a call."""
    return bool(talk_seconds) and status in MAY_HAVE_TALKED and answered_by != MACHINE


def reached_in(calls: CallQuerySet) -> CallQuerySet:
    """Return those of some calls that reached their people: in which they talked. There is no second meaning."""
    return calls.filter(talked())


def voicemail() -> Q:
    """Return the condition of calls that a machine answered and that are over, whatever their ending is called."""
    return ended() & Q(answered_by=MACHINE)


def is_voicemail(status: str, answered_by: str) -> bool:
    """Tell whether a machine answered a call that is over."""
    return answered_by == MACHINE and status in ENDED


def hung_up_at_once() -> Q:
    """Return the condition of calls that the person answered and ended at once."""
    # Found by their length, which is rare: nearly half of all calls are completed.
    return talked() & Q(talk_seconds__gt=0, talk_seconds__lte=rules.HUNG_UP_WITHIN)


def held() -> Q:
    """Return the condition of calls that were proved never placed and wait for a person."""
    # The column alone, whose index holds these few: whatever proves that a call was placed empties it.
    return Q(held_at__isnull=False)


def is_held(held_at: object) -> bool:
    """Tell whether a call was proved never placed and waits for a person; `held_at` may be whether it is set."""
    return bool(held_at)


def unclear(now: datetime.datetime | None = None) -> Q:
    """Return the condition of calls that have been unknown for a while, or of which a person must decide."""
    long_ago = Q(placing_at__lte=(now or timezone.now()) - UNKNOWN_FOR)
    return Q(status=CallStatus.UNKNOWN) & (long_ago | Q(needs_person_at__isnull=False))


def is_unclear(call: Call, now: datetime.datetime | None = None) -> bool:
    """Tell whether a call has been unknown for a while, or a person must decide of it."""
    long_ago = call.placing_at is not None and call.placing_at <= (now or timezone.now()) - UNKNOWN_FOR
    return call.status == CallStatus.UNKNOWN and (long_ago or call.needs_person_at is not None)


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
