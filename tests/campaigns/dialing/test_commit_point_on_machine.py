"""What a campaign wishes where a voicemail answers: told with the order, and only to a vendor that takes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from campaigns.models import Call
from tests.campaigns.conftest import Sandbox
from tests.conftest import ALL_DAY, make_campaign, make_contact


@pytest.mark.parametrize(
    ("vendor", "wish", "told"),
    [
        ("vocode", "message", "continue"),
        ("vocode", "hang_up", "hangup"),
        ("vocode", "", "continue"),
        ("bolna", "message", None),
    ],
)
def test_the_vendor_hears_the_wish(
    sandbox: Sandbox, dial: Callable[..., None], vendor: str, wish: str, told: str | None
) -> None:
    provider = sandbox.provider(vendor)
    campaign = make_campaign(
        provider=provider, agent=provider.agent_set.first(), caller_id=provider.callerid_set.first(),
        status="running", is_filled=True, on_machine=wish, **ALL_DAY,
    )  # fmt: skip
    Call.objects.create(
        provider=provider, campaign=campaign, contact=make_contact(phone="+12025559910"), to_number="+12025559910",
        agent=campaign.agent, caller_id=campaign.caller_id, due_at=timezone.now(),
    )  # fmt: skip
    for _slice in range(5):
        if not sandbox.dialed:
            dial(2)
    (order,) = sandbox.dialed
    assert order["extra"].get("on_no_human_answer") == told
