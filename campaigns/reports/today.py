"""Data of the Today page: running campaigns, decisions for people, figures of the day; cheap enough for polling."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum, Value
from django.utils import timezone

from callcenter.access import two_people
from callcenter.access.reach import sight_of
from callcenter.access.roles import Person, may
from campaigns.callbacks import rows as callbacks
from campaigns.callbacks.rows import TodaysCallbacks
from campaigns.calls import called_back, hand_overs
from campaigns.calls.called_back import CalledBack
from campaigns.calls.hand_overs import HandOverRow
from campaigns.contacts import doubtful_wishes
from campaigns.core import conditions, decision_kinds
from campaigns.core.scope import seen_by
from campaigns.launch import own_numbers
from campaigns.models import Call, Campaign, Contact, UnknownVendorCall
from campaigns.models.calls import CallQuerySet
from campaigns.reports.progress import CampaignCounts, progress_of
from providers.models import Provider
from providers.types import AT_VENDOR, CallStatus

Status = Campaign.Status

CALLS_SHOWN = 5
"""Calls of each kind that need a decision that the page shows."""
HAND_OVERS_SHOWN = 10
CAMPAIGNS_SHOWN = 50
PROVIDERS_SHOWN = 20
DAY_FIGURES_FOR = 20
"""Seconds for which the figures of a day are cached, because counting reads every call of the day."""


@dataclass(slots=True)
class OpenCampaign:
    """A campaign and its numbers."""

    campaign: Campaign
    progress: CampaignCounts


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Figures of the viewer's day, and when they were counted."""

    placed: int
    talked: int
    live: int
    spent: dict[str, Decimal]
    """Cost of the day's calls, by currency: as the vendor reported, else at our price."""
    at: datetime.datetime


@dataclass(slots=True)
class Spending:
    """Today's spending in one currency, and the budgets of the open campaigns in it."""

    currency: str
    today: Decimal = Decimal(0)
    budget: Decimal = Decimal(0)
    used: Decimal = Decimal(0)
    """Part of those budgets that is spent, or reserved for calls in progress."""
    unlimited: int = 0
    """Open campaigns without a budget."""

    @property
    def percent(self) -> int:
        """Used part of the budgets, in percent, at most 100."""
        return min(100, int(self.used * 100 / self.budget)) if self.budget else 0


@dataclass(slots=True)
class Overview:
    """All data of the Today page."""

    at: datetime.datetime
    figures: DayFigures
    campaigns: list[OpenCampaign] = field(default_factory=list)
    asking: list[OpenCampaign] = field(default_factory=list)
    """Campaigns that need a person: paused by the product, after a pilot, not started at their time, or to approve."""
    halted: list[Provider] = field(default_factory=list)
    """Providers that are halted until a person acts, and those whose comparison after a start comes to no end."""
    spending: list[Spending] = field(default_factory=list)
    decisions: list[Call] = field(default_factory=list)
    """Calls that need a decision, a few of each kind."""
    decision_counts: dict[str, int] = field(default_factory=dict)
    """How many calls of each kind need a decision, by the kind's key."""
    hand_overs: list[HandOverRow] = field(default_factory=list)
    """Calls that were given to this person, the first due first; for managers also overdue ones of others."""
    hand_overs_count: int = 0
    called_back: CalledBack = field(default_factory=CalledBack)
    """Who called back since we called them, until somebody handled it."""
    callbacks: TodaysCallbacks = field(default_factory=TodaysCallbacks)
    """Callbacks that are due today, and those that reached nobody."""
    to_confirm: int = 0
    """Acts of other people that take two people and wait for this person."""
    numbers_to_confirm: int = 0
    """Numbers for test calls of other users, which this one may confirm."""
    doubtful_wishes: int = 0
    """Questions about cells of files that may say "do not call"."""
    strangers: int = 0
    """Open unmatched vendor calls, for people who may decide about them; 0 for others."""
    providers: list[Provider] = field(default_factory=list)
    has_people: bool = True
    has_calls: bool = True

    @property
    def needs_somebody(self) -> bool:
        """Whether anything needs a person."""
        return bool(
            self.asking
            or self.halted
            or self.to_decide
            or self.strangers
            or self.hand_overs
            or self.to_confirm
            or self.numbers_to_confirm
            or self.doubtful_wishes
        )

    @property
    def to_decide(self) -> int:
        """Number of calls that need a decision."""
        return sum(self.decision_counts.values())

    @property
    def has_more_to_decide(self) -> bool:
        """Whether there are more calls that need a decision than are shown."""
        return self.to_decide > len(self.decisions)


def visible_campaigns(person: Person) -> list[Campaign]:
    """Return the campaigns of the page that this person may see, newest first.

    They are running, paused, waiting for approval or scheduled, or drafts whose scheduled start was refused.
    """
    is_open = Q(status__in=[Status.RUNNING, Status.PAUSED, Status.WAITING, Status.SCHEDULED])
    did_not_start = Q(status=Status.DRAFT) & ~Q(start_refusal="")
    found = Campaign.objects.select_related("provider", "owner")
    found = found.filter(is_open | did_not_start)
    return list(seen_by(person, found).order_by("-id")[:CAMPAIGNS_SHOWN])


def day_figures(calls: CallQuerySet, scope: str) -> DayFigures:
    """Return the figures of the viewer's day; cached for `DAY_FIGURES_FOR` seconds by `scope` and time zone."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    key = f"day-figures:{scope}:{int(midnight.timestamp())}"
    known = cache.get(key)
    if isinstance(known, DayFigures):
        return known
    rows = calls.filter(placing_at__gte=midnight).order_by().values(
        "currency", "provider__currency", "provider__price_per_minute"
    ).annotate(
        placed=Count("pk"),
        talked=Count("pk", filter=conditions.talked()),
        told=Sum("cost"),
        untold=Sum("talk_seconds", filter=Q(cost__isnull=True)),
    )  # fmt: skip
    placed, talked, spent = 0, 0, defaultdict[str, Decimal](Decimal)
    for row in rows:
        placed, talked = placed + row["placed"], talked + row["talked"]
        if row["told"]:
            spent[row["currency"] or row["provider__currency"]] += row["told"]
        if row["untold"]:
            spent[row["provider__currency"]] += row["provider__price_per_minute"] * row["untold"] / 60
    live = calls.filter(status__in=sorted(AT_VENDOR | {CallStatus.PLACING})).count()
    figures = DayFigures(placed, talked, live, dict(spent), timezone.now())
    cache.set(key, figures, DAY_FIGURES_FOR)
    return figures


def asks(campaign: Campaign) -> bool:
    """Return whether a campaign needs a person's decision to continue."""
    if campaign.status == Status.PAUSED:
        return campaign.paused_by_system or campaign.pilot == Campaign.Pilot.ASKS
    return campaign.status in {Status.WAITING, Status.DRAFT}


def spending_of(figures: DayFigures, campaigns: Iterable[Campaign]) -> list[Spending]:
    """Return today's spending and the budgets of the open campaigns, one entry a currency."""
    found: dict[str, Spending] = {}
    for currency, amount in figures.spent.items():
        # Amounts above one are rounded to cents, as they are shown in large type.
        found.setdefault(currency, Spending(currency)).today += amount if amount < 1 else round(amount, 2)
    for campaign in campaigns:
        if not campaign.is_open:
            continue
        spending = found.setdefault(campaign.provider.currency, Spending(campaign.provider.currency))
        if campaign.budget is None:
            spending.unlimited += 1
        else:
            spending.budget += campaign.budget
            spending.used += campaign.spent_cost + campaign.reserved_cost
    for spending in found.values():
        spending.used = round(spending.used, 2)
    return sorted(found.values(), key=lambda one: one.currency)


def overview(person: Person) -> Overview:
    """Return the data of the Today page for this person, in a fixed number of statements."""
    now = timezone.now()
    calls = seen_by(person, Call.objects.all())
    scope = "all" if sight_of(person).is_everything else str(person.pk)
    shown = Overview(at=now, figures=day_figures(calls, scope))
    campaigns = visible_campaigns(person)
    progress = progress_of(campaigns)
    for campaign in campaigns:
        row = OpenCampaign(campaign, progress[campaign.pk])
        (shown.asking if asks(campaign) else shown.campaigns).append(row)
    shown.spending = spending_of(shown.figures, campaigns)
    light = ("contact", "campaign", "provider")
    shown.decision_counts = decision_kinds.count(calls, now, doubtful_wishes.counted(person))
    shown.doubtful_wishes = shown.decision_counts.pop(doubtful_wishes.KEY, 0)
    for kind in decision_kinds.KINDS:
        if shown.decision_counts[kind.key]:
            shown.decisions += calls.filter(kind.condition(now)).select_related(*light)[:CALLS_SHOWN]
    given = hand_overs.left_to(person)
    shown.hand_overs = hand_overs.rows_of(given[: HAND_OVERS_SHOWN + 1], person)
    shown.hand_overs_count = given.count() if len(shown.hand_overs) > HAND_OVERS_SHOWN else len(shown.hand_overs)
    del shown.hand_overs[HAND_OVERS_SHOWN:]
    shown.called_back = called_back.open_to(person)
    shown.callbacks = callbacks.todays(person, now)
    shown.to_confirm = two_people.count_for(person)
    strangers = UnknownVendorCall.objects.none()
    if may(person, "review_vendor_calls"):
        strangers = seen_by(person, UnknownVendorCall.objects.filter(state=UnknownVendorCall.State.OPEN))
    shown.strangers, shown.numbers_to_confirm = _counts(strangers, own_numbers.all_waiting_for(person))
    shown.providers = list(seen_by(person, Provider.objects.filter(is_active=True))[:PROVIDERS_SHOWN])
    shown.halted = [
        provider
        for provider in shown.providers
        if provider.halted_at or provider.frozen_at or (provider.uncompared_since and provider.compare_problem)
    ]
    if not campaigns:
        shown.has_calls = calls.exists()
        shown.has_people = seen_by(person, Contact.objects.all()).exists()
    return shown


def _counts(*kinds: QuerySet[Any]) -> list[int]:
    """Count rows of several models in one statement."""
    each = [
        rows.order_by().annotate(kind=Value(place)).values("kind").annotate(n=Count("pk")).values_list("kind", "n")
        for place, rows in enumerate(kinds)
    ]
    found = dict(each[0].union(*each[1:], all=True))
    return [found.get(place, 0) for place in range(len(kinds))]
