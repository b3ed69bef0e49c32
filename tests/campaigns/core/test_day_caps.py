"""Caps of a day: for a provider, a team and who launches; each currency by itself; they wake by release and by day."""

from __future__ import annotations

import datetime
import threading
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from callcenter.access.models import Team
from campaigns.core import day_caps
from campaigns.core.clock import DatabaseClock
from campaigns.core.day_caps import Payer
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import commit_calls
from campaigns.dialing.commit_point_queries import due_calls
from campaigns.models import Call, Campaign, DayCap, DaySpending
from campaigns.reasons import MoneyWait
from providers.models import Provider
from tests.campaigns.core.spending import Spender
from tests.conftest import make_call, make_provider
from tests.situations import LeasedProvider

pytestmark = pytest.mark.django_db
WORST = Decimal("1.50")
TWO = Decimal("3.20")
"""Room for two calls of 30 minutes."""


@pytest.fixture(autouse=True)
def all_day(settings: Settings) -> None:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="North")


@pytest.mark.parametrize("kind", ["provider", "team", "person"])
@pytest.mark.parametrize("from_campaign", [True, False])
def test_a_cap_holds_calls_of_campaigns_and_single_ones(
    leased: LeasedProvider, team: Team, caller: User, kind: str, from_campaign: bool
) -> None:
    cap_of(kind, leased, team, caller, TWO)
    # Whoever launched a campaign pays for its calls, whoever wrote it.
    Campaign.objects.update(launched_by=caller, team=team)
    own = {} if from_campaign else {"campaign": None, "owner": caller}
    calls = [leased.call(provider=leased.provider, team=team, **own) for _number in range(4)]
    assert len(leased.commit(*calls).committed) == 2
    waits = {call.wait_reason for call in calls if call.status == "pending"}
    assert waits == {"day_cap"}
    expected = {"provider": "provider_day", "team": "team_day", "person": "person_day"}[kind]
    assert Campaign.objects.get().money_wait == (expected if from_campaign else "")


def cap_of(kind: str, leased: LeasedProvider, team: Team, person: User, amount: Decimal) -> None:
    """Set a cap of a day."""
    if kind == "provider":
        Provider.objects.filter(pk=leased.provider.pk).update(day_cap=amount)
    else:
        DayCap.objects.create(
            team=team if kind == "team" else None,
            person=person if kind == "person" else None,
            currency="USD",
            amount=amount,
        )


@pytest.mark.parametrize("kind", ["team", "person"])
def test_calls_of_others_and_of_other_currencies_are_not_counted(
    leased: LeasedProvider, team: Team, caller: User, manager: User, kind: str
) -> None:
    cap_of(kind, leased, team, caller, WORST)
    toman = make_provider(currency="IRT", price_per_minute=900)
    mine = {
        "campaign": None,
        "team": team,
        "owner": caller,
        "status": "in_progress",
        "placing_at": DatabaseClock().now(),
    }
    make_call(**mine | {"provider": toman, "reserved_cost": 27_000})
    make_call(**mine | {"provider": leased.provider, "team": None, "owner": manager, "reserved_cost": 5})
    first = leased.call(campaign=None, provider=leased.provider, team=team, owner=caller)
    second = leased.call(campaign=None, provider=leased.provider, team=team, owner=caller)
    assert [one.call_id for one in leased.commit(first, second).committed] == [first.pk]
    other = leased.call(campaign=None, provider=leased.provider, owner=manager)
    assert [one.call_id for one in leased.commit(other).committed] == [other.pk]


def test_what_was_spent_today_counts_and_what_was_spent_yesterday_does_not(leased: LeasedProvider) -> None:
    Provider.objects.update(day_cap=TWO)
    spender = Spender(leased)
    calls = [leased.call() for _number in range(4)]
    assert len(leased.commit(*calls).committed) == 2
    spender.end(calls[0].pk, 60, Decimal("1.80"))
    assert DaySpending.objects.get().amount == Decimal("1.80")
    # 1.80 spent and 1.50 out: no room for 1.50 more, not even when the second ends for nothing.
    spender.end(calls[1].pk, 0)
    Campaign.objects.update(money_wait="")
    assert leased.commit().committed == []
    DaySpending.objects.update(day=datetime.date(2020, 1, 1))
    Campaign.objects.update(money_wait="")
    assert len(leased.commit().committed) == 2


def test_a_call_belongs_to_the_day_of_its_commit_point_in_the_installations_zone(
    leased: LeasedProvider, settings: Settings
) -> None:
    settings.TIME_ZONE = "Asia/Tehran"
    call = leased.call()
    leased.commit(call)
    # 21:00 UTC is half past midnight in Tehran.
    at = datetime.datetime(2026, 7, 1, 21, tzinfo=datetime.UTC)
    Call.objects.filter(pk=call.pk).update(placing_at=at)
    spender = Spender(leased)
    spender.clock.at = at + datetime.timedelta(days=2)
    spender.end(call.pk, 60)
    assert [str(row.day) for row in DaySpending.objects.all()] == ["2026-07-02"]
    day = day_caps.day_of(at)
    assert (day.end - day.start, day.start) == (
        datetime.timedelta(days=1), datetime.datetime(2026, 7, 1, 20, 30, tzinfo=datetime.UTC)
    )  # fmt: skip
    assert day_caps.used_by(day_caps.used_today("USD", at), provider=leased.provider.pk) == Decimal("0.05")


def test_a_release_of_another_campaign_wakes_whoever_waits_for_the_day(
    leased: LeasedProvider, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, nudges: list[str]
) -> None:
    Provider.objects.update(day_cap=WORST)
    first, _second = leased.call(), leased.call()
    leased.commit()
    waiting = Campaign.objects.get()
    assert waiting.money_wait == MoneyWait.PROVIDER_DAY
    other = LeasedProvider()
    theirs = other.call()
    other.commit()
    with django_capture_on_commit_callbacks(execute=True):
        Spender(other).end(theirs.pk, 0)
    waiting.refresh_from_db()
    assert (waiting.money_wait, nudges) == ("", ["dispatch"])
    assert first.pk


def test_a_later_correction_goes_to_the_same_day(leased: LeasedProvider) -> None:
    call = leased.call()
    leased.commit(call)
    spender = Spender(leased)
    spender.end(call.pk, 60, Decimal("0.05"))
    spender.clock.at += datetime.timedelta(days=3)
    spender.end(call.pk, 60, Decimal("0.09"))
    assert [row.amount for row in DaySpending.objects.all()] == [Decimal("0.09")]


def test_two_commit_points_at_two_providers_share_a_cap(leased: LeasedProvider, team: Team, caller: User) -> None:
    """The second sees what the first reserved; on PostgreSQL the cap's row is locked until the first has committed."""
    cap_of("team", leased, team, caller, TWO)
    other = LeasedProvider()
    for one in (leased, other):
        for _number in range(2):
            one.call(team=team)
        ids = reservation.reserve(one.provider.pk, one.token, 10, DatabaseClock().now())
        commit_calls(one.provider.pk, one.token, ids[:1] if one is leased else ids, 10, DatabaseClock())
    used = day_caps.used_today("USD", DatabaseClock().now())
    assert day_caps.used_by(used, team=team.pk) == 2 * WORST
    assert {payer.provider for payer in used} == {leased.provider.pk, other.provider.pk}


def test_the_rows_of_caps_are_locked(
    leased: LeasedProvider, team: Team, caller: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those that the calls are under: commit points of other teams do not wait."""
    cap_of("team", leased, team, caller, TWO)
    cap_of("person", leased, team, manager, TWO)
    locked: list[tuple[object, list[int]]] = []
    lock_rows = day_caps.lock_rows

    def noting(model: type[DayCap], ids: list[int], columns: tuple[str, ...]) -> dict[int, DayCap]:
        locked.append((model, list(ids)))
        return lock_rows(model, ids, columns)

    monkeypatch.setattr(day_caps, "lock_rows", noting)
    day_caps.Rooms(leased.provider, {Payer(leased.provider.pk, team.pk, caller.pk)}, DatabaseClock().now())
    assert locked == [(DayCap, [DayCap.objects.get(team=team).pk])]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="there a writer excludes every other writer")
@pytest.mark.django_db(transaction=True)
def test_a_second_commit_point_waits_for_the_caps_row() -> None:
    leased, team = LeasedProvider(), Team.objects.create(name="North")
    DayCap.objects.create(team=team, currency="USD", amount=TWO)
    payers = {Payer(leased.provider.pk, team.pk)}
    waited = []

    def other() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
                day_caps.Rooms(leased.provider, payers, DatabaseClock().now())
        except OperationalError:
            waited.append(True)
        finally:
            connection.close()

    with transaction.atomic():
        day_caps.Rooms(leased.provider, payers, DatabaseClock().now())
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert waited == [True]


def test_no_cap_costs_no_statement(leased: LeasedProvider, django_assert_num_queries: object, team: Team) -> None:
    leased.call()
    ids = reservation.reserve(leased.provider.pk, leased.token, 10, DatabaseClock().now())
    read = partial(due_calls, provider_id=leased.provider.pk, ways=lambda _ids: {})
    assert [call.has_caps for call in read(ids, leased.token, DatabaseClock().now())] == [False]
    now = DatabaseClock().now()
    with django_assert_num_queries(0):  # type: ignore[operator]
        rooms = day_caps.Rooms(leased.provider, set(), now)
    assert rooms.refusal(Payer(leased.provider.pk, team.pk), Decimal(10**6)) == MoneyWait.NONE


def test_spending_of_several_payers_is_written_at_once(leased: LeasedProvider, caller: User, team: Team) -> None:
    calls = [
        make_call(provider=leased.provider, owner=caller, placing_at=DatabaseClock().now()),
        make_call(provider=leased.provider, owner=caller, team=team, placing_at=DatabaseClock().now()),
        make_call(provider=leased.provider, placing_at=DatabaseClock().now()),
    ]
    for _again in range(2):
        day_caps.book_spent([(call, Decimal("0.25")) for call in calls], DatabaseClock().now())
    used = day_caps.used_today("USD", DatabaseClock().now())
    assert day_caps.used_by(used, person=caller.pk) == 1
    assert day_caps.used_by(used, team=team.pk) == Decimal("0.5")
    assert day_caps.used_by(used, provider=leased.provider.pk) == Decimal("1.5")
