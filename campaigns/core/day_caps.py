"""Caps of a day: what a provider's calls, a team's calls and the calls that one person launched may cost a day.

A day is a calendar day in the installation's time zone (`TIME_ZONE`); a call belongs to the day of its commit point.
A cap is in one currency and counts only calls through providers of that currency: two currencies are never added.

What is spent is kept in `DaySpending` as calls end; what live calls may still cost is read from their rows, so that a
kill can neither lose nor double a reserve. Both are read in one statement: a call that ends meanwhile is counted once.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.formats.zones import end_of, start_of
from campaigns.core.sql.bulk import add_rows, literals
from campaigns.core.sql.locking import lock_rows
from campaigns.models import Call, Campaign, DayCap, DaySpending
from campaigns.reasons import MoneyWait
from providers.models import Provider
from providers.types import LIVE

_CALL, _CAMPAIGN = Call._meta.db_table, Campaign._meta.db_table
_PROVIDER, _CAP, _SPENDING = Provider._meta.db_table, DayCap._meta.db_table, DaySpending._meta.db_table
_SMALLEST = Decimal("0.0001")


class Payer(NamedTuple):
    """On whose account a call is: its provider, its team, and who launched it; 0 for none."""

    provider: int
    team: int = 0
    person: int = 0


class Day(NamedTuple):
    """A calendar day of the installation, and when it begins and ends."""

    date: datetime.date
    start: datetime.datetime
    end: datetime.datetime


def payer_of(call: Call) -> Payer:
    """Return the payer of a call; the launcher of a campaign pays for its calls, else who asked for the call."""
    launcher = call.campaign.launched_by_id if call.campaign is not None else None
    return Payer(call.provider_id, call.team_id or 0, launcher or call.owner_id or 0)


def day_of(at: datetime.datetime) -> Day:
    """Return the day of a time in the installation's time zone."""
    zone = timezone.get_default_timezone()
    date = at.astimezone(zone).date()
    return Day(date, start_of(date, zone), end_of(date, zone))


class Rooms:
    """What is left today of the caps that the calls of one commit point are under, all locked until it ends."""

    def __init__(self, provider: Provider, payers: Collection[Payer], now: datetime.datetime) -> None:
        """Lock and read the caps; the caller holds the rows of the provider and the campaigns, locked before.

        `payers` are those that teams' and people's caps may be about: none where no such cap exists.
        """
        self._left: dict[tuple[MoneyWait, int], Decimal] = {}
        caps = {(MoneyWait.PROVIDER_DAY, provider.pk): provider.day_cap} if provider.day_cap is not None else {}
        caps |= _locked_caps(provider.currency, payers) if payers else {}
        if caps:
            used = used_today(provider.currency, now)
            self._left = {key: amount - _used_of(key, used) for key, amount in caps.items()}

    def refusal(self, payer: Payer, cost: Decimal) -> MoneyWait:
        """Return the cap that has no room for a call of this cost; MoneyWait.NONE if all have."""
        for key in _keys(payer):
            left = self._left.get(key)
            if left is not None and cost > left:
                return key[0]
        return MoneyWait.NONE

    def take(self, payer: Payer, cost: Decimal) -> None:
        """Reserve what a call that passes may cost."""
        for key in _keys(payer):
            if key in self._left:
                self._left[key] -= cost


def _keys(payer: Payer) -> tuple[tuple[MoneyWait, int], ...]:
    return (
        (MoneyWait.PROVIDER_DAY, payer.provider),
        (MoneyWait.TEAM_DAY, payer.team),
        (MoneyWait.PERSON_DAY, payer.person),
    )


def _locked_caps(currency: str, payers: Collection[Payer]) -> dict[tuple[MoneyWait, int], Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, team_id, person_id FROM {_CAP} WHERE currency = %s", [currency])  # noqa: S608
        rows = cursor.fetchall()
    if not rows:
        return {}
    teams, people = {payer.team for payer in payers}, {payer.person for payer in payers}
    # Commit points of other providers spend from the same caps: one at a time.
    locked = lock_rows(DayCap, [pk for pk, team, who in rows if team in teams or who in people], _READ)
    return {
        (MoneyWait.TEAM_DAY, cap.team_id) if cap.team_id else (MoneyWait.PERSON_DAY, cap.person_id or 0): cap.amount
        for cap in locked.values()
        if cap.currency == currency
    }


_READ = ("team", "person", "currency", "amount")


def used_today(currency: str, now: datetime.datetime) -> dict[Payer, Decimal]:
    """Return what today's calls in a currency cost, and what those that are live may cost at most, by payer."""
    day = day_of(now)
    moment = connection.ops.adapt_datetimefield_value
    statement = (
        "SELECT c.provider_id, COALESCE(c.team_id, 0), COALESCE(k.launched_by_id, c.owner_id, 0), "  # noqa: S608
        f"SUM(c.reserved_cost) FROM {_CALL} AS c JOIN {_PROVIDER} AS p ON p.id = c.provider_id "
        f"LEFT JOIN {_CAMPAIGN} AS k ON k.id = c.campaign_id "
        f"WHERE c.status IN ({literals(LIVE)}) AND c.placing_at >= %s AND c.placing_at < %s AND p.currency = %s "
        "GROUP BY 1, 2, 3 "
        f"UNION ALL SELECT provider_id, team_key, person_key, amount FROM {_SPENDING} WHERE day = %s AND currency = %s"
    )
    found: dict[Payer, Decimal] = defaultdict(Decimal)
    with connection.cursor() as cursor:
        cursor.execute(statement, [moment(day.start), moment(day.end), currency, day.date.isoformat(), currency])
        for provider, team, person, amount in cursor.fetchall():
            found[Payer(provider, team, person)] += _decimal(amount)
    return found


def _used_of(key: tuple[MoneyWait, int], used: Mapping[Payer, Decimal]) -> Decimal:
    return sum((amount for payer, amount in used.items() if key in _keys(payer)), Decimal(0))


def used_by(used: Mapping[Payer, Decimal], *, provider: int = 0, team: int = 0, person: int = 0) -> Decimal:
    """Return the part of `used_today` that is on the account of one provider, team or person."""
    wanted = {
        (MoneyWait.PROVIDER_DAY, provider), (MoneyWait.TEAM_DAY, team), (MoneyWait.PERSON_DAY, person)
    }  # fmt: skip
    keys = {key for key in wanted if key[1]}
    return sum((amount for payer, amount in used.items() if keys & set(_keys(payer))), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CapToday:
    """A cap of the day and what is used of it."""

    kind: MoneyWait
    amount: Decimal
    used: Decimal
    """Spent, or reserved for calls in progress."""
    currency: str
    until: datetime.datetime
    """When the day of the installation's time zone ends."""

    @property
    def left(self) -> Decimal:
        """What is left today, at least 0."""
        return max(self.amount - self.used, Decimal(0))

    @property
    def title(self) -> str:
        """Whose limit it is."""
        match self.kind:
            case MoneyWait.PROVIDER_DAY:
                return _("Daily spending limit of the provider")
            case MoneyWait.TEAM_DAY:
                return _("Daily spending limit of the team")
            case _other:
                return _("Daily spending limit of the user who launches it")


def caps_of(campaign: Campaign, person_id: int | None) -> list[CapToday]:
    """Return the caps that the calls of a campaign are under where this person launches it, as of now."""
    payer = Payer(campaign.provider_id, campaign.team_id or 0, person_id or 0)
    caps = DayCap.objects.filter(Q(team=payer.team) | Q(person=payer.person), currency=campaign.provider.currency)
    amounts = {_keys(payer)[1 if cap.team_id else 2]: cap.amount for cap in caps}
    if (of_provider := campaign.provider.day_cap) is not None:
        amounts[_keys(payer)[0]] = of_provider
    return today_of(amounts, campaign.provider.currency)


def provider_cap(provider: Provider) -> CapToday | None:
    """Return a provider's cap and what is used of it; None where none is set."""
    if provider.day_cap is None:
        return None
    return today_of({(MoneyWait.PROVIDER_DAY, provider.pk): provider.day_cap}, provider.currency)[0]


def today_of(amounts: Mapping[tuple[MoneyWait, int], Decimal], currency: str) -> list[CapToday]:
    """Return these caps in one currency, by kind and id, with what is used of each."""
    if not amounts:
        return []
    now = timezone.now()
    used, until = used_today(currency, now), day_of(now).end
    return [
        CapToday(kind=key[0], amount=amount, used=_used_of(key, used), currency=currency, until=until)
        for key, amount in amounts.items()
    ]


def book_spent(spent: Iterable[tuple[Call, Decimal]], now: datetime.datetime) -> None:
    """Add what ended calls cost to the days of their commit points, in the caller's transaction; one statement."""
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for call, amount in spent:
        if amount:
            payer = payer_of(call)
            day = day_of(call.placing_at or now).date
            sums[(day, *payer, call.provider.currency)] += amount
    keys = ("day", "provider", "team_key", "person_key", "currency")
    rows = [(*key, sums[key].quantize(_SMALLEST)) for key in sorted(sums)]
    add_rows(DaySpending, keys, "amount", rows)


def _decimal(amount: Any) -> Decimal:
    return Decimal(str(amount or 0)).quantize(_SMALLEST)
