"""Rules as pure functions: ranks, waits, circuit breaker, automatic pause."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from providers.types import CallStatus, FailureReason

# Seconds on the way of an order: how long one step may take, and how long its outcome may stay unknown
HTTP_DEADLINE = 30
PRESEND = 2
GRACE = 60
LEASE = 120
SETTLE = 15 * 60
LONG_SETTLE = 30 * 60
LOOKS_APART = 5 * 60
RING_GUARD = 60
"""A call must begin so long before calling hours end, to have time to ring."""
PERSON_AFTER = 24 * 3600
"""After so long an unknown call is given to a person to decide."""

# A call that the vendor accepted, and of which it tells nothing more
NEWS_MARGIN = 30 * 60
"""Seconds beside the longest call within which its end must be known: to dial, to ring and to write it up."""
UNREAD_FOR = 24 * 3600
"""The same where the vendor could not be asked meanwhile."""
NUMBER_KEPT = 24 * 3600
"""Seconds for which a call without news still keeps others from calling its number."""
RARELY, MORE_RARELY, RARELY_UNTIL = 3600, 24 * 3600, 30 * 24 * 3600
"""Seconds between two reads of a call without news, within its first day and after it, and when the reads end."""

LONGEST_POLL = 3600.0
"""Seconds after which an open call is read again at the latest."""
MAX_NOT_SENT = 5
"""A provider pauses when the order of one call could not be sent this many times in a row."""
LONGEST_FORECAST = 30 * 24 * 60
"""Minutes of calling; beyond it no end of a campaign is forecast."""
SETTLE_LOOKS = (15, 60, 180, 600, 1800, 7200, 21600, 86400)
"""Seconds after its deadline at which an unknown call is looked for in the vendor's list."""
LOOKS_LEAST_APART = 5
PROBE_AFTER = 15
BREAKER_WINDOW = 120
BREAKER_LEAST = 5
BREAKER_UNKNOWNS = 3

RANK: dict[CallStatus, int] = {
    CallStatus.PENDING: 0,
    CallStatus.PLACING: 10,
    CallStatus.UNKNOWN: 20,
    CallStatus.QUEUED: 30,
    CallStatus.DIALING: 40,
    CallStatus.RINGING: 50,
    CallStatus.IN_PROGRESS: 60,
    CallStatus.WRAPPING_UP: 70,
    CallStatus.CANCELED: 80,
    CallStatus.FAILED: 82,
    CallStatus.BUSY: 84,
    CallStatus.NO_ANSWER: 86,
    CallStatus.COMPLETED: 90,
    CallStatus.SKIPPED: 100,
}
"""Total order of statuses: when evidence is merged the higher rank wins, so a status never goes back."""
RANK_OF_ENDS = RANK[CallStatus.CANCELED]
"""Ranks from here on are ends that the vendor told."""
RANK_NOT_PLACED = 25
"""Rank of our own conclusion "never placed": any news from the vendor outranks it."""
RANK_BY_PERSON = 76
"""Rank of a person's word on how a call ended: the end that a vendor tells outranks it."""


def rank_of(status: CallStatus, failure_reason: str = "") -> int:
    """Return the rank of a status; NOT_PLACED, which is our own conclusion, ranks below vendors' statuses."""
    if status == CallStatus.FAILED and failure_reason == FailureReason.NOT_PLACED:
        return RANK_NOT_PLACED
    return RANK[status]


def next_poll_delay(age_seconds: float) -> float:
    """Return the seconds until an open call is polled again, by its age: about a tenth of it, at most an hour."""
    if age_seconds < 600:
        return min(60.0, max(4.0, age_seconds / 10))
    if age_seconds < 7200:
        return 300.0
    return LONGEST_POLL


def next_look_delay(after_deadline: float) -> float:
    """Return the seconds until an unknown call is looked for again, from the seconds since its deadline.

    Computed from the deadline, not from the last look, so that a look that runs twice delays nothing.
    """
    return next((at - after_deadline for at in SETTLE_LOOKS if at > after_deadline + LOOKS_LEAST_APART), 86400.0)


def is_without_news(
    since: datetime.datetime, now: datetime.datetime, longest: datetime.timedelta, margin: datetime.timedelta
) -> bool:
    """Tell whether nothing was heard of a call for its longest duration and a margin, counted from `since`."""
    return now - since > longest + margin


def next_rare_delay(silent_seconds: float) -> float | None:
    """Return the seconds until a call that is without news for so long is read again; None if it is no more."""
    if silent_seconds >= RARELY_UNTIL:
        return None
    return float(RARELY if silent_seconds < MORE_RARELY else MORE_RARELY)


def is_unreachable(tries: int, outcomes: Sequence[Sequence[int]], now: float) -> bool:
    """Tell whether a provider must pause because one call's order failed to leave `tries` times and no other left.

    The circuit breaker does not see this: with growing waits between tries, and a vendor that times out slowly, fewer
    than five failures fall into its window of two minutes.
    """
    return tries >= MAX_NOT_SENT and not any(well for _when, well, _badly in weigh(outcomes, now, 0, 0))


def back_off(tries: int) -> float:
    """Return the seconds to wait after the `tries`-th request that could not be sent: 5, 10, 20 ... at most 300."""
    return float(min(5 * 2 ** max(tries - 1, 0), 300))


Outcome = tuple[int, int, int]
"""A ten-second bucket (epoch seconds // 10), its successful orders, its failed orders."""


def weigh(outcomes: Sequence[Sequence[int]], now: float, well: int, badly: int) -> list[Outcome]:
    """Return a circuit breaker's outcomes with new ones added and those older than its window removed."""
    bucket = int(now) // 10
    kept = {int(o[0]): (int(o[1]), int(o[2])) for o in outcomes if int(o[0]) > bucket - BREAKER_WINDOW // 10}
    before = kept.get(bucket, (0, 0))
    kept[bucket] = (before[0] + well, before[1] + badly)
    return [(when, *kept[when]) for when in sorted(kept)]


def should_break(outcomes: Sequence[Outcome], unknowns_in_row: int) -> bool:
    """Tell whether the circuit breaker opens: half of five or more orders failed, or three in a row are unknown."""
    well, badly = sum(o[1] for o in outcomes), sum(o[2] for o in outcomes)
    total = well + badly
    return unknowns_in_row >= BREAKER_UNKNOWNS or (total >= BREAKER_LEAST and badly * 2 >= total)
