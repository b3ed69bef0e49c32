"""Caps of calls to one person at the commit point, where campaigns and a single call meet at one instant."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from campaigns.core.clock import DatabaseClock
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import CommitResult, commit_calls
from campaigns.models import Call, Campaign
from tests.conftest import make_call, make_contact, make_phone
from tests.situations import LeasedProvider, single

MINUTE = datetime.timedelta(minutes=1)


def at_once(*asked: Callable[[], CommitResult]) -> list[CommitResult]:
    """Run these together, each on a connection of its own."""
    gate = threading.Barrier(len(asked))

    def run(one: Callable[[], CommitResult]) -> CommitResult:
        try:
            gate.wait(30)
            return one()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(run, asked))


def test_two_campaigns_and_a_single_call_do_not_pass_a_cap_together(for_threads: None, settings: Settings) -> None:
    """Four of five calls were made: of three that are due at three providers at one instant, one leaves, ever."""
    settings.PERSON_CALLS_A_DAY, settings.PERSON_CALLS_A_WEEK = 0, 5
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    number = make_phone()
    providers = [LeasedProvider() for _number in range(3)]
    person = make_contact(phone=number)
    Campaign.objects.update(quiet_hours=0)
    for minutes in (20, 30, 40, 50):
        make_call(to_number=number, status="no_answer", placing_at=timezone.now() - minutes * MINUTE)
    calls = [leased.call(contact=person, to_number=number) for leased in providers[:2]]
    calls.append(single(providers[2].provider, number))
    Call.objects.filter(pk=calls[2].pk).update(agent=providers[2].campaign.agent, confirmed_at=timezone.now())

    def commit(leased: LeasedProvider) -> Callable[[], CommitResult]:
        def run() -> CommitResult:
            ids = reservation.reserve(leased.provider.pk, leased.token, 100, timezone.now())
            return commit_calls(leased.provider.pk, leased.token, ids, 10, DatabaseClock())

        return run

    rung = 0
    for _round in range(3):
        results = at_once(*(commit(leased) for leased in providers))
        rung += sum(len(result.committed) for result in results)
        # The one that left ends at once, so that nothing but the cap keeps the others; those are due again.
        Call.objects.filter(status="placing").update(status="no_answer", rank=86)
        Call.objects.filter(status="pending").update(due_at=timezone.now(), lease=None, lease_until=None)
    assert rung == 1
    reasons = [
        (call.status, call.wait_reason or call.skip_reason)
        for call in Call.objects.filter(pk__in=[call.pk for call in calls])
    ]
    assert set(reasons) <= {("no_answer", ""), ("pending", "person_cap"), ("skipped", "person_cap")}
    assert reasons.count(("no_answer", "")) == 1
