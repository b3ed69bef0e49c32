"""Finds calls in a log of any length: filters that are exact, pages by key, totals that stop counting in time."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from callcenter.access.roles import Person, may
from callcenter.formats.masking import last_four
from campaigns.calls import call_log_filters
from campaigns.contacts import search
from campaigns.core import results, transcript_words
from campaigns.core.conditions import ended, held, hung_up_at_once, unclear, voicemail
from campaigns.core.days import start_of
from campaigns.models import Call, CallEvent, Campaign, DoNotCall
from campaigns.models.calls import CallQuerySet
from campaigns.numbers import UnderstoodNumber, search_digits, understand_number
from providers.models import Agent, Provider
from providers.types import FINAL

MASKED_AFTER = datetime.timedelta(days=7)
"""A caller no longer sees the whole number of an own call this long after its end."""
ID_SLACK = datetime.timedelta(hours=1)
"""Ids follow the time of creation but for transactions that ran side by side."""

WHOLE_NUMBER = 9
"""Digits from which on a search means one number, not a part of one."""

LIVE_NOW, TO_DECIDE = "live", "decide"
"""Filters beside the results and statuses: at the vendor now, unclear or held."""
TALKED = results.ANSWERED
SENT, OPEN, ENDED, MACHINE, OPTED_OUT = "sent", "open", "ended", results.VOICEMAIL, "opted_out"
REFUSED = "refused"
"""The person hung up at once, or asked not to be called again."""
PRICED, UNPRICED = "priced", "unpriced"
"""What the reports count among the calls whose order left."""
SINGLE, OF_CAMPAIGN = "single", "campaign"
SAID_IN_A_CALL = "code = 'do_not_call_heard'"
"""Word for word: SQLite uses the index of these steps only where their code is no parameter."""
HEARD_FOR = datetime.timedelta(days=1)
"""A wish that the vendor heard is taken for one of the call that left so long before."""


# Pages and totals


# Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilters:
    """What somebody looks for; None and empty texts filter nothing."""

    since: datetime.date | None = None
    until: datetime.date | None = None
    """Inclusive; days of the viewer's zone."""
    campaign: Campaign | None = None
    provider: Provider | None = None
    state: str = ""
    """A name of `results`, a value of CallStatus, `LIVE_NOW` or `TO_DECIDE`."""
    person: str = ""
    """A part of a name, or a number in any form."""
    which: str = ""
    """`SENT` or a part of it: `OPEN`, `ENDED`, `MACHINE`, `OPTED_OUT`, `REFUSED`, `PRICED`, `UNPRICED`."""
    kind: str = ""
    """`SINGLE` or `OF_CAMPAIGN`."""
    weekday: int | None = None
    """1 (Monday) to 7, of the time at which the order left, in the viewer's zone; so is the hour."""
    hour: int | None = None
    attempt: int | None = None
    agent: Agent | None = None
    answered_by: str = ""
    """A value of `narrowing`: `HUMAN`, `MACHINE`, `NOT_KNOWN`."""
    talked_from: int | None = None
    talked_to: int | None = None
    """Seconds, both included; so are the costs, in whichever currency."""
    cost_from: Decimal | None = None
    cost_to: Decimal | None = None
    tag: str = ""
    reviewed: str = ""
    """`REVIEWED` or `NOT_REVIEWED`."""
    words: str = ""
    """Words that were all said; only for whoever may read transcripts."""

    def to_json(self) -> dict[str, Any]:
        """Return what is asked for, fit to be stored."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, models.Model):
                value = value.pk
            elif isinstance(value, datetime.date | Decimal):
                value = str(value)
            if value not in (None, ""):
                found[field.name] = value
        return found

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CallFilters:
        """Read what `to_json` returned; raises ObjectDoesNotExist where a thing that was asked for is gone."""
        values: dict[str, Any] = dict(stored)
        for name, model in (("campaign", Campaign), ("provider", Provider), ("agent", Agent)):
            if name in values:
                values[name] = model._default_manager.get(pk=values[name])
        for name in {"since", "until"} & values.keys():
            values[name] = datetime.date.fromisoformat(values[name])
        for name in {"cost_from", "cost_to"} & values.keys():
            values[name] = Decimal(values[name])
        return cls(**values)


def find_calls(filters: CallFilters, person: Person, *, is_walked: bool = True) -> CallQuerySet:
    """Return the calls that this person may see and that pass every filter.

    `is_walked` is for a page of the log in its order; without it, for counting and for all of them.
    """
    calls = Call.objects.visible_to(person)
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
    if filters.weekday is not None:
        calls = calls.filter(placing_at__iso_week_day=filters.weekday)
    if filters.hour is not None:
        calls = calls.filter(placing_at__hour=filters.hour)
    if filters.attempt is not None:
        calls = calls.filter(attempt=filters.attempt)
    if filters.agent is not None:
        calls = calls.filter(agent=filters.agent)
    if filters.answered_by:
        calls = calls.filter(call_log_filters.answered_by(filters.answered_by))
    if filters.talked_from is not None or filters.talked_to is not None:
        figure = call_log_filters.within("talk_seconds", filters.talked_from, filters.talked_to, is_walked=is_walked)
        calls = calls.filter(figure)
    if filters.cost_from is not None or filters.cost_to is not None:
        figure = call_log_filters.within("cost", filters.cost_from, filters.cost_to, is_walked=is_walked)
        calls = calls.filter(figure)
    if filters.tag:
        calls = calls.filter(call_log_filters.tagged(transcript_words.key_of(filters.tag)))
    if filters.reviewed:
        calls = calls.filter(call_log_filters.reviewed(filters.reviewed))
    if filters.words:
        wanted = transcript_words.words_of(filters.words)
        calls = calls.filter(transcript_words.said(wanted)) if wanted and may(person, "hear_calls") else calls.none()
    if filters.person:
        calls = calls.filter(_person(filters.person, may(person, "see_people"), is_walked))
    return _days(calls, filters.since, filters.until)


def _state(state: str) -> Q:
    if state == LIVE_NOW:
        return _few(Q(status__in=results.LIVE))
    if state == TO_DECIDE:
        return _few(unclear()) | _few(held())
    if state in {results.HELD, results.SILENT}:
        return _few(results.condition(state))
    return results.condition(state)


def of_which(which: str) -> Q:
    """Return the condition of a part of the calls whose order left."""
    left = Q(placing_at__isnull=False)
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
        # The wishes first: they are few, and each leads to its calls.
        heard = DoNotCall.objects.filter(
            phone=OuterRef("to_number"),
            source=DoNotCall.Source.VENDOR,
            added_at__gte=OuterRef("placing_at"),
            added_at__lte=OuterRef("placing_at") + HEARD_FOR,
        )
        wished = DoNotCall.objects.filter(source=DoNotCall.Source.VENDOR).values("phone")
        after = Call.objects.filter(Exists(heard), left, to_number__in=wished).order_by()
        # One set of ids: of two, joined by "or", PostgreSQL asks every call whether it is in either.
        said = CallEvent.objects.extra(where=[SAID_IN_A_CALL]).order_by()  # noqa: S610
        return left & Q(pk__in=after.values("pk").union(said.values("call")))
    return left


def _few(condition: Q) -> Q:
    """Find these first: where few of many calls pass, walking the whole log in its order would be the slow way."""
    return Q(pk__in=Call.objects.filter(condition).order_by().values("pk"))


def of_person(text: str, viewer: Person) -> Q:
    """Return the condition of calls to whoever bears this part of a name or number, as far as the viewer may ask."""
    return _person(text, may(viewer, "see_people"))


def _person(text: str, sees_numbers: bool, is_walked: bool = True) -> Q:
    text = " ".join(text.split())
    understood = understand_number(text, settings.DEFAULT_REGION)
    digits = search_digits(text)
    if not sees_numbers and len(digits) > 4:
        # Whoever sees masked numbers must not learn whole ones by asking for them.
        digits, understood = last_four(digits), UnderstoodNumber()
    # Short digits may be a whole number somewhere, but here they are rather a part of one.
    if understood.e164 and len(digits) >= WHOLE_NUMBER:
        return Q(to_number=understood.e164)
    if len(digits) >= search.SHORTEST_NUMBER:
        part = search.SearchPart(digits=digits, is_ending=not sees_numbers)
        loose = {"to_number__contains" if sees_numbers else "to_number__endswith": digits}
        # The people first: they are fewer than the calls, and a call without one is rare.
        return search.rows_of_people_with(part, is_walked=is_walked) | Q(contact__isnull=True, **loose)
    return search.rows_of_people_with(search.SearchPart(search.spellings(text)), is_walked=is_walked)


def _days(calls: CallQuerySet, since: datetime.date | None, until: datetime.date | None) -> CallQuerySet:
    """Select by the day on which the order left; calls that never left count by the day they were added."""
    sent, added = Q(placing_at__isnull=False), Q(placing_at__isnull=True)
    if since is not None:
        sent, added = sent & Q(placing_at__gte=start_of(since)), added & Q(created_at__gte=start_of(since))
    if until is not None:
        end = start_of(until + datetime.timedelta(days=1))
        sent, added = sent & Q(placing_at__lt=end), added & Q(created_at__lt=end)
    if since is None and until is None:
        return calls
    if (ids := call_log_filters.ids_of_few(sent, added)) is not None:
        return calls.filter(pk__in=ids)
    calls = calls.filter(sent | added)
    if until is not None:
        # A call leaves after it was added: what was added later is out of the question, and is not even read.
        later = Call.objects.filter(created_at__gte=end + ID_SLACK).order_by("created_at").values_list("pk", flat=True)
        if (first_later := later.first()) is not None:
            calls = calls.filter(pk__lt=first_later)
    return calls


# What a row may show


def sees_number(person: Person, call: Call, now: datetime.datetime | None = None) -> bool:
    """Tell whether a person sees the whole number of a call that is theirs to see.

    Managers do; callers until a week after the end; admins, whose work needs no numbers, do not.
    """
    if not may(person, "see_people"):
        return False
    if may(person, "see_all_calls") or call.ended_at is None:
        return True
    return (now or timezone.now()) - call.ended_at < MASKED_AFTER


def other_attempts(call: Call, person: Person) -> tuple[list[Call], list[Call]]:
    """Return the attempts before and after a call, oldest first: of its campaign and person, else to its number."""
    others = Call.objects.visible_to(person).exclude(pk=call.pk).select_related("campaign")
    if call.campaign_id and call.contact_id:
        others = others.filter(campaign=call.campaign_id, contact=call.contact_id)
    else:
        others = others.filter(to_number=call.to_number)
    before = list(others.filter(pk__lt=call.pk).order_by("-pk")[:10])[::-1]
    return before, list(others.filter(pk__gt=call.pk).order_by("pk")[:10])
