"""Judges the people of a campaign: who can be called, who must wait, who never is, and why."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.tzdata import TIMEZONE_DATA

from campaigns import rules
from campaigns.models import Call, Campaign, Contact, DoNotCall, ListMembership
from campaigns.reasons import SkipReason, WaitReason
from campaigns.services import rendering
from providers.base import ProviderBackend
from providers.models import Provider

NOW = "now"
NEVER = (SkipReason.DO_NOT_CALL, SkipReason.NUMBER_REFUSED, SkipReason.NO_ZONE, SkipReason.MISSING_VARIABLE)
WAITS = (WaitReason.OUTSIDE_HOURS, WaitReason.QUIET_PERIOD)
VERDICTS = (NOW, *(reason.value for reason in WAITS), *(reason.value for reason in NEVER))
"""Every verdict on one person, in the order of the check page."""


def _single_zone_codes() -> frozenset[str]:
    """Return the calling codes all of whose numbers share the same zones."""
    zones: dict[str, set[tuple[str, ...]]] = {}
    for prefix, found in TIMEZONE_DATA.items():
        code = next((prefix[:end] for end in (1, 2, 3) if int(prefix[:end]) in COUNTRY_CODE_TO_REGION_CODE), "")
        zones.setdefault(code, set()).add(tuple(found))
    return frozenset(code for code, found in zones.items() if code and len(found) == 1)


SINGLE_ZONE_CODES = _single_zone_codes()


@lru_cache(maxsize=1000)
def _exchange_length(beginning: str) -> int:
    """Return how many characters of a number that begins so tell its zones and whether it can exist."""
    code = next((beginning[:end] for end in (1, 2, 3) if beginning[:end] in SINGLE_ZONE_CODES), "")
    return len(code) + 5 if code else -4


class NumberJudge:
    """Judges numbers for one provider; numbers of one exchange are looked up once."""

    def __init__(self, provider: Provider) -> None:
        self._backend = provider.backend_class
        self._options = provider.options_with_defaults()
        self._refuses = self._backend.refuses_number.__func__ is not ProviderBackend.refuses_number.__func__  # type: ignore[attr-defined]
        self._zones: dict[tuple[str, int], tuple[str, ...]] = {}

    def zones(self, number: str, own_zone: str = "") -> tuple[str, ...]:
        """Return the zones that must all be in calling hours; the same for numbers that differ in the last digits."""
        if own_zone:
            return rules.zones_of(number, own_zone)
        key = (number[: _exchange_length(number[1:4])], len(number))
        found = self._zones.get(key)
        if found is None:
            found = self._zones[key] = rules.zones_of(number, "")
        return found

    def why_never(self, number: str, zones: tuple[str, ...]) -> str:
        """Return the skip reason of a number in these zones that can never be called; empty where it can."""
        if self._refuses and self._backend.refuses_number(number, self._options):
            return SkipReason.NUMBER_REFUSED
        return "" if zones else SkipReason.NO_ZONE


class MessageJudge:
    """Judges whether the message can be said whole to a person."""

    def __init__(self, campaign: Campaign) -> None:
        self.needed = rendering.needed_names(campaign)
        self.expected = rendering.expected_names(campaign)
        self.reads_people = bool(self.needed or self.expected)

    def is_missing(self, name: str, variables: dict[str, Any]) -> bool:
        """Tell whether a place in the message stays empty for this person."""
        return bool(self.needed) and bool(rendering.missing_from(self.needed, name, variables))

    def unmet(self, name: str, variables: dict[str, Any]) -> list[str]:
        """Return the variables that the agent's own prompt expects and that nobody gives for this person."""
        return rendering.missing_from(self.expected, name, variables) if self.expected else []


@dataclass(frozen=True, slots=True)
class Judged:
    """One person of the audience, and what would become of them if the campaign ran now."""

    contact_id: int
    name: str
    phone: str
    verdict: str
    zones: tuple[str, ...]
    unmet: tuple[str, ...] = ()


def people_of(campaign: Campaign) -> QuerySet[Contact]:
    """Return everybody in the campaign's lists, each once."""
    lists = list(campaign.lists.values_list("pk", flat=True))
    return Contact.objects.filter(
        Exists(ListMembership.objects.filter(contact=OuterRef("pk"), contact_list__in=lists))
    ).order_by("pk")


def count_people(campaign: Campaign) -> int:
    """Count everybody in the campaign's lists, each once."""
    lists = list(campaign.lists.values_list("pk", flat=True))
    members = ListMembership.objects.filter(contact_list__in=lists)
    if len(lists) == 1:
        return members.count()
    return members.values("contact").distinct().count()


class AudienceJudge:
    """Judges a whole audience at one instant, in one streamed statement."""

    def __init__(self, campaign: Campaign, now: datetime.datetime) -> None:
        self.campaign, self.now = campaign, now
        self.numbers = NumberJudge(campaign.provider)
        self.message = MessageJudge(campaign)
        self._hours: dict[tuple[str, ...], str] = {}

    def people(self, after: int = 0) -> Iterator[Judged]:
        """Judge everybody whose id is greater than `after`, in the order of their ids."""
        since = self.now - datetime.timedelta(hours=self.campaign.quiet_hours)
        called = Call.objects.filter(to_number=OuterRef("phone"), placing_at__gt=since).exclude(campaign=self.campaign)
        annotated = people_of(self.campaign).annotate(
            forbidden=Exists(DoNotCall.objects.in_force(self.now).filter(phone=OuterRef("phone"))),
            called=Exists(called if self.campaign.quiet_hours else called.none()),
        )
        if after:
            annotated = annotated.filter(pk__gt=after)
        columns = ["pk", "name", "phone", "time_zone", "forbidden", "called"]
        if self.message.reads_people:
            columns.append("variables")
        for pk, name, phone, own_zone, forbidden, called_lately, *rest in annotated.values_list(*columns).iterator(
            chunk_size=5000
        ):
            variables = rest[0] if rest else {}
            zones = self.numbers.zones(phone, own_zone)
            if forbidden:
                verdict: str = SkipReason.DO_NOT_CALL
            elif reason := self.numbers.why_never(phone, zones) or self._never_open(zones):
                verdict = reason
            elif self.message.reads_people and self.message.is_missing(name, variables):
                verdict = SkipReason.MISSING_VARIABLE
            elif self._hour_verdict(zones):
                verdict = WaitReason.OUTSIDE_HOURS
            else:
                verdict = WaitReason.QUIET_PERIOD if called_lately else NOW
            unmet = tuple(self.message.unmet(name, variables)) if self.message.expected else ()
            yield Judged(pk, name, phone, str(verdict), zones, unmet)

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
    campaign: Campaign, verdict: str, now: datetime.datetime, after: int = 0, limit: int = 50
) -> tuple[list[Judged], int | None]:
    """Return a page of the people with a verdict, and the id to go on from; None at the end."""
    page: list[Judged] = []
    for person in AudienceJudge(campaign, now).people(after):
        if person.verdict == verdict:
            if len(page) == limit:
                return page, page[-1].contact_id
            page.append(person)
    return page, None


def count_verdicts(judge: AudienceJudge) -> tuple[Counter[str], Counter[str], set[tuple[str, ...]]]:
    """Count people by verdict and by unmet variable, and collect the zones of those who wait for their hours."""
    verdicts: Counter[str] = Counter()
    unmet: Counter[str] = Counter()
    waiting: set[tuple[str, ...]] = set()
    for person in judge.people():
        verdicts[person.verdict] += 1
        if person.verdict == WaitReason.OUTSIDE_HOURS:
            waiting.add(person.zones)
        if person.unmet and person.verdict not in NEVER:
            unmet.update(person.unmet)
    return verdicts, unmet, waiting
