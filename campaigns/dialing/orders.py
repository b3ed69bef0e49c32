"""The orders that are sent for calls that passed the commit point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from campaigns.core.message import Message, as_spelled
from campaigns.core.variants import messages_of
from campaigns.dialing.commit_point_queries import DueCall
from campaigns.models import Campaign
from providers.base import ProviderBackend
from providers.types import CallOrder, OnMachine


def order_of(call: DueCall, message: Message | None, on_machine: str = "") -> CallOrder:
    """Return the order to send for a call; a campaign's message is filled with the person's current data.

    `on_machine` is what the campaign asks for where a voicemail answers; empty where the vendor takes no such wish.
    """
    text, variables = message.fill(call.name, call.known) if message else (call.text, call.variables)
    return CallOrder(
        reference=call.reference,
        to_number=call.to_number,
        agent_id=call.agent,
        voice_id=call.voice,
        text=text,
        digits=call.digits,
        caller_id=call.caller_id,
        dialer_id=call.dialer,
        variables=as_spelled(variables, call.spelled),
        spelled=call.spelled,
        on_machine=cast(OnMachine, on_machine),
        vendor_options={} if message else call.vendor_options,
    )


def orders_of(
    calls: Sequence[DueCall], campaigns: Mapping[int, Campaign], backend: type[ProviderBackend]
) -> list[tuple[int, CallOrder]]:
    """Return the id and the order of each call, with the message that its variant of its campaign says."""
    messages = {
        pk: {key: Message(said) for key, said in messages_of(campaign).items()} for pk, campaign in campaigns.items()
    }
    found = []
    for call in calls:
        campaign = campaigns.get(call.campaign_id or 0)
        if campaign is None:
            found.append((call.pk, order_of(call, None)))
        else:
            said = messages[campaign.pk]
            # Variants are fixed at the launch; whoever has one that is none hears the campaign's own message.
            message = said.get(call.variant) or said[""]
            found.append((call.pk, order_of(call, message, campaign.on_machine if backend.takes_on_machine else "")))
    return found
