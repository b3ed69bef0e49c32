"""Agrees to a second provider of a campaign, and takes that back; each is written down with its person and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from callcenter.audit.models import record
from campaigns import queue
from campaigns.core import second_provider as rule
from campaigns.core.allowed_use import offered_to
from campaigns.core.refusals import Refusal
from campaigns.launch import drafts, legal_texts
from campaigns.models import Campaign, SecondProvider
from providers.models import Provider


def offered(campaign: Campaign, person: Person) -> QuerySet[Provider]:
    """Return the providers that a user may choose as the second one of a campaign."""
    usable = Provider.objects.filter(offered_to(person, campaign.team_id), is_active=True)
    return usable.filter(currency=campaign.provider.currency).exclude(pk=campaign.provider_id).order_by("name", "pk")


def agree(campaign_id: int, person: Person, chosen: Mapping[str, Any]) -> SecondProvider:
    """Write a user's consent; what was approved is returned for approval. Raises PermissionDenied and Refusal.

    `chosen` are the provider, what its calls share, the minutes to wait, and the price and currency that were shown.
    """
    with transaction.atomic():
        campaign = _locked(campaign_id, person)
        second = SecondProvider(campaign=campaign, consented_by_id=person.pk, **chosen)
        if not offered(campaign, person).filter(pk=second.provider_id).exists():
            raise Refusal(_("This provider cannot be the second one of this campaign: choose another."))
        if second.provider.price_per_minute != second.price_per_minute or second.provider.currency != second.currency:
            raise Refusal(_("The price changed since the page was shown. Look at it again, then confirm."))
        if refused := rule.refusals_of(campaign, second):
            raise Refusal(" ".join(refused))
        second.save()
        record(
            person, "campaign.second_set", campaign, provider=str(second.provider), price=rule.agreed_price(second),
            caller_id=second.caller_id.number if second.caller_id else "",
        )  # fmt: skip
        _set(campaign, second, person)
    return second


def remove(campaign_id: int, person: Person) -> bool:
    """Let no further call go through the second provider; returns whether there was one. Raises as `agree` does."""
    with transaction.atomic():
        campaign = _locked(campaign_id, person)
        if campaign.second is None:
            return False
        record(person, "campaign.second_removed", campaign, provider=str(campaign.second.provider))
        _set(campaign, None, person)
    return True


def _locked(campaign_id: int, person: Person) -> Campaign:
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    if campaign.status in drafts.OVER:
        raise Refusal(_("The campaign is finished. Copy it to call again."))
    if not drafts.may_edit(campaign, person):
        raise PermissionDenied("draft_campaign")
    return campaign


def _set(campaign: Campaign, second: SecondProvider | None, person: Person) -> None:
    campaign.second = second
    campaign.save(update_fields=["second"])
    if second is not None and campaign.launched_at is not None and (missing := legal_texts.missing(campaign)):
        said = " ".join(f"{one.country_name}: “{one.text}”." for one in missing)
        raise Refusal(_("The message of the second provider must say what the law asks for. %(what)s") % {"what": said})
    drafts.after_edit(campaign, person, ["second"])
    if campaign.status == Campaign.Status.RUNNING:
        queue.nudge_dispatch()
