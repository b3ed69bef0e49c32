"""What tells one provider's inbound calls from ours, where the vendor does not say it: our numbers, our agents."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from campaigns.directions import OurLines, lines_of
from campaigns.models import Call, Campaign
from providers.models import Agent, CallerId, Provider


def our_lines(provider: Provider) -> OurLines:
    """Return what tells this provider's inbound calls from ours: its own numbers, its agents that only answer.

    An agent that anybody here calls with, or means to, tells nothing, whatever the vendor says of it: a lost order of
    ours would be taken for a call that came in, and be dialled again after a restore.
    """
    numbers = CallerId.objects.filter(provider=provider).values_list("number", flat=True)
    ours = Exists(Call.objects.filter(agent=OuterRef("pk"), direction="outbound"))
    planned = Exists(Campaign.objects.filter(agent=OuterRef("pk")))
    answering = Agent.objects.filter(~ours, ~planned, provider=provider, direction="inbound")
    return lines_of(list(numbers), list(answering.values_list("remote_id", flat=True)))
