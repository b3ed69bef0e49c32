"""Conditions on calls - talked, voicemail, held, unclear, over, may have rung - each defined once.

Each exists as a query condition (Q) and as a predicate on one row; a test checks that both agree. Predicates mostly
take values instead of a Call, because sums and files read plain rows.
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
from campaigns.outcomes import Outcome
from providers.types import ENDED, FINAL, CallStatus, FailureReason

UNKNOWN_FOR = datetime.timedelta(minutes=15)
"""An unknown call younger than this is usually resolved automatically."""
MACHINE = "machine"


def ended() -> Q:
    """Return the condition of calls that were placed and are finished."""
    return Q(StatusIsMostly(ENDED))


NEVER_LEFT = (CallStatus.PENDING, CallStatus.SKIPPED)
NOBODY_RUNG = (FailureReason.PLACE_REJECTED, FailureReason.INVALID_NUMBER, FailureReason.NOT_PLACED)
"""Failures in which no phone rang: the vendor refused the order, or never received it. Any other failure happened after
the vendor accepted the order, and its reason does not prove that the phone did not ring."""


def phone_may_have_rung() -> Q:
    """Return the condition of calls for which a phone rang, rings or may have rung."""
    left = Q(placing_at__isnull=False) & ~Q(status__in=NEVER_LEFT)
    return left & ~Q(status=CallStatus.FAILED, failure_reason__in=NOBODY_RUNG)


PHONE_MAY_HAVE_RUNG = (
    f"placing_at IS NOT NULL AND status NOT IN ({literals(NEVER_LEFT)}) "
    f"AND NOT (status = '{CallStatus.FAILED}' AND failure_reason IN ({literals(NOBODY_RUNG)}))"
)
"""The same condition as plain SQL over the table of calls."""


def may_have_rung(call: Call) -> bool:
    """Tell whether a phone rang, rings or may have rung for this call."""
    if call.placing_at is None or call.status in NEVER_LEFT:
        return False
    return call.status != CallStatus.FAILED or call.failure_reason not in NOBODY_RUNG


MAY_HAVE_TALKED = ENDED - {CallStatus.BUSY, CallStatus.NO_ANSWER}
"""Final statuses in which somebody may have talked. For an unanswered call a vendor's duration is the time of ringing:
UnleashX reports one duration for both."""


def talked() -> Q:
    """Return the condition of calls in which a person talked, that is, was reached.

    Only talk time proves it: vendors report a rejected call as completed, and a conversation that broke off as failed.
    Whether a person or a machine answered is certain only when the call is over.
    """
    # Written so that no planner uses an index over talk time: half of all calls have some, and it would sort them all.
    # Coalesce makes the comparison true or false for a missing talk time too, never NULL.
    has_talk_time = Q(GreaterThan(Coalesce("talk_seconds", Value(0)), 0))
    return Q(StatusIsMostly(MAY_HAVE_TALKED)) & has_talk_time & ~Q(answered_by=MACHINE)


TALKED = f"status IN ({literals(MAY_HAVE_TALKED)}) AND COALESCE(talk_seconds, 0) > 0 AND answered_by <> '{MACHINE}'"
"""The same condition as plain SQL over the table of calls."""


def has_talked(status: str, talk_seconds: int | None, answered_by: str) -> bool:
    """Tell whether a person talked in a call with these values."""
    return bool(talk_seconds) and status in MAY_HAVE_TALKED and answered_by != MACHINE


def reached_in(calls: CallQuerySet) -> CallQuerySet:
    """Return those of the calls that reached the person, that is, in which the person talked."""
    return calls.filter(talked())


def voicemail() -> Q:
    """Return the condition of finished calls that a machine answered, whatever their final status."""
    return ended() & Q(answered_by=MACHINE)


def is_voicemail(status: str, answered_by: str) -> bool:
    """Tell whether a call is finished and a machine answered it."""
    return answered_by == MACHINE and status in ENDED


OUTCOMES = frozenset(outcome.value for outcome in Outcome)
NOT_ON_THE_LINE = (*NOBODY_RUNG, FailureReason.BALANCE_LOW)
"""Reasons of failed calls that say nothing of the person's line: the order was refused, or the account is empty."""


def outcome_of(status: str, answered_by: str, talk_seconds: int | None, failure_reason: str) -> Outcome | None:
    """Return the outcome by which a campaign's policy is asked; None for a call that has none.

    None where somebody talked, where the call was taken back, where its failure says nothing of the person's line, and
    where the vendor says that it ended but not whether anybody talked: no news is not silence.
    """
    if has_talked(status, talk_seconds, answered_by):
        return None
    if is_voicemail(status, answered_by):
        return Outcome.VOICEMAIL
    if status == CallStatus.COMPLETED:
        return Outcome.NO_SPEECH if talk_seconds is not None else None
    if status == CallStatus.FAILED and failure_reason in NOT_ON_THE_LINE:
        return None
    return outcome_but_for_machine(status)


def outcome_but_for_machine(status: str) -> Outcome | None:
    """Return the outcome of a final status alone, as it is where no voicemail is told of."""
    return Outcome(status) if status in OUTCOMES else None


def hung_up_at_once() -> Q:
    """Return the condition of calls that the person answered and ended at once."""
    # Selected by talk time, which is selective: nearly half of all calls are completed.
    return talked() & Q(talk_seconds__gt=0, talk_seconds__lte=rules.HUNG_UP_WITHIN)


def held() -> Q:
    """Return the condition of held calls: proved never placed, waiting for a person's decision."""
    # `held_at` alone has a small partial index; it is emptied by any proof that the call was placed.
    return Q(held_at__isnull=False)


def is_held(held_at: object) -> bool:
    """Tell whether a call is held; `held_at` may be the time itself or whether it is set."""
    return bool(held_at)


def unclear(now: datetime.datetime | None = None) -> Q:
    """Return the condition of calls that are unknown for longer than `UNKNOWN_FOR`, or that a person must decide on."""
    long_ago = Q(placing_at__lte=(now or timezone.now()) - UNKNOWN_FOR)
    return Q(status=CallStatus.UNKNOWN) & (long_ago | Q(needs_person_at__isnull=False))


def is_unclear(call: Call, now: datetime.datetime | None = None) -> bool:
    """Tell whether a call is unknown for longer than `UNKNOWN_FOR`, or a person must decide on it."""
    long_ago = call.placing_at is not None and call.placing_at <= (now or timezone.now()) - UNKNOWN_FOR
    return call.status == CallStatus.UNKNOWN and (long_ago or call.needs_person_at is not None)


def is_over(call: Call, now: datetime.datetime) -> bool:
    """Tell whether nothing more will change: the call has ended, and ten minutes for its transcript have passed."""
    if call.status not in FINAL:
        return False
    late = call.ended_at is None or now - call.ended_at > datetime.timedelta(minutes=10)
    return late or call.status != CallStatus.COMPLETED or hasattr(call, "transcript")


def last_attempts(campaign: Campaign) -> CallQuerySet:
    """Return the last attempt for each person of a campaign."""
    later = Call.objects.filter(campaign=campaign, contact=OuterRef("contact"), attempt__gt=OuterRef("attempt"))
    return Call.objects.filter(~Exists(later), campaign=campaign)


def down_from_newest(calls: CallQuerySet, campaign: Campaign) -> CallQuerySet:
    """Return the same calls of a campaign, in a form that PostgreSQL lists newest first by the campaign's own index.

    It would otherwise scan down from the newest call of all, through the calls of every later campaign.
    """
    newest = Call.objects.filter(campaign=campaign).order_by("-pk").values("pk")[:1]
    return calls.filter(pk__lte=Subquery(newest))
