"""May this person be called now, and if not: why, in which sentence, with which next step, and when again?

Everybody who wants to know asks here: the form of one call, the launch check, the people of a campaign, the page of a
call that waits, and the commit point. They read the facts in their own ways, a few numbers at a time (`numbers_now`) or
half a million people in one streamed statement (`with_facts`); what follows from the facts stands in `Judge` alone.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.utils.functional import Promise

from campaigns import rules
from campaigns.core import explanations, message, stop_all
from campaigns.core.conditions import PHONE_MAY_HAVE_RUNG, phone_may_have_rung
from campaigns.core.hours import hours_of
from campaigns.core.sql.bulk import among, literals
from campaigns.models import Call, Campaign, Contact, DoNotCall
from campaigns.reasons import SkipReason, StopReason, WaitReason
from providers.base import ProviderBackend
from providers.models import Provider, ProviderState
from providers.types import LIVE, CallStatus

Words = str | Promise


class Verdict(StrEnum):
    """Names the three answers: at once, later, not at all."""

    NOW = "now"
    WAIT = "wait"
    NEVER = "never"


JUDGED_WAITS = (WaitReason.LIVE_ELSEWHERE, WaitReason.OUTSIDE_HOURS, WaitReason.QUIET_PERIOD)
"""Reasons to wait that are judged here; retries, budget, pace and orders that did not leave are the queue's."""


class Eligibility(NamedTuple):
    """The answer about one person, or about everybody who is called through a provider."""

    verdict: Verdict
    reason: str = ""
    """A SkipReason, WaitReason or StopReason; empty for those who may be called now."""
    until: datetime.datetime | None = None
    """When a wait is over; None where nobody knows."""
    say: Callable[[], Words] | None = None
    """Says the sentence where it names more than the reason does; called only when somebody reads it."""
    zone: str = ""
    """One of the zones whose clock `until` is told by."""
    step: Words = ""
    """What to do about a queued call, where the reason alone does not tell."""

    @property
    def sentence(self) -> str:
        """Why not now; empty for those who may be called."""
        return str(self.say() if self.say else explanations.AGAINST.get(self.reason, ""))

    def next_step(self, *, is_queued: bool) -> str:
        """Return what a person does next: about a call that waits (or would, after a launch), or who asks for one."""
        if is_queued:
            return str(self.step or explanations.WHEN_QUEUED.get(self.reason, ""))
        if self.reason == WaitReason.OUTSIDE_HOURS and self.until is not None:
            return explanations.call_from(self.until, self.zone)
        return str(explanations.WHEN_ASKED.get(self.reason, ""))

    def words(self, *, is_queued: bool) -> str:
        """Return the sentence and the next step."""
        return f"{self.sentence} {self.next_step(is_queued=is_queued)}".strip()


MAY_BE_CALLED = Eligibility(Verdict.NOW)
FORBIDDEN = Eligibility(Verdict.NEVER, SkipReason.DO_NOT_CALL)
_EXCLUDED = Eligibility(Verdict.NEVER, SkipReason.EXCLUDED)
_NO_ZONE = Eligibility(Verdict.NEVER, SkipReason.NO_ZONE)
_NEVER_OPEN = Eligibility(Verdict.NEVER, SkipReason.NO_ZONE, say=lambda: explanations.NEVER_OPEN)
LIVE_ELSEWHERE = Eligibility(Verdict.WAIT, WaitReason.LIVE_ELSEWHERE)
_QUIET_PERIOD = Eligibility(Verdict.WAIT, WaitReason.QUIET_PERIOD)
STOP_REASONS: Mapping[str, StopReason] = {
    ProviderState.OFF: StopReason.PROVIDER_OFF,
    ProviderState.HALTED: StopReason.PROVIDER_HALTED,
    ProviderState.FROZEN: StopReason.PROVIDER_FROZEN,
    ProviderState.PAUSED: StopReason.PROVIDER_PAUSED,
}
_STOP_ALL = Eligibility(Verdict.WAIT, StopReason.STOP_ALL)


def stops_of(provider: Provider | None, *, is_stopped: bool | None = None) -> list[Eligibility]:
    """Return what keeps everybody from being called: stop-all, and the strongest stop of the provider.

    `is_stopped` tells whether stop-all is pressed, where that was read already.
    """
    found = [_STOP_ALL] if (stop_all.is_stopped() if is_stopped is None else is_stopped) else []
    if provider is None:
        return found
    if reason := STOP_REASONS.get(provider.state):
        step = provider.standing.step if reason == StopReason.PROVIDER_FROZEN else ""
        found.append(Eligibility(Verdict.WAIT, reason, say=lambda: explanations.stopped_provider(provider), step=step))
    return found


# The facts


class Facts(NamedTuple):
    """What is known of one person and their number, as far as it may stand against a call."""

    is_forbidden: bool = False
    """The number is on the do-not-call list."""
    is_excluded: bool = False
    """The campaign leaves the person out."""
    is_live: bool = False
    """A call to the number is not over."""
    last_rung: datetime.datetime | bool | None = None
    """When its phone may have rung last, by a call that the quiet period counts; True: within it, not asked when."""
    missing: Sequence[str] = ()
    """What stays empty in the message."""


NOTHING_KNOWN = Facts()
"""What is known of most people."""


@dataclass(slots=True)
class Numbers:
    """What is known of a few numbers now."""

    forbidden: set[str] = field(default_factory=set)
    live: set[str] = field(default_factory=set)
    rung: dict[str, list[tuple[int | None, datetime.datetime]]] = field(default_factory=lambda: defaultdict(list))
    """By number: campaigns, and when a phone may have rung last for each, within the quiet period."""

    def last_rung(self, number: str, campaign_id: int | None = None) -> datetime.datetime | None:
        """Return when a phone may have rung last; the attempts of one campaign do not keep each other waiting."""
        others = [at for other, at in self.rung.get(number, ()) if other is None or other != campaign_id]
        return max(others, default=None)


def numbers_now(numbers: Collection[str], now: datetime.datetime, quiet_since: datetime.datetime | None) -> Numbers:
    """Return which numbers must not be called, which have a live call, and whose phone may have rung since a moment.

    One plain statement: building a query would cost a commit point more than running it.
    """
    found = Numbers()
    if not numbers:
        return found
    calls, entries = Call._meta.db_table, DoNotCall._meta.db_table
    nothing = "NULL::bigint, NULL::timestamptz" if connection.vendor == "postgresql" else "NULL, NULL"
    forbidden, those = among("phone", numbers)
    theirs, _same = among("to_number", numbers)
    statement = (
        f"SELECT 'forbidden', phone, {nothing} FROM {entries} "  # noqa: S608
        f"WHERE {forbidden} AND (expires_at IS NULL OR expires_at > %s) "
        f"UNION ALL SELECT 'live', to_number, {nothing} FROM {calls} WHERE status IN ({literals(LIVE)}) AND {theirs}"
    )
    parameters = [*those, connection.ops.adapt_datetimefield_value(now), *those]
    if quiet_since is not None:
        statement += (
            f" UNION ALL SELECT 'rung', to_number, campaign_id, MAX(placing_at) FROM {calls} "  # noqa: S608
            f"WHERE {theirs} AND placing_at > %s AND {PHONE_MAY_HAVE_RUNG} GROUP BY to_number, campaign_id"
        )
        parameters += [*those, connection.ops.adapt_datetimefield_value(quiet_since)]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    for what, number, campaign_id, at in rows:
        if what == "forbidden":
            found.forbidden.add(number)
        elif what == "live":
            found.live.add(number)
        else:
            found.rung[number].append((campaign_id, _moment(at)))
    return found


def _moment(at: Any) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(at) if isinstance(at, str) else at
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def quiet_since(now: datetime.datetime, campaigns: Iterable[Campaign]) -> datetime.datetime | None:
    """Return from when on calls count for the longest quiet period of some campaigns; None where none has any."""
    longest = max((campaign.quiet_hours for campaign in campaigns), default=0)
    return now - datetime.timedelta(hours=longest) if longest else None


# Facts of a whole audience


def with_facts(
    people: QuerySet[Contact],
    campaign: Campaign,
    now: datetime.datetime,
    *,
    looks_back: bool = True,
    tells_when: bool = False,
) -> QuerySet[Contact]:
    """Add to people whether their number is `forbidden`, and their `last_rung` as `Facts` takes it.

    The campaign's own calls do not count. Without `looks_back` nobody's last call is looked for. The moment itself,
    which takes a quarter longer to read, is told where `tells_when` asks for it.
    """
    forbidden = DoNotCall.objects.in_force(now).filter(phone=OuterRef("phone"))
    since = now - datetime.timedelta(hours=campaign.quiet_hours)
    theirs = Call.objects.filter(phone_may_have_rung(), to_number=OuterRef("phone"), placing_at__gt=since)
    theirs = theirs.exclude(campaign=campaign)
    last_rung: Exists | Subquery | Value = Value(False)
    if campaign.quiet_hours and looks_back:
        last = theirs.order_by("-placing_at").values("placing_at")[:1]
        last_rung = Subquery(last) if tells_when else Exists(theirs)
    return people.annotate(forbidden=Exists(forbidden), last_rung=last_rung)


def live_numbers() -> set[str]:
    """Return the numbers of all live calls: no more than all lines hold, and those of which nobody knows the end."""
    return set(Call.objects.live().order_by().values_list("to_number", flat=True))


# The judgement


class Judge:
    """Judges people at one instant, by the terms of a campaign or by those of calls that a person asks for.

    `stops` hold everybody up. Where they are told apart, as in a launch check, none are given.
    """

    def __init__(
        self,
        now: datetime.datetime,
        provider: Provider | None,
        campaign: Campaign | None = None,
        stops: Sequence[Eligibility] = (),
    ) -> None:
        self.now, self.stops = now, stops
        self.needed = message.needed_names(campaign) if campaign else ()
        """What the message asks of each person; none of it may be empty."""
        self.quiet = datetime.timedelta(hours=campaign.quiet_hours if campaign else int(settings.QUIET_PERIOD_HOURS))
        self._start, self._end, self._days = hours_of(campaign)
        self._campaign_id = campaign.pk if campaign else None
        self._refuses = _refusal_of(provider)
        self._hours: dict[tuple[str, ...], Eligibility | None] = {}

    def missing(self, name: str, variables: Mapping[str, Any]) -> list[str]:
        """Return the places in the message that stay empty for a person: with a hole it is not spoken."""
        return message.missing_from(self.needed, name, variables) if self.needed else []

    def answer(self, number: str, zones: tuple[str, ...], facts: Facts) -> Eligibility:
        """Return the strongest answer about a number that may be in these zones."""
        if facts is NOTHING_KNOWN and not self.stops and not (self._refuses and self._refuses(number)):
            # Nearly everybody of an audience: nothing but the hours is left of `against`.
            return self.hours(zones) or MAY_BE_CALLED
        return next(self.against(number, zones, facts), MAY_BE_CALLED)

    def against(self, number: str, zones: tuple[str, ...], facts: Facts) -> Iterator[Eligibility]:
        """Yield all that stands against a call now, the strongest first: what is never to be, then what passes."""
        if facts.is_forbidden:
            yield FORBIDDEN
        if facts.is_excluded:
            yield _EXCLUDED
        if self._refuses is not None and (refusal := self._refuses(number)):
            yield Eligibility(Verdict.NEVER, SkipReason.NUMBER_REFUSED, say=lambda: refusal)
        hours = self.hours(zones)
        if hours is not None and hours.verdict is Verdict.NEVER:
            yield hours
        if facts.missing:
            yield missing_values(facts.missing)
        yield from self.stops
        if facts.is_live:
            yield LIVE_ELSEWHERE
        if hours is not None and hours.verdict is Verdict.WAIT:
            yield hours
        last_rung = facts.last_rung
        if last_rung is True:
            yield _QUIET_PERIOD
        elif last_rung and last_rung + self.quiet > self.now:
            since = self.now - last_rung
            yield Eligibility(
                Verdict.WAIT,
                WaitReason.QUIET_PERIOD,
                until=last_rung + self.quiet,
                say=lambda: explanations.called_lately(since, self.quiet),
            )

    def answer_queued(
        self, number: str, own_zone: str, name: str, known: Mapping[str, Any], numbers: Numbers
    ) -> Eligibility:
        """Return the answer about a queued call to a person, whose own zone, name and columns these are."""
        facts = Facts(
            is_forbidden=number in numbers.forbidden,
            is_live=number in numbers.live,
            # Whoever asked for a call was told of the last one before, and meant it.
            last_rung=numbers.last_rung(number, self._campaign_id) if self._campaign_id else None,
            missing=self.missing(name, known),
        )
        return self.answer(number, rules.zones_of(number, own_zone), facts)

    def hours(self, zones: tuple[str, ...]) -> Eligibility | None:
        """Return what calling hours say to a number that may be in any of these zones; None where they are open.

        Judged once for all who live by the same clocks.
        """
        if zones not in self._hours:
            self._hours[zones] = self._judge_hours(zones)
        return self._hours[zones]

    def _judge_hours(self, zones: tuple[str, ...]) -> Eligibility | None:
        if not zones:
            return _NO_ZONE
        terms = self._start, self._end, self._days
        if rules.is_open(self.now, zones, *terms):
            return None
        opening = rules.next_opening(self.now, zones, *terms)
        if opening is None:
            return _NEVER_OPEN
        return Eligibility(
            Verdict.WAIT,
            WaitReason.OUTSIDE_HOURS,
            until=opening,
            say=lambda: explanations.outside_hours(self._start, self._end),
            zone=zones[0],
        )


def missing_values(names: Sequence[str]) -> Eligibility:
    """Return the answer about a person for whom these places of the message are empty."""
    return Eligibility(Verdict.NEVER, SkipReason.MISSING_VARIABLE, say=lambda: explanations.empty_values(names))


def _refusal_of(provider: Provider | None) -> Callable[[str], Words] | None:
    """Return what says why the vendor cannot call a number; None where it refuses none."""
    if provider is None:
        return None
    backend = provider.backend_class
    if backend.refuses_number.__func__ is ProviderBackend.refuses_number.__func__:  # type: ignore[attr-defined]
        return None
    options = provider.options_with_defaults()
    return lambda number: backend.refuses_number(number, options)


# Calls that wait


def answers_about(
    calls: Iterable[Call], now: datetime.datetime, *, is_stopped: bool | None = None
) -> dict[int, Eligibility]:
    """Return the answers about calls that wait, by their ids; two statements for however many.

    Contact, campaign and provider should be loaded with them. `is_stopped` is as for `stops_of`.
    """
    waiting = [call for call in calls if call.status == CallStatus.PENDING]
    if not waiting:
        return {}
    campaigns = {call.campaign for call in waiting if call.campaign is not None}
    numbers = numbers_now({call.to_number for call in waiting}, now, quiet_since(now, campaigns))
    is_stopped = stop_all.is_stopped() if is_stopped is None else is_stopped
    judges: dict[tuple[int | None, int], Judge] = {}
    answers = {}
    for call in waiting:
        key = call.campaign_id, call.provider_id
        if key not in judges:
            stops = stops_of(call.provider, is_stopped=is_stopped)
            judges[key] = Judge(now, call.provider, call.campaign, stops)
        person = call.contact
        answers[call.pk] = judges[key].answer_queued(
            call.to_number,
            person.time_zone if person else "",
            person.name if person else "",
            person.variables if person else {},
            numbers,
        )
    return answers


def words_about(call: Call, answer: Eligibility | None) -> tuple[Words, Words]:
    """Return why a call stands where it stands and what to do next, with today's answer where it waits.

    What made it wait the last time may be over by now: then it waits its turn. A paused campaign holds up everybody.
    """
    is_paused = call.campaign is not None and call.campaign.status == Campaign.Status.PAUSED
    if answer is None or (is_paused and answer.verdict is not Verdict.NEVER):
        return explanations.why(call), explanations.next_step(call)
    if answer.verdict is not Verdict.NOW:
        return answer.sentence, answer.next_step(is_queued=True)
    if call.wait_reason in JUDGED_WAITS:
        call = Call(status=call.status, campaign=call.campaign, provider=call.provider)
    return explanations.why(call), explanations.next_step(call)
