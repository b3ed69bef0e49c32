"""Call log queries: filters over the calls that a user may see, fast at any number of calls."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from callcenter.access.reach import sight_of
from callcenter.access.roles import Person
from callcenter.formats.masking import last_four
from callcenter.formats.zones import start_of
from campaigns.answers.conditions import answered_so
from campaigns.calls import call_log_conditions
from campaigns.calls.call_log_filters import (
    CALLED_BACK,
    ENDED,
    INBOUND,
    LIVE_NOW,
    MACHINE,
    OPEN,
    OPTED_OUT,
    PRICED,
    REFUSED,
    SINGLE,
    TO_DECIDE,
    UNPRICED,
    CallFilters,
)
from campaigns.contacts import search
from campaigns.core import decision_kinds, results, transcript_words, whole_numbers
from campaigns.core.conditions import ended, hung_up_at_once, voicemail
from campaigns.core.scope import heard_by, seen_by
from campaigns.models import Call, CallEvent, DoNotCall, InboundCall
from campaigns.models.calls import CallQuerySet
from campaigns.models.status_conditions import HasVariant, IsInbound
from campaigns.numbers import UnderstoodNumber, search_digits, understand_number
from providers.types import FINAL

ID_SLACK = datetime.timedelta(hours=1)
"""Ids follow the time of creation, except for concurrent transactions within this time."""

ATTEMPTS_SHOWN = 10
"""Other attempts before, and after, a call on its page."""
WHOLE_NUMBER = 9
"""With at least this many digits a search text is taken for a whole number, not a part of one."""

SAID_IN_A_CALL = "code = 'do_not_call_heard'"
"""Literal SQL, because SQLite uses the partial index of these events only if their code is not a parameter."""
HEARD_FOR = datetime.timedelta(days=1)
"""An opt-out that a vendor reported is counted for a call that was placed at most this long before."""


# Filters


def find_calls(filters: CallFilters, person: Person, *, is_walked: bool = True) -> CallQuerySet:
    """Return the calls that `person` may see and that pass every filter.

    `is_walked`: the query is for one page in list order; False for counting or reading all. The rows are the same,
    only the form of the conditions differs.
    """
    calls = Call.objects.filter(call_log_conditions.reached(sight_of(person), is_walked=is_walked))
    if filters.campaign is not None:
        calls = calls.filter(campaign=filters.campaign)
    if filters.provider is not None:
        calls = calls.filter(provider=filters.provider)
    if filters.state:
        calls = calls.filter(_state(filters.state))
    if filters.which:
        calls = calls.filter(of_which(filters.which))
    if filters.kind:
        calls = calls.filter(campaign__isnull=filters.kind == SINGLE)
        calls = calls.exclude(IsInbound()) if filters.kind == SINGLE else calls
    if filters.direction:
        calls = calls.inbound() if filters.direction == INBOUND else calls.exclude(IsInbound())
    if filters.weekday is not None:
        calls = calls.filter(placing_at__iso_week_day=filters.weekday)
    if filters.hour is not None:
        calls = calls.filter(placing_at__hour=filters.hour)
    if filters.attempt is not None:
        calls = calls.filter(attempt=filters.attempt)
    if filters.agent is not None:
        calls = calls.filter(agent=filters.agent)
    if filters.variant:
        calls = calls.filter(HasVariant(), variant=filters.variant)
    if filters.answered_by:
        calls = calls.filter(call_log_conditions.answered_by(filters.answered_by))
    if filters.talked_from is not None or filters.talked_to is not None:
        figure = call_log_conditions.within("talk_seconds", filters.talked_from, filters.talked_to, is_walked=is_walked)
        calls = calls.filter(figure)
    if filters.cost_from is not None or filters.cost_to is not None:
        figure = call_log_conditions.within("cost", filters.cost_from, filters.cost_to, is_walked=is_walked)
        calls = calls.filter(figure)
    if filters.tag:
        calls = calls.filter(call_log_conditions.tagged(transcript_words.key_of(filters.tag)))
    if filters.reviewed:
        calls = calls.filter(call_log_conditions.reviewed(filters.reviewed))
    if filters.disposition is not None:
        calls = calls.filter(call_log_conditions.disposed(filters.disposition, is_walked=is_walked))
    if filters.words:
        wanted = transcript_words.words_of(filters.words)
        calls = heard_by(person, calls).filter(transcript_words.said(wanted)) if wanted else calls.none()
    if filters.question is not None:
        so = answered_so(filters.question, filters.answer, filters.answer_to, is_walked=is_walked)
        calls = heard_by(person, calls).filter(so)
    if filters.person:
        calls = calls.filter(_person(filters.person, person, is_walked))
    return _days(calls, filters.since, filters.until)


def _state(state: str) -> Q:
    if state == LIVE_NOW:
        return _few(Q(status__in=results.LIVE))
    if state == TO_DECIDE:
        return decision_kinds.to_decide(timezone.now())
    if state in {results.HELD, results.SILENT, results.NO_NEWS}:
        return _few(results.condition(state))
    return results.condition(state)


def of_which(which: str) -> Q:
    """Return the condition of one group of placed calls (a value of `CallFilters.which`)."""
    left = Q(placing_at__isnull=False)
    if which == CALLED_BACK:
        waiting = InboundCall.objects.filter(answers__isnull=False, handled_at__isnull=True)
        return Q(IsInbound()) & Q(pk__in=waiting.values("pk"))
    if which == OPEN:
        return left & ~Q(status__in=sorted(FINAL))
    if which == ENDED:
        return left & ended()
    if which == MACHINE:
        return left & voicemail()
    if which == PRICED:
        return left & Q(cost__isnull=False)
    if which == UNPRICED:
        return left & Q(cost__isnull=True, talk_seconds__isnull=False, talk_seconds__gt=0)
    if which == REFUSED:
        return _few(hung_up_at_once()) | of_which(OPTED_OUT)
    if which == OPTED_OUT:
        # Starts from the opt-outs, which are few, and looks up their calls.
        heard = DoNotCall.objects.filter(
            phone=OuterRef("to_number"),
            source=DoNotCall.Source.VENDOR,
            added_at__gte=OuterRef("placing_at"),
            added_at__lte=OuterRef("placing_at") + HEARD_FOR,
        )
        wished = DoNotCall.objects.filter(source=DoNotCall.Source.VENDOR).values("phone")
        after = Call.objects.filter(Exists(heard), left, to_number__in=wished).order_by()
        # One subquery of ids: with two joined by OR, PostgreSQL would check every call against both.
        said = CallEvent.objects.extra(where=[SAID_IN_A_CALL]).order_by()  # noqa: S610
        return left & Q(pk__in=after.values("pk").union(said.values("call")))
    return left


def _few(condition: Q) -> Q:
    """Return a condition that is evaluated first, as a subquery of ids; for conditions that few calls pass."""
    return Q(pk__in=Call.objects.filter(condition).order_by().values("pk"))


def of_person(text: str, viewer: Person) -> Q:
    """Return the condition of calls to people whose name or number contains this text.

    Whoever does not see all numbers finds parts of them by their visible end only, and by a whole number, which they
    know already; a viewer without whole numbers of their own, by the end alone.
    """
    return _person(text, viewer)


def _person(text: str, viewer: Person, is_walked: bool = True) -> Q:
    sees_all = whole_numbers.sees_all_numbers(viewer)
    text = " ".join(text.split())
    understood = understand_number(text, settings.DEFAULT_REGION)
    digits = search_digits(text)
    if not whole_numbers.sees_own_numbers(viewer) and len(digits) > 4:
        # Users who see masked numbers must not be able to find out whole ones by searching.
        digits, understood = last_four(digits), UnderstoodNumber()
    # Few digits may be a whole number somewhere, but here they are more likely a part of one.
    if understood.e164 and len(digits) >= WHOLE_NUMBER:
        others = search.contacts_with(understood.e164)
        return Q(to_number=understood.e164) | Q(contact__in=others) if others else Q(to_number=understood.e164)
    if len(digits) >= search.SHORTEST_NUMBER:
        part = search.SearchPart(digits=digits, is_ending=not sees_all)
        loose = {"to_number__contains" if sees_all else "to_number__endswith": digits}
        # Starts from the people, who are fewer than the calls; calls without a contact are rare.
        return search.rows_of_people_with(part, is_walked=is_walked) | Q(contact__isnull=True, **loose)
    return search.rows_of_people_with(search.SearchPart(search.spellings(text)), is_walked=is_walked)


def _days(calls: CallQuerySet, since: datetime.date | None, until: datetime.date | None) -> CallQuerySet:
    """Filter by the day on which a call was placed or, if it never was, created."""
    sent, added = Q(placing_at__isnull=False), Q(placing_at__isnull=True)
    if since is not None:
        sent, added = sent & Q(placing_at__gte=start_of(since)), added & Q(created_at__gte=start_of(since))
    if until is not None:
        end = start_of(until + datetime.timedelta(days=1))
        sent, added = sent & Q(placing_at__lt=end), added & Q(created_at__lt=end)
    if since is None and until is None:
        return calls
    if (ids := call_log_conditions.ids_of_few(sent, added)) is not None:
        return calls.filter(pk__in=ids)
    calls = calls.filter(sent | added)
    if until is not None:
        # A call is placed after it is created, so calls created later are excluded by id and not read.
        later = Call.objects.filter(created_at__gte=end + ID_SLACK).order_by("created_at").values_list("pk", flat=True)
        if (first_later := later.first()) is not None:
            calls = calls.filter(pk__lt=first_later)
    return calls


# What a row may show


def other_attempts(call: Call, person: Person) -> tuple[list[Call], list[Call]]:
    """Return up to `ATTEMPTS_SHOWN` calls before and after a call, oldest first.

    They are those to the same person in its campaign, or, for a single call, to the same number.
    """
    others = seen_by(person, Call.objects.all()).exclude(pk=call.pk).select_related("campaign")
    if call.campaign_id and call.contact_id:
        others = others.filter(campaign=call.campaign_id, contact=call.contact_id)
    else:
        others = others.filter(to_number=call.to_number)
    before = list(others.filter(pk__lt=call.pk).order_by("-pk")[:ATTEMPTS_SHOWN])[::-1]
    return before, list(others.filter(pk__gt=call.pk).order_by("pk")[:ATTEMPTS_SHOWN])
