"""The first attempt of each of a campaign's people, inserted in one statement."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import F, QuerySet

from campaigns.core import transitions
from campaigns.models import Campaign, Contact


def insert(campaign: Campaign, chosen: QuerySet[Contact], at: datetime.datetime) -> int:
    """Insert first attempts of contacts that have none yet; returns how many."""
    fixed: dict[str, Any] = {
        "campaign": campaign.pk,
        "provider": campaign.provider_id,
        "agent": campaign.agent_id,
        "voice": campaign.voice_id,
        "caller_id": campaign.caller_id_id,
        "dialer": campaign.dialer_id,
        "text": campaign.text,
        "owner": campaign.owner_id,
        "team": campaign.team_id,
        "attempt": 1,
    }
    return transitions.begin_many(chosen, at, fixed, {"contact": F("pk"), "to_number": F("phone")})
