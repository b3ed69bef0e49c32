"""Ends single calls that waited too long; whoever asked for one sees why, and may ask again."""

from __future__ import annotations

import datetime

from campaigns.core import transitions
from campaigns.core.transitions import Why
from campaigns.models import Call
from campaigns.reasons import SkipReason
from providers.types import CallStatus

CALLS_A_RUN = 500
"""Most calls that one run ends."""


def skip_expired(now: datetime.datetime) -> int:
    """Skip waiting single calls that are no longer wanted; returns how many.

    The commit point places none of them; this reaches those that come to no commit point, as while calling is stopped.
    """
    expired = Call.objects.filter(status=CallStatus.PENDING, campaign__isnull=True, expires_at__lte=now)
    ids = list(expired.order_by("expires_at").values_list("pk", flat=True)[:CALLS_A_RUN])
    if not ids:
        return 0
    these = Call.objects.filter(pk__in=ids, expires_at__lte=now)
    why = Why("skipped", detail=str(SkipReason.EXPIRED.label))
    return len(transitions.change(transitions.SKIP, these, now, why, skip_reason=SkipReason.EXPIRED))
