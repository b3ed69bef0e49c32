"""Campaigns of one provider: their shares of its lines, lines kept for single calls, and whose turn it is."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns.core import leases
from campaigns.core.clock import DatabaseClock
from campaigns.core.line_waits import why_waiting
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import CommitResult, commit_calls
from campaigns.lines import CALLS_BEFORE
from campaigns.models import Call, Campaign
from providers.models import Provider
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_agent, make_call, make_campaign, make_contact
from tests.situations import LeasedProvider, single

_numbers = itertools.count(1)


def campaign_of(leased: LeasedProvider, people: int, **values: object) -> Campaign:
    """Make a running campaign with so many due calls."""
    campaign = make_campaign(
        provider=leased.provider, agent=make_agent(leased.provider), status="running", is_filled=True,
        **(ALL_DAY | values),
    )  # fmt: skip
    for _person in range(people):
        make_call(campaign=campaign, contact=make_contact(), agent=campaign.agent, due_at=timezone.now())
    return campaign


def dispatch(leased: LeasedProvider, wanted: int = 10, batch: int = 10) -> CommitResult:
    """Reserve and pass commit points as a lane does, until nobody passes any more; returns all that passed."""
    done, passed = CommitResult(), True
    while passed:
        assert leases.take("dispatch", leased.provider.pk, leased.token, timezone.now())
        reserved, passed = reservation.reserve(leased.provider.pk, leased.token, wanted, timezone.now()), False
        while reserved:
            ids, reserved = reserved[:batch], reserved[batch:]
            one = commit_calls(leased.provider.pk, leased.token, ids, batch, DatabaseClock())
            done.committed += one.committed
            passed = passed or bool(one.committed)
            reserved = [*one.left, *reserved, *one.limited]
            if (one.left or one.limited) and not one.committed:
                break
        reservation.release(leased.token)
    return done


def campaigns_of(result: CommitResult) -> list[int | None]:
    found = dict(Call.objects.filter(pk__in=[one.call_id for one in result.committed]).values_list("pk", "campaign"))
    return [found[one.call_id] for one in result.committed]


def live_by_campaign() -> Counter[int | None]:
    return Counter(Call.objects.filter(status="placing").values_list("campaign", flat=True))


def end_some(share: float) -> None:
    """End a random part of the live calls."""
    live = list(Call.objects.filter(status="placing").values_list("pk", flat=True))
    over = random.sample(live, round(len(live) * share))
    Call.objects.filter(pk__in=over).update(status="completed", rank=90, talk_seconds=5)


@pytest.fixture
def free(leased: LeasedProvider) -> LeasedProvider:
    """The leased provider, with no pace that holds anybody up."""
    Provider.objects.update(calls_per_minute=100_000)
    return leased


def test_a_campaign_leaves_the_rest_of_the_lines_to_others(free: LeasedProvider) -> None:
    limited, other = campaign_of(free, 20, lines_percent=20), campaign_of(free, 20)
    dispatch(free)
    assert live_by_campaign() == {limited.pk: 2, other.pk: 8}
    now = timezone.now()
    assert "may use 2 of 10 lines" in why_waiting(Provider.objects.get(), Campaign.objects.get(pk=limited.pk), now)
    assert "all lines of the provider are in use (10)" in why_waiting(Provider.objects.get(), other, now)


def test_single_calls_find_a_line_where_some_are_kept(free: LeasedProvider) -> None:
    Provider.objects.update(single_call_lines=3)
    campaign = campaign_of(free, 30, priority="high")
    dispatch(free)
    assert live_by_campaign() == {campaign.pk: 7}
    assert "campaigns may use 7 of 10 lines" in why_waiting(Provider.objects.get(), campaign, timezone.now())
    assert not why_waiting(Provider.objects.get(), None, timezone.now())
    asked = [single(free.provider, f"+98912777{next(_numbers):04d}") for _one in range(3)]
    assert {one.call_id for one in dispatch(free).committed} == {one.pk for one in asked}
    assert live_by_campaign() == {campaign.pk: 7, None: 3}


def test_a_single_call_goes_before_calls_that_were_due_earlier(free: LeasedProvider) -> None:
    campaign_of(free, 5, priority="high")
    asked = single(free.provider, "+989127770000")
    ids = reservation.reserve(free.provider.pk, free.token, 10, timezone.now())
    # One line, and the single call last among those that are reserved.
    result = commit_calls(free.provider.pk, free.token, [*ids[1:], ids[0]], 1, DatabaseClock())
    assert [one.call_id for one in result.committed] == [asked.pk]


@pytest.mark.parametrize("lines", [1, 3])
def test_the_higher_goes_first_and_the_lower_gets_every_tenth_call(free: LeasedProvider, lines: int) -> None:
    Provider.objects.update(max_lines=lines)
    low, high = campaign_of(free, 10, priority="low"), campaign_of(free, 40, priority="high")
    made: list[int | None] = []
    for _round in range(40):
        made += campaigns_of(dispatch(free, wanted=lines, batch=lines))
        end_some(1)
        if len(made) >= 40:
            break
    assert Counter(made[:10]) == {high.pk: CALLS_BEFORE, low.pk: 1}
    assert Counter(made[:40])[low.pk] == 4


def test_a_lower_campaign_uses_what_the_higher_may_not(free: LeasedProvider) -> None:
    high, low = campaign_of(free, 30, priority="high", max_lines=2), campaign_of(free, 30, priority="low")
    dispatch(free)
    assert live_by_campaign() == {high.pk: 2, low.pk: 8}


def test_a_higher_campaign_with_nobody_due_holds_up_nobody(free: LeasedProvider) -> None:
    campaign_of(free, 0, priority="high")
    low = campaign_of(free, 30, priority="low")
    dispatch(free)
    assert live_by_campaign() == {low.pk: 10}


def test_a_lower_campaign_waits_for_those_above_and_says_so(free: LeasedProvider) -> None:
    campaign_of(free, 30, priority="high")
    low = campaign_of(free, 1, priority="low")
    said = why_waiting(Provider.objects.get(), low, timezone.now())
    assert "campaigns with a higher priority go first" in said


@pytest.mark.parametrize("seed", range(3))
def test_shares_hold_at_every_moment_and_everybody_gets_on(free: LeasedProvider, seed: int) -> None:
    """Ten lines, three kept, three campaigns: whatever ends when, no limit is broken and the low one progresses."""
    random.seed(seed)
    Provider.objects.update(single_call_lines=3)
    high = campaign_of(free, 40, priority="high", lines_percent=50)
    normal = campaign_of(free, 40, max_lines=4)
    low = campaign_of(free, 30, priority="low", lines_percent=30)
    for _round in range(8):
        asked = [single(free.provider, f"+98913{seed}{next(_numbers):06d}") for _one in range(random.randint(0, 3))]
        dispatch(free, wanted=random.choice([1, 10, 32]), batch=random.choice([1, 4, 10]))
        live = live_by_campaign()
        assert live[high.pk] <= 5
        assert live[normal.pk] <= 4
        assert live[low.pk] <= 3
        assert live.total() - live[None] <= 7
        assert live.total() <= 10
        if live.total() < 10:
            assert not Call.objects.filter(pk__in=[one.pk for one in asked], status="pending").exists()
        end_some(random.choice([0.2, 0.5, 1]))
    made = Counter(Call.objects.exclude(status="pending").values_list("campaign", flat=True))
    assert made[low.pk] >= made[high.pk] // (CALLS_BEFORE + 2)
    assert made[high.pk] >= made[low.pk]


def test_the_pages_say_why_a_call_waits(free: LeasedProvider, client: Client, manager: User) -> None:
    limited = campaign_of(free, 3, lines_percent=20, owner=manager, launched_at=timezone.now())
    Call.objects.update(owner=manager)
    dispatch(free)
    client.force_login(manager)
    said = "Waits: its campaign may use 2 of 10 lines, and they are in use."
    waits = Call.objects.get(campaign=limited, status="pending")
    for address in (f"/calls/{waits.pk}/", f"/campaigns/{limited.pk}/", f"/campaigns/{limited.pk}/people/"):
        assert said in text_of(client.get(address)), address
