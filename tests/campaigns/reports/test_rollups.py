"""The sums behind the reports: the same figures as the calls themselves, whatever changed since."""

from __future__ import annotations

import datetime
import io
import zoneinfo
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from campaigns.models import Call, CallTally, Campaign, CostTally, TallyMark
from campaigns.reports import figures as figures_module
from campaigns.reports import rollup_reads, rollups
from campaigns.reports.figures import Figures, Scope
from providers.models import Provider

UNTIL = datetime.datetime(2026, 4, 2, 12, 7, tzinfo=datetime.UTC)
ZONES = ("UTC", "Asia/Tehran", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu")


@pytest.fixture
def past(db: None) -> None:
    call_command("make_history", contacts=300, calls=900, until=UNTIL.isoformat(), stdout=io.StringIO())


def scope_of(days: int = 60, **narrowed: Any) -> Scope:
    until = UNTIL.date()
    return Scope(until - datetime.timedelta(days=days), until, **narrowed)


def comparable(figures: Figures) -> dict[str, Any]:
    """Return all figures, costs to a millionth."""

    def sums(found: figures_module.FigureSums) -> Any:
        costs = {currency: round(found.cost(currency), 6) for currency in found.currencies}
        return found.sent, found.ended, found.talked, found.machine, found.opted_out, dict(found.by_result), costs

    return {
        "total": sums(figures.total),
        "campaigns": {key: sums(one) for key, one in figures.campaigns.items()},
        "providers": {key: sums(one) for key, one in figures.providers.items()},
        "days": {key: sums(one) for key, one in figures.days.items() if one.sent},
        "hours": dict(figures.hours),
        "attempts": dict(figures.attempts),
        "bills": [
            (bill.provider.pk, bill.currency, bill.calls, bill.seconds, bill.told, bill.untold)
            for bill in figures.bills
        ],
        "differences": [found.call for found in figures.differences],
    }


def from_calls(scope: Scope, person: User) -> dict[str, Any]:
    """Count without any sums."""
    kept = TallyMark.objects.values_list("through", flat=True).first() or 0
    TallyMark.objects.update(through=0)
    found = comparable(figures_module.count(scope, person))
    TallyMark.objects.update(through=kept)
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.usefixtures("past")
def test_sums_and_calls_tell_the_same(zone: str, admin_person: User) -> None:
    rollups.rebuild(UNTIL)
    assert rollups.summed_through() == rollups.quarter_of(UNTIL) - 2
    with timezone.override(zoneinfo.ZoneInfo(zone)):
        campaign, provider = Campaign.objects.order_by("pk").first(), Provider.objects.order_by("pk").first()
        for scope in (scope_of(), scope_of(3), scope_of(campaign=campaign), scope_of(provider=provider)):
            assert comparable(figures_module.count(scope, admin_person)) == from_calls(scope, admin_person)


@pytest.mark.usefixtures("past")
def test_sums_are_what_a_loop_over_the_calls_counts(admin_person: User) -> None:
    rollups.rebuild(UNTIL)
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    with timezone.override(berlin):
        figures = figures_module.count(scope_of(), admin_person)
        by_day: dict[datetime.date, int] = {}
        hours: dict[tuple[int, int], int] = {}
        cost = Decimal(0)
        for call in Call.objects.filter(placing_at__isnull=False):
            there = timezone.localtime(call.placing_at)
            if not figures.scope.since <= there.date() <= figures.scope.until:
                continue
            by_day[there.date()] = by_day.get(there.date(), 0) + 1
            hours[there.isoweekday(), there.hour] = hours.get((there.isoweekday(), there.hour), 0) + 1
            cost += call.cost or 0
    assert {day: sums.sent for day, sums in figures.days.items()} == by_day
    assert {key: cell.sent for key, cell in figures.hours.items()} == hours
    assert sum(bill.told for bill in figures.bills) == cost


@pytest.mark.usefixtures("past")
def test_a_late_change_is_counted_within_the_minute(admin_person: User) -> None:
    rollups.rebuild(UNTIL)
    call = Call.objects.filter(status="no_answer", placing_at__lt=UNTIL - datetime.timedelta(days=3)).latest("pk")
    later = UNTIL + datetime.timedelta(minutes=1)
    Call.objects.filter(pk=call.pk).update(
        status="completed", talk_seconds=70, cost=Decimal("0.0700"), currency="EUR", changed_at=later
    )
    assert rollups.keep_sums(later) >= 1
    found = comparable(figures_module.count(scope_of(), admin_person))
    assert found == from_calls(scope_of(), admin_person)
    assert CostTally.objects.filter(currency="EUR", told=Decimal("0.07"), priced_seconds=70).exists()


@pytest.mark.usefixtures("past")
def test_a_second_look_writes_no_row_twice() -> None:
    rollups.rebuild(UNTIL)
    columns = ("quarter", "campaign", "provider", "attempt", "sent")
    before = sorted(CallTally.objects.values_list(*columns), key=str)
    for minute in range(3):
        rollups.keep_sums(UNTIL + datetime.timedelta(minutes=minute))
    assert sorted(CallTally.objects.values_list(*columns), key=str) == before


@pytest.mark.usefixtures("past")
def test_a_caller_never_sees_the_sums_of_others(caller: User) -> None:
    rollups.rebuild(UNTIL)
    Call.objects.filter(pk__in=Call.objects.filter(placing_at__isnull=False)[:3].values("pk")).update(owner=caller)
    assert figures_module.count(scope_of(200), caller).total.sent == 3


@pytest.mark.usefixtures("past")
def test_few_calls_a_round_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rollups.rebuild(UNTIL)
    columns = ("quarter", "campaign", "provider", "attempt", "sent", "talked")
    whole = sorted(CallTally.objects.values_list(*columns), key=str)
    monkeypatch.setattr(rollups, "CALLS_A_ROUND", 50)
    rollups.rebuild(UNTIL)
    assert sorted(CallTally.objects.values_list(*columns), key=str) == whole


@pytest.mark.django_db
def test_the_command_says_how_much() -> None:
    told = io.StringIO()
    call_command("sum_up_calls", stdout=told)
    assert "quarters of an hour are summed" in told.getvalue()


@pytest.mark.parametrize("zone", ZONES)
def test_the_local_clock_follows_every_change(zone: str) -> None:
    there = zoneinfo.ZoneInfo(zone)
    first = rollups.quarter_of(datetime.datetime(2026, 1, 1, tzinfo=there))
    end = rollups.quarter_of(datetime.datetime(2027, 1, 1, tzinfo=there))
    clock = rollup_reads.LocalClock(there, first, end)
    for quarter in range(first, end, 7):
        local = rollups.moment(quarter).astimezone(there).replace(tzinfo=datetime.UTC)
        assert clock.seconds_of(quarter) == int(local.timestamp())
