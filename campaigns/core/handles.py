"""Vendor handles: the identifiers by which a vendor finds a placed call."""

from __future__ import annotations

from campaigns.models import Call
from providers.types import CallHandle


def handle_of(call: Call) -> CallHandle:
    """Return the identifiers by which a call's vendor finds it."""
    return CallHandle(
        reference=call.reference,
        remote_id=call.remote_id,
        to_number=call.to_number,
        agent_id=call.agent.remote_id if call.agent else "",
        caller_id=call.caller_id.number if call.caller_id else "",
        placed_at=call.placing_at,
        vendor_options=call.vendor_options,
    )
