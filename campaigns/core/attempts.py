"""The attempts of a campaign to reach one person so far, as the policy for further ones asks for them."""

from __future__ import annotations

import datetime

from campaigns import time_zones
from campaigns.core import conditions
from campaigns.models import Call, Campaign
from campaigns.outcomes import Attempts

LONGEST_DAY = datetime.timedelta(hours=25)
"""Attempts longer ago were on another day of the person, also on one on which clocks change."""


def attempts_of(call: Call, campaign: Campaign, now: datetime.datetime) -> Attempts:
    """Return how often a campaign has tried to reach the person of a call, of which this call was the last."""
    rung: list[datetime.datetime] = []
    zones: tuple[str, ...] = ()
    if campaign.policy.attempts_a_day and call.contact is not None:
        mine = Call.objects.filter(conditions.phone_may_have_rung(), campaign=campaign, contact=call.contact_id)
        rung = [at for at in mine.filter(placing_at__gt=now - LONGEST_DAY).values_list("placing_at", flat=True) if at]
        zones = time_zones.zones_of(call.to_number, call.contact.time_zone)
    return Attempts(call.counted_attempt, rung, zones)
