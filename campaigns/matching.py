"""Matching: which calls in a vendor's list are which of our calls. Pure; never guesses between two."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Literal
from uuid import UUID

from providers.types import CallSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """One of our calls to find in a list: an unknown one, or a known one, which shows whether the list is complete."""

    call_id: int
    reference: UUID
    to_number: str
    agent_id: str
    placing_at: datetime.datetime
    latest_at: datetime.datetime
    """The latest time at which the vendor may have accepted the order."""
    remote_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An unknown call and the vendor's call that it was matched with."""

    call_id: int
    snapshot: CallSnapshot
    by: Literal["id", "number"]


@dataclass
class Findings:
    """The result of comparing calls with a vendor's list."""

    found: list[Found] = field(default_factory=list)
    ambiguous: dict[int, list[str]] = field(default_factory=dict)
    """Call id to the vendor ids among which a person must choose."""
    absent: list[int] = field(default_factory=list)
    """Ids of calls without any candidate; proof that a call was never placed only if `proves_absence` says so."""
    is_trusted: bool = False
    """True if at least one known call was in the list, and every row names its number."""
    missing: list[Sought] = field(default_factory=list)
    """Known calls that are not in the list."""
    fresh_after: datetime.datetime | None = None
    """Calls placed after this time may be missing because the vendor's list lags."""

    def proves_absence(self, call: Sought) -> bool:
        """Tell whether the list is complete for the time of this call, so that its absence proves it was never placed.

        No known call of that time or earlier may be missing. A known call that is both later than this one's window and
        newer than `fresh_after` may be: under steady traffic a lagging list never shows the newest calls yet.
        """
        if not self.is_trusted or not self.missing:
            return self.is_trusted
        return self.fresh_after is not None and self._first_missing > max(call.latest_at, self.fresh_after)

    @cached_property
    def _first_missing(self) -> datetime.datetime:
        return min(known.placing_at for known in self.missing)


def tail_of(number: str) -> str:
    """Return the last nine digits, by which numbers are compared; empty if there is no number."""
    return "".join(letter for letter in number if letter.isdigit())[-9:]


class _Rows:
    """The rows of a list, indexed by number; comparing every row with every call would be too slow."""

    def __init__(self, rows: Iterable[CallSnapshot]) -> None:
        self._by_tail: dict[str, list[tuple[int, CallSnapshot]]] = {}
        for place, row in enumerate(rows):
            self._by_tail.setdefault(tail_of(row.to_number), []).append((place, row))

    def near(self, call: Sought) -> list[CallSnapshot]:
        """Return the rows with the call's number and the rows without any number, in the order of the list."""
        found = self._by_tail.get(call.to_number[-9:], []) + self._by_tail.get("", [])
        return [row for _place, row in sorted(found, key=itemgetter(0))]


def explained(known: Sequence[Sought], listed: Sequence[CallSnapshot]) -> tuple[list[CallSnapshot], list[Sought]]:
    """Match known calls with rows; returns the rows that are left over, and the known calls that are in no row.

    Matches by vendor id first, then by number and the nearest time; each row is used once.
    """
    rest = {row.remote_id: row for row in listed}
    missing = []
    by_number = []
    for call in known:
        if call.remote_id in rest:
            del rest[call.remote_id]
        else:
            by_number.append(call)
    numbered = _Rows(row for row in rest.values() if row.to_number)
    for call in sorted(by_number, key=lambda sought: sought.placing_at):
        rows = [row for row in numbered.near(call) if row.remote_id in rest and _in_time(row, call)]
        if not rows:
            missing.append(call)
            continue
        nearest = min(rows, key=lambda row: abs((row.created_at or call.placing_at) - call.placing_at))
        del rest[nearest.remote_id]
    return list(rest.values()), missing


def _in_time(row: CallSnapshot, call: Sought) -> bool:
    early = datetime.timedelta(minutes=2)
    if row.created_at is None:
        return True
    return call.placing_at - early <= row.created_at <= call.latest_at


def _may_be(row: CallSnapshot, call: Sought) -> bool:
    """Tell whether a row with the call's number could be the call; not if it has the reference of another call."""
    if row.reference is not None:
        return row.reference == call.reference
    return _in_time(row, call) and (not row.agent_id or not call.agent_id or row.agent_id == call.agent_id)


def unsaid(unknown: Sequence[Sought], rows: Sequence[CallSnapshot]) -> list[CallSnapshot]:
    """Return the rows without a reference that could be one of the unknown calls."""
    silent = _Rows(row for row in rows if row.reference is None)
    found = {row.remote_id: row for call in unknown for row in silent.near(call) if _may_be(row, call)}
    return list(found.values())


def look(
    unknown: Sequence[Sought],
    known: Sequence[Sought],
    listed: Sequence[CallSnapshot],
    fresh_after: datetime.datetime | None = None,
) -> Findings:
    """Match unknown calls with a list: by our reference, else by number, agent and time with only one candidate."""
    rows, missing = explained(known, listed)
    findings = Findings(is_trusted=len(missing) < len(known), missing=missing, fresh_after=fresh_after)
    echoed = {row.reference: row for row in rows if row.reference is not None}
    open_calls, taken = [], set()
    for call in unknown:
        if row := echoed.get(call.reference):
            findings.found.append(Found(call_id=call.call_id, snapshot=row, by="id"))
            taken.add(row.remote_id)
        else:
            open_calls.append(call)
    rows = [row for row in rows if row.remote_id not in taken]
    numbered = _Rows(row for row in rows if row.to_number)
    wanted_by: dict[str, list[int]] = {}
    choices = {}
    for call in open_calls:
        choices[call.call_id] = [row for row in numbered.near(call) if _may_be(row, call)]
        for row in choices[call.call_id]:
            wanted_by.setdefault(row.remote_id, []).append(call.call_id)
    for call in open_calls:
        rows_of = choices[call.call_id]
        if not rows_of:
            findings.absent.append(call.call_id)
        elif len(rows_of) == 1 and len(wanted_by[rows_of[0].remote_id]) == 1:
            findings.found.append(Found(call_id=call.call_id, snapshot=rows_of[0], by="number"))
        else:
            findings.ambiguous[call.call_id] = [row.remote_id for row in rows_of]
    # A row without a number could be any call, so then no absence is proved.
    if any(not row.to_number for row in rows):
        findings.is_trusted = False
    return findings
