"""What tells one provider's inbound calls from ours, where the vendor does not say it: our numbers, our agents."""

from __future__ import annotations

from campaigns.directions import OurLines, lines_of
from providers.models import Agent, CallerId, Provider


def our_lines(provider: Provider) -> OurLines:
    """Return what tells this provider's inbound calls from ours: its own numbers, its agents that only answer."""
    numbers = CallerId.objects.filter(provider=provider).values_list("number", flat=True)
    agents = Agent.objects.filter(provider=provider, direction="inbound").values_list("remote_id", flat=True)
    return lines_of(list(numbers), list(agents))
