"""Which due calls a dispatcher takes: single calls first, then every campaign in turn."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from campaigns.dialing import reservation
from campaigns.models import Call
from providers.models import Provider
from tests.conftest import ALL_DAY, make_agent, make_call, make_campaign, make_contact, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Provider:
    """A provider with two running campaigns of five waiting people each."""
    found = make_provider(max_lines=2)
    agent = make_agent(found)
    for _ in range(2):
        campaign = make_campaign(provider=found, agent=agent, status="running", is_filled=True, **ALL_DAY)
        for _person in range(5):
            make_call(campaign=campaign, contact=make_contact(), agent=agent, due_at=timezone.now())
    return found


def campaigns_of(ids: list[int]) -> list[int | None]:
    found = dict(Call.objects.filter(pk__in=ids).values_list("pk", "campaign"))
    return [found[pk] for pk in ids]


def test_campaigns_take_turns(provider: Provider) -> None:
    """Where one campaign's own lines or pace are used up, the next call is another's, whatever few lines are free."""
    turns = campaigns_of(reservation.reserve(provider.pk, uuid.uuid4(), 8, timezone.now()))
    assert len(turns) == 8
    assert all(turns[at] != turns[at + 1] for at in range(7))


def test_any_campaign_may_begin(provider: Provider) -> None:
    """With one line only one call is tried at a time: it must not always be the same campaign's."""
    first = set()
    for _ in range(40):
        token = uuid.uuid4()
        first.update(campaigns_of(reservation.reserve(provider.pk, token, 1, timezone.now())))
        reservation.release(token)
    assert len(first) == 2


def test_single_calls_go_first_and_nobody_is_taken_twice(provider: Provider) -> None:
    asked = make_call(provider=provider, due_at=timezone.now())
    token = uuid.uuid4()
    ids = reservation.reserve(provider.pk, token, 100, timezone.now())
    assert ids[0] == asked.pk
    assert len(ids) == len(set(ids)) == 11
    assert reservation.reserve(provider.pk, uuid.uuid4(), 100, timezone.now()) == []
