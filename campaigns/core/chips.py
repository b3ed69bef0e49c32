"""The chips: for every state of a call, a campaign and a provider one word, one sign and one tone, used everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Call, Campaign
from providers.models import Provider, ProviderState
from providers.types import CallStatus, FailureReason


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with a sign; the tone (good, warn, bad, info, plain) only underlines it."""

    label: str | Promise
    icon: str
    tone: str = "plain"
    is_live: bool = False


CALL_LOOKS: dict[str, tuple[str, str, bool]] = {
    CallStatus.PENDING: ("clock", "plain", False),
    CallStatus.PLACING: ("send", "info", True),
    CallStatus.QUEUED: ("clock", "info", True),
    CallStatus.DIALING: ("phone", "info", True),
    CallStatus.RINGING: ("bell", "info", True),
    CallStatus.IN_PROGRESS: ("voice", "info", True),
    CallStatus.WRAPPING_UP: ("voice", "info", True),
    CallStatus.COMPLETED: ("check", "good", False),
    CallStatus.NO_ANSWER: ("missed", "warn", False),
    CallStatus.BUSY: ("minus", "warn", False),
    CallStatus.FAILED: ("cross", "bad", False),
    CallStatus.CANCELED: ("minus", "plain", False),
    CallStatus.UNKNOWN: ("question", "warn", False),
    CallStatus.SKIPPED: ("skip", "plain", False),
}
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
    ProviderState.PAUSED: ("pause", "warn"),
    ProviderState.SLOWED: ("clock", "warn"),
    ProviderState.FAILING: ("alert", "warn"),
    ProviderState.READY: ("check", "good"),
    ProviderState.UNTESTED: ("question", "plain"),
}


def status_chip(status: str) -> Chip:
    """Return the chip of a call's state alone, as filters and sums need it."""
    icon, tone, is_live = CALL_LOOKS[CallStatus(status)]
    return Chip(CallStatus(status).label, icon, tone, is_live)


def call_chip(call: Call) -> Chip:
    """Return the chip of a call: its state, made plainer where the row knows more."""
    if call.held_at and call.failure_reason == FailureReason.NOT_PLACED:
        return Chip(_("Held: never placed"), "hand", "warn")
    if call.status == CallStatus.COMPLETED and call.answered_by == "machine":
        return Chip(_("Voicemail"), "voicemail", "warn")
    if call.status == CallStatus.COMPLETED and not call.had_conversation:
        return Chip(_("Ended, nobody talked"), "minus", "warn")
    if call.status == CallStatus.UNKNOWN and call.needs_person_at:
        return Chip(_("Not known: decide"), "question", "bad")
    return status_chip(call.status)


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
    return Chip(provider.state.label, *PROVIDER_LOOKS[provider.state])
