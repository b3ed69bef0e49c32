"""Judges the people of a campaign: who can be called, who must wait, who never is, and why."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef

from campaigns import rules
from campaigns.core import message
from campaigns.launch.audience_query import Selection
from campaigns.models import Call, Campaign, DoNotCall
from campaigns.reasons import SkipReason, WaitReason
from providers.base import ProviderBackend
from providers.models import Provider

NOW = "now"
NEVER = (
    SkipReason.DO_NOT_CALL,
    SkipReason.EXCLUDED,
    SkipReason.NUMBER_REFUSED,
    SkipReason.NO_ZONE,
    SkipReason.MISSING_VARIABLE,
)
WAITS = (WaitReason.OUTSIDE_HOURS, WaitReason.QUIET_PERIOD)
VERDICTS = (NOW, *(reason.value for reason in WAITS), *(reason.value for reason in NEVER))
"""Every verdict on one person, in the order of the check page."""
CALLED = (NOW, *(reason.value for reason in WAITS))
MOST_LOOKED_AT = 20_000
"""People judged for one page of those with a rare verdict."""
GROUPS: dict[str, Collection[str]] = {
    "everybody": VERDICTS,
    "called": CALLED,
    "never": tuple(reason.value for reason in NEVER),
}
"""The sums of the check's sentence, and the verdicts that each adds up."""


class NumberJudge:
    """Judges numbers for one provider."""

    def __init__(self, provider: Provider) -> None:
        self._backend = provider.backend_class
        self._options = provider.options_with_defaults()
        self._refuses = self._backend.refuses_number.__func__ is not ProviderBackend.refuses_number.__func__  # type: ignore[attr-defined]

    def zones(self, number: str, own_zone: str = "") -> tuple[str, ...]:
        """Return the zones that must all be in calling hours."""
        return rules.zones_of(number, own_zone)

    def why_never(self, number: str, zones: tuple[str, ...]) -> str:
        """Return the skip reason of a number in these zones that can never be called; empty where it can."""
        if self._refuses and self._backend.refuses_number(number, self._options):
            return SkipReason.NUMBER_REFUSED
        return "" if zones else SkipReason.NO_ZONE


class MessageJudge:
    """Judges whether the message can be said whole to a person."""

    def __init__(self, campaign: Campaign) -> None:
        self.needed = message.needed_names(campaign)
        self.expected = message.expected_names(campaign)
        self.reads_people = bool(self.needed or self.expected)

    def missing(self, name: str, variables: dict[str, Any]) -> list[str]:
        """Return the places in the message that stay empty for this person."""
        return message.missing_from(self.needed, name, variables) if self.needed else []

    def unmet(self, name: str, variables: dict[str, Any]) -> list[str]:
        """Return the variables that the agent's own prompt expects and that nobody gives for this person."""
        return message.missing_from(self.expected, name, variables) if self.expected else []


@dataclass(frozen=True, slots=True)
class Judged:
    """One person of the audience, and what would become of them if the campaign ran now."""

    contact_id: int
    name: str
    phone: str
    verdict: str
    zones: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """What stays empty in the message itself: with a hole it is not spoken."""
    unmet: tuple[str, ...] = ()
    """What the agent's own prompt asks for in vain."""


class AudienceJudge:
    """Judges a whole audience at one instant, in one streamed statement."""

    def __init__(self, campaign: Campaign, now: datetime.datetime, selection: Selection | None = None) -> None:
        self.campaign, self.now = campaign, now
        self.selection = selection or Selection.of(campaign)
        self.numbers = NumberJudge(campaign.provider)
        self.message = MessageJudge(campaign)
        self._hours: dict[tuple[str, ...], str] = {}

    def people(
        self, after: int = 0, through: int | None = None, *, only_new: bool = False, looks_back: bool = True
    ) -> Iterator[Judged]:
        """Judge everybody whose id is greater than `after`, at most `through`, in the order of their ids.

        `only_new`: those who have no row of this campaign yet. Without `looks_back` nobody waits for a quiet period.
        """
        since = self.now - datetime.timedelta(hours=self.campaign.quiet_hours)
        called = Call.objects.filter(to_number=OuterRef("phone"), placing_at__gt=since).exclude(campaign=self.campaign)
        annotated = self.selection.people().annotate(
            forbidden=Exists(DoNotCall.objects.in_force(self.now).filter(phone=OuterRef("phone"))),
            excluded=self.selection.stands_elsewhere(),
            called=Exists(called if self.campaign.quiet_hours and looks_back else called.none()),
        )
        if after:
            annotated = annotated.filter(pk__gt=after)
        if through is not None:
            annotated = annotated.filter(pk__lte=through)
        if only_new:
            queued = Call.objects.filter(campaign=self.campaign, contact=OuterRef("pk"), attempt=1)
            annotated = annotated.filter(~Exists(queued))
        columns = ["pk", "name", "phone", "time_zone", "forbidden", "excluded", "called"]
        if self.message.reads_people:
            columns.append("variables")
        rows = annotated.values_list(*columns).iterator(chunk_size=5000)
        for pk, name, phone, own_zone, forbidden, excluded, called_lately, *rest in rows:
            variables = rest[0] if rest else {}
            zones = self.numbers.zones(phone, own_zone)
            missing = self.message.missing(name, variables)
            if forbidden:
                verdict: str = SkipReason.DO_NOT_CALL
            elif excluded:
                verdict = SkipReason.EXCLUDED
            elif reason := self.numbers.why_never(phone, zones) or self._never_open(zones):
                verdict = reason
            elif missing:
                verdict = SkipReason.MISSING_VARIABLE
            elif self._hour_verdict(zones):
                verdict = WaitReason.OUTSIDE_HOURS
            else:
                verdict = WaitReason.QUIET_PERIOD if called_lately else NOW
            unmet = tuple(self.message.unmet(name, variables)) if self.message.expected else ()
            yield Judged(pk, name, phone, str(verdict), zones, tuple(missing), unmet)

    def next_openings(self, zones: set[tuple[str, ...]]) -> datetime.datetime | None:
        """Return the first time at which one of these groups may be called."""
        openings = [opening for group in zones if (opening := self._next_opening(group))]
        return min(openings, default=None)

    def _next_opening(self, zones: tuple[str, ...]) -> datetime.datetime | None:
        campaign = self.campaign
        return rules.next_opening(self.now, zones, campaign.hours_start, campaign.hours_end, campaign.days)

    def _hour_verdict(self, zones: tuple[str, ...]) -> str:
        """Return empty where the hours are open, else why not; judged once a group of zones."""
        verdict = self._hours.get(zones)
        if verdict is None:
            campaign = self.campaign
            if rules.is_open(self.now, zones, campaign.hours_start, campaign.hours_end, campaign.days):
                verdict = ""
            else:
                verdict = WaitReason.OUTSIDE_HOURS if self._next_opening(zones) else SkipReason.NO_ZONE
            self._hours[zones] = verdict
        return verdict

    def _never_open(self, zones: tuple[str, ...]) -> str:
        return SkipReason.NO_ZONE if self._hour_verdict(zones) == SkipReason.NO_ZONE else ""


def people_with(
    campaign: Campaign, kind: str, now: datetime.datetime, after: int = 0, limit: int = 50, variable: str = ""
) -> tuple[list[Judged], int | None]:
    """Return a page of the people with a verdict or of a group, and the id to go on from; None at the end.

    With a variable, only those for whom it is empty. A page has fewer people, or none, where they are so rare that
    `MOST_LOOKED_AT` others stand before them.
    """
    wanted = GROUPS.get(kind, (kind,))
    page: list[Judged] = []
    judge = AudienceJudge(campaign, now)
    ids = judge.selection.next_ids(after, MOST_LOOKED_AT)
    if not ids:
        return page, None
    for person in judge.people(after, ids[-1], only_new=campaign.launched_at is not None):
        if person.verdict in wanted and (not variable or variable in (*person.missing, *person.unmet)):
            if len(page) == limit:
                return page, page[-1].contact_id
            page.append(person)
    return page, ids[-1] if len(ids) == MOST_LOOKED_AT else None


@dataclass(slots=True)
class Tally:
    """A whole audience, counted."""

    verdicts: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    """People who are not called because this place of the message is empty for them."""
    unmet: Counter[str] = field(default_factory=Counter)
    """People who are called although the agent asks for this in vain."""
    waiting: set[tuple[str, ...]] = field(default_factory=set)
    """Zones of those who wait for their hours."""


def tally(judge: AudienceJudge, *, only_new: bool = False) -> Tally:
    """Count people by verdict and by what is empty, and collect the zones of those who wait for their hours."""
    found = Tally()
    for person in judge.people(only_new=only_new):
        found.verdicts[person.verdict] += 1
        if person.verdict == WaitReason.OUTSIDE_HOURS:
            found.waiting.add(person.zones)
        if person.verdict == SkipReason.MISSING_VARIABLE:
            found.missing.update(person.missing)
        if person.unmet and person.verdict in CALLED:
            found.unmet.update(person.unmet)
    return found
