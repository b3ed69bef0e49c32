"""Why a due call waits although nothing speaks against it: its lines are in use, or campaigns above it go first."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from callcenter.formats.amounts import number
from campaigns.core import explanations
from campaigns.core.lines_in_use import lines_held, lines_of
from campaigns.lines import CALLS_BEFORE, ORDER, Priority, open_to_campaigns
from campaigns.models import Call, Campaign
from campaigns.reasons import MoneyWait
from providers.models import Provider


@dataclass(slots=True)
class LineWaits:
    """Says of many calls why they wait for a line, with each campaign looked at once."""

    now: datetime.datetime
    _said: dict[tuple[int, int | None], str] = field(default_factory=dict)

    def words(self, call: Call, reason: explanations.Words) -> explanations.Words:
        """Return why a due call that only waits its turn has no line; the given reason of any other call."""
        if reason is not explanations.WAITS_ITS_TURN or call.due_at > self.now:
            return reason
        key = call.provider_id, call.campaign_id
        if key not in self._said:
            self._said[key] = why_waiting(call.provider, call.campaign, self.now)
        return self._said[key] or reason


def why_waiting(provider: Provider, campaign: Campaign | None, now: datetime.datetime) -> str:
    """Return the sentence for a due call of a campaign, or a single one (None); empty where a line is free for it."""
    held = lines_held(provider.pk, provider.max_call_seconds, now)
    lines = provider.max_lines
    said = []
    if campaign is not None:
        most, usable = lines_of(campaign, provider), open_to_campaigns(lines, provider.single_call_lines)
        if most < usable and held.by_campaign[campaign.pk] >= most:
            text = _("Waits: its campaign may use %(most)s of %(lines)s lines, and they are in use.")
            return text % {"most": number(most), "lines": number(lines)}
        if usable < lines and held.of_campaigns >= usable:
            text = _(
                "Waits: campaigns may use %(most)s of %(lines)s lines, and they are in use. The rest is kept free for "
                "single calls."
            )
            said.append(text % {"most": number(usable), "lines": number(lines)})
    if not said and held.by_campaign.total() >= lines:
        said.append(_("Waits: all lines of the provider are in use (%(lines)s).") % {"lines": number(lines)})
    if campaign is not None and _is_after_others(campaign, now):
        text = _(
            "Waits: campaigns with a higher priority go first. After %(n)s of their calls, one of a lower priority is "
            "made."
        )
        said.append(text % {"n": number(CALLS_BEFORE)})
    return " ".join(said)


def _is_after_others(campaign: Campaign, now: datetime.datetime) -> bool:
    """Tell whether campaigns of a higher priority have due calls at the same provider."""
    above = ORDER[: ORDER.index(Priority(campaign.priority))]
    if not above:
        return False
    running = Campaign.objects.filter(status=Campaign.Status.RUNNING, money_wait=MoneyWait.NONE).order_by()
    due = Call.objects.due(now).filter(campaign=OuterRef("pk")).order_by()
    return running.filter(Exists(due), provider=campaign.provider_id, priority__in=above).exists()
