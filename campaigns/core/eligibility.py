"""Eligibility: may this person be called now, and if not, why, what can be done about it, and when is it allowed again?

The only place with these rules. It is used by the quick-call form, the launch check, a campaign's people page, the page
of a waiting call and the commit point. The facts are read by `eligibility_facts`; `Judge` alone decides what follows
from them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from django.utils.functional import Promise

from campaigns import time_zones
from campaigns.core import explanations, last_day, message, stop_all
from campaigns.core.call_caps import ReachedCap, caps_of
from campaigns.core.eligibility_facts import (
    NOTHING_KNOWN,
    Asked,
    Facts,
    Numbers,
    quiet_hours_of,
)
from campaigns.core.hours import hours_of
from campaigns.core.hours import words as hours_words
from campaigns.core.installation import Installation, current
from campaigns.models import Campaign
from campaigns.number_types import SENTENCES, is_ordinary, refused_type
from campaigns.outcomes import days_over
from campaigns.reasons import SkipReason, StopReason, WaitReason
from providers.models import Provider, ProviderState

Words = str | Promise


class Verdict(StrEnum):
    """The three answers: may be called now, must wait, must never be called."""

    NOW = "now"
    WAIT = "wait"
    NEVER = "never"


JUDGED_WAITS = (
    WaitReason.OPT_OUT_UNCLEAR,
    WaitReason.LIVE_ELSEWHERE,
    WaitReason.OUTSIDE_HOURS,
    WaitReason.QUIET_PERIOD,
    WaitReason.PERSON_CAP,
    WaitReason.ATTEMPTS_A_DAY,
)
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
    is_far: bool = False
    """Whether `until` is so far ahead that its weekday does not tell it."""
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
            return explanations.call_from(self.until, self.zone, is_far=self.is_far)
        if self.reason == WaitReason.PERSON_CAP and self.until is not None:
            return explanations.call_on(self.until, self.zone)
        return str(explanations.WHEN_ASKED.get(self.reason, ""))

    def words(self, *, is_queued: bool) -> str:
        """Return the sentence and the next step in one text."""
        return f"{self.sentence} {self.next_step(is_queued=is_queued)}".strip()


MAY_BE_CALLED = Eligibility(Verdict.NOW)
FORBIDDEN = Eligibility(Verdict.NEVER, SkipReason.DO_NOT_CALL)
_EXCLUDED = Eligibility(Verdict.NEVER, SkipReason.EXCLUDED)
_NO_CONSENT = Eligibility(Verdict.NEVER, SkipReason.NO_CONSENT)
_NO_ZONE = Eligibility(Verdict.NEVER, SkipReason.NO_ZONE)
_NEVER_OPEN = Eligibility(Verdict.NEVER, SkipReason.NO_ZONE, say=lambda: explanations.NEVER_OPEN)
_LAST_DAY_OVER = Eligibility(Verdict.NEVER, SkipReason.LAST_DAY)
HELD = Eligibility(Verdict.WAIT, WaitReason.OPT_OUT_UNCLEAR)
LIVE_ELSEWHERE = Eligibility(Verdict.WAIT, WaitReason.LIVE_ELSEWHERE)
_QUIET_PERIOD = Eligibility(Verdict.WAIT, WaitReason.QUIET_PERIOD)
EXPIRED = Eligibility(Verdict.NEVER, SkipReason.EXPIRED, say=lambda: SkipReason.EXPIRED.label)
_CALLED_OFTEN = Eligibility(Verdict.NEVER, SkipReason.PERSON_CAP, say=lambda: SkipReason.PERSON_CAP.label)
_CALLED_SINCE = Eligibility(Verdict.NEVER, SkipReason.CALLED_SINCE, say=lambda: SkipReason.CALLED_SINCE.label)
STOP_REASONS: Mapping[str, StopReason] = {
    ProviderState.OFF: StopReason.PROVIDER_OFF,
    ProviderState.HALTED: StopReason.PROVIDER_HALTED,
    ProviderState.FROZEN: StopReason.PROVIDER_FROZEN,
    ProviderState.COMPARING: StopReason.PROVIDER_COMPARING,
    ProviderState.PAUSED: StopReason.PROVIDER_PAUSED,
}
_STOP_ALL = Eligibility(Verdict.WAIT, StopReason.STOP_ALL)
_MODULE_FAILED = Eligibility(Verdict.WAIT, WaitReason.PROVIDER_HALTED)


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


# The judgement


class Judge:
    """Decides whether people may be called at the time `now`, by the settings of a campaign or of single calls (None).

    `stops` (see `stops_of`) hold up everybody; a launch check, which reports them separately, passes none.
    `installation` are the settings that hold; None reads them.
    """

    def __init__(
        self,
        now: datetime.datetime,
        provider: Provider | None,
        campaign: Campaign | None = None,
        stops: Sequence[Eligibility] = (),
        installation: Installation | None = None,
    ) -> None:
        self.now, self.stops = now, stops
        self.installation = installation or current()
        self.needed = message.needed_names(campaign) if campaign else ()
        """Names of the values that the message needs of each person; none may be empty."""
        self.quiet = datetime.timedelta(hours=quiet_hours_of(campaign, self.installation))
        self.caps = caps_of(campaign, self.installation)
        self.calling_hours = hours_of(campaign, self.installation)
        self.requires_consent = self.installation.consent_required or (
            campaign is not None and campaign.requires_consent
        )
        self._campaign_id = campaign.pk if campaign else None
        self._is_over = campaign is not None and last_day.is_over(campaign.last_day, now)
        self._refuses = provider.number_refusals() if provider else None
        self._hours: dict[tuple[str, ...], Eligibility | None] = {}

    def missing(self, name: str, variables: Mapping[str, Any]) -> list[str]:
        """Return the names of needed message values that are empty for a person, who must then not be called."""
        return message.missing_from(self.needed, name, variables) if self.needed else []

    def answer(self, number: str, zones: tuple[str, ...], facts: Facts) -> Eligibility:
        """Return the strongest answer for a number; `zones` are all time zones that it may be in."""
        is_plain = facts is NOTHING_KNOWN and not self.stops and not self._is_over and is_ordinary(number)
        if is_plain and (self._refuses is None or self._refuses(number) == ""):
            # The fast path for nearly everybody of an audience: of the checks in `against` only the hours remain.
            return self.hours(zones) or MAY_BE_CALLED
        return next(self.against(number, zones, facts), MAY_BE_CALLED)

    def against(self, number: str, zones: tuple[str, ...], facts: Facts) -> Iterator[Eligibility]:
        """Yield every obstacle to a call now, the strongest first: permanent ones, then those that pass with time."""
        if facts.is_forbidden:
            yield FORBIDDEN
        if self._is_over:
            yield _LAST_DAY_OVER
        if facts.is_excluded:
            yield _EXCLUDED
        if facts.lacks_consent:
            yield _NO_CONSENT
        if facts.is_expired:
            yield EXPIRED
        if facts.is_called_since:
            yield _CALLED_SINCE
        if of_type := refused_by_type(number, self.installation, is_allowed=facts.is_allowed):
            yield of_type
        refusal = self._refuses(number) if self._refuses is not None else ""
        if refusal:
            yield Eligibility(Verdict.NEVER, SkipReason.NUMBER_REFUSED, say=lambda: refusal)
        hours = self.hours(zones)
        if hours is not None and hours.verdict is Verdict.NEVER:
            yield hours
        if facts.missing:
            yield missing_values(facts.missing)
        yield from self.stops
        if refusal is None:
            yield _MODULE_FAILED
        if facts.is_held:
            yield HELD
        if facts.is_live:
            yield LIVE_ELSEWHERE
        if hours is not None and hours.verdict is Verdict.WAIT:
            yield hours
        yield from capped(facts.caps, zones, self.now)
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
        self,
        number: str,
        own_zone: str,
        name: str,
        known: Mapping[str, Any],
        numbers: Numbers,
        asked: Asked,
        *,
        has_consent: bool,
    ) -> Eligibility:
        """Return the answer for a queued call; the zone, name, columns and consent are those of its contact.

        A single call that was overtaken is not called later but ends: its asker is told and may ask again.
        """
        is_single = self._campaign_id is None
        facts = Facts(
            is_forbidden=number in numbers.forbidden,
            is_held=number in numbers.held,
            is_live=number in numbers.live,
            is_expired=is_single and asked.is_expired(self.now),
            is_called_since=is_single and self._is_called_since(number, numbers, asked),
            last_rung=None if is_single else numbers.last_rung(number, self._campaign_id),
            missing=self.missing(name, known),
            caps=() if asked.is_test else numbers.caps(number, self.caps, self._campaign_id),
            lacks_consent=self.requires_consent and not has_consent and not asked.is_test,
            is_allowed=number in numbers.allowed,
        )
        found = self.answer(number, time_zones.zones_of(number, own_zone), facts)
        return _CALLED_OFTEN if is_single and found.reason == WaitReason.PERSON_CAP else found

    def _is_called_since(self, number: str, numbers: Numbers, asked: Asked) -> bool:
        """Tell whether a single call was overtaken by another one within the quiet period.

        The form asked for a confirmation where the number had been called before. A confirmation covers what was known
        then: it holds until somebody has talked to the person. What a person asked for is confirmed by that.
        """
        if asked.confirmed_at is not None:
            talked_at = numbers.talked_at(number, asked.from_call)
            return talked_at is not None and talked_at > asked.confirmed_at
        last_rung = numbers.last_rung(number)
        return last_rung is not None and last_rung + self.quiet > self.now

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
        hours = self.calling_hours
        if hours.is_open(self.now, zones):
            return None
        opening = hours.next_opening(self.now, zones)
        if opening is None:
            return _NEVER_OPEN
        return Eligibility(
            Verdict.WAIT,
            WaitReason.OUTSIDE_HOURS,
            until=opening,
            say=lambda: hours_words.why_closed(hours, self.now, zones),
            zone=zones[0],
            is_far=opening - self.now > hours_words.WEEKDAY_TELLS,
            step=hours_words.next_try_lazy(opening, zones[0]) if hours.closed else "",
        )


def capped(caps: Iterable[ReachedCap], zones: tuple[str, ...], now: datetime.datetime) -> Iterator[Eligibility]:
    """Yield an obstacle for each cap on calls to one person that is still reached now."""
    for cap, since in caps:
        if (until := days_over(since, cap.days, zones, now)) is not None:
            yield Eligibility(
                Verdict.WAIT,
                cap.reason,
                until=until,
                say=partial(explanations.called_often, cap.most, cap.days, is_of_campaign=cap.is_of_campaign),
                zone=zones[0] if zones else "UTC",
            )


def refused_by_type(number: str, installation: Installation, *, is_allowed: bool) -> Eligibility | None:
    """Return the answer for a number of a type that is not called; None for any other.

    `is_allowed` says that a manager allowed this one number.
    """
    kind = refused_type(number, installation.refused_number_types, is_allowed=is_allowed)
    return Eligibility(Verdict.NEVER, SkipReason.NUMBER_TYPE, say=lambda: SENTENCES[kind]) if kind else None


def missing_values(names: Sequence[str]) -> Eligibility:
    """Return the answer for a person whose message lacks these values."""
    return Eligibility(Verdict.NEVER, SkipReason.MISSING_VARIABLE, say=lambda: explanations.empty_values(names))
