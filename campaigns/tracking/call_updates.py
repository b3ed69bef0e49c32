"""Writes states of calls that vendors reported in an answer, a poll or a list: one statement a batch, only changes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db import IntegrityError, transaction

from campaigns import rules
from campaigns.core import conditions, happenings, transitions
from campaigns.core.call_events import Source, Step, step, write_steps
from campaigns.core.clock import span
from campaigns.core.sql.bulk import update_rows
from campaigns.core.transitions import Changed, Why
from campaigns.dispositions import judging
from campaigns.evidence import Evidence, differing, evidence_of, join
from campaigns.models import Call
from campaigns.models.status_conditions import is_parked
from campaigns.tracking import consequences, no_news, vendor_habits
from campaigns.tracking.vendor_habits import Habits
from providers.types import AT_VENDOR, FINAL, UNMATCHED, CallSnapshot, CallStatus

MAX_RAW_STATUS = Call._meta.get_field("raw_status").max_length
STATE_COLUMNS = (
    "status", "rank", "redials", "not_before", "raw_status", "failure_reason", "failure_detail", "end_reason",
    "answered_at", "ended_at", "talk_seconds", "answered_by", "cost", "currency", "recording_available", "changed_at",
    "next_poll_at", "polls", "matched_by",
)  # fmt: skip


def merge_news(
    news: Mapping[int, CallSnapshot], *, source: str, now: datetime.datetime, looked: Sequence[int] = ()
) -> int:
    """Merge snapshots (by id of our call) into their rows; returns how many rows changed.

    `looked` are the ids of all calls that were asked for: those without a snapshot only get the time of their next
    poll. `source` names where the news comes from. Rows are locked and written by compare-and-set on their rank, so
    that a state never goes backwards. What follows from the news stands in `consequences`.
    """
    with transaction.atomic():
        ids = sorted({*news, *looked})
        locked = Call.objects.select_for_update(no_key=True).defer("variables", "vendor_options")
        calls = {call.pk: call for call in locked.filter(pk__in=ids).order_by("pk")}
        batch = _Batch(source, now)
        for call in calls.values():
            batch.join(call, news.get(call.pk))
        changes = batch.write(calls)
        brought = batch.brought
        brought.ended = [end for end in brought.ended if end[0].pk in changes.ids]
        brought.priced = [end for end in brought.priced if end[0].pk in changes.ids]
        brought.told_anew = [end for end in brought.told_anew if end[0].pk in changes.ids]
        brought.reserves = changes.reserves
        brought.has_dispositions = changes.is_so
        consequences.follow(brought, now)
    consequences.halt_accounts(brought)
    consequences.carry_out_opt_outs(brought, now)
    vendor_habits.keep(brought.habits, now)
    # In a transaction of its own: it books budgets too, and campaigns are locked in the order of their ids.
    no_news.give_up(batch.overdue, now, source=source)
    return len(changes.ids)


class _Batch:
    """A batch of news: each piece is joined into its call first, then all are written at once."""

    def __init__(self, source: str, now: datetime.datetime) -> None:
        self.source, self.now = source, now
        self.rows: list[tuple[object, ...]] = []
        self.looks: list[tuple[object, ...]] = []
        self.steps: list[Step] = []
        self.whys: dict[int, Why] = {}
        self.brought = consequences.News(source)
        self.longest = no_news.LongestCalls()
        self.answered: list[int] = []
        """Calls that were answered, as is known by now."""
        self.overdue: list[int] = []
        """Calls that should have ended by now and of which the vendor told nothing new."""

    def join(self, call: Call, snapshot: CallSnapshot | None) -> None:
        """Join a snapshot into what is known of its call, and note what is to be written; None: no news."""
        before = after = believed(call)
        raw = call.raw_status
        if snapshot is not None:
            if is_of_another(call, snapshot):
                self.steps.append(step(call.pk, "wrong_person", at=self.now, source=self.source))
            else:
                snapshot = self._as_meant(call, snapshot)
                told = evidence_of(snapshot)
                after = join(_without_word_of_person(before, told), told)
                if conditions.is_without_news(before.failure_reason) and no_news.may_not_revive(call, after.status):
                    after = join(before, replace(told, rank=0, redials=before.redials))
                raw = snapshot.raw_status[:MAX_RAW_STATUS] or raw
                self.brought.note_texts(call, snapshot, before)
            self._note_state(call, snapshot, before, after, raw)
            self.brought.habits.note(call, snapshot, has_ended=after.has_ended)
        self.brought.note_end(call, before, after)
        if _is_answered(after) and not _is_answered(before):
            self.answered.append(call.pk)
        changed = differing(before, after)
        changed.pop("do_not_call", None)
        is_news = bool(changed) or raw != call.raw_status
        if is_news or _matched_by(call, snapshot) != call.matched_by:
            self.rows.append(_row(call, snapshot, after, raw, is_news, self.now, self.brought.habits))
        else:
            next_at = _next_look(call, snapshot, after, self.now, self.brought.habits)
            self.looks.append((call.pk, next_at, call.polls + 1, call.rank))
        if after.status == before.status and no_news.is_overdue(call, self.now, self.longest):
            self.overdue.append(call.pk)

    def _as_meant(self, call: Call, snapshot: CallSnapshot) -> CallSnapshot:
        """Return the snapshot as it is to be read of this call and at this time."""
        if snapshot.is_kept and snapshot.not_before is None:
            # The vendor does not say until when: it is looked at again in an hour, and takes no line until then.
            return replace(snapshot, not_before=self.now + span(rules.LONGEST_POLL))
        if self.source == Source.LIST and snapshot.status in FINAL and not call.campaign_id and call.vendor_options:
            # A list does not tell whether the vendor dials again, as extras of a single call may ask for: the call is
            # read by itself, which does.
            return replace(snapshot, status=None)
        return snapshot

    def _note_state(self, call: Call, snapshot: CallSnapshot, before: Evidence, after: Evidence, raw: str) -> None:
        if why := _why(before, after, raw, self.source):
            self.whys[call.pk] = why
        elif snapshot.status is None and raw and raw != call.raw_status:
            self.steps.append(step(call.pk, "strange_word", at=self.now, source=self.source, detail=raw))

    def write(self, calls: Mapping[int, Call]) -> Changed:
        """Write what changed in one statement, what was only looked at in another, and the steps."""
        changes = transitions.join_rows(
            transitions.LEARN, STATE_COLUMNS, self.rows, self.now, self.whys, locked=calls, asking=judging.ARE_THERE
        )
        # Most answers bring nothing new: then only the time of the next poll is written.
        update_rows(Call, ("next_poll_at", "polls", "rank"), self.looks, guard="c.rank = v.rank")
        write_steps([*self.steps, *changes.steps])
        answered = [pk for pk in self.answered if pk in changes.ids] if changes.is_heard else []
        happenings.all_happened({"call.answered": answered, "call.ended": changes.ended})
        return changes


def believed(call: Call) -> Evidence:
    """Return what a call's row says of it as `Evidence`."""
    return Evidence(
        status=CallStatus(call.status),
        rank=call.rank,
        redials=call.redials,
        not_before=call.not_before,
        failure_reason=call.failure_reason,
        failure_detail=call.failure_detail,
        end_reason=call.end_reason,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        talk_seconds=call.talk_seconds,
        cost=call.cost,
        currency=call.currency,
        answered_by=call.answered_by,  # type: ignore[arg-type]
        recording_available=call.recording_available,
    )


def _is_answered(known: Evidence) -> bool:
    """Return whether somebody or a machine took the call: it is under way, or there was talk in it."""
    return known.status in {CallStatus.IN_PROGRESS, CallStatus.WRAPPING_UP} or bool(known.talk_seconds)


def _without_word_of_person(before: Evidence, told: Evidence) -> Evidence:
    """Return what was believed without the figures that a person gave, where the vendor now tells the end itself."""
    if before.rank == rules.RANK_BY_PERSON < told.rank:
        return replace(before, talk_seconds=None, ended_at=None, answered_by="unknown")
    return before


def is_of_another(call: Call, snapshot: CallSnapshot) -> bool:
    """Return whether a snapshot names another number than the call's: then the vendor's id was reused; ignore it."""
    theirs, ours = digits(snapshot.to_number), digits(call.to_number)
    return bool(theirs) and len(theirs) >= 7 and not (ours.endswith(theirs[-9:]) or theirs.endswith(ours[-9:]))


def digits(number: str) -> str:
    """Return the digits of a phone number, without any other characters."""
    return "".join(letter for letter in number if letter in "0123456789")


def _why(before: Evidence, after: Evidence, raw: str, source: str) -> Why | None:
    """Return the reason to record for a changed state, or None if the state stays the same."""
    if after.status == before.status and after.failure_reason == before.failure_reason:
        return None
    code = "conflict" if before.has_ended else "vendor_news"
    return Why(code, source, raw if raw.lower() != after.status else after.failure_detail)


def _row(
    call: Call,
    snapshot: CallSnapshot | None,
    after: Evidence,
    raw: str,
    is_news: bool,
    now: datetime.datetime,
    habits: Habits,
) -> tuple[object, ...]:
    ended_at = after.ended_at or (now if after.has_ended else None)
    return (
        call.pk, after.status, after.rank, after.redials, after.not_before, raw, after.failure_reason,
        after.failure_detail, after.end_reason, after.answered_at, ended_at, after.talk_seconds, after.answered_by,
        after.cost, after.currency, after.recording_available,
        now if is_news else call.changed_at, _next_look(call, snapshot, after, now, habits), call.polls + 1,
        _matched_by(call, snapshot),
    )  # fmt: skip


def _matched_by(call: Call, snapshot: CallSnapshot | None) -> str:
    """Return how a call's row at the vendor was recognised, or why none was; `id` after such a doubt is told by ""."""
    if snapshot is None or (snapshot.matched_by in UNMATCHED and call.status not in AT_VENDOR):
        return call.matched_by
    if snapshot.matched_by != "id":
        return snapshot.matched_by
    return "" if call.matched_by in UNMATCHED else call.matched_by


def _next_look(
    call: Call, snapshot: CallSnapshot | None, after: Evidence, now: datetime.datetime, habits: Habits
) -> datetime.datetime | None:
    if after.status == CallStatus.UNKNOWN:
        return call.next_poll_at
    if call.no_news_at is not None and after.rank == call.rank:
        return no_news.next_look(call.no_news_at, now)
    if after.status not in AT_VENDOR:
        return None
    if is_parked(after.status, after.not_before, now):
        # Read once an hour all the same: it may be taken back or brought forward at the vendor.
        assert after.not_before is not None
        return min(after.not_before, now + span(rules.LONGEST_POLL))
    begun = call.placing_at or call.created_at
    if after.not_before is not None:
        begun = max(begun, after.not_before)
    age = (now - begun).total_seconds()
    if snapshot is not None and (snapshot.more_to_read or habits.is_mapped_now(call, snapshot)):
        age = 0.0
    return now + span(rules.next_poll_delay(age))


def bind(
    call_id: int, remote_id: str, *, code: str, source: str, now: datetime.datetime, matched_by: str = "id"
) -> bool:
    """Store the vendor's id of a call that has none yet, by compare-and-set; returns whether it was stored.

    False also where another call has that id already. `matched_by` says how the call was recognised.
    """
    try:
        with transaction.atomic():
            bound = transitions.change(
                transitions.BIND, Call.objects.filter(pk=call_id), now, Why(code, source), remote_id=remote_id,
                matched_by=matched_by,
            )  # fmt: skip
            return bool(bound)
    except IntegrityError:
        return False
