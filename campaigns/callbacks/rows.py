"""Which callbacks a person is shown: on Today, on a person's page, and on the call in which they were asked for."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from callcenter.access.roles import Person, may
from callcenter.formats.zones import end_of
from campaigns.callbacks.planning import may_move
from campaigns.core import conditions, moment_words, results
from campaigns.core.eligibility_of_calls import answers_about, words_about
from campaigns.core.scope import seen_by
from campaigns.models import Call, Callback
from providers.types import CallStatus

SHOWN = 10
"""Callbacks of each kind that a page shows."""
MOST_READ = 200


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """One callback as a row of a page."""

    callback: Callback
    when: str
    """When it is or was planned, on the person's clock and on the viewer's."""
    sentence: str
    """Why it waits, or what came of it."""
    next_step: str
    waits: bool
    is_overdue: bool
    """Whether its time is over and it still waits."""
    may_change: bool

    @property
    def call(self) -> Call:
        """The call that waits, or waited."""
        return self.callback.call


@dataclass(frozen=True, slots=True)
class TodaysCallbacks:
    """The callbacks that Today shows."""

    planned: Sequence[CallbackRow] = ()
    """Those that are due by the end of the viewer's day, the first due first."""
    not_made: Sequence[CallbackRow] = ()
    """Those that reached nobody, and that nobody has noted."""

    def __bool__(self) -> bool:
        return bool(self.planned or self.not_made)


def todays(person: Person, now: datetime.datetime) -> TodaysCallbacks:
    """Return what Today shows a person: their own; who settles calls, also nobody's and overdue ones within reach."""
    open_ones = list(_whole(_told(person, now)).order_by("call__due_at", "pk")[:MOST_READ])
    tonight = end_of(timezone.localtime(now).date())
    waiting = [one for one in open_ones if one.call.status == CallStatus.PENDING]
    planned = [one for one in waiting if min(one.asked_for, one.call.due_at) < tonight]
    ended = [one for one in open_ones if is_not_made(one.call)]
    return TodaysCallbacks(rows_of(planned[:SHOWN], person, now), rows_of(ended[:SHOWN], person, now))


def is_not_made(call: Call) -> bool:
    """Tell whether a callback is over and reached nobody."""
    return call.is_final and not conditions.has_talked(call.status, call.talk_seconds, call.answered_by)


def _told(person: Person, now: datetime.datetime) -> QuerySet[Callback]:
    """Return the callbacks without an end that is noted, of which a person hears."""
    own = Callback.objects.filter(asked_by=person.pk, noted_at=None)
    if not (may(person, "settle_calls") or may(person, "control_all_campaigns")):
        return own
    late = Q(call__status=CallStatus.PENDING, call__due_at__lt=now)
    nobodys = Callback.objects.filter(Q(asked_by=None) | Q(asked_by__is_active=False) | late, noted_at=None)
    return Callback.objects.filter(
        Q(pk__in=own.order_by().values("pk")) | Q(pk__in=seen_by(person, nobodys).order_by().values("pk"))
    )


def _whole(found: QuerySet[Callback]) -> QuerySet[Callback]:
    return found.select_related("asked_by", "call__contact", "call__campaign", "call__provider", "call__owner")


def about_calls(calls: QuerySet[Call], person: Person, now: datetime.datetime) -> list[CallbackRow]:
    """Return the callbacks among these calls that wait, or whose end is not noted, and that a person may see."""
    found = seen_by(person, Callback.objects.filter(call__in=calls.order_by().values("pk"), noted_at=None))
    shown = _whole(found).order_by("call__due_at", "pk")[:SHOWN]
    standing = [one for one in shown if one.call.status == CallStatus.PENDING or is_not_made(one.call)]
    return rows_of(standing, person, now)


def asked_in(call: Call, person: Person, now: datetime.datetime) -> list[CallbackRow]:
    """Return the callbacks that were asked for in a call, the newest first."""
    found = seen_by(person, Callback.objects.filter(from_call=call))
    return rows_of(_whole(found).order_by("-pk")[:SHOWN], person, now)


def of_call(call: Call, person: Person, now: datetime.datetime) -> CallbackRow | None:
    """Return the callback that a call is; None for any other call."""
    # Only what was confirmed can be a callback, and no call of a campaign is one.
    if call.confirmed_at is None or call.campaign_id is not None:
        return None
    found = _whole(Callback.objects.filter(call=call)).select_related("from_call").first()
    return rows_of([found], person, now)[0] if found is not None else None


def rows_of(found: Iterable[Callback], person: Person, now: datetime.datetime) -> list[CallbackRow]:
    """Return callbacks as rows for this person."""
    callbacks = list(found)
    answers = answers_about([one.call for one in callbacks], now)
    rows = []
    for one in callbacks:
        call, waits = one.call, one.call.status == CallStatus.PENDING
        why, step = words_about(call, answers.get(call.pk))
        if not waits:
            why = why or results.result_of(call).word
        is_planned = waits and call.due_at > now and call.pk in answers and answers[call.pk].verdict != "never"
        rows.append(
            CallbackRow(
                callback=one,
                when=moment_words.on_both_clocks(one.asked_for, one.zone),
                sentence="" if is_planned else str(why),
                next_step="" if is_planned else str(step),
                waits=waits,
                is_overdue=waits and one.asked_for <= now,
                may_change=may_move(one, person),
            )
        )
    return rows


def not_made() -> QuerySet[Callback]:
    """Return the callbacks that reached nobody, whose asker works here and has not noted it."""
    told = Callback.objects.filter(noted_at=None, asked_by__is_active=True)
    ended = [one.pk for one in told.select_related("call")[:MOST_READ] if is_not_made(one.call)]
    return _whole(Callback.objects.filter(pk__in=ended)).order_by("pk")


def of_calls(ids: Collection[int]) -> QuerySet[Callback]:
    """Return the callbacks that these calls are, with what a notice says of them."""
    return _whole(Callback.objects.filter(call__in=ids)).order_by("pk")
