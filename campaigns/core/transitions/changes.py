"""Status changes by compare-and-set, as the table declares them: of a query, or of a batch with values for each row."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import sql

from campaigns.core import budget, happenings
from campaigns.core.call_events import Source, Step, step, write_step_of_all, write_steps
from campaigns.core.sql.bulk import lease_text, set_rows_returning, update_rows_returning
from campaigns.core.transitions.table import Transition, empty
from campaigns.models import Call
from campaigns.models.calls import CallQuerySet
from campaigns.rules import RANK_OF_ENDS
from providers.types import ENDED, CallStatus

_RETURNED = ("campaign_id", "reserved_cost")
_CENT = Decimal("0.0001")
_HEARD = happenings.is_heard("call.answered", "call.ended")
"""Asked in the UPDATE itself, as nearly always nobody listens."""


class Why(NamedTuple):
    """Why a call changes: the code of the event that is written, its source, and details."""

    code: str
    source: str = Source.SYSTEM.value
    detail: str = ""
    """Free text for the event; no secret and no full phone number."""
    actor_id: int | None = None


Whys = Why | Mapping[int, Why]
"""One reason for all calls, or a reason by call id."""


@dataclass(slots=True)
class Changed:
    """The rows that changed, and what follows from it and is not written yet: events, reserves, ends to be told."""

    ids: set[int] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    reserves: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """By campaign id: how much its reserved budget grows (negative: shrinks) by these changes."""
    ended: list[int] = field(default_factory=list)
    """Calls that have just ended, or ended otherwise than was believed; empty where nobody wants to hear of calls."""
    is_heard: bool = False
    """Whether anybody wants to hear of calls that are answered or end."""
    is_so: bool = False
    """The answer to the caller's own question, see `join_rows`; False where no row changed."""

    def write(self) -> None:
        """Write the events, the reserves, and what others want to hear of, in the caller's transaction."""
        budget.book(self.reserves)
        write_steps(self.steps)
        happenings.happened("call.ended", *self.ended)

    def take(self, rows: Iterable[Sequence[Any]], source: str, targets: str | Mapping[int, str]) -> None:
        """Add rows that changed, as an UPDATE returned them: call id, campaign id, reserved amount, is it heard."""
        for call_id, campaign_id, reserved, is_heard in rows:
            self.ids.add(call_id)
            target = targets if isinstance(targets, str) else targets[call_id]
            self.note_end(call_id, source, target, is_heard)
            self.note_reserve(campaign_id, source, target, reserved)

    def note_end(self, call_id: int, source: str, target: str, is_heard: bool) -> None:
        """Note a call that ends by one change, where somebody wants to hear of it."""
        self.is_heard = bool(is_heard)
        if is_heard and target in ENDED and source != target:
            self.ended.append(call_id)

    def note_reserve(self, campaign_id: int | None, source: str, target: str, reserved: Any) -> None:
        """Add one change's effect on its campaign's reserve; `reserved` is the amount as stored."""
        if campaign_id and reserved and (shift := budget.shift(source, target)):
            self.reserves[campaign_id] += shift * Decimal(str(reserved)).quantize(_CENT)


def change(
    transition: Transition,
    calls: CallQuerySet,
    at: datetime.datetime,
    why: Whys,
    *,
    to: CallStatus | None = None,
    lease: UUID | None = None,
    **given: Any,
) -> set[int]:
    """Make a transition for those of the calls that are in one of its sources, and write their events and reserves.

    Returns the ids of the rows that changed; calls in another status are left alone. `given` are the columns that the
    transition takes. Raises ValueError for wrong columns, and for a query that joins other tables: after waiting for a
    row lock, PostgreSQL would not check those again.
    """
    if transition.is_join:
        raise ValueError(f"{transition.name}: a join is written by rows.")
    _check(transition, given)
    target = _target(transition, to)
    values = _same(transition, at) | {"status": target} | given
    if transition.is_without_news:
        calls = calls.filter(no_news_at__isnull=False)
    if transition.is_unbound:
        calls = calls.filter(remote_id="")
    if transition.needs_lease:
        calls = calls.filter(lease=_held(transition, lease))
    changed = Changed()
    with transaction.atomic(savepoint=False):
        for source in transition.sources:
            values["rank"] = transition.rank_to(target, source)
            rows = _update(calls.filter(status=source), values)
            changed.take(rows, source, target)
            ids = [row[0] for row in rows]
            if isinstance(why, Why):
                write_step_of_all(ids, _step(transition, 0, source, target, at, why))
            else:
                changed.steps += [_step(transition, pk, source, target, at, why[pk]) for pk in ids]
        changed.write()
    return changed.ids


def change_rows(
    transition: Transition,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    at: datetime.datetime,
    whys: Whys,
    *,
    lease: UUID | None = None,
    **given: Any,
) -> Changed:
    """Make a transition for a batch of calls, with values for each, in one UPDATE for each source status.

    The caller must call `write` on the result. Every row is the call's id and the values of `columns`; `given` are
    columns with one value for all. If the transition has several targets, `columns` begin with `status` and `rank`.
    """
    if transition.is_join:
        raise ValueError(f"{transition.name}: a join is written by `join_rows`.")
    if transition.is_ranked_apart:
        raise ValueError(f"{transition.name}: its rank does not follow from the status, so it is made by a query.")
    changed = Changed()
    if not rows:
        return changed
    same, targets = _batch(transition, columns, rows, at, given)
    rest = rows
    for source in transition.sources:
        guard = f"c.status = '{source.value}'"
        if transition.is_unbound:
            guard += " AND c.remote_id = ''"
        if transition.is_without_news:
            guard += " AND c.no_news_at IS NOT NULL"
        if transition.needs_lease:
            guard += f" AND c.lease = '{lease_text(_held(transition, lease))}'"
        if columns:
            found = update_rows_returning(Call, columns, rest, guard, same, returning=_RETURNED, asking=_HEARD)
        else:
            ids = [row[0] for row in rest]
            found = set_rows_returning(Call, ids, same, guard, returning=_RETURNED, asking=_HEARD)
        changed.take(found, source, targets)
        for row in found:
            call_id = row[0]
            target = targets if isinstance(targets, str) else targets[call_id]
            why = whys if isinstance(whys, Why) else whys[call_id]
            changed.steps.append(_step(transition, call_id, source, target, at, why))
        # Nearly always all calls are in the first source, so that this is the only statement.
        rest = [row for row in rest if row[0] not in changed.ids]
        if not rest:
            break
    return changed


def join_rows(
    transition: Transition,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    at: datetime.datetime,
    whys: Mapping[int, Why],
    *,
    locked: Mapping[int, Call],
    asking: str = "FALSE",
) -> Changed:
    """Write a batch of merged vendor news in one UPDATE; `locked` are the current rows by id, locked by the caller.

    A call that was never placed, and a row whose rank is above the new one, are left alone, unless the vendor dials
    again. An event is written for the calls that have a reason in `whys`. `asking` is a question to other tables as
    constant SQL, answered in the UPDATE itself (`Changed.is_so`).
    """
    changed = Changed()
    rows = [row for row in rows if locked[row[0]].status in transition.sources]
    if not rows:
        return changed
    same, targets = _batch(transition, columns, rows, at, {})
    emptied = {
        name: f"CASE WHEN v.rank > {int(above)} THEN NULL ELSE c.{name} END"
        for name, above in transition.clears_above.items()
    }
    risen = "v.rank > c.rank OR v.redials > c.redials"
    emptied |= {name: f"CASE WHEN {risen} THEN NULL ELSE c.{name} END" for name in sorted(transition.clears_risen)}
    sources = ", ".join(f"'{source.value}'" for source in transition.sources)
    # A vendor that dials again begins anew, but never after an end.
    again = f"c.rank < {RANK_OF_ENDS} AND v.rank < {RANK_OF_ENDS} AND c.redials < v.redials"
    guard = f"c.status IN ({sources}) AND (c.rank <= v.rank OR ({again}))"
    asked = f"{_HEARD}, {asking}"
    found = update_rows_returning(Call, columns, rows, guard, same, computed=emptied, asking=asked)
    for call_id, is_heard, is_so in found:
        call, target = locked[call_id], targets[call_id]
        changed.ids.add(call_id)
        changed.is_so = bool(is_so)
        if call_id in whys:
            changed.steps.append(_step(transition, call_id, call.status, target, at, whys[call_id]))
        changed.note_end(call_id, call.status, target, is_heard)
        changed.note_reserve(call.campaign_id, call.status, target, call.reserved_cost)
    return changed


def _batch(
    transition: Transition,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    at: datetime.datetime,
    given: Mapping[str, Any],
) -> tuple[dict[str, Any], str | dict[int, str]]:
    """Return the values that all rows of a batch share, and the target status (of all, or by call id)."""
    same = _same(transition, at) | dict(given)
    if len(transition.targets) == 1:
        _check(transition, {*columns, *given})
        target = transition.targets[0]
        return same | {"status": target, "rank": transition.rank_to(target, transition.sources[0])}, target.value
    if tuple(columns[:2]) != ("status", "rank"):
        raise ValueError(f"{transition.name}: a row says first where it goes.")
    _check(transition, {*columns[1 if "rank" in transition.takes else 2 :], *given})
    targets = {row[0]: CallStatus(row[1]).value for row in rows}
    if strange := set(targets.values()).difference(transition.targets):
        raise ValueError(f"{transition.name} does not lead to {sorted(strange)}.")
    return same, targets


def _same(transition: Transition, at: datetime.datetime) -> dict[str, Any]:
    cleared = {name: empty(name) for name in transition.clears}
    return cleared | dict.fromkeys(transition.stamps, at) | dict(transition.sets)


def _check(transition: Transition, given: Iterable[str]) -> None:
    """Raise ValueError if columns that the transition takes are missing, or others are given."""
    names = set(given)
    if missing := transition.takes - names:
        raise ValueError(f"{transition.name} needs {sorted(missing)}.")
    if strange := names - transition.takes - transition.may_take:
        raise ValueError(f"{transition.name} does not take {sorted(strange)}.")


def _target(transition: Transition, to: CallStatus | None) -> CallStatus:
    target = transition.targets[0] if to is None and len(transition.targets) == 1 else to
    if target not in transition.targets:
        raise ValueError(f"{transition.name} does not lead to {target}.")
    return target


def _held(transition: Transition, lease: UUID | None) -> UUID:
    if lease is None:
        raise ValueError(f"{transition.name} needs the caller's lease.")
    return lease


def _step(transition: Transition, call_id: int, source: str, target: str, at: datetime.datetime, why: Why) -> Step:
    if why.code not in transition.codes:
        raise ValueError(f"{transition.name} is not told as {why.code}.")
    return step(
        call_id, why.code, at=at, source=why.source, from_status=str(source), to_status=str(target), detail=why.detail,
        actor_id=why.actor_id,
    )  # fmt: skip


def _update(calls: CallQuerySet, values: Mapping[str, Any]) -> list[Any]:
    """Run the UPDATE of a query; returns id, campaign id, reserved amount and `_HEARD` of the rows that changed."""
    query = cast("sql.UpdateQuery", calls.order_by().query.chain(sql.UpdateQuery))
    query.add_update_values(dict(values))
    try:
        statement, parameters = query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return []
    if "SELECT" in statement:
        raise ValueError("A compare-and-set looks at the calls' own rows only.")
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING id, {', '.join([*_RETURNED, _HEARD])}", parameters)
        return list(cursor.fetchall())
