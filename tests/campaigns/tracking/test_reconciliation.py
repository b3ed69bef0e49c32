"""A vendor's list after a restored backup, where calls of a campaign may have gone through its second provider."""

from __future__ import annotations

from django.utils import timezone

from campaigns.models import Call, Campaign, SecondProvider, VendorSweep
from providers.models import Provider
from tests.campaigns.tracking.swept_provider import MINUTE, SweptProvider
from tests.conftest import make_campaign, make_contact


def test_who_waits_for_the_first_provider_and_is_in_the_list_of_the_second_is_held(swept: SweptProvider) -> None:
    """The copy of the database is older than the call: nobody knows here that the second provider placed it."""
    since = swept.now - 110 * MINUTE
    VendorSweep.objects.create(provider=swept.provider, complete_until=since)
    Provider.objects.filter(pk=swept.provider.pk).update(frozen_at=swept.now - 20 * MINUTE, frozen_reason="restored")
    campaign = make_campaign(status="running", launched_at=timezone.now())
    second = SecondProvider.objects.create(campaign=campaign, provider=swept.provider, agent=swept.agent)
    Campaign.objects.filter(pk=campaign.pk).update(second=second)
    call = swept.call(
        "pending", provider=campaign.provider, agent=campaign.agent, campaign=campaign, contact=make_contact()
    )
    Call.objects.filter(pk=call.pk).update(created_at=swept.now - 300 * MINUTE)
    swept.list(call, "gap-1")
    swept.sweep()
    call.refresh_from_db()
    assert (call.status, call.failure_reason, call.remote_id) == ("failed", "not_placed", "")
    assert call.held_at is not None
