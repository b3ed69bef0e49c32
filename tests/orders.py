"""The order of a call, as the commit point makes it, from a row that a test has in hand."""

from __future__ import annotations

from campaigns.core.message import Message
from campaigns.dialing.commit_point_queries import DueCall
from campaigns.dialing.orders import order_of
from campaigns.models import Call, Campaign
from providers.types import CallOrder


def order_for(call: Call, campaign: Campaign | None = None) -> CallOrder:
    """Return the order of a call: as a person asked for it, or with the message of its campaign."""
    due = DueCall(
        pk=call.pk,
        campaign_id=call.campaign_id,
        reference=call.reference,
        to_number=call.to_number,
        text=call.text,
        digits=call.digits,
        variables=call.variables,
        vendor_options=call.vendor_options,
        agent=call.agent.remote_id if call.agent else "",
        voice=call.voice.remote_id if call.voice else "",
        caller_id=call.caller_id.number if call.caller_id else "",
        dialer=call.dialer.remote_id if call.dialer else "",
        name=call.contact.name if call.contact else None,
        time_zone=call.contact.time_zone if call.contact else "",
        known=call.contact.variables if call.contact else {},
        spelled=tuple(call.agent.variables) if call.agent else (),
    )
    return order_of(due, Message(campaign) if campaign else None)
