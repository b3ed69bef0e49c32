"""Calls through a second provider: when a dispatcher takes them, what is sent, and what never moves."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from callcenter.access.models import Team
from campaigns.core import leases
from campaigns.core.clock import DatabaseClock
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import CommitResult, commit_calls
from campaigns.models import Call, Campaign, DoNotCall, SecondProvider
from campaigns.tracking import restore_guard
from providers.models import Provider
from tests.conftest import make_agent, make_call, make_contact, make_provider
from tests.situations import LeasedProvider

CLOCK = DatabaseClock()
MINUTE = datetime.timedelta(minutes=1)


class Pair(LeasedProvider):
    """A leased provider with a running campaign, and a second one, leased too."""

    def __init__(self, **agreed: Any) -> None:
        super().__init__()
        self.other = make_provider(name="Other", max_lines=10)
        self.agent = make_agent(self.other)
        assert leases.take("dispatch", self.other.pk, self.token, timezone.now())
        values = {"wait_minutes": 2, "currency": "USD", "price_per_minute": self.other.price_per_minute} | agreed
        self.second = SecondProvider.objects.create(
            campaign=self.campaign, provider=self.other, agent=self.agent, **values
        )
        Campaign.objects.update(second=self.second)
        self.campaign.refresh_from_db()

    def through_second(self, *calls: Call, idle: int = 10) -> CommitResult:
        """Reserve and commit what may go through the second provider, and read these calls back."""
        ids = reservation.reserve(self.other.pk, self.token, 100, timezone.now())
        result = commit_calls(self.other.pk, self.token, ids, idle, CLOCK)
        for call in calls:
            call.refresh_from_db()
        return result

    def halt(self, **fields: Any) -> None:
        """Halt the first provider, or set these columns of it."""
        Provider.objects.filter(pk=self.provider.pk).update(**(fields or {"halted_at": timezone.now()}))


@pytest.fixture
def pair(transactional_db: None) -> Pair:
    return Pair()


@pytest.mark.parametrize(("column", "code"), [("halted_at", "second_halted"), ("breaker_opened_at", "second_paused")])
def test_a_waiting_call_goes_through_the_second_while_the_first_is_stopped(pair: Pair, column: str, code: str) -> None:
    call = pair.call(contact=make_contact(name="Sara"))
    assert not pair.through_second(call).committed
    assert pair.other.pk not in reservation.providers_with_work(timezone.now())
    pair.halt(**{column: timezone.now()})
    assert reservation.providers_with_work(timezone.now()) == [pair.other.pk]
    (sent,) = pair.through_second(call).committed
    assert (sent.order.agent_id, sent.order.variables["who"]) == (pair.agent.remote_id, "Dear Sara")
    assert (call.status, call.provider, call.agent) == ("placing", pair.other, pair.agent)
    assert call.events.filter(code=code, detail=str(pair.provider)).count() == 1


def test_it_waits_for_a_free_line_before_it_goes_the_other_way(pair: Pair) -> None:
    Provider.objects.filter(pk=pair.provider.pk).update(max_lines=1)
    make_call(provider=pair.provider, status="ringing", rank=50, remote_id="live-1", placing_at=timezone.now())
    fresh, long = pair.call(), pair.call(due_at=timezone.now() - 3 * MINUTE)
    assert [one.call_id for one in pair.through_second(fresh, long).committed] == [long.pk]
    assert (fresh.status, fresh.provider) == ("pending", pair.provider)
    assert long.events.filter(code="second_full").exists()


def test_it_does_not_wait_for_a_line_where_that_was_not_agreed(pair: Pair) -> None:
    SecondProvider.objects.update(wait_minutes=None)
    Provider.objects.filter(pk=pair.provider.pk).update(max_lines=1)
    make_call(provider=pair.provider, status="ringing", rank=50, remote_id="live-1", placing_at=timezone.now())
    pair.call(due_at=timezone.now() - 30 * MINUTE)
    assert not pair.through_second().committed


def test_the_first_takes_its_calls_again_when_it_resumes(pair: Pair) -> None:
    """Also one that the second gave back, and one that was reserved for the second just before."""
    given_back = pair.call(provider=pair.other, agent=pair.agent)
    call = pair.call()
    pair.halt()
    ids = reservation.reserve(pair.other.pk, pair.token, 100, timezone.now())
    assert set(ids) == {given_back.pk, call.pk}
    pair.halt(halted_at=None)
    assert not commit_calls(pair.other.pk, pair.token, ids, 10, CLOCK).committed
    reservation.release(pair.token)
    assert len(pair.commit(given_back, call).committed) == 2
    assert (given_back.provider, given_back.agent) == (pair.provider, pair.campaign.agent)
    assert given_back.events.filter(code="first_provider").exists()
    assert not call.events.filter(code="first_provider").exists()


@pytest.mark.parametrize("status", ["placing", "queued", "ringing", "unknown", "completed", "failed"])
def test_what_was_or_may_have_been_sent_never_moves(pair: Pair, status: str) -> None:
    call = pair.call(status=status, rank=40, placing_at=timezone.now(), remote_id="" if status == "unknown" else "r-1")
    pair.halt()
    assert not pair.through_second(call).committed
    assert (call.status, call.provider) == (status, pair.provider)


def test_another_call_to_the_person_and_the_do_not_call_list_hold_there_too(pair: Pair) -> None:
    unknown = make_call(provider=pair.provider, status="unknown", rank=20, placing_at=timezone.now())
    doubted = pair.call(contact=make_contact(phone=unknown.to_number))
    forbidden = pair.call()
    DoNotCall.objects.create(phone=forbidden.to_number)
    pair.halt()
    assert not pair.through_second(doubted, forbidden).committed
    assert (doubted.status, doubted.wait_reason) == ("pending", "live_elsewhere")
    assert (forbidden.status, forbidden.skip_reason) == ("skipped", "do_not_call")


def dearer(pair: Pair) -> None:
    Provider.objects.filter(pk=pair.other.pk).update(price_per_minute=1)


def of_another_team(pair: Pair) -> None:
    Provider.objects.filter(pk=pair.other.pk).update(team=Team.objects.create(name="Others"))


def in_another_currency(pair: Pair) -> None:
    Provider.objects.filter(pk=pair.other.pk).update(currency="IRT")


def agent_gone(pair: Pair) -> None:
    type(pair.agent).objects.filter(pk=pair.agent.pk).update(is_present=False)


def taken_back(pair: Pair) -> None:
    Campaign.objects.update(second=None)


def agreed_anew(pair: Pair) -> None:
    """Another consent for another agent: what was reserved under the old one is judged by the new one."""
    other = SecondProvider.objects.create(campaign=pair.campaign, provider=make_provider(), agent=None)
    Campaign.objects.update(second=other)


def first_frozen(pair: Pair) -> None:
    pair.halt(frozen_at=timezone.now())


def first_not_compared(pair: Pair) -> None:
    pair.halt(uncompared_since=timezone.now())


@pytest.mark.parametrize(
    "spoil",
    [dearer, of_another_team, in_another_currency, agent_gone, taken_back, agreed_anew, first_frozen,
     first_not_compared],
)  # fmt: skip
def test_between_the_reservation_and_the_commit_point_it_may_be_forbidden(pair: Pair, spoil: Any) -> None:
    call = pair.call()
    pair.halt()
    ids = reservation.reserve(pair.other.pk, pair.token, 100, timezone.now())
    assert ids == [call.pk]
    spoil(pair)
    result = commit_calls(pair.other.pk, pair.token, ids, 10, CLOCK)
    assert (result.committed, result.left) == ([], [call.pk])
    reservation.release(pair.token)
    assert reservation.reserve(pair.other.pk, pair.token, 100, timezone.now()) == []
    call.refresh_from_db()
    assert (call.status, call.provider) == ("pending", pair.provider)


def test_the_first_waits_as_well_until_the_calls_of_the_second_are_compared(pair: Pair) -> None:
    """After a restored backup the second may have called whom this database lets wait for the first."""
    call = pair.call()
    Provider.objects.filter(pk=pair.other.pk).update(frozen_at=timezone.now())
    assert not pair.commit(call).committed
    Provider.objects.filter(pk=pair.other.pk).update(frozen_at=None)
    reservation.release(pair.token)
    assert pair.commit(call).committed


def test_where_no_list_tells_the_second_asks_an_admin_too(pair: Pair) -> None:
    pair.call()
    Provider.objects.update(vendor="bitel")
    assert set(restore_guard.ask_where_no_list_tells("doubt")) == {pair.provider.pk, pair.other.pk}


def test_the_reserve_is_at_the_price_of_who_calls(pair: Pair) -> None:
    Provider.objects.filter(pk=pair.provider.pk).update(price_per_minute=Decimal("0.5"), currency="USD")
    Provider.objects.filter(pk=pair.other.pk).update(
        price_per_minute=Decimal("0.1"), currency="USD", max_call_seconds=120
    )
    SecondProvider.objects.update(price_per_minute=Decimal("0.1"), currency="USD")
    Campaign.objects.update(budget=Decimal("0.3"))
    one, two = pair.call(), pair.call()
    pair.halt()
    assert len(pair.through_second(one, two).committed) == 1
    assert {one.reserved_cost, two.reserved_cost} == {Decimal("0.2"), Decimal(0)}
    pair.campaign.refresh_from_db()
    assert pair.campaign.reserved_cost == Decimal("0.2")


def test_the_lines_of_a_campaign_are_one_limit_for_both(pair: Pair) -> None:
    Campaign.objects.update(max_lines=2)
    pair.call(status="ringing", rank=50, remote_id="r-1", placing_at=timezone.now())
    for _ in range(3):
        pair.call()
    pair.halt()
    assert len(pair.through_second().committed) == 1


def test_whom_only_the_first_can_call_is_not_skipped(pair: Pair) -> None:
    """The second provider's text needs a value that this person lacks: the first says something else."""
    SecondProvider.objects.update(text="Hello {city}")
    call = pair.call()
    pair.halt()
    assert not pair.through_second(call).committed
    assert call.status == "pending"
    assert call.due_at > timezone.now()


def test_two_lanes_of_one_slice_that_both_hold_a_call_send_it_once(pair: Pair) -> None:
    """A lapsed reservation stays in a lane's memory, and both lanes have the same token."""
    call = pair.call()
    first = reservation.reserve(pair.provider.pk, pair.token, 100, timezone.now())
    Call.objects.update(lease_until=timezone.now() - MINUTE)
    pair.halt()
    second = reservation.reserve(pair.other.pk, pair.token, 100, timezone.now())
    assert first == second == [call.pk]
    pair.halt(halted_at=None)
    assert len(commit_calls(pair.provider.pk, pair.token, first, 10, CLOCK).committed) == 1
    pair.halt()
    assert not commit_calls(pair.other.pk, pair.token, second, 10, CLOCK).committed
    call.refresh_from_db()
    assert (call.status, call.provider) == ("placing", pair.provider)


def test_a_row_that_changes_just_before_the_write_is_not_sent(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    from campaigns.dialing import second_provider

    call = pair.call()
    pair.halt()
    ids = reservation.reserve(pair.other.pk, pair.token, 100, timezone.now())
    write = second_provider.Seconds.write

    def taken_first(self: Any, token: uuid.UUID, passed: Any, now: datetime.datetime) -> Any:
        Call.objects.filter(pk=call.pk).update(lease=uuid.uuid4())
        return write(self, token, passed, now)

    monkeypatch.setattr(second_provider.Seconds, "write", taken_first)
    assert not commit_calls(pair.other.pk, pair.token, ids, 10, CLOCK).committed
    call.refresh_from_db()
    assert (call.status, call.provider) == ("pending", pair.provider)
