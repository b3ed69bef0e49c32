"""Status chips of campaigns and providers: word, icon and tone; those of calls are in `results`."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from providers.models import Provider, ProviderState


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with an icon; the tone (good, warn, bad, info, plain) is the colour and adds no meaning."""

    label: str | Promise
    icon: str
    tone: str = "plain"
    is_live: bool = False


CAMPAIGN_LOOKS: dict[str, tuple[str, str, bool]] = {
    Campaign.Status.DRAFT: ("pencil", "plain", False),
    Campaign.Status.WAITING: ("hand", "warn", False),
    Campaign.Status.SCHEDULED: ("clock", "info", False),
    Campaign.Status.RUNNING: ("play", "info", True),
    Campaign.Status.PAUSED: ("pause", "warn", False),
    Campaign.Status.STOPPED: ("stop", "plain", False),
    Campaign.Status.FINISHED: ("check", "good", False),
}


PROVIDER_LOOKS: dict[str, tuple[str, str]] = {
    ProviderState.OFF: ("minus", "plain"),
    ProviderState.HALTED: ("stop", "bad"),
    ProviderState.FROZEN: ("snow", "bad"),
    ProviderState.COMPARING: ("clock", "warn"),
    ProviderState.PAUSED: ("pause", "warn"),
    ProviderState.SLOWED: ("clock", "warn"),
    ProviderState.FAILING: ("alert", "warn"),
    ProviderState.READY: ("check", "good"),
    ProviderState.UNTESTED: ("question", "plain"),
}


def campaign_chip(campaign: Campaign) -> Chip:
    """Return the chip of a campaign."""
    status = Campaign.Status(campaign.status)
    icon, tone, is_live = CAMPAIGN_LOOKS[status]
    if status == Campaign.Status.PAUSED and campaign.pilot == Campaign.Pilot.ASKS:
        return Chip(_("Pilot finished: decide"), "hand", "warn")
    if status == Campaign.Status.RUNNING and campaign.pilot == Campaign.Pilot.CALLING:
        return Chip(_("Pilot"), icon, tone, is_live)
    if status == Campaign.Status.PAUSED and campaign.paused_by_system:
        return Chip(_("Paused by the system"), "alert", "bad")
    return Chip(status.label, icon, tone, is_live)


def provider_chip(provider: Provider) -> Chip:
    """Return the chip of a provider: its strongest stop, else the result of its last request."""
    return Chip(provider.state.label, *PROVIDER_LOOKS[provider.state])
