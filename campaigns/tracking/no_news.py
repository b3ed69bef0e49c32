"""Accepted calls of which the vendor tells nothing more: given up after their longest time, for a person to decide.

Whatever the vendor does - answers 404 for ever, a word that nobody mapped, "unknown" - no call keeps its line, its
reserve and its campaign for ever. It is not dialled again, and what the vendor tells later is still joined.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db.models import Q

from campaigns import rules
from campaigns.core import transitions
from campaigns.core.call_events import Source
from campaigns.core.clock import seconds, span
from campaigns.core.transitions import Why
from campaigns.models import Call
from providers.models import Provider
from providers.types import AT_VENDOR

CALLS_A_RUN = 500
"""Most calls that one run of the minute job gives up."""


class LongestCalls(dict[int, datetime.timedelta]):
    """The longest duration of a call by the id of its provider; each is read once."""

    def __missing__(self, provider_id: int) -> datetime.timedelta:
        seconds_long = Provider.objects.values_list("max_call_seconds", flat=True).get(pk=provider_id)
        longest = self[provider_id] = span(seconds_long)
        return longest


def is_overdue(call: Call, now: datetime.datetime, longest: LongestCalls, *, margin: float = rules.NEWS_MARGIN) -> bool:
    """Tell whether a call is at the vendor and nothing was heard of it for its longest duration and a margin.

    Counted from its last news, or from the time before which the vendor does not dial; an answered call from its
    answer, because its talk time may grow for ever. `margin` is in seconds.
    """
    if call.status not in AT_VENDOR:
        return False
    since = _heard_at(call)
    return now - since > span(margin) and rules.is_without_news(since, now, longest[call.provider_id], span(margin))


def _heard_at(call: Call) -> datetime.datetime:
    began = max(filter(None, (call.placing_at, call.placed_at, call.not_before)), default=call.created_at)
    heard = max(began, call.changed_at)
    # A vendor whose times are in another zone may name an answer before the order, or one to come.
    return min(heard, max(began, call.answered_at)) if call.answered_at else heard


def give_up(ids: Sequence[int], now: datetime.datetime, *, source: str) -> int:
    """Give these calls up for a person to decide; returns how many.

    Their lines and reserves are free with it. A call of which news came meanwhile is left alone.
    """
    if not ids:
        return 0
    old = now - span(rules.NEWS_MARGIN)
    calls = Call.objects.filter(Q(changed_at__lt=old) | Q(answered_at__lt=old), pk__in=ids)
    why = Why("no_news", source)
    return len(transitions.change(transitions.GIVE_UP, calls, now, why, next_poll_at=next_look(now, now)))


def give_up_unread(now: datetime.datetime) -> int:
    """Give up the calls that nobody could ask the vendor about for a day beyond their longest time; returns how many.

    The others are given up when the vendor is asked and tells nothing: what is missing may be told by then.
    """
    margin = rules.NEWS_MARGIN + rules.UNREAD_FOR
    old = Call.objects.at_vendor().filter(changed_at__lt=now - span(margin)).order_by("changed_at")
    longest = LongestCalls()
    overdue = [
        call.pk for call in old.defer("variables")[:CALLS_A_RUN] if is_overdue(call, now, longest, margin=margin)
    ]
    return give_up(overdue, now, source=Source.SYSTEM.value)


def next_look(silent_since: datetime.datetime, now: datetime.datetime) -> datetime.datetime | None:
    """Return when a call without news is read again; None if it is no more."""
    delay = rules.next_rare_delay((now - silent_since).total_seconds() / seconds(1))
    return None if delay is None else now + span(delay)


def may_not_revive(call: Call, status: str) -> bool:
    """Tell whether news that a given-up call goes on cannot be taken: its number has another live call by now."""
    if status not in AT_VENDOR:
        return False
    return Call.objects.live().filter(to_number=call.to_number).exclude(pk=call.pk).exists()
