"""Counts what became of the calls of a span, in a fixed number of statements, each one GROUP BY.

Only calls whose order left are counted, by the time at which it left, in the zone in force.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, DecimalField, ExpressionWrapper, F, Q, Sum
from django.db.models.functions import Abs, ExtractHour, ExtractIsoWeekDay, TruncDate
from django.urls import reverse
from django.utils import timezone

from callcenter.access.roles import Person
from campaigns.models import Call, Campaign
from campaigns.querysets import CallQuerySet
from campaigns.services import browsing
from campaigns.services.exporting import start_of
from providers.models import Provider
from providers.types import FINAL, CallStatus

DIFFERENCES = 1_000
"""So many differing calls are listed, those that are off most first."""
TOLERANCE = Decimal("0.01")
"""A vendor's cost counts as differing where it is off by more than this, and by more than a twentieth of itself."""
AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=6)
ENDED = sorted(FINAL - {CallStatus.SKIPPED})


@dataclass(frozen=True, slots=True)
class Scope:
    """What is reported on: days of the viewer's zone, both included, and one campaign or provider or all."""

    since: datetime.date
    until: datetime.date
    campaign: Campaign | None = None
    provider: Provider | None = None

    def days(self) -> list[datetime.date]:
        """Return every day of the span."""
        return [self.since + datetime.timedelta(days=n) for n in range((self.until - self.since).days + 1)]

    def log_link(self, **narrowed: object) -> str:
        """Return the address of the call log that lists exactly the calls behind a figure."""
        asked: dict[str, object] = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        if self.campaign is not None:
            asked["campaign"] = self.campaign.pk
        if self.provider is not None:
            asked["provider"] = self.provider.pk
        asked |= {name: value for name, value in narrowed.items() if value != ""}
        return f"{reverse('call-log')}?{urlencode(asked)}"


@dataclass(slots=True)
class Sums:
    """The figures of one part of the calls."""

    sent: int = 0
    ended: int = 0
    talked: int = 0
    machine: int = 0
    opted_out: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    billed: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Told by the vendor, by currency."""
    estimated: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Our price for the time talked, where the vendor told no cost, by currency."""

    @property
    def open(self) -> int:
        """Sent and not over."""
        return self.sent - self.ended

    @property
    def answer_rate(self) -> float | None:
        """Calls in which a person talked among those that are over, percent."""
        return share(self.talked, self.ended)

    @property
    def voicemail_share(self) -> float | None:
        """Calls answered by a machine among those that are over, percent."""
        return share(self.machine, self.ended)

    @property
    def opt_outs_per_thousand(self) -> float | None:
        """Calls after which the person asked not to be called again, per 1,000 sent."""
        return round(1000 * self.opted_out / self.sent, 1) if self.sent else None

    @property
    def currencies(self) -> list[str]:
        """Currencies in which anything was spent."""
        return sorted({*self.billed, *self.estimated})

    def cost(self, currency: str) -> Decimal:
        """Return what the calls cost in one currency."""
        return self.billed.get(currency, Decimal(0)) + self.estimated.get(currency, Decimal(0))

    def per_conversation(self, currency: str) -> Decimal | None:
        """Return the cost of one conversation; None where nobody talked, or where two currencies share the calls."""
        return self.cost(currency) / self.talked if self.talked and len(self.currencies) == 1 else None


def share(part: int, whole: int) -> float | None:
    """Return a share in percent, to a tenth; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of one weekday, or one attempt: calls that are over, and those in which a person talked."""

    sent: int
    ended: int
    talked: int


@dataclass(slots=True)
class Bill:
    """Our reckoning beside the vendor's, for one provider and currency."""

    provider: Provider
    currency: str
    calls: int = 0
    seconds: int = 0
    told: Decimal = Decimal(0)
    reckoned: Decimal = Decimal(0)
    untold: int = 0
    """Calls with talk time for which the vendor told no cost."""

    @property
    def can_compare(self) -> bool:
        """Tell whether our price is known, and in the vendor's currency."""
        return bool(self.provider.price_per_minute) and self.currency in {"", self.provider.currency}

    @property
    def difference(self) -> Decimal | None:
        """The vendor's cost above ours; None where they cannot be compared."""
        return self.told - self.reckoned if self.can_compare else None

    @property
    def billed_seconds(self) -> int | None:
        """The seconds that the vendor's cost stands for at our price; None where they cannot be compared."""
        return seconds_for(self.told, self.provider) if self.can_compare else None

    @property
    def vendor_price(self) -> Decimal | None:
        """What the vendor took a minute of the time we count; None where nobody talked."""
        return self.told * 60 / self.seconds if self.seconds else None


def seconds_for(amount: Decimal, provider: Provider) -> int:
    """Return the seconds that an amount stands for at a provider's price, which must not be nothing."""
    return int((amount * 60 / provider.price_per_minute).to_integral_value())


@dataclass(frozen=True, slots=True)
class Difference:
    """One call whose cost is not what our price and its length make."""

    call: int
    provider: Provider
    sent_at: datetime.datetime
    seconds: int
    told: Decimal
    reckoned: Decimal
    currency: str


@dataclass(slots=True)
class Figures:
    """Everything that was counted for a scope."""

    scope: Scope
    total: Sums
    campaigns: dict[int, Sums]
    """By campaign; 0 are the single calls."""
    providers: dict[int, Sums]
    days: dict[datetime.date, Sums]
    hours: Mapping[tuple[int, int], Cell]
    """By weekday (1 is Monday) and hour."""
    attempts: Mapping[int, Cell]
    bills: list[Bill]
    differences: list[Difference]
    campaign_names: Mapping[int, str]
    provider_rows: Mapping[int, Provider]


def figures_of_hours(scope: Scope, hours: Mapping[tuple[int, int], Cell]) -> Figures:
    """Return figures that hold nothing but the hours, counted elsewhere."""
    return Figures(
        scope=scope, total=Sums(), campaigns={}, providers={}, days={}, hours=hours, attempts={}, bills=[],
        differences=[], campaign_names={}, provider_rows={},
    )  # fmt: skip


def calls_in(scope: Scope, person: Person) -> CallQuerySet:
    """Return the calls of a scope that this person may see and whose order left."""
    start, end = start_of(scope.since), start_of(scope.until + datetime.timedelta(days=1))
    calls = Call.objects.visible_to(person).filter(placing_at__gte=start, placing_at__lt=end).order_by()
    if scope.campaign is not None:
        calls = calls.filter(campaign=scope.campaign)
    if scope.provider is not None:
        calls = calls.filter(provider=scope.provider)
    return calls


def count(scope: Scope, person: Person) -> Figures:
    """Count all figures of a scope; seven statements, however many rows."""
    calls = calls_in(scope, person)
    providers = {provider.pk: provider for provider in Provider.objects.defer("secrets")}
    total = Sums()
    by_campaign: dict[int, Sums] = defaultdict(Sums)
    by_provider: dict[int, Sums] = defaultdict(Sums)
    by_day: dict[datetime.date, Sums] = defaultdict(Sums)
    for row in _cube(calls):
        provider = providers[row["provider"]]
        parts = (total, by_campaign[row["campaign"] or 0], by_provider[provider.pk], by_day[row["day"]])
        for sums in parts:
            _add(sums, row, provider)
    for row in _opt_outs(calls):
        for sums in (total, by_campaign[row["campaign"] or 0], by_provider[row["provider"]]):
            sums.opted_out += row["n"]
    names = dict(Campaign.objects.filter(pk__in=[pk for pk in by_campaign if pk]).values_list("pk", "name"))
    return Figures(
        scope=scope,
        total=total,
        campaigns=_largest_first(by_campaign),
        providers=_largest_first(by_provider),
        days=dict(sorted(by_day.items())),
        hours=_hours(calls),
        attempts=_attempts(calls),
        bills=_bills(calls, providers),
        differences=_differences(calls, providers),
        campaign_names=names,
        provider_rows=providers,
    )


def _largest_first(parts: dict[int, Sums]) -> dict[int, Sums]:
    return dict(sorted(parts.items(), key=lambda part: (-part[1].sent, part[0])))


def _cube(calls: CallQuerySet) -> Any:
    day = TruncDate("placing_at", tzinfo=timezone.get_current_timezone())
    return (
        calls.annotate(day=day)
        .values("day", "campaign", "provider", "status", "currency")
        .annotate(
            n=Count("pk"),
            talked=Count("pk", filter=browsing.talked()),
            machine=Count("pk", filter=browsing.of_which(browsing.MACHINE)),
            told=Sum("cost"),
            untold_seconds=Sum("talk_seconds", filter=Q(cost__isnull=True)),
        )
    )


def _add(sums: Sums, row: dict[str, Any], provider: Provider) -> None:
    sums.sent += row["n"]
    sums.by_status[row["status"]] += row["n"]
    if row["status"] in ENDED:
        sums.ended += row["n"]
    sums.talked += row["talked"]
    sums.machine += row["machine"]
    if row["told"]:
        sums.billed[row["currency"] or provider.currency] += row["told"]
    if row["untold_seconds"] and provider.price_per_minute:
        sums.estimated[provider.currency] += provider.price_per_minute * row["untold_seconds"] / 60


def _opt_outs(calls: CallQuerySet) -> Any:
    return calls.filter(browsing.of_which(browsing.OPTED_OUT)).values("campaign", "provider").annotate(n=Count("pk"))


CELL: dict[str, Any] = {
    "sent": Count("pk"),
    "ended": Count("pk", filter=Q(status__in=ENDED)),
    "talked": Count("pk", filter=browsing.talked()),
}


def _hours(calls: CallQuerySet) -> dict[tuple[int, int], Cell]:
    zone = timezone.get_current_timezone()
    rows: Any = (
        calls.annotate(
            weekday=ExtractIsoWeekDay("placing_at", tzinfo=zone), hour=ExtractHour("placing_at", tzinfo=zone)
        )
        .values("weekday", "hour")
        .annotate(**CELL)
    )
    return {(row["weekday"], row["hour"]): Cell(row["sent"], row["ended"], row["talked"]) for row in rows}


def _attempts(calls: CallQuerySet) -> dict[int, Cell]:
    rows: Any = calls.values("attempt").annotate(**CELL).order_by("attempt")
    return {row["attempt"]: Cell(row["sent"], row["ended"], row["talked"]) for row in rows}


def _bills(calls: CallQuerySet, providers: Mapping[int, Provider]) -> list[Bill]:
    told = Q(cost__isnull=False)
    rows = (
        calls.values("provider", "currency")
        .annotate(
            calls=Count("pk", filter=told),
            seconds=Sum("talk_seconds", filter=told),
            charged=Sum("cost"),
            untold=Count("pk", filter=~told & Q(talk_seconds__gt=0)),
        )
        .order_by("provider", "currency")
    )
    found: dict[tuple[int, str], Bill] = {}
    for row in rows:
        provider = providers[row["provider"]]
        currency = row["currency"] or provider.currency
        bill = found.setdefault((provider.pk, currency), Bill(provider, currency))
        seconds = row["seconds"] or 0
        bill.calls += row["calls"]
        bill.seconds += seconds
        bill.told += row["charged"] or Decimal(0)
        bill.reckoned += provider.price_per_minute * seconds / 60
        bill.untold += row["untold"]
    return [bill for bill in found.values() if bill.calls or bill.untold]


def _differences(calls: CallQuerySet, providers: Mapping[int, Provider]) -> list[Difference]:
    ours = ExpressionWrapper(F("talk_seconds") * F("provider__price_per_minute") / Decimal(60), AMOUNT)
    off = Abs(ExpressionWrapper(F("cost") - F("ours"), AMOUNT))
    rows: Any = (
        calls.filter(Q(currency="") | Q(currency=F("provider__currency")))
        .filter(cost__isnull=False, talk_seconds__isnull=False, provider__price_per_minute__gt=0)
        .annotate(ours=ours)
        .annotate(off=off)
        .filter(off__gt=TOLERANCE)
        .filter(off__gt=ExpressionWrapper(F("cost") / Decimal(20), AMOUNT))
        .order_by("-off", "pk")
        .values("pk", "provider", "placing_at", "talk_seconds", "cost")[:DIFFERENCES]
    )
    found = []
    for row in rows:
        provider = providers[row["provider"]]
        reckoned = provider.price_per_minute * row["talk_seconds"] / 60
        found.append(
            Difference(
                row["pk"], provider, row["placing_at"], row["talk_seconds"], row["cost"], reckoned, provider.currency
            )
        )
    return found
