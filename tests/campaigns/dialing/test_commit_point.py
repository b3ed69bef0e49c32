"""The commit point: what it lets pass, what waits, what is skipped, and what it never does."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.core import budget
from campaigns.core.clock import DatabaseClock
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import commit_calls
from campaigns.models import Call, Campaign, DialingSwitch, DoNotCall
from providers.models import Provider
from tests.conftest import make_call, make_campaign, make_contact
from tests.situations import LeasedProvider

HOUR = datetime.timedelta(hours=1)
CLOCK = DatabaseClock()


def test_who_lacks_a_word_of_the_message_by_now_is_not_called(leased: LeasedProvider) -> None:
    whole, edited = leased.call(contact=make_contact(name="Sara")), leased.call(contact=make_contact(name="Sara"))
    edited.contact.name = " "
    edited.contact.save()
    result = leased.commit(whole, edited)
    assert [committed.call_id for committed in result.committed] == [whole.pk]
    assert (edited.status, edited.skip_reason, edited.placing_at) == ("skipped", "missing_variable", None)
    assert "a variable of the message is empty" in edited.events.latest("id").detail


def test_a_due_call_passes_once_with_its_variables(leased: LeasedProvider) -> None:
    call = leased.call(contact=make_contact(name="Sara"))
    result = leased.commit(call)
    assert [committed.call_id for committed in result.committed] == [call.pk]
    assert result.committed[0].order.variables["who"] == "Dear Sara"
    assert (call.status, bool(call.placing_at), bool(call.deadline_at)) == ("placing", True, True)
    assert commit_calls(leased.provider.pk, leased.token, [call.pk], 10, CLOCK).committed == []


def test_a_call_reserved_by_somebody_else_does_not_pass(leased: LeasedProvider) -> None:
    call = leased.call()
    reservation.reserve(leased.provider.pk, uuid.uuid4(), 10, timezone.now())
    assert commit_calls(leased.provider.pk, leased.token, [call.pk], 10, CLOCK).committed == []
    call.refresh_from_db()
    assert call.status == "pending"


def test_a_lapsed_reservation_does_not_pass(leased: LeasedProvider) -> None:
    call = leased.call()
    ids = reservation.reserve(leased.provider.pk, leased.token, 10, timezone.now())
    Call.objects.update(lease_until=timezone.now() - HOUR)
    assert commit_calls(leased.provider.pk, leased.token, ids, 10, CLOCK).committed == []
    call.refresh_from_db()
    assert call.status == "pending"


def test_a_dispatcher_that_lost_its_provider_commits_nothing(leased: LeasedProvider) -> None:
    leased.call()
    Provider.objects.update(dispatch_lease=uuid.uuid4())
    result = leased.commit()
    assert (result.committed, result.is_open) == ([], False)


@pytest.mark.parametrize("stop", ["halted_at", "breaker_opened_at", "frozen_at"])
def test_each_of_the_three_stops_lets_nothing_pass(leased: LeasedProvider, stop: str) -> None:
    call = leased.call()
    Provider.objects.update(**{stop: timezone.now()})
    assert not leased.commit(call).committed
    assert call.status == "pending"


def test_a_paused_campaign_lets_nothing_pass_even_when_reserved(leased: LeasedProvider) -> None:
    call = leased.call()
    ids = reservation.reserve(leased.provider.pk, leased.token, 10, timezone.now())
    Campaign.objects.update(status="paused")
    assert commit_calls(leased.provider.pk, leased.token, ids, 10, CLOCK).committed == []
    call.refresh_from_db()
    assert call.status == "pending"


def test_stop_all_lets_nothing_pass(leased: LeasedProvider) -> None:
    leased.call()
    DialingSwitch.objects.update(stopped_at=timezone.now())
    assert not leased.commit().committed


def test_an_opt_out_after_the_reservation_is_seen(leased: LeasedProvider) -> None:
    call = leased.call()
    ids = reservation.reserve(leased.provider.pk, leased.token, 10, timezone.now())
    DoNotCall.objects.create(phone=call.to_number)
    assert commit_calls(leased.provider.pk, leased.token, ids, 10, CLOCK).committed == []
    call.refresh_from_db()
    assert (call.status, call.skip_reason) == ("skipped", "do_not_call")
    assert call.events.get().code == "skipped"


def test_an_expired_opt_out_forbids_nothing(leased: LeasedProvider) -> None:
    call = leased.call()
    DoNotCall.objects.create(phone=call.to_number, expires_at=timezone.now() - HOUR)
    assert leased.commit(call).committed


def test_outside_hours_a_call_waits_for_the_next_opening(leased: LeasedProvider) -> None:
    tehran = timezone.now().astimezone(datetime.timezone(datetime.timedelta(hours=3, minutes=30)))
    Campaign.objects.update(
        hours_start=(tehran + 2 * HOUR).time().replace(microsecond=0),
        hours_end=(tehran + 4 * HOUR).time().replace(microsecond=0),
    )
    call = leased.call()
    assert not leased.commit(call).committed
    assert (call.status, call.wait_reason) == ("pending", "outside_hours")
    assert call.due_at > timezone.now() + HOUR


def test_a_number_without_a_known_zone_is_skipped_not_guessed(leased: LeasedProvider) -> None:
    call = leased.call(contact=make_contact(phone="+88313000000"))
    assert not leased.commit(call).committed
    assert (call.status, call.skip_reason) == ("skipped", "no_zone")


def test_another_live_call_to_the_number_makes_it_wait(leased: LeasedProvider) -> None:
    call = leased.call()
    make_call(status="in_progress", rank=60, to_number=call.to_number, placing_at=timezone.now())
    assert not leased.commit(call).committed
    assert (call.status, call.wait_reason) == ("pending", "live_elsewhere")


def test_an_unknown_call_blocks_any_further_call_to_the_person(leased: LeasedProvider) -> None:
    call = leased.call()
    make_call(status="unknown", rank=20, to_number=call.to_number, placing_at=timezone.now() - 48 * HOUR)
    assert not leased.commit(call).committed


def test_the_quiet_period_holds_across_campaigns_but_not_within_one(leased: LeasedProvider) -> None:
    Campaign.objects.update(quiet_hours=24)
    call, retry = leased.call(), leased.call()
    other = make_campaign(provider=leased.provider)
    hour_ago = timezone.now() - HOUR
    make_call(campaign=other, status="completed", rank=90, to_number=call.to_number, placing_at=hour_ago)
    make_call(campaign=leased.campaign, status="busy", rank=84, to_number=retry.to_number, placing_at=hour_ago)
    result = leased.commit(call, retry)
    assert [committed.call_id for committed in result.committed] == [retry.pk]
    assert (call.status, call.wait_reason) == ("pending", "quiet_period")
    assert call.due_at == hour_ago + 24 * HOUR


def test_lines_are_kept_and_unknown_calls_hold_one_for_the_longest_call(leased: LeasedProvider) -> None:
    Provider.objects.update(max_lines=3)
    now = timezone.now()
    make_call(provider=leased.provider, status="unknown", rank=20, placing_at=now)
    make_call(provider=leased.provider, status="unknown", rank=20, placing_at=now - HOUR)
    make_call(provider=leased.provider, status="wrapping_up", rank=70, placing_at=now)
    for _number in range(5):
        leased.call()
    result = leased.commit()
    assert (len(result.committed), len(result.left)) == (2, 3)


def test_campaign_lines_and_pace_are_kept(leased: LeasedProvider) -> None:
    Campaign.objects.update(max_lines=2)
    for _number in range(4):
        leased.call()
    assert len(leased.commit().committed) == 2
    Call.objects.filter(status="placing").update(status="completed")
    Call.objects.update(lease=None, lease_until=None)
    Campaign.objects.update(max_lines=None, calls_per_minute=20)
    assert len(leased.commit().committed) == 1


def test_the_budget_is_reserved_at_the_worst_case_and_really_stops(leased: LeasedProvider) -> None:
    # 0.05 a minute x 30 minutes = 1.50 for each call that is out.
    Campaign.objects.update(budget=Decimal("3.20"))
    for _number in range(4):
        leased.call()
    result = leased.commit()
    assert len(result.committed) == 2
    assert Call.objects.filter(wait_reason="budget").count() == 2
    assert not result.over_budget
    # Both ended, each as dear as a call can be.
    budget.book({leased.campaign.pk: Decimal("-3.00")}, {leased.campaign.pk: Decimal("3.00")})
    result = leased.commit()
    assert (result.committed, result.over_budget) == ([], {leased.campaign.pk})


def test_the_database_itself_refuses_a_second_live_call_to_a_number(leased: LeasedProvider) -> None:
    call = make_call(status="placing", rank=10)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_call(status="ringing", rank=50, to_number=call.to_number)


@pytest.mark.django_db(transaction=True)
def test_the_commit_point_refuses_to_run_inside_another_transaction() -> None:
    leased = LeasedProvider()
    leased.call()
    ids = reservation.reserve(leased.provider.pk, leased.token, 10, timezone.now())
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        commit_calls(leased.provider.pk, leased.token, ids, 10, CLOCK)
    assert set(Call.objects.values_list("status", flat=True)) == {"pending"}


def test_people_who_were_asked_for_come_first_and_campaigns_share_fairly(leased: LeasedProvider) -> None:
    for _number in range(20):
        leased.call()
    other = make_campaign(provider=leased.provider)
    Campaign.objects.update(status="running")
    for _number in range(20):
        make_call(campaign=other, contact=make_contact())
    single = make_call(provider=leased.provider)
    ids = reservation.reserve(leased.provider.pk, leased.token, 11, timezone.now())
    assert ids[0] == single.pk
    owners = list(Call.objects.filter(pk__in=ids).values_list("campaign_id", flat=True))
    assert (owners.count(leased.campaign.pk), owners.count(other.pk)) == (5, 5)


def test_a_clock_that_was_put_back_holds_calls_for_seconds_only(leased: LeasedProvider) -> None:
    """An hour put back must not mean an hour without calls, for the provider's pace and for the campaign's."""
    ahead = timezone.now().timestamp() + 3600
    Provider.objects.filter(pk=leased.provider.pk).update(pace_tat=ahead, calls_per_minute=60)
    Campaign.objects.filter(pk=leased.campaign.pk).update(pace_tat=ahead, calls_per_minute=60)
    leased.call()
    assert leased.commit().committed == []
    leased.provider.refresh_from_db()
    leased.campaign.refresh_from_db()
    latest = timezone.now().timestamp() + 4
    assert leased.provider.pace_tat < latest
    assert leased.campaign.pace_tat < latest
