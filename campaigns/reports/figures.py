"""Counts the results and costs of the calls of a span of days, in a fixed number of statements.

Only calls whose order was sent are counted, by the time it was sent, in Django's current time zone.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, lru_cache, partial
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, DecimalField, ExpressionWrapper, F, Q
from django.db.models.functions import Abs
from django.urls import reverse

from callcenter.access.roles import Person
from callcenter.formats.zones import start_of
from campaigns.calls import call_log, call_log_filters
from campaigns.core import results
from campaigns.core.scope import heard_by, seen_by
from campaigns.models import Call, Campaign
from campaigns.models.calls import CallQuerySet
from campaigns.reports.answered import Asked, read_answers
from campaigns.reports.rollup_reads import RollupCounts, read_counts
from campaigns.reports.rollups import COUNTS
from providers.models import Provider

DIFFERENCES = 1_000
"""Most differing calls that are listed, largest difference first."""
TOLERANCE = Decimal("0.01")
"""A vendor's cost counts as differing if it is off by more than this and by more than a twentieth of itself."""
AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=6)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report covers: days of the viewer's zone, both included, and one campaign or provider, or all."""

    since: datetime.date
    until: datetime.date
    campaign: Campaign | None = None
    provider: Provider | None = None

    def days(self) -> list[datetime.date]:
        """Return every day of the span."""
        return [self.since + datetime.timedelta(days=n) for n in range((self.until - self.since).days + 1)]

    @property
    def start(self) -> datetime.datetime:
        """The first instant of the span."""
        return start_of(self.since)

    @property
    def end(self) -> datetime.datetime:
        """The first instant after the span."""
        return start_of(self.until + datetime.timedelta(days=1))

    def narrowed(self) -> dict[str, Any]:
        """Return the scope's campaign and provider as keyword filters of a query."""
        parts = {"campaign": self.campaign, "provider": self.provider}
        return {name: part for name, part in parts.items() if part is not None}

    def log_link(self, **narrowed: object) -> str:
        """Return the address of the call log with exactly the calls of a figure; `narrowed` are its further filters."""
        asked: dict[str, object] = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        if self.campaign is not None:
            asked["campaign"] = self.campaign.pk
        if self.provider is not None:
            asked["provider"] = self.provider.pk
        asked |= {name: value for name, value in narrowed.items() if value != ""}
        return f"{_log_address()}?{'&'.join(_pair(name, str(value)) for name, value in asked.items())}"


# Cached: a report has a thousand links into the call log, made of a few hundred pairs.


@cache
def _log_address() -> str:
    return reverse("call-log")


@lru_cache(maxsize=4096)
def _pair(name: str, value: str) -> str:
    return urlencode({name: value})


@dataclass(slots=True)
class FigureSums:
    """The figures of one group of calls."""

    sent: int = 0
    opted_out: int = 0
    talk_seconds: int = 0
    by_result: Counter[str] = field(default_factory=Counter)
    """Ended calls by result, under the names of `results.COUNTED`."""
    billed: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Costs reported by the vendor, by currency."""
    estimated: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Talk time at our price, for calls without a reported cost, by currency."""

    def add_calls(self, numbers: Sequence[int]) -> None:
        """Add counts of calls, in the order of `rollups.COUNTS`."""
        found = dict(zip(COUNTS, numbers, strict=True))
        self.sent += found.pop("sent")
        self.by_result.update(found)

    def add_costs(self, costs: Sequence[Any], currency: str, provider: Provider) -> None:
        """Add costs, in the order of `rollups.COSTS`; calls without a reported cost are added at our price."""
        told, priced, priced_seconds, _unpriced, unpriced_seconds = costs
        self.talk_seconds += priced_seconds + unpriced_seconds
        if priced and told:
            self.billed[currency or provider.currency] += told
        if unpriced_seconds and provider.price_per_minute:
            self.estimated[provider.currency] += provider.price_per_minute * unpriced_seconds / 60

    @property
    def ended(self) -> int:
        """Calls that were sent and have ended."""
        return self.by_result.total()

    @property
    def talked(self) -> int:
        """Calls in which a person talked."""
        return self.by_result[results.ANSWERED]

    @property
    def machine(self) -> int:
        """Calls that a machine answered."""
        return self.by_result[results.VOICEMAIL]

    @property
    def open(self) -> int:
        """Calls that were sent and have not ended."""
        return self.sent - self.ended

    @property
    def answer_rate(self) -> float | None:
        """Calls in which a person talked, in percent of the ended calls."""
        return share(self.talked, self.ended)

    @property
    def voicemail_share(self) -> float | None:
        """Calls answered by a machine, in percent of the ended calls."""
        return share(self.machine, self.ended)

    @property
    def opt_outs_per_thousand(self) -> float | None:
        """Calls that led to an opt-out, per 1,000 sent."""
        return round(1000 * self.opted_out / self.sent, 1) if self.sent else None

    @property
    def currencies(self) -> list[str]:
        """Currencies of all costs."""
        return sorted({*self.billed, *self.estimated})

    def cost(self, currency: str) -> Decimal:
        """Return the total cost in one currency, reported and estimated."""
        return self.billed.get(currency, Decimal(0)) + self.estimated.get(currency, Decimal(0))

    def per_conversation(self, currency: str) -> Decimal | None:
        """Return the cost of one conversation; None if nobody talked, or if there are costs in several currencies."""
        return self.cost(currency) / self.talked if self.talked and len(self.currencies) == 1 else None


def share(part: int, whole: int) -> float | None:
    """Return `part` in percent of `whole`, to a tenth; None if `whole` is 0."""
    return round(100 * part / whole, 1) if whole else None


@dataclass(frozen=True, slots=True)
class Cell:
    """Counts of one hour of the week, or of one attempt: ended calls, and those in which a person talked."""

    sent: int
    ended: int
    talked: int


@dataclass(slots=True)
class Bill:
    """Our estimate compared with the vendor's reported costs, for one provider and currency."""

    provider: Provider
    currency: str
    calls: int = 0
    seconds: int = 0
    told: Decimal = Decimal(0)
    reckoned: Decimal = Decimal(0)
    untold: int = 0
    """Calls with talk time for which the vendor reported no cost."""

    @property
    def can_compare(self) -> bool:
        """Return whether our price is set, in the vendor's currency."""
        return bool(self.provider.price_per_minute) and self.currency in {"", self.provider.currency}

    @property
    def difference(self) -> Decimal | None:
        """The vendor's cost minus our estimate; None if they cannot be compared."""
        return self.told - self.reckoned if self.can_compare else None

    @property
    def billed_seconds(self) -> int | None:
        """The talk seconds that the vendor's cost buys at our price; None if they cannot be compared."""
        return seconds_for(self.told, self.provider) if self.can_compare else None

    @property
    def vendor_price(self) -> Decimal | None:
        """The vendor's cost for each minute of talk time; None if there was none."""
        return self.told * 60 / self.seconds if self.seconds else None


def seconds_for(amount: Decimal, provider: Provider) -> int:
    """Return the talk seconds that an amount buys at a provider's price, which must be set."""
    return int((amount * 60 / provider.price_per_minute).to_integral_value())


@dataclass(frozen=True, slots=True)
class Difference:
    """One call whose reported cost differs from our price for its talk time."""

    call: int
    provider: Provider
    sent_at: datetime.datetime
    seconds: int
    told: Decimal
    reckoned: Decimal
    currency: str


@dataclass(slots=True)
class Figures:
    """All figures of a scope."""

    scope: Scope
    total: FigureSums
    campaigns: dict[int, FigureSums]
    """By campaign id; key 0 is single calls."""
    providers: dict[int, FigureSums]
    days: dict[datetime.date, FigureSums]
    hours: Mapping[tuple[int, int], Cell]
    """By weekday (1 is Monday) and hour."""
    attempts: Mapping[int, Cell]
    bills: list[Bill]
    differences: list[Difference] | None
    """None if not asked for: finding them reads every call of the span, since no stored sum has them."""
    campaign_names: Mapping[int, str]
    provider_rows: Mapping[int, Provider]
    answers: Sequence[Asked] | None = None
    """None if not asked for."""


def figures_of_hours(scope: Scope, hours: Mapping[tuple[int, int], Cell]) -> Figures:
    """Return figures that contain only the given hours."""
    return Figures(
        scope=scope, total=FigureSums(), campaigns={}, providers={}, days={}, hours=hours, attempts={}, bills=[],
        differences=None, campaign_names={}, provider_rows={},
    )  # fmt: skip


def calls_in(scope: Scope, person: Person, start: datetime.datetime | None = None) -> CallQuerySet:
    """Return the sent calls of a scope that this person may see; with `start`, only those sent from then on."""
    calls = seen_by(person, Call.objects.all()).filter(placing_at__gte=start or scope.start, placing_at__lt=scope.end)
    return calls.filter(**scope.narrowed()).order_by()


def count(
    scope: Scope,
    person: Person,
    *,
    reads_differences: bool = True,
    reads_attempts: bool = True,
    reads_answers: bool = False,
) -> Figures:
    """Count the figures of a scope, in a fixed number of statements.

    The costlier parts may be left out: the differing calls (`reads_differences`), the attempts (`reads_attempts`), what
    the calls answered that the person may hear (`reads_answers`).
    """
    calls = calls_in(scope, person)
    providers = {provider.pk: provider for provider in Provider.objects.all()}
    counts = read_counts(
        partial(calls_in, scope, person), scope.start, scope.end, scope.narrowed(), person,
        by_attempt=reads_attempts,
    )  # fmt: skip
    total = FigureSums()
    by_campaign: dict[int, FigureSums] = defaultdict(FigureSums)
    by_provider: dict[int, FigureSums] = defaultdict(FigureSums)
    by_day: dict[datetime.date, FigureSums] = defaultdict(FigureSums)
    for (day, campaign, provider_id), numbers in counts.parts.items():
        for sums in (total, by_campaign[campaign or 0], by_provider[provider_id], by_day[day]):
            sums.add_calls(numbers)
    for (day, campaign, provider_id, currency), costs in counts.costs.items():
        for sums in (total, by_campaign[campaign or 0], by_provider[provider_id], by_day[day]):
            sums.add_costs(costs, currency, providers[provider_id])
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
        hours={(weekday, hour): _cell(numbers) for (weekday, hour), numbers in counts.hours.items()},
        attempts={attempt: _cell(numbers) for (attempt,), numbers in sorted(counts.attempts.items())},
        bills=_bills(counts, providers),
        differences=_differences(calls, providers) if reads_differences else None,
        campaign_names=names,
        provider_rows=providers,
        answers=read_answers(heard_by(person, calls), list(names)) if reads_answers else None,
    )


def _cell(numbers: Sequence[int]) -> Cell:
    found = dict(zip(COUNTS, numbers, strict=True))
    sent = found.pop("sent")
    return Cell(sent, sum(found.values()), found[results.ANSWERED])


def _largest_first(parts: dict[int, FigureSums]) -> dict[int, FigureSums]:
    return dict(sorted(parts.items(), key=lambda part: (-part[1].sent, part[0])))


def _opt_outs(calls: CallQuerySet) -> Any:
    return (
        calls.filter(call_log.of_which(call_log_filters.OPTED_OUT))
        .values("campaign", "provider")
        .annotate(n=Count("pk"))
    )


def _bills(counts: RollupCounts, providers: Mapping[int, Provider]) -> list[Bill]:
    found: dict[tuple[int, str], Bill] = {}
    for (_day, _campaign, provider_id, told_currency), costs in sorted(counts.costs.items(), key=_by_provider):
        told, priced, priced_seconds, unpriced, _seconds = costs
        provider = providers[provider_id]
        currency = told_currency or provider.currency
        bill = found.setdefault((provider_id, currency), Bill(provider, currency))
        bill.calls += priced
        bill.seconds += priced_seconds
        bill.told += told
        bill.reckoned += provider.price_per_minute * priced_seconds / 60
        bill.untold += unpriced
    return [bill for bill in found.values() if bill.calls or bill.untold]


def _by_provider(item: tuple[tuple[Any, ...], Any]) -> tuple[Any, ...]:
    return item[0][2:]


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
