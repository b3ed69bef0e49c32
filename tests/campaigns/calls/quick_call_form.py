"""What the browser sends to call one person, and where to."""

from __future__ import annotations

import uuid
from typing import Any

from providers.models import Provider

URL = "/quick-call/"


def form_of(provider: Provider, number: str = "0912 345 6789", **fields: Any) -> dict[str, Any]:
    """Return what the browser posts for a call."""
    agent = provider.agent_set.first()
    filled = {"number": number, "provider": provider.pk, "agent": agent.pk if agent else "", "do": "call"}
    return filled | {"form_token": str(uuid.uuid4())} | fields
