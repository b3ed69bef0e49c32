"""The quiet period of a person: over campaigns and vendors, from the check to the commit point, and shown."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.launch import launch_check
from campaigns.models import Campaign
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_call, make_campaign, make_list, make_provider
from tests.situations import LeasedProvider

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.mark.parametrize("of_a_campaign", [True, False])
def test_a_call_through_another_vendor_counts(leased: LeasedProvider, of_a_campaign: bool) -> None:
    Campaign.objects.update(quiet_hours=24)
    elsewhere = make_provider(vendor="vocode")
    other = make_campaign(provider=elsewhere, agent=None) if of_a_campaign else None
    call = leased.call()
    hours_ago = timezone.now() - 3 * HOUR
    make_call(
        provider=elsewhere, campaign=other, to_number=call.to_number, status="no_answer", rank=86, placing_at=hours_ago
    )
    assert not leased.commit(call).committed
    assert (call.status, call.wait_reason, call.due_at) == ("pending", "quiet_period", hours_ago + 24 * HOUR)


def test_after_a_day_the_person_may_be_called_again(leased: LeasedProvider) -> None:
    Campaign.objects.update(quiet_hours=24)
    call = leased.call()
    make_call(to_number=call.to_number, status="completed", rank=90, placing_at=timezone.now() - 25 * HOUR)
    assert len(leased.commit(call).committed) == 1


def test_one_call_a_day_is_the_default(settings) -> None:
    assert Campaign._meta.get_field("quiet_hours").default == settings.QUIET_PERIOD_HOURS == 24


def test_the_check_counts_and_says_it(client, caller) -> None:
    people = make_list(3)
    campaign = make_campaign([people], owner=caller, **ALL_DAY)
    first, second, _third = people.contacts.order_by("pk")
    an_hour_ago = timezone.now() - HOUR
    make_call(provider=make_provider(vendor="voicy"), to_number=first.phone, status="busy", placing_at=an_hour_ago)
    make_call(campaign=campaign, contact=second, status="busy", placing_at=an_hour_ago)
    check = launch_check.check_launch(campaign)
    assert dict(check.verdicts) == {"quiet_period": 1, "now": 2}
    client.force_login(caller)
    page = text_of(client.get(reverse("campaign-check", args=[campaign.pk])))
    assert "1 later (called recently by another campaign)" in page
    assert "24 hours since any other call to the contact" in page
