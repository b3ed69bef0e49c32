"""The task of the queue that sends webhooks."""

from __future__ import annotations

from callcenter.audit.context import in_the_background
from callcenter.webhooks_out import deliveries, sending


def send() -> None:
    """Make deliveries of what happened and send what is due; without an address it ends at once."""
    with in_the_background("send_webhooks"):
        deliveries.make_of_happenings()
        sending.run_slice()
