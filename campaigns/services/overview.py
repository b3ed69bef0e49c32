"""What Today shows: what runs, what waits for a person, how the day goes; cheap enough for polling."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db.models import Count, Q
from django.utils import timezone

from callcenter.access.roles import Person, may
from campaigns.models import Call, Campaign, Contact, UnknownVendorCall
from campaigns.querysets import CallQuerySet
from campaigns.services import browsing
from providers.models import Provider
from providers.types import AT_VENDOR, FINAL, CallStatus

SHOWN = 5
DAY_FIGURES_FOR = 20
"""Seconds that the sums of a day are kept: they read every call of the day."""


@dataclass(slots=True)
class Progress:
    """How far a campaign is, in calls."""

    total: int = 0
    ended: int = 0
    live: int = 0
    waiting: int = 0
    unknown: int = 0
    skipped: int = 0


@dataclass(slots=True)
class OpenCampaign:
    """A campaign and how far it is."""

    campaign: Campaign
    progress: Progress


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Sums of the viewer's day, and when they were taken."""

    placed: int
    talked: int
    live: int
    at: datetime.datetime


@dataclass(slots=True)
class Overview:
    """All that Today shows."""

    at: datetime.datetime
    figures: DayFigures
    campaigns: list[OpenCampaign] = field(default_factory=list)
    approvals: list[OpenCampaign] = field(default_factory=list)
    unknown: list[Call] = field(default_factory=list)
    unknown_count: int = 0
    held: list[Call] = field(default_factory=list)
    held_count: int = 0
    strangers: int = 0
    """Vendor calls that nobody knows, to those who decide about them."""
    providers: list[Provider] = field(default_factory=list)
    has_people: bool = True
    has_calls: bool = True

    @property
    def needs_somebody(self) -> bool:
        """Whether anything waits for a person."""
        return bool(self.approvals or self.to_decide or self.strangers)

    @property
    def to_decide(self) -> int:
        """How many calls are unclear or held."""
        return self.unknown_count + self.held_count

    @property
    def has_more_to_decide(self) -> bool:
        """Whether there are more of them than are shown."""
        return self.to_decide > len(self.unknown) + len(self.held)


def visible_campaigns(person: Person) -> list[Campaign]:
    """Return the campaigns that are not over and that this person may see, newest first."""
    found = Campaign.objects.select_related("provider", "owner").filter(
        status__in=[
            Campaign.Status.RUNNING,
            Campaign.Status.PAUSED,
            Campaign.Status.WAITING,
            Campaign.Status.SCHEDULED,
        ]
    )
    if not may(person, "see_all_calls"):
        found = found.filter(owner=person.pk)
    return list(found.order_by("-id")[:50])


def progress_of(campaigns: Iterable[Campaign]) -> dict[int, Progress]:
    """Count the calls of campaigns by where they stand; one statement, read from an index."""
    found: dict[int, Progress] = defaultdict(Progress)
    ids = [campaign.pk for campaign in campaigns]
    if not ids:
        return found
    counted = Call.objects.filter(campaign__in=ids).order_by().values_list("campaign", "status").annotate(n=Count("*"))
    for campaign_id, status, number in counted:
        progress = found[campaign_id]
        progress.total += number
        if status == CallStatus.SKIPPED:
            progress.skipped += number
        if status in FINAL:
            progress.ended += number
        elif status in AT_VENDOR or status == CallStatus.PLACING:
            progress.live += number
        elif status == CallStatus.UNKNOWN:
            progress.unknown += number
        else:
            progress.waiting += number
    return found


def day_figures(calls: CallQuerySet, scope: str) -> DayFigures:
    """Return the sums of the viewer's day; kept a few seconds for everybody of the same scope and zone."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    key = f"day-figures:{scope}:{int(midnight.timestamp())}"
    known = cache.get(key)
    if isinstance(known, DayFigures):
        return known
    sums = calls.filter(placing_at__gte=midnight).aggregate(
        placed=Count("*"), talked=Count("pk", filter=Q(talk_seconds__gt=0) & ~Q(answered_by="machine"))
    )
    live = calls.filter(status__in=sorted(AT_VENDOR | {CallStatus.PLACING})).count()
    figures = DayFigures(sums["placed"], sums["talked"], live, timezone.now())
    cache.set(key, figures, DAY_FIGURES_FOR)
    return figures


def overview(person: Person) -> Overview:
    """Return what runs and what waits for this person; the number of statements does not grow with the rows."""
    now = timezone.now()
    calls = Call.objects.visible_to(person)
    scope = "all" if may(person, "see_all_calls") else str(person.pk)
    shown = Overview(at=now, figures=day_figures(calls, scope))
    campaigns = visible_campaigns(person)
    progress = progress_of(campaigns)
    for campaign in campaigns:
        row = OpenCampaign(campaign, progress[campaign.pk])
        if campaign.status == Campaign.Status.WAITING:
            shown.approvals.append(row)
        else:
            shown.campaigns.append(row)
    light = ("contact", "campaign", "provider")
    unknown = calls.filter(browsing.long_unknown())
    shown.unknown_count = unknown.count()
    shown.unknown = list(unknown.select_related(*light)[:SHOWN]) if shown.unknown_count else []
    held = calls.filter(browsing.held())
    shown.held_count = held.count()
    shown.held = list(held.select_related(*light)[:SHOWN]) if shown.held_count else []
    if may(person, "review_vendor_calls"):
        shown.strangers = UnknownVendorCall.objects.filter(state=UnknownVendorCall.State.OPEN).count()
    shown.providers = list(Provider.objects.filter(is_active=True)[:20])
    if not campaigns:
        shown.has_calls = calls.exists()
        shown.has_people = Contact.objects.exists()
    return shown
