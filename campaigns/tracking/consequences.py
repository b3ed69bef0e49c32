"""What follows from news of calls, in one list: words kept, automatic pause, budget, retries, do-not-call."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction

from campaigns import rules
from campaigns.answers import reading
from campaigns.contacts import heard_opt_outs
from campaigns.contacts.do_not_call import forbid
from campaigns.core import budget, transcript_words
from campaigns.core.call_events import step, write_steps
from campaigns.dispositions import judging
from campaigns.evidence import Evidence
from campaigns.models import Call, CallEvent, CallTranscript, DoNotCall
from campaigns.tracking import after_call, auto_pause
from campaigns.tracking.vendor_habits import Habits
from providers.types import FINAL, CallSnapshot

MAX_TURNS = 2000
"""Turns kept of one transcript."""
MAX_TURN_TEXT = 4000
"""Characters kept of one turn of a transcript."""
MAX_SUMMARY = 4000
"""Characters kept of a transcript's summary."""


@dataclass(slots=True)
class News:
    """What a batch of news brought, beside the states themselves."""

    source: str
    """Where the news came from, as `CallEvent.Source`."""
    ended: list[tuple[Call, Evidence, Evidence]] = field(default_factory=list)
    """Calls that have just ended or whose ending was corrected, with what was known before and after."""
    priced: list[tuple[Call, Evidence, Evidence]] = field(default_factory=list)
    """Calls that had ended, and of whose cost or length more is known now."""
    told_anew: list[tuple[Call, Evidence, Evidence]] = field(default_factory=list)
    """Calls that had ended with the same status, and of which it is known only now that somebody talked, that nobody
    did, or that a voicemail answered; with what was known before and after."""
    texts: list[tuple[Call, CallSnapshot]] = field(default_factory=list)
    opt_outs: list[tuple[Call, bool]] = field(default_factory=list)
    """Calls in which a person asked not to be called again, and whether the call had ended before."""
    unclear_opt_outs: list[tuple[Call, str]] = field(default_factory=list)
    """Calls in which a person may have asked that, and what was heard."""
    habits: Habits = field(default_factory=Habits)
    """What the news show of the vendors themselves."""
    reserves: Mapping[int, Decimal] = field(default_factory=dict)
    """What the changes freed of campaigns' budgets, by campaign."""
    has_dispositions: bool = True
    """Whether there is any rule or any call with a disposition; False spares all looks at them."""

    def note_texts(self, call: Call, snapshot: CallSnapshot, before: Evidence) -> None:
        """Note what was said in a call, and whether the person asked not to be called again."""
        if snapshot.transcript or snapshot.summary or snapshot.extracted:
            self.texts.append((call, snapshot))
        if snapshot.do_not_call and not before.do_not_call:
            self.opt_outs.append((call, before.status in FINAL))
        elif snapshot.unclear_opt_out:
            self.unclear_opt_outs.append((call, snapshot.unclear_opt_out))

    def note_end(self, call: Call, before: Evidence, after: Evidence) -> None:
        """Note that a call ended, or that its end was told anew."""
        if after.status in FINAL and (after.status != before.status or _is_told_anew(before, after)):
            self.ended.append((call, before, after))
            return
        if after.has_ended and (after.cost, after.talk_seconds) != (before.cost, before.talk_seconds):
            self.priced.append((call, before, after))
        if after_call.is_told_anew(before, after):
            self.told_anew.append((call, before, after))


def _is_told_anew(before: Evidence, after: Evidence) -> bool:
    """Return whether the vendor now tells the end of a call that we gave up, or that a person told."""
    return after.has_ended and (not before.has_ended or before.rank == rules.RANK_BY_PERSON < after.rank)


def follow(news: News, now: datetime.datetime) -> None:
    """Do what follows from a batch of news, in the transaction that wrote it."""
    for consequence in CONSEQUENCES:
        consequence(news, now)


def _keep_opt_outs(news: News, now: datetime.datetime) -> None:
    heard = [(call, "", True) for call, _was_over in news.opt_outs]
    heard_opt_outs.keep([*heard, *((call, said, False) for call, said in news.unclear_opt_outs)], now)


def carry_out_opt_outs(news: News, now: datetime.datetime) -> None:
    """Carry out the opt-outs that news brought, each in a transaction of its own.

    Those who asked for it go on the do-not-call list. Of those who may have asked, all numbers are held.
    """
    for call, _said in news.unclear_opt_outs:
        heard_opt_outs.hold(call, now, source=news.source)
    for call, was_over in news.opt_outs:
        _forbid(call, news.source, now, was_over=was_over)


def finish_opt_outs(now: datetime.datetime) -> int:
    """Carry out what was heard and not carried out, as after the death of a worker; returns how many."""
    rows = heard_opt_outs.unfinished()
    for row in rows:
        # Only of calls: what stood in a file is held with its save.
        assert row.call is not None
        if row.is_certain:
            _forbid(row.call, CallEvent.Source.SYSTEM, now, was_over=row.call.is_final)
        else:
            heard_opt_outs.hold(row.call, now)
    return len(rows)


def _forbid(call: Call, source: str, now: datetime.datetime, *, was_over: bool) -> None:
    """Put the number of a call on the list; the first time that it brings the opt-out is a step of the call.

    That step is the evidence that this vendor reports opt-outs.
    """
    # The remark on the do-not-call entry says which vendor reported the opt-out, in which call.
    heard = f"{call.provider.vendor_label} #{call.pk}"
    with transaction.atomic():
        done = forbid(
            call.to_number, reason=heard, source=DoNotCall.Source.VENDOR, person=None, team=call.team_id,
            is_own_wish=True,
        )  # fmt: skip
        if not call.events.filter(code="do_not_call_heard").exclude(source=CallEvent.Source.PERSON).exists():
            write_steps([step(call.pk, "do_not_call_heard", at=now, source=source)])
    if was_over and done.added:
        with transaction.atomic():
            auto_pause.weigh_late_wish(call, now)


def halt_accounts(news: News) -> None:
    """Halt the providers whose account ended a call, each in a transaction of its own."""
    after_call.halt_accounts(news.ended)


def _write_texts(news: News, _now: datetime.datetime) -> None:
    written, texts = [], news.texts
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


def _read_answers(news: News, _now: datetime.datetime) -> None:
    # After the texts are written: whoever adds a question meanwhile finds these calls locked, and reads them later.
    reading.read_calls([call.pk for call, _ in news.texts], (call.campaign_id or 0 for call, _ in news.texts))


def _weigh_ends(news: News, now: datetime.datetime) -> None:
    auto_pause.weigh_ends(news.ended, now)


def _book_costs(news: News, now: datetime.datetime) -> None:
    after_call.book_costs([*news.ended, *news.priced], now, news.reserves)
    if news.ended:
        transaction.on_commit(budget.wake_for_the_day)


def _settle_ends(news: News, now: datetime.datetime) -> None:
    for call, before, after in (*news.ended, *news.told_anew):
        after_call.settle_end(call, before, after, now)


def _judge_dispositions(news: News, _now: datetime.datetime) -> None:
    # Last: what a disposition leads to stands above what the campaign's policy planned for the outcome.
    calls = {call.pk for call, _before, _after in (*news.ended, *news.told_anew)} if news.has_dispositions else set()
    # Nothing need have changed of a call of which words came, so nobody asked whether there are dispositions.
    calls.update(call.pk for call, _snapshot in news.texts)
    if calls:
        judging.judge(calls)


CONSEQUENCES: tuple[Callable[[News, datetime.datetime], None], ...] = (
    _keep_opt_outs, _write_texts, _read_answers, _weigh_ends, _book_costs, _settle_ends, _judge_dispositions,
)  # fmt: skip
"""Everything that follows from news within its transaction, in this order; budgets before retries."""
