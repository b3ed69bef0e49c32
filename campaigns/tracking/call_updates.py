"""Writes states of calls that vendors reported in an answer, a poll or a list: one statement a batch, only changes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction

from campaigns import rules
from campaigns.core import budget, transcript_words, transitions
from campaigns.core.call_events import step, write_steps
from campaigns.core.clock import span
from campaigns.core.sql.bulk import update_rows
from campaigns.core.transitions import Why
from campaigns.evidence import Evidence, differing, evidence_of, join
from campaigns.models import Call, CallTranscript
from campaigns.tracking import after_call, auto_pause
from providers.types import AT_VENDOR, FINAL, CallSnapshot, CallStatus

MAX_RAW_STATUS = Call._meta.get_field("raw_status").max_length
MAX_TURNS = 2000
"""Turns kept of one transcript."""
MAX_TURN_TEXT = 4000
"""Characters kept of one turn of a transcript."""
MAX_SUMMARY = 4000
"""Characters kept of a transcript's summary."""
STATE_COLUMNS = (
    "status", "rank", "raw_status", "failure_reason", "failure_detail", "answered_at", "ended_at", "talk_seconds",
    "answered_by", "cost", "currency", "recording_available", "changed_at", "next_poll_at", "polls", "matched_by",
)  # fmt: skip


def merge_news(
    news: Mapping[int, CallSnapshot], *, source: str, now: datetime.datetime, looked: Sequence[int] = ()
) -> int:
    """Merge snapshots (by id of our call) into their rows; returns how many rows changed.

    `looked` are the ids of all calls that were asked for: those without a snapshot only get the time of their next
    poll. `source` names where the news comes from. Rows are locked and written by compare-and-set on their rank, so
    that a state never goes backwards.
    """
    with transaction.atomic():
        ids = sorted({*news, *looked})
        locked = Call.objects.select_for_update(no_key=True).defer("variables", "vendor_options")
        calls = list(locked.filter(pk__in=ids).order_by("pk"))
        rows, looks, steps, ended, reached, texts, forbidden = [], [], [], [], [], [], []
        whys: dict[int, Why] = {}
        for call in calls:
            snapshot = news.get(call.pk)
            before = believed(call)
            after = before
            raw = call.raw_status
            if snapshot is not None:
                if is_of_another(call, snapshot):
                    steps.append(step(call.pk, "wrong_person", at=now, source=source))
                else:
                    after = join(before, evidence_of(snapshot))
                    raw = snapshot.raw_status[:MAX_RAW_STATUS] or raw
                    if snapshot.transcript or snapshot.summary or snapshot.extracted:
                        texts.append((call, snapshot))
                    if snapshot.do_not_call and not before.do_not_call:
                        forbidden.append((call, before.status in FINAL))
            changed = differing(before, after)
            changed.pop("do_not_call", None)
            if snapshot is not None and (why := _why(before, after, raw, source)):
                whys[call.pk] = why
            elif snapshot is not None and snapshot.status is None and raw and raw != call.raw_status:
                steps.append(step(call.pk, "strange_word", at=now, source=source, detail=raw))
            if changed.get("status") in FINAL or (after.status in FINAL and "status" in changed):
                ended.append((call, before, after))
            elif after_call.was_reached_late(before, after):
                reached.append((call, after))
            is_news = bool(changed) or raw != call.raw_status
            if is_news or (snapshot is not None and snapshot.matched_by == "number" != call.matched_by):
                rows.append(_row(call, snapshot, after, raw, is_news, now))
            else:
                looks.append((call.pk, _next_look(call, snapshot, after, now), call.polls + 1, call.rank))
        locked_rows = {call.pk: call for call in calls}
        changes = transitions.join_rows(transitions.LEARN, STATE_COLUMNS, rows, now, whys, locked=locked_rows)
        ended = [end for end in ended if end[0].pk in changes.ids]
        # Most answers bring nothing new: then only the time of the next poll is written.
        update_rows(Call, ("next_poll_at", "polls", "rank"), looks, guard="c.rank = v.rank")
        _write_texts(texts)
        write_steps([*steps, *changes.steps])
        auto_pause.weigh_ends(ended, now)
        budget.book(changes.reserves, after_call.costs_of(ended))
        for call, before, after in ended:
            after_call.settle_end(call, before, after, now)
        for call, after in reached:
            if call.campaign is not None:
                after_call.call_off(call, call.campaign, after, now)
    for call, was_over in forbidden:
        _forbid(call, was_over, now)
    return len(changes.ids)


def believed(call: Call) -> Evidence:
    """Return what a call's row says of it as `Evidence`."""
    return Evidence(
        status=CallStatus(call.status),
        rank=call.rank,
        failure_reason=call.failure_reason,
        failure_detail=call.failure_detail,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        talk_seconds=call.talk_seconds,
        cost=call.cost,
        currency=call.currency,
        answered_by=call.answered_by,  # type: ignore[arg-type]
        recording_available=call.recording_available,
    )


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
    code = "conflict" if before.status in FINAL and before.rank != rules.RANK_NOT_PLACED else "vendor_news"
    return Why(code, source, raw if raw.lower() != after.status else after.failure_detail)


def _row(
    call: Call, snapshot: CallSnapshot | None, after: Evidence, raw: str, is_news: bool, now: datetime.datetime
) -> tuple[object, ...]:
    ended_at = after.ended_at or (now if after.status in FINAL else None)
    matched_by = snapshot.matched_by if snapshot and snapshot.matched_by == "number" else call.matched_by
    return (
        call.pk, after.status, after.rank, raw, after.failure_reason, after.failure_detail, after.answered_at, ended_at,
        after.talk_seconds, after.answered_by, after.cost, after.currency, after.recording_available,
        now if is_news else call.changed_at, _next_look(call, snapshot, after, now), call.polls + 1,
        matched_by,
    )  # fmt: skip


def _next_look(
    call: Call, snapshot: CallSnapshot | None, after: Evidence, now: datetime.datetime
) -> datetime.datetime | None:
    if after.status == CallStatus.UNKNOWN:
        return call.next_poll_at
    if after.status not in AT_VENDOR:
        return None
    age = (now - (call.placing_at or call.created_at)).total_seconds()
    if snapshot is not None and snapshot.more_to_read:
        age = 0.0
    return now + span(rules.next_poll_delay(age))


def _write_texts(texts: Sequence[tuple[Call, CallSnapshot]]) -> None:
    written = []
    known = CallTranscript.objects.in_bulk([call.pk for call, _ in texts], field_name="call_id") if texts else {}
    for call, snapshot in texts:
        turns = [{"speaker": t.speaker, "text": t.text[:MAX_TURN_TEXT], "at_ms": t.at_ms} for t in snapshot.transcript]
        turns = turns[:MAX_TURNS]
        text = "\n".join(str(turn["text"]) for turn in turns)
        old = known.get(call.pk)
        if old is None and (turns or snapshot.summary):
            CallTranscript.objects.create(call=call, turns=turns, text=text, summary=snapshot.summary[:MAX_SUMMARY])
            written.append(call.pk)
        elif old is not None and (len(text) > len(old.text) or len(snapshot.summary) > len(old.summary)):
            CallTranscript.objects.filter(pk=old.pk, text=old.text).update(
                turns=turns if len(text) > len(old.text) else old.turns,
                text=max(text, old.text, key=len),
                summary=max(snapshot.summary[:MAX_SUMMARY], old.summary, key=len),
            )
            written.append(call.pk)
        if snapshot.extracted and dict(snapshot.extracted) != call.extracted:
            Call.objects.filter(pk=call.pk).update(extracted=dict(snapshot.extracted))
    if written:
        transcript_words.put_words(CallTranscript.objects.filter(call__in=written))


def _forbid(call: Call, was_over: bool, now: datetime.datetime) -> None:
    from campaigns.contacts.do_not_call import forbid

    # The remark on the do-not-call entry says which vendor reported the opt-out, in which call.
    heard = f"{call.provider.vendor_label} #{call.pk}"
    done = forbid(call.to_number, reason=heard, source="vendor", person=None)
    if was_over and done.added:
        with transaction.atomic():
            auto_pause.weigh_late_wish(call, now)


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
