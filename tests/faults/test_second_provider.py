"""Two dispatchers, two providers, one list of people: however they race and whatever stops meanwhile, each call leaves
once, through the provider that its row names."""

from __future__ import annotations

import datetime
import random
import threading
import uuid
from collections import Counter

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from campaigns.core import leases
from campaigns.core.clock import DatabaseClock
from campaigns.dialing import order_results, reservation
from campaigns.dialing.commit_point import CommittedCall, commit_calls
from campaigns.dialing.order_results import OrderAnswer
from campaigns.models import Call, Campaign, SecondProvider
from providers.exceptions import NotSent, OutcomeUnknown, ProviderError
from providers.models import Provider
from providers.types import CallStatus, PlacedCall
from tests.conftest import make_agent, make_provider
from tests.situations import LeasedProvider

PEOPLE = 40


class Dispatcher:
    """Carries one provider's orders as a slice does: reserves, commits, and writes down what it sent."""

    def __init__(self, provider: Provider, token: uuid.UUID, seed: int) -> None:
        self.provider, self.token, self.chance = provider, token, random.Random(seed)
        self.kept: list[int] = []
        self.sent: list[CommittedCall] = []

    def step(self) -> None:
        """Run one round; a lost race or a locked database costs the round, as in a slice."""
        try:
            self.kept += reservation.reserve(self.provider.pk, self.token, 8, timezone.now())
            group, self.kept = self.kept[:6], self.kept[6:]
            result = commit_calls(self.provider.pk, self.token, group, 4, DatabaseClock())
            self.sent += result.committed
            if self.chance.random() < 0.5:
                self.kept += result.left
            else:
                reservation.release_some(self.token, result.left)
            self.answer(result.committed)
        except OperationalError:
            connection.close()

    def answer(self, committed: list[CommittedCall]) -> None:
        for one in committed:
            # Most are taken; some are lost, which must never move; none is sent again but by a whole refusal before.
            lost = self.chance.random() < 0.3
            error: ProviderError = OutcomeUnknown("cut")
            placed = PlacedCall(remote_id=f"r-{one.call_id}", raw_status="queued", status=CallStatus.QUEUED)
            answer = OrderAnswer(call_id=one.call_id, order=one.order, result=error if lost else placed)
            order_results.write_answers(self.provider.pk, [answer], timezone.now())


class Race:
    """A campaign with two providers, each with a dispatcher of its own."""

    def __init__(self, seed: int, *, same_token: bool) -> None:
        stage = LeasedProvider()
        self.first, self.campaign = stage.provider, stage.campaign
        self.other = make_provider(max_lines=200)
        Provider.objects.update(max_lines=200)
        token = stage.token if same_token else uuid.uuid4()
        assert leases.take("dispatch", self.other.pk, token, timezone.now())
        self.agents = {self.first.pk: self.campaign.agent, self.other.pk: make_agent(self.other)}
        second = SecondProvider.objects.create(
            campaign=self.campaign, provider=self.other, agent=self.agents[self.other.pk], wait_minutes=None,
            price_per_minute=self.other.price_per_minute, currency=self.other.currency,
        )  # fmt: skip
        Campaign.objects.update(second=second)
        for _ in range(PEOPLE):
            stage.call()
        self.dispatchers = [Dispatcher(self.first, stage.token, seed), Dispatcher(self.other, token, seed + 1)]

    def toggle(self, chance: random.Random) -> None:
        """Halt or resume the first provider."""
        at = timezone.now() if chance.random() < 0.5 else None
        # The breaker would open by the lost orders of this race, and hold up the second as well.
        Provider.objects.filter(pk=self.first.pk).update(halted_at=at)
        Provider.objects.update(breaker_opened_at=None, outcomes=[], unknowns_in_row=0)

    def is_waiting(self, chance: random.Random) -> bool:
        """Tell whether a call waits, after a change of the first provider; a locked database is no answer."""
        try:
            self.toggle(chance)
            return Call.objects.filter(status=CallStatus.PENDING).exists()
        except OperationalError:
            return True

    def verdict(self) -> Counter[int]:
        """Check that each call left once at most, through the provider of its row and with that one's agent."""
        left: Counter[int] = Counter()
        for one in self.dispatchers:
            for sent in one.sent:
                left[sent.call_id] += 1
                call = Call.objects.get(pk=sent.call_id)
                assert call.provider_id == one.provider.pk, "its row names the provider that it left through"
                assert sent.order.agent_id == self.agents[one.provider.pk].remote_id
                assert call.agent_id == self.agents[one.provider.pk].pk
        assert not [pk for pk, times in left.items() if times > 1], "nobody is dialled twice"
        waiting = set(Call.objects.filter(status=CallStatus.PENDING).values_list("pk", flat=True))
        assert len(left) + len(waiting) == PEOPLE, "nobody is lost"
        assert not waiting & set(left)
        return left


@pytest.mark.parametrize("same_token", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_of_steps_each_call_leaves_once(transactional_db: None, seed: int, same_token: bool) -> None:
    """Reservations lapse, the first provider stops and resumes between any two steps, and stale ids stay in memory."""
    race, chance = Race(seed, same_token=same_token), random.Random(seed)
    for _ in range(40):
        if chance.random() < 0.4:
            race.toggle(chance)
        if chance.random() < 0.2:
            Call.objects.filter(status=CallStatus.PENDING).update(lease_until=timezone.now() - reservation.RESERVED)
        chance.choice(race.dispatchers).step()
    race.verdict()


def test_two_dispatchers_at_once_never_dial_through_both(transactional_db: None) -> None:
    """On SQLite a commit point excludes every other writer: there the test of any order of steps is the whole proof."""
    if connection.vendor == "sqlite":
        pytest.skip("one writer at a time, and a database in memory that threads cannot share")
    race, chance = Race(7, same_token=False), random.Random(7)
    over = threading.Event()

    def run(one: Dispatcher) -> None:
        while not over.is_set():
            one.step()
        connection.close()

    threads = [threading.Thread(target=run, args=[one]) for one in race.dispatchers]
    for thread in threads:
        thread.start()
    ends = timezone.now() + datetime.timedelta(seconds=600)
    try:
        while timezone.now() < ends and race.is_waiting(chance):
            over.wait(0.05)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    left = race.verdict()
    assert len(left) == PEOPLE


def test_an_order_that_was_not_sent_is_free_for_either(transactional_db: None) -> None:
    """It came back with no byte sent: the first sends it when it can, the second when it may."""
    race = Race(1, same_token=True)
    Provider.objects.filter(pk=race.first.pk).update(halted_at=timezone.now())
    first, second = race.dispatchers
    ids = reservation.reserve(race.other.pk, second.token, 1, timezone.now())
    (sent,) = commit_calls(race.other.pk, second.token, ids, 1, DatabaseClock()).committed
    answer = OrderAnswer(call_id=sent.call_id, order=sent.order, result=NotSent("no connection"))
    order_results.write_answers(race.other.pk, [answer], timezone.now())
    Call.objects.exclude(pk=sent.call_id).update(due_at=timezone.now() + 2 * reservation.RESERVED)
    Call.objects.filter(pk=sent.call_id).update(due_at=timezone.now())
    Provider.objects.filter(pk=race.first.pk).update(halted_at=None)
    assert reservation.reserve(race.other.pk, second.token, 8, timezone.now()) == []
    ids = reservation.reserve(race.first.pk, first.token, 8, timezone.now())
    (again,) = commit_calls(race.first.pk, first.token, ids, 1, DatabaseClock()).committed
    assert (again.call_id, again.order.agent_id) == (sent.call_id, race.campaign.agent.remote_id)
    assert Call.objects.get(pk=sent.call_id).provider == race.first
