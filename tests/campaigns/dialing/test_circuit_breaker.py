"""The breaker: what counts as one event, and what opens it."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from campaigns.dialing import circuit_breaker
from campaigns.dialing.circuit_breaker import Result
from providers.exceptions import OutcomeUnknown
from providers.models import Provider
from providers.types import CallStatus, PlacedCall
from tests.conftest import make_provider

pytestmark = pytest.mark.django_db

LOST = OutcomeUnknown("The order left, but no answer came.")
TAKEN = PlacedCall(remote_id="call-1", raw_status="queued", status=CallStatus.QUEUED)


def weigh(provider: Provider, *groups: list[Result]) -> bool:
    """Weigh groups of results ten seconds apart; returns whether the breaker is open after them."""
    now = timezone.now()
    for number, group in enumerate(groups):
        locked = circuit_breaker.lock_provider(provider.pk)
        with circuit_breaker.saving(locked):
            circuit_breaker.weigh_answers(locked, group, now + datetime.timedelta(seconds=10 * number))
    return Provider.objects.get(pk=provider.pk).breaker_opened_at is not None


def test_orders_of_one_instant_that_hang_together_are_one_event() -> None:
    """One outage of a moment, seen by four lines, is no vendor that fails three times in a row."""
    provider = make_provider()
    assert not weigh(provider, [(LOST, 30.0)] * 4)
    assert Provider.objects.get(pk=provider.pk).unknowns_in_row == 1


def test_they_are_one_event_also_where_their_answers_come_in_groups() -> None:
    assert not weigh(make_provider(), [(LOST, 30.0)] * 2, [(LOST, 39.5)], [(LOST, 49.0)])


def test_five_at_once_open_it() -> None:
    assert weigh(make_provider(), [(LOST, 30.0)] * 5)


def test_three_instants_in_a_row_open_it() -> None:
    assert weigh(make_provider(), [(LOST, 1.0)], [(LOST, 1.0)], [(LOST, 1.0)])


def test_orders_one_after_the_other_are_events_of_their_own_however_quick() -> None:
    provider, now = make_provider(), timezone.now()
    for number in range(3):
        locked = circuit_breaker.lock_provider(provider.pk)
        with circuit_breaker.saving(locked):
            # Each left when the answer to the one before was known.
            at = now + datetime.timedelta(seconds=0.1 * (number + 1))
            circuit_breaker.weigh_answers(locked, [(LOST, 0.09)], at)
    assert Provider.objects.get(pk=provider.pk).breaker_opened_at


def test_an_order_that_was_taken_between_ends_the_row() -> None:
    assert not weigh(make_provider(), [(LOST, 1.0)], [(LOST, 1.0)], [(TAKEN, 1.0)], [(LOST, 1.0)])
