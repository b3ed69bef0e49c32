"""Words on a campaign's priority and its lines, for its settings and the launch check."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.amounts import number
from campaigns.core.lines_in_use import lines_of
from campaigns.lines import CALLS_BEFORE, ORDER, Priority, open_to_campaigns
from campaigns.models import Campaign


def lines_in_words(campaign: Campaign) -> str:
    """Return how many lines of its provider a campaign may use."""
    provider = campaign.provider
    text = ngettext("%(most)s of %(lines)s line", "%(most)s of %(lines)s lines", provider.max_lines)
    return text % {"most": number(lines_of(campaign, provider)), "lines": number(provider.max_lines)}


def line_warnings(campaign: Campaign) -> list[str]:
    """Return what slows a campaign down: its share, lines kept for single calls, campaigns that go first."""
    provider, said = campaign.provider, []
    if campaign.lines_percent is not None:
        said.append(_("It may use %(lines)s at the same time.") % {"lines": lines_in_words(campaign)})
    kept = provider.max_lines - open_to_campaigns(provider.max_lines, provider.single_call_lines)
    if kept:
        text = ngettext(
            "The provider keeps %(kept)s of %(lines)s lines free for single calls.",
            "The provider keeps %(kept)s of %(lines)s lines free for single calls.",
            kept,
        )
        said.append(text % {"kept": number(kept), "lines": number(provider.max_lines)})
    above = ORDER[: ORDER.index(Priority(campaign.priority))]
    first = 0
    if above:
        running = Campaign.objects.filter(status=Campaign.Status.RUNNING, provider=provider.pk, priority__in=above)
        first = running.exclude(pk=campaign.pk).count()
    if first:
        text = ngettext(
            "%(count)s running campaign with a higher priority goes first. After %(n)s of its calls, one of a lower "
            "priority is made.",
            "%(count)s running campaigns with a higher priority go first. After %(n)s of their calls, one of a lower "
            "priority is made.",
            first,
        )
        said.append(text % {"count": number(first), "n": number(CALLS_BEFORE)})
    return said
