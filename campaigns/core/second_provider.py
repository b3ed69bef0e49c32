"""The second provider of a campaign: whether calls may go through it, and when they do.

The one home of that rule. Only a waiting call goes another way, and only while the first provider is halted or paused
after failures, or has had no free line for as long as was agreed to. `dialing.second_provider` applies it to calls.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callcenter.access.reach import may_use
from callcenter.formats.amounts import plain_money
from callcenter.formats.isolation import isolated
from campaigns.core.message_parts import PARTS, gone_sentence
from campaigns.core.variants import version_of
from campaigns.models import Call, Campaign, SecondProvider
from providers.models import Provider, ProviderState

HALTED, PAUSED, FULL = "second_halted", "second_paused", "second_full"
"""Why calls go through the second provider; each is the code of the event that a call gets then."""


class Opening(NamedTuple):
    """Calls of a campaign go through its second provider now: why, and those due since when."""

    reason: str
    due_before: datetime.datetime


def with_seconds(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Return campaigns with both providers, and with what the second one's calls share."""
    parts = (f"second__{name}" for name in PARTS)
    return campaigns.select_related("provider", "second__provider", *parts)


def refusals_of(campaign: Campaign, second: SecondProvider) -> list[str]:
    """Return why no call of a campaign may go through this second provider, whatever becomes of the first."""
    first, provider, found = campaign.provider, second.provider, []
    if campaign.variants:
        found.append(
            _("A campaign with variants has no second provider: all people there would hear one message. Remove one.")
        )
    if provider.pk == first.pk:
        found.append(_("This is the campaign’s own provider: choose another one."))
    if not may_use(campaign.team_id, provider.team_id):
        found.append(
            _("The provider “%(name)s” is reserved for another team. Choose another one, or ask an admin to share it.")
            % {"name": provider}
        )
    if provider.currency != first.currency:
        found.append(
            _("“%(second)s” is paid in another currency than “%(first)s”: the amounts cannot be added.")
            % {"second": provider, "first": first}
        )
    if provider.price_per_minute > second.price_per_minute:
        found.append(
            _("“%(name)s” now costs %(now)s a minute. Agreed: %(agreed)s. Confirm the second provider again.")
            % {"name": provider, "now": price_of(provider), "agreed": agreed_price(second)}
        )
    backend = provider.backend_class
    if not has_message(second):
        found.append(_("Choose what “%(name)s” is to say: an agent, a voice or a text.") % {"name": provider})
    if backend.needs_caller_id and second.caller_id is None:
        found.append(_("%(vendor)s needs a caller ID. Choose one.") % {"vendor": backend.label})
    for name in PARTS:
        part = getattr(second, name)
        if part is not None and part.provider_id != provider.pk:
            found.append(_("“%(name)s” belongs to another provider.") % {"name": part})
        elif part is not None and (sentence := gone_sentence(part)):
            found.append(sentence)
    return found


def has_message(second: SecondProvider) -> bool:
    """Return whether something that the provider can say is chosen."""
    given = {
        "agent": second.agent_id is not None,
        "voice": second.voice_id is not None,
        "text": bool(second.text.strip()),
        "caller_id": second.caller_id_id is not None,
    }
    return any(given.get(kind) for kind in second.provider.backend_class.message_kinds)


def price_of(provider: Provider) -> str:
    """Return the price a minute of a provider in words."""
    if not provider.price_per_minute:
        return _("an unknown price")
    return isolated(plain_money(provider.price_per_minute, provider.currency))


def agreed_price(second: SecondProvider) -> str:
    """Return the price a minute that was agreed to, in words."""
    if not second.price_per_minute:
        return _("an unknown price")
    return isolated(plain_money(second.price_per_minute, second.currency))


def is_unsettled(provider: Provider) -> bool:
    """Return whether calls may have been placed through a provider that nobody here knows of, as after a restore."""
    return provider.frozen_at is not None or provider.uncompared_since is not None


def opening_of(campaign: Campaign, now: datetime.datetime, is_full: Callable[[Provider], bool]) -> Opening | None:
    """Return why calls of a campaign go through its second provider now; None where they do not.

    `is_full` tells whether all lines of the first are in use. The campaign should be loaded by `with_seconds`. While
    it is not known what was placed through either of the two, nobody is called through the other.
    """
    second = campaign.second
    if second is None or is_unsettled(campaign.provider) or second.provider.state.is_stop:
        return None
    if refusals_of(campaign, second):
        return None
    if campaign.provider.state == ProviderState.HALTED:
        return Opening(HALTED, now)
    if campaign.provider.state == ProviderState.PAUSED:
        return Opening(PAUSED, now)
    if campaign.provider.state == ProviderState.OFF or second.wait_minutes is None or not is_full(campaign.provider):
        return None
    return Opening(FULL, now - datetime.timedelta(minutes=second.wait_minutes))


def of_next_attempt(call: Call, campaign: Campaign) -> Mapping[str, Any]:
    """Return by which provider, and with what, a further attempt of a campaign begins: always the first one."""
    is_own = call.provider_id == campaign.provider_id
    source: Any = call if is_own else version_of(campaign, call.variant)
    parts = {f"{name}_id": getattr(source, f"{name}_id") for name in PARTS}
    return {"provider_id": source.provider_id, "text": source.text, **parts}
