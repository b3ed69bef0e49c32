"""The order that is sent for a call that passed the commit point."""

from __future__ import annotations

from typing import cast

from campaigns.core.message import Message, as_spelled
from campaigns.dialing.commit_point_queries import DueCall
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
