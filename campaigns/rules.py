"""Rules as pure functions: ranks, calling hours, waits, circuit breaker, automatic pause."""

from __future__ import annotations

import datetime
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

# When a campaign pauses itself
FAILURES_LEAST = 5
FAILURES_PERCENT = 50
REFUSALS_LEAST = 20
REFUSALS_PERCENT = 30
REFUSALS_AMONG = 100
"""Refusals are counted among this many last answered calls."""
HUNG_UP_WITHIN = 2
"""Seconds; a person who talked no longer than this hung up at once."""

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
RANK_NOT_PLACED = 25
"""Rank of our own conclusion "never placed": any news from the vendor outranks it."""

UNKNOWN_ZONE = "Etc/Unknown"


def rank_of(status: CallStatus, failure_reason: str = "") -> int:
    """Return the rank of a status; NOT_PLACED, which is our own conclusion, ranks below vendors' statuses."""
    if status == CallStatus.FAILED and failure_reason == FailureReason.NOT_PLACED:
        return RANK_NOT_PLACED
    return RANK[status]


def _single_zone_codes() -> frozenset[str]:
    """Return the country calling codes whose numbers all have the same time zones."""
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
    """Return how many leading characters of a number with this beginning determine its zones and its validity."""
    code = next((beginning[:end] for end in (1, 2, 3) if beginning[:end] in SINGLE_ZONE_CODES), "")
    return len(code) + 5 if code else -4


def zones_of_number(e164: str) -> tuple[str, ...]:
    """Return every time zone that a number may be in; empty if none is known.

    Cached by the leading digits that determine the zones.
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
    """Return the zones that must all be in calling hours: the person's own zone if set, else all of the number's."""
    return (own_zone,) if own_zone and _zone(own_zone) else zones_of_number(e164)


def is_open_in(
    instant: datetime.datetime, zone: str, start: datetime.time, end: datetime.time, days: Collection[int]
) -> bool:
    """Tell whether an instant is within calling hours on the wall clock of a zone; `days` count from Monday 0.

    `start` is included; the last `RING_GUARD` seconds before `end` are not, so that a call has time to ring. If `end`
    is before `start`, the hours reach over midnight and belong to the day on which they began; equal means all day.
    """
    found = _zone(zone)
    if found is None:
        return False
    local = instant.astimezone(found)
    if start == end:
        return local.weekday() in days
    # The guard is added to the wall-clock time, so that a daylight-saving change cannot lengthen the hours.
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
    """Tell whether an instant is within calling hours in every one of the zones; False if there is no zone."""
    return bool(zones) and all(is_open_in(instant, zone, start, end, days) for zone in zones)


def next_opening(
    instant: datetime.datetime,
    zones: Collection[str],
    start: datetime.time,
    end: datetime.time,
    days: Collection[int],
) -> datetime.datetime | None:
    """Return the next quarter of an hour at which every zone is open, within eight days; None if there is none.

    Used for scheduling only: the commit point checks the hours again.
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
    """Return when this many minutes within calling hours have passed; None if months away or never."""
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
    """Return the seconds until an open call is polled again, by its age: about a tenth of it, at most an hour."""
    if age_seconds < 600:
        return min(60.0, max(4.0, age_seconds / 10))
    if age_seconds < 7200:
        return 300.0
    return 3600.0


def next_look_delay(after_deadline: float) -> float:
    """Return the seconds until an unknown call is looked for again, from the seconds since its deadline.

    Computed from the deadline, not from the last look, so that a look that runs twice delays nothing.
    """
    return next((at - after_deadline for at in SETTLE_LOOKS if at > after_deadline + LOOKS_LEAST_APART), 86400.0)


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


End = Literal["failed", "refused", "talked", "other"]
"""What the end of a call means for its campaign; see `end_of`."""


def end_of(status: str, talk_seconds: int | None, *, has_talked: bool, is_wish_heard: bool) -> End:
    """Return what the end of a call means for its campaign; `is_wish_heard`: the person asked not to be called again.

    "refused" means that the person asked that, or answered and hung up at once. A machine, a busy line and no answer
    are "other": they say nothing about the message.
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
    """The reason for an automatic pause: so many failures or refusals among so many calls."""

    kind: Literal["failures", "refusals"]
    bad: int
    total: int


@dataclass(frozen=True, slots=True)
class Watch:
    """How a campaign's last calls ended: failures within two minutes, and refusals among the last answered calls."""

    ends: tuple[Outcome, ...] = ()
    answers: str = ""
    """One character for each answered call, the newest last: 1 for a refusal, else 0."""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Watch:
        """Return the watch that is stored in a campaign's row."""
        ends = tuple((int(end[0]), int(end[1]), int(end[2])) for end in stored.get("ends", ()))
        return cls(ends, str(stored.get("answers", "")))

    def as_stored(self) -> dict[str, Any]:
        """Return the watch as JSON for the campaign's row."""
        return {"ends": [list(end) for end in self.ends], "answers": self.answers}

    def after(self, ends: Sequence[End], now: float) -> Watch:
        """Return the watch with these ends added; ends older than two minutes and all but the last 100 answers go."""
        failed = sum(end == "failed" for end in ends)
        answers = "".join("1" if end == "refused" else "0" for end in ends if end in {"refused", "talked"})
        return Watch(
            tuple(weigh(self.ends, now, len(ends) - failed, failed)), (self.answers + answers)[-REFUSALS_AMONG:]
        )

    def after_late_wish(self) -> Watch:
        """Return the watch with one conversation turned into a refusal, because its opt-out became known late."""
        head, talked, tail = self.answers.rpartition("0")
        return replace(self, answers=f"{head}1{tail}") if talked else self

    def alarm(self, out: int = 0, talking: int = 0) -> Alarm | None:
        """Return why the campaign must pause: half of 5 or more calls failed, or over 30 % of 20 or more refused.

        `out` calls are in progress, `talking` of them in conversation. They count as good ones, because failures and
        refusals are known at once and conversations only later.
        """
        failed, ended = sum(end[2] for end in self.ends), sum(end[1] + end[2] for end in self.ends)
        if ended >= FAILURES_LEAST and failed * 100 >= (ended + out) * FAILURES_PERCENT:
            return Alarm("failures", failed, ended + out)
        refused, answers = self.answers.count("1"), len(self.answers)
        if answers >= REFUSALS_LEAST and refused * 100 > (answers + talking) * REFUSALS_PERCENT:
            return Alarm("refusals", refused, answers)
        return None
