"""Which row of UnleashX's list is which call, and in which zone its times are. Pure; see `unleashx.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from providers.backends._unleashx_rows import AFTER, BEFORE, Row, instant_in, match_by_number
from providers.parsing import parse_instant
from providers.types import FINAL, CallHandle, CallSnapshot

OFFSETS = ("+00:00", "+05:30")
"""Zones in which the vendor's times without one were seen: UTC and India's."""

ROW_WAIT = 240.0
"""Seconds, from ringing and talking on, for which a call is read again that has a transaction and no row yet."""


def ended_lately(snapshot: CallSnapshot, handle: CallHandle, now: datetime, row_wait: timedelta) -> bool:
    """Tell whether a call ended so lately that its row, with what was said, may not be listed yet."""
    talked = timedelta(seconds=snapshot.talk_seconds or 0)
    return snapshot.status in FINAL and handle.placed_at is not None and now < handle.placed_at + talked + row_wait


def zone_of(row: Row, placed_at: datetime | None) -> str:
    """Return the offset in which a row's bare time is that of our order; empty where it has its own zone or none fits.

    Only for a row that is certainly ours. It may be two minutes older than our order and five younger; and only zones
    that were seen are found, so that a transaction written at the end of a long call names no false one.
    """
    value = row.get("created_at")
    if placed_at is None or not isinstance(value, str) or ":" not in value:
        return ""
    for offset in OFFSETS:
        at = parse_instant(value.strip() + offset)
        if at is not None and -BEFORE <= at - placed_at <= timedelta(minutes=5):
            return offset
    return ""


def zone_ahead(rows: Iterable[Row], now: datetime) -> str:
    """Return the first of `OFFSETS` in which no row's bare time is in the future."""
    for offset in OFFSETS:
        times = [at for row in rows if (at := instant_in(row, "created_at", offset))]
        if all(at <= now + AFTER for at in times):
            return offset
    return OFFSETS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was found for one call: its row, or why none was chosen."""

    row: Row | None = None
    matched_by: Literal["id", "number", "several", "zone"] = "id"
    candidates: Sequence[Row] = ()
    """Rows of its number that fit equally well."""
    utc_offset: str = ""
    """The zone that its row shows; only of a row that is certainly this call's."""


def choices(
    handles: Sequence[CallHandle],
    found: Mapping[str, Row],
    payments: Mapping[str, Row],
    rows: Sequence[Row],
    zone: str,
) -> tuple[dict[str, Choice], str]:
    """Return the choice for each call by its id, and the zone: as given, else as the certain rows show it.

    `found` are the rows recognised by reference or id, `payments` the transactions by id, `rows` those that may be
    taken by number. Between rows that fit equally well nothing is guessed.
    """
    certain = {}
    for handle in handles:
        sure = found.get(handle.remote_id) or payments.get(handle.remote_id.casefold()) or {}
        certain[handle.remote_id] = zone_of(sure, handle.placed_at)
    zone = zone or next((offset for offset in certain.values() if offset), "")
    taken = {id(row) for row in found.values()}
    free = [row for row in rows if id(row) not in taken]
    loose = [handle for handle in handles if handle.remote_id not in found]
    near = match_by_number(loose, free, zone or OFFSETS[0])
    elsewhere: set[str] = set()
    for offset in OFFSETS:
        if offset != (zone or OFFSETS[0]):
            elsewhere |= match_by_number(loose, free, offset).keys()
    claims = Counter(id(row) for candidates in near.values() for row in candidates)
    chosen = {}
    for handle in handles:
        row, candidates = found.get(handle.remote_id), near.get(handle.remote_id, [])
        fits_elsewhere = handle.remote_id in elsewhere
        matched_by: Literal["id", "number", "several", "zone"] = "id"
        # While the zone is not known, a row that fits in one zone may be another call's that fits in the other.
        is_doubtful = fits_elsewhere and not zone
        if row is None and len(candidates) == 1 and claims[id(candidates[0])] == 1 and not is_doubtful:
            row, matched_by = candidates[0], "number"
        elif row is None and (candidates or fits_elsewhere):
            matched_by = "several" if candidates else "zone"
        chosen[handle.remote_id] = Choice(
            row=row, matched_by=matched_by, candidates=candidates, utc_offset=certain[handle.remote_id]
        )
    return chosen, zone
