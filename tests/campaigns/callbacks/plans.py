"""A callback as somebody asks for it: after a call in which a person talked, for tomorrow at five there."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.callbacks.planning import ask_for_callback
from campaigns.models import Call, Callback
from providers.models import Provider
from tests.conftest import make_agent, make_call, make_contact, make_provider

TEHRAN = "Asia/Tehran"
FIVE = datetime.time(17)


def tomorrow(zone: str = TEHRAN) -> datetime.date:
    """Return the day after today in a zone."""
    return timezone.now().astimezone(zoneinfo.ZoneInfo(zone)).date() + datetime.timedelta(days=1)


def five_tomorrow() -> datetime.datetime:
    """Return tomorrow at five on a clock that is not named."""
    return datetime.datetime.combine(tomorrow(), FIVE)


def talked_with(owner: User | None, provider: Provider | None = None, **fields: Any) -> Call:
    """Make a call of a user in which a person talked an hour ago."""
    ended = timezone.now() - datetime.timedelta(hours=1)
    provider = provider or make_provider()
    contact = fields.pop("contact", None) or make_contact(owner=owner)
    values = {
        "owner": owner, "provider": provider, "contact": contact, "status": "completed",
        "talk_seconds": 40, "answered_by": "human", "placing_at": ended, "ended_at": ended,
    }  # fmt: skip
    return make_call(agent=make_agent(provider), **(values | fields))


def planned(asker: User, call: Call | None = None, **fields: Any) -> Callback:
    """Plan a callback to the person of a call for tomorrow at five there."""
    call = call or talked_with(asker)
    given: dict[str, Any] = {"when": five_tomorrow(), "zone": TEHRAN, "reason": "wants a later appointment"}
    given |= fields
    return ask_for_callback(call.contact, call.to_number, asked_by=asker, from_call=call, **given)


def make_due(callback: Callback) -> Call:
    """Let a callback be due now; returns its call."""
    Call.objects.filter(pk=callback.call_id).update(due_at=timezone.now() - datetime.timedelta(seconds=5))
    callback.call.refresh_from_db()
    return callback.call
