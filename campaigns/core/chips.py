"""The chips of a campaign and a provider: one word, one sign and one tone; those of a call are in `results`."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from providers.models import Provider


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with a sign; the tone (good, warn, bad, info, plain) only underlines it."""

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


def campaign_chip(campaign: Campaign) -> Chip:
    """Return the chip of a campaign."""
    status = Campaign.Status(campaign.status)
    icon, tone, is_live = CAMPAIGN_LOOKS[status]
    if status == Campaign.Status.PAUSED and campaign.pilot == Campaign.Pilot.ASKS:
        return Chip(_("Pilot over: decide"), "hand", "warn")
    if status == Campaign.Status.RUNNING and campaign.pilot == Campaign.Pilot.CALLING:
        return Chip(_("Pilot"), icon, tone, is_live)
    if status == Campaign.Status.PAUSED and campaign.paused_by_system:
        return Chip(_("Paused by the system"), "alert", "bad")
    return Chip(status.label, icon, tone, is_live)


def provider_chip(provider: Provider) -> Chip:
    """Return the chip of a provider: the strongest of its stops, else how its last exchange went."""
    if not provider.is_active:
        return Chip(_("Switched off"), "minus", "plain")
    if provider.halted_at:
        return Chip(_("Halted"), "stop", "bad")
    if provider.frozen_at:
        return Chip(_("Frozen"), "snow", "bad")
    if provider.breaker_opened_at:
        return Chip(_("Paused by failures"), "pause", "warn")
    if provider.slow_until and provider.slow_until > timezone.now():
        return Chip(_("Slowed by the vendor"), "clock", "warn")
    good, bad = provider.last_success_at, provider.last_error_at
    if bad and (good is None or bad > good):
        return Chip(_("Last request failed"), "alert", "warn")
    if good:
        return Chip(_("Working"), "check", "good")
    return Chip(_("Not tested yet"), "question", "plain")
