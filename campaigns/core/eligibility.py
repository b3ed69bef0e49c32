"""Eligibility: may this person be called now, and if not, why, what can be done about it, and when is it allowed again?

The only place with these rules. It is used by the quick-call form, the launch check, a campaign's people page, the page
of a waiting call and the commit point. The facts are read either for a few numbers (`numbers_now`) or for a whole
audience in one streamed query (`with_facts`); `Judge` alone decides what follows from them.
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
    """The three answers: may be called now, must wait, must never be called."""

    NOW = "now"
    WAIT = "wait"
    NEVER = "never"


JUDGED_WAITS = (WaitReason.LIVE_ELSEWHERE, WaitReason.OUTSIDE_HOURS, WaitReason.QUIET_PERIOD)
"""Reasons to wait that are decided here; retries, budget, pace and orders that were not sent are set by dispatching."""


class Eligibility(NamedTuple):
    """The answer for one person, or for everybody who would be called through one provider."""

    verdict: Verdict
    reason: str = ""
    """A SkipReason, WaitReason or StopReason; empty for those who may be called now."""
    until: datetime.datetime | None = None
    """When the wait ends; None if that is not known."""
    say: Callable[[], Words] | None = None
    """Builds the sentence where the reason alone does not determine it; called only when the sentence is shown."""
    zone: str = ""
    """A time zone of the number, in which `until` is shown."""
    step: Words = ""
    """The next step for a queued call, where the reason alone does not determine it."""

    @property
    def sentence(self) -> str:
        """The sentence that says why the person may not be called now; empty if they may."""
        return str(self.say() if self.say else explanations.AGAINST.get(self.reason, ""))

    def next_step(self, *, is_queued: bool) -> str:
        """Return what the user can do next: about a call that is queued or would be by a launch, or about a new one."""
        if is_queued:
            return str(self.step or explanations.WHEN_QUEUED.get(self.reason, ""))
        if self.reason == WaitReason.OUTSIDE_HOURS and self.until is not None:
            return explanations.call_from(self.until, self.zone)
        return str(explanations.WHEN_ASKED.get(self.reason, ""))

    def words(self, *, is_queued: bool) -> str:
        """Return the sentence and the next step in one text."""
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
    ProviderState.COMPARING: StopReason.PROVIDER_COMPARING,
    ProviderState.PAUSED: StopReason.PROVIDER_PAUSED,
}
_STOP_ALL = Eligibility(Verdict.WAIT, StopReason.STOP_ALL)


def stops_of(provider: Provider | None, *, is_stopped: bool | None = None) -> list[Eligibility]:
    """Return the stops that hold up everybody: stop-all, and the strongest stop of the provider.

    `is_stopped` says whether stop-all is pressed; None reads it from the database.
    """
    found = [_STOP_ALL] if (stop_all.is_stopped() if is_stopped is None else is_stopped) else []
    if provider is None:
        return found
    if reason := STOP_REASONS.get(provider.state):
        has_own_step = reason in (StopReason.PROVIDER_FROZEN, StopReason.PROVIDER_COMPARING)
        step = provider.standing.step if has_own_step else ""
        found.append(Eligibility(Verdict.WAIT, reason, say=lambda: explanations.stopped_provider(provider), step=step))
    return found


# The facts


class Facts(NamedTuple):
    """The facts about one person and number that may forbid or delay a call."""

    is_forbidden: bool = False
    """The number is on the do-not-call list."""
    is_excluded: bool = False
    """The campaign leaves the person out."""
    is_live: bool = False
    """Another call to the number is still live."""
    last_rung: datetime.datetime | bool | None = None
    """When the phone may last have rung, within the quiet period; True if it did but the time was not read."""
    missing: Sequence[str] = ()
    """Names of needed message values that are empty."""


NOTHING_KNOWN = Facts()
"""The facts for a number that nothing speaks against."""


@dataclass(slots=True)
class Numbers:
    """The facts about a few numbers, as read by `numbers_now`."""

    forbidden: set[str] = field(default_factory=set)
    live: set[str] = field(default_factory=set)
    rung: dict[str, list[tuple[int | None, datetime.datetime]]] = field(default_factory=lambda: defaultdict(list))
    """By number: campaign id (None for single calls) and when the phone may last have rung for it."""

    def last_rung(self, number: str, campaign_id: int | None = None) -> datetime.datetime | None:
        """Return when the phone may last have rung; calls of the campaign `campaign_id` do not count."""
        others = [at for other, at in self.rung.get(number, ()) if other is None or other != campaign_id]
        return max(others, default=None)


def numbers_now(numbers: Collection[str], now: datetime.datetime, quiet_since: datetime.datetime | None) -> Numbers:
    """Read which numbers are on the do-not-call list, have a live call, or may have rung since `quiet_since`.

    One statement of plain SQL: at a commit point, building ORM queries would cost more than running them.
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
    """Return the beginning of the longest quiet period of these campaigns, which ends now; None if none has one."""
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
    """Annotate people with `forbidden` (on the do-not-call list) and `last_rung`, as `Facts` takes them.

    The campaign's own calls do not count. `looks_back=False` leaves `last_rung` out; `tells_when=True` reads the time
    itself instead of a boolean, which takes a quarter longer.
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
    """Return the numbers of all live calls; at most as many as there are lines, and the calls of unknown outcome."""
    return set(Call.objects.live().order_by().values_list("to_number", flat=True))


# The judgement


class Judge:
    """Decides whether people may be called at the time `now`, by the settings of a campaign or of single calls (None).

    `stops` (see `stops_of`) hold up everybody; a launch check, which reports them separately, passes none.
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
        """Names of the values that the message needs of each person; none may be empty."""
        self.quiet = datetime.timedelta(hours=campaign.quiet_hours if campaign else int(settings.QUIET_PERIOD_HOURS))
        self._start, self._end, self._days = hours_of(campaign)
        self._campaign_id = campaign.pk if campaign else None
        self._refuses = _refusal_of(provider)
        self._hours: dict[tuple[str, ...], Eligibility | None] = {}

    def missing(self, name: str, variables: Mapping[str, Any]) -> list[str]:
        """Return the names of needed message values that are empty for a person, who must then not be called."""
        return message.missing_from(self.needed, name, variables) if self.needed else []

    def answer(self, number: str, zones: tuple[str, ...], facts: Facts) -> Eligibility:
        """Return the strongest answer for a number; `zones` are all time zones that it may be in."""
        if facts is NOTHING_KNOWN and not self.stops and not (self._refuses and self._refuses(number)):
            # The fast path for nearly everybody of an audience: of the checks in `against` only the hours remain.
            return self.hours(zones) or MAY_BE_CALLED
        return next(self.against(number, zones, facts), MAY_BE_CALLED)

    def against(self, number: str, zones: tuple[str, ...], facts: Facts) -> Iterator[Eligibility]:
        """Yield every obstacle to a call now, the strongest first: permanent ones, then those that pass with time."""
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
        """Return the answer for a queued call; the zone, name and columns are those of its contact."""
        facts = Facts(
            is_forbidden=number in numbers.forbidden,
            is_live=number in numbers.live,
            # No quiet period for single calls: the form told the user of the last call, and they confirmed.
            last_rung=numbers.last_rung(number, self._campaign_id) if self._campaign_id else None,
            missing=self.missing(name, known),
        )
        return self.answer(number, rules.zones_of(number, own_zone), facts)

    def hours(self, zones: tuple[str, ...]) -> Eligibility | None:
        """Return the answer of the calling hours for a number in these zones; None if they are open in all of them.

        Cached for each set of zones.
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
    """Return the answer for a person whose message lacks these values."""
    return Eligibility(Verdict.NEVER, SkipReason.MISSING_VARIABLE, say=lambda: explanations.empty_values(names))


def _refusal_of(provider: Provider | None) -> Callable[[str], Words] | None:
    """Return the backend's function that says why it cannot call a number; None if it accepts every number."""
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
    """Return the answers for waiting calls by call id, in two queries for any number of calls.

    Contact, campaign and provider should be loaded by `select_related`. `is_stopped` is as for `stops_of`.
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
    """Return the explanation of a call's status and the next step; `answer` is the current one for a waiting call.

    A stored wait reason that no longer applies is not shown: the call then only waits its turn. A paused campaign
    comes before any other reason.
    """
    is_paused = call.campaign is not None and call.campaign.status == Campaign.Status.PAUSED
    if answer is None or (is_paused and answer.verdict is not Verdict.NEVER):
        return explanations.why(call), explanations.next_step(call)
    if answer.verdict is not Verdict.NOW:
        return answer.sentence, answer.next_step(is_queued=True)
    if call.wait_reason in JUDGED_WAITS:
        call = Call(status=call.status, campaign=call.campaign, provider=call.provider)
    return explanations.why(call), explanations.next_step(call)
