"""Pure decisions: ranks, calling hours, retries, waits. No database, no clock."""

from __future__ import annotations

import datetime
import math
import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import phonenumbers
import phonenumbers.timezone
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.tzdata import TIMEZONE_DATA

from providers.types import CallStatus, FailureReason

# Seconds of the placing path: what one order may take, and how long its outcome may stay open
HTTP_DEADLINE = 30
PRESEND = 2
GRACE = 60
LEASE = 120
SETTLE = 15 * 60
LONG_SETTLE = 30 * 60
LOOKS_APART = 5 * 60
RING_GUARD = 60
PERSON_AFTER = 24 * 3600

MAX_NOT_SENT = 5
"""So often in a row an order of one call does not leave before its provider pauses."""
LONGEST_FORECAST = 30 * 24 * 60
"""Minutes of calling; beyond it nobody can say when a campaign will be done."""
SETTLE_LOOKS = (15, 60, 180, 600, 1800, 7200, 21600, 86400)
"""Seconds after the deadline at which an unknown call is looked for."""
LOOKS_LEAST_APART = 5
PROBE_AFTER = 15
BREAKER_WINDOW = 120
BREAKER_LEAST = 5
BREAKER_UNKNOWNS = 3

# When a campaign pauses itself
FAILURES_LEAST = 5
FAILURES_PERCENT = 50
REFUSALS_LEAST = 20
REFUSALS_PERCENT = 30
REFUSALS_AMONG = 100
"""So many of the last answers are weighed."""
HUNG_UP_WITHIN = 2
"""Seconds: whoever talked no longer than this hung up at once."""

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
"""One total order: merging evidence is a join on it, in any order, never backwards."""
RANK_NOT_PLACED = 25
"""Our own verdict "never placed" gives way to any word of the vendor."""

UNKNOWN_ZONE = "Etc/Unknown"


def rank_of(status: CallStatus, failure_reason: str = "") -> int:
    """Return the rank of a state; our own verdict of absence ranks below every vendor word."""
    if status == CallStatus.FAILED and failure_reason == FailureReason.NOT_PLACED:
        return RANK_NOT_PLACED
    return RANK[status]


def _single_zone_codes() -> frozenset[str]:
    """Return the calling codes all of whose numbers share the same zones."""
    zones: dict[str, set[tuple[str, ...]]] = {}
    for prefix, found in TIMEZONE_DATA.items():
        code = next((prefix[:end] for end in (1, 2, 3) if int(prefix[:end]) in COUNTRY_CODE_TO_REGION_CODE), "")
        zones.setdefault(code, set()).add(tuple(found))
    return frozenset(code for code, found in zones.items() if code and len(found) == 1)


SINGLE_ZONE_CODES = _single_zone_codes()
_ZONES_KEPT = 65_536
_zones_of_exchange: dict[tuple[str, int], tuple[str, ...]] = {}


@lru_cache(maxsize=1000)
def _exchange_length(beginning: str) -> int:
    """Return how many characters of a number that begins so tell its zones and whether it can exist."""
    code = next((beginning[:end] for end in (1, 2, 3) if beginning[:end] in SINGLE_ZONE_CODES), "")
    return len(code) + 5 if code else -4


def zones_of_number(e164: str) -> tuple[str, ...]:
    """Return every time zone that a number may be in; empty where none is known.

    Looked up once for the numbers of an exchange, which differ in the last digits only.
    """
    key = (e164[: _exchange_length(e164[1:4])], len(e164))
    found = _zones_of_exchange.get(key)
    if found is None:
        if len(_zones_of_exchange) >= _ZONES_KEPT:
            _zones_of_exchange.clear()
        found = _zones_of_exchange[key] = _look_up_zones(e164)
    return found


def _look_up_zones(e164: str) -> tuple[str, ...]:
    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ()
    zones: Sequence[str] = phonenumbers.timezone.time_zones_for_number(parsed)
    return tuple(zone for zone in zones if zone != UNKNOWN_ZONE)


@lru_cache(maxsize=1024)
def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zones_of(e164: str, own_zone: str) -> tuple[str, ...]:
    """Return the zones that must all be in calling hours: the person's own one, else all of the number's."""
    return (own_zone,) if own_zone and _zone(own_zone) else zones_of_number(e164)


def is_open_in(
    instant: datetime.datetime, zone: str, start: datetime.time, end: datetime.time, days: Collection[int]
) -> bool:
    """Tell whether an instant is within calling hours on the wall clock of a zone.

    `start` is included, `end` is not, and the last start leaves `RING_GUARD` seconds to ring. A window whose end is
    not after its start reaches over midnight and belongs to the day it began on; equal times mean all day.
    """
    found = _zone(zone)
    if found is None:
        return False
    local = instant.astimezone(found)
    if start == end:
        return local.weekday() in days
    # The guard moves on the wall clock itself, so that a clock change in between cannot stretch the window.
    wall = local.replace(tzinfo=None)
    ringing = wall + datetime.timedelta(seconds=RING_GUARD)
    today = wall.date()
    for begins in (today - datetime.timedelta(days=1), today):
        opens = datetime.datetime.combine(begins, start)
        closes = datetime.datetime.combine(begins if end > start else begins + datetime.timedelta(days=1), end)
        if begins.weekday() in days and opens <= wall and ringing <= closes and wall < closes:
            return True
    return False


def is_open(
    instant: datetime.datetime,
    zones: Collection[str],
    start: datetime.time,
    end: datetime.time,
    days: Collection[int],
) -> bool:
    """Tell whether calling is allowed now: open in every zone the number may be in; no zone known means no."""
    return bool(zones) and all(is_open_in(instant, zone, start, end, days) for zone in zones)


def next_opening(
    instant: datetime.datetime,
    zones: Collection[str],
    start: datetime.time,
    end: datetime.time,
    days: Collection[int],
) -> datetime.datetime | None:
    """Return the next quarter of an hour at which every zone is open, within eight days; None where there is none.

    Only a hint for when to look again: the commit point judges the wall clock anew.
    """
    step = datetime.timedelta(minutes=15)
    base = instant.astimezone(datetime.UTC).replace(
        minute=instant.minute - instant.minute % 15, second=0, microsecond=0
    )
    for number in range(1, 8 * 24 * 4 + 1):
        candidate = base + number * step
        if is_open(candidate, zones, start, end, days):
            return candidate
    return None


def after_calling(
    instant: datetime.datetime,
    minutes: int,
    zones: Collection[str],
    start: datetime.time,
    end: datetime.time,
    days: Collection[int],
) -> datetime.datetime | None:
    """Return when so many minutes of calling are over, counting open hours only; None where that is months away."""
    step, left = datetime.timedelta(minutes=15), float(minutes)
    if minutes > LONGEST_FORECAST:
        return None
    while left > 0:
        if is_open(instant, zones, start, end, days):
            instant += min(step, datetime.timedelta(minutes=left))
            left -= 15
        elif (opening := next_opening(instant, zones, start, end, days)) is not None:
            instant = opening
        else:
            return None
    return instant


def next_poll_delay(age_seconds: float) -> float:
    """Return the seconds until an open call is looked at again: at most a tenth of its age behind, then hourly."""
    if age_seconds < 600:
        return min(60.0, max(4.0, age_seconds / 10))
    if age_seconds < 7200:
        return 300.0
    return 3600.0


def next_look_delay(after_deadline: float) -> float:
    """Return the seconds until an unknown call is looked for again, from the seconds since its deadline.

    Counted from the deadline and not from look to look: a look that happens twice puts nothing off.
    """
    return next((at - after_deadline for at in SETTLE_LOOKS if at > after_deadline + LOOKS_LEAST_APART), 86400.0)


def is_unreachable(tries: int, outcomes: Sequence[Sequence[int]], now: float) -> bool:
    """Tell whether a provider must pause because the order of one call never leaves, and none went well meanwhile.

    The two minutes that the breaker weighs are too short for it: a call that waits longer and longer, for a vendor
    that is slow to refuse, fails less often than five times in them.
    """
    return tries >= MAX_NOT_SENT and not any(well for _when, well, _badly in weigh(outcomes, now, 0, 0))


def back_off(tries: int) -> float:
    """Return the seconds to wait after a request that never left: 5, 10, 20, 40, 80."""
    return float(min(5 * 2 ** max(tries - 1, 0), 300))


def retry_delay_minutes(delays: Sequence[int], attempt: int, max_attempts: int) -> int | None:
    """Return the minutes before the next attempt; None where no further attempt is planned."""
    if attempt >= max_attempts or not delays:
        return None
    return int(delays[min(attempt - 1, len(delays) - 1)])


def burst_of(calls_per_minute: int) -> int:
    """Return how many calls may leave at one instant under a cap."""
    return max(1, calls_per_minute // 20)


def take_pace(tat: float, now: float, calls_per_minute: int, wanted: int) -> tuple[int, float]:
    """Take up to `wanted` tokens of a cap; returns how many and the new theoretical arrival time (epoch seconds).

    Burst max(1, n/20) and rate (n - burst) a minute, so that no window of 60 s holds more than n.
    """
    burst = burst_of(calls_per_minute)
    interval = 60.0 / max(calls_per_minute - burst, 0.5)
    start = max(tat, now)
    free = math.floor((now + (burst - 1) * interval - start) / interval + 1e-9) + 1
    taken = max(0, min(wanted, free))
    return taken, start + taken * interval


Outcome = tuple[int, int, int]
"""Ten-second bucket (epoch seconds // 10), orders that went well, orders that failed on the way."""


def weigh(outcomes: Sequence[Sequence[int]], now: float, well: int, badly: int) -> list[Outcome]:
    """Add new outcomes to a breaker's two minutes and drop what is older."""
    bucket = int(now) // 10
    kept = {int(o[0]): (int(o[1]), int(o[2])) for o in outcomes if int(o[0]) > bucket - BREAKER_WINDOW // 10}
    before = kept.get(bucket, (0, 0))
    kept[bucket] = (before[0] + well, before[1] + badly)
    return [(when, *kept[when]) for when in sorted(kept)]


def should_break(outcomes: Sequence[Outcome], unknowns_in_row: int) -> bool:
    """Tell whether a provider must pause: half of five or more orders failed, or three unknowns in a row."""
    well, badly = sum(o[1] for o in outcomes), sum(o[2] for o in outcomes)
    total = well + badly
    return unknowns_in_row >= BREAKER_UNKNOWNS or (total >= BREAKER_LEAST and badly * 2 >= total)


End = Literal["failed", "refused", "talked", "other"]
"""What the end of a call says of its campaign; see `end_of`."""


def end_of(status: str, talk_seconds: int | None, *, has_talked: bool, is_wish_heard: bool) -> End:
    """Return what the end of a call says of its campaign.

    A refusal is a call in which the person asked not to be called again, or answered and hung up at once. A machine,
    a busy line and nobody answering say nothing of the message.
    """
    if is_wish_heard:
        return "refused"
    if status == CallStatus.FAILED:
        return "failed"
    if not has_talked:
        return "other"
    return "refused" if (talk_seconds or 0) <= HUNG_UP_WITHIN else "talked"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why a campaign must pause itself: so many of so many calls."""

    kind: Literal["failures", "refusals"]
    bad: int
    total: int


@dataclass(frozen=True, slots=True)
class Watch:
    """How the last calls of one campaign ended: the failures of two minutes, the refusals among the last answers."""

    ends: tuple[Outcome, ...] = ()
    answers: str = ""
    """One letter an answer, the newest last: 1 where it was a refusal."""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Watch:
        """Return what a campaign's row holds."""
        ends = tuple((int(end[0]), int(end[1]), int(end[2])) for end in stored.get("ends", ()))
        return cls(ends, str(stored.get("answers", "")))

    def as_stored(self) -> dict[str, Any]:
        """Return what a campaign's row shall hold."""
        return {"ends": [list(end) for end in self.ends], "answers": self.answers}

    def after(self, ends: Sequence[End], now: float) -> Watch:
        """Return the watch after these ends; what is older than two minutes or a hundred answers is forgotten."""
        failed = sum(end == "failed" for end in ends)
        answers = "".join("1" if end == "refused" else "0" for end in ends if end in {"refused", "talked"})
        return Watch(
            tuple(weigh(self.ends, now, len(ends) - failed, failed)), (self.answers + answers)[-REFUSALS_AMONG:]
        )

    def after_late_wish(self) -> Watch:
        """Return the watch where a person who talked is known only now to have asked not to be called again."""
        head, talked, tail = self.answers.rpartition("0")
        return replace(self, answers=f"{head}1{tail}") if talked else self

    def alarm(self, out: int = 0, talking: int = 0) -> Alarm | None:
        """Return why the campaign must pause: half of five or more calls failed, or three of ten answers refuse.

        `out` calls are going on, `talking` of them with somebody: failures and refusals come at once, talks end later.
        """
        failed, ended = sum(end[2] for end in self.ends), sum(end[1] + end[2] for end in self.ends)
        if ended >= FAILURES_LEAST and failed * 100 >= (ended + out) * FAILURES_PERCENT:
            return Alarm("failures", failed, ended + out)
        refused, answers = self.answers.count("1"), len(self.answers)
        if answers >= REFUSALS_LEAST and refused * 100 > (answers + talking) * REFUSALS_PERCENT:
            return Alarm("refusals", refused, answers)
        return None
