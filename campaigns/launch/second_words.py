"""The second provider of a campaign in words: what it is, when it is used, and what it costs."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.amounts import number
from callcenter.formats.isolation import isolated
from campaigns.core import second_provider as rule
from campaigns.core.second_provider import agreed_price
from campaigns.models import Campaign, SecondProvider


def in_words(second: SecondProvider) -> str:
    """Return name, price and caller ID of a second provider, and when it is used."""
    said = [isolated(str(second.provider)), _("%(price)s a minute") % {"price": agreed_price(second)}]
    if second.caller_id is not None:
        said.append(_("caller ID %(number)s") % {"number": isolated(second.caller_id.number)})
    return _(", ").join([*said, used_when(second)])


def used_when(second: SecondProvider) -> str:
    """Return when calls go through a second provider."""
    minutes = second.wait_minutes
    if minutes is None:
        return _("used while the first is halted or paused")
    text = ngettext(
        "used while the first is halted or paused, or after %(count)s minute without a free line",
        "used while the first is halted or paused, or after %(count)s minutes without a free line",
        minutes,
    )
    return text % {"count": number(minutes)}


def now_in_words(campaign: Campaign) -> str:
    """Return that the calls of a running campaign go through its second provider now; empty where they do not."""
    if campaign.status != Campaign.Status.RUNNING or campaign.second is None:
        return ""
    named = {"first": isolated(str(campaign.provider)), "second": isolated(str(campaign.second.provider))}
    opening = rule.opening_of(campaign, timezone.now(), lambda first: False)
    if opening is not None:
        return _("“%(first)s” cannot call now. Waiting calls go through the second provider, “%(second)s”.") % named
    pair = (campaign.provider, campaign.second.provider)
    if any(map(rule.is_unsettled, pair)):
        text = _(
            "No call is sent: the calls of “%(first)s” and “%(second)s” must first be compared with ours. An admin"
            " sees how far that is on the providers’ pages."
        )
        return text % named
    return ""
