"""Legal texts by country, such as a recording notice, that a campaign's message must say before it is launched.

A text that we send ourselves is looked through. What an agent or a recorded voice says lies at the vendor: there a user
confirms it, for the message and the text as they are then.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns.core.installation import Installation, current
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change
from campaigns.core.variants import versions_of
from campaigns.countries import country_name
from campaigns.launch.audience_query import Selection
from campaigns.models import Campaign, LegalConfirmation


@dataclass(frozen=True, slots=True)
class MissingText:
    """A text that a campaign's message does not say, as far as is known."""

    country: str
    text: str

    @property
    def country_name(self) -> str:
        """The country in words."""
        return country_name(self.country)

    @property
    def sentence(self) -> str:
        """What is missing, and the next step."""
        return _(
            "Contacts in %(country)s must hear “%(text)s”. Add it to the message, or confirm in the launch "
            "check that the agent or voice says it."
        ) % {"country": self.country_name, "text": self.text}


def missing(campaign: Campaign, limits: Installation | None = None) -> list[MissingText]:
    """Return the texts that the message of a campaign must say to its people and does not, by country.

    Whoever joins one that stays open may be in any of the countries. `limits` are the installation's settings where
    they were read already.
    """
    required = (limits or current()).legal_texts
    if not required:
        return []
    mark = _mark(campaign)
    said = [_plain(version.text) for version in versions_of(campaign)]
    if campaign.second is not None:
        said.append(_plain(campaign.second.text))
    confirmed = set(LegalConfirmation.objects.filter(campaign=campaign, message=mark).values_list("country", "text"))
    unsaid = {
        country: text
        for country, text in required.items()
        if not all(_plain(text) in one for one in said) and (country, text) not in confirmed
    }
    # Nobody of the audience is looked up where all is said or confirmed.
    countries = sorted(unsaid if campaign.is_living else _countries_of(campaign, unsaid)) if unsaid else []
    return [MissingText(country, unsaid[country]) for country in countries]


# After the launch


LAUNCHED = (Campaign.Status.RUNNING, Campaign.Status.PAUSED)


def missing_since_launch(campaign: Campaign, limits: Installation | None = None) -> list[MissingText]:
    """Return the texts that a launched campaign does not say because they were set or changed after its launch."""
    is_launched = campaign.status in LAUNCHED and campaign.launched_at is not None
    return missing(campaign, limits) if is_launched else []


def changed_since_launch() -> list[int]:
    """Return the ids of launched campaigns that do not say a text of their people's countries."""
    limits = current()
    if not limits.legal_texts:
        return []
    launched = Campaign.objects.select_related("second").filter(status__in=LAUNCHED)
    return [campaign.pk for campaign in launched if missing_since_launch(campaign, limits)]


def sentences_since_launch(unsaid: Iterable[MissingText]) -> list[str]:
    """Return a sentence for each text that was set or changed after the launch of a campaign and is not said."""
    return [
        _("Since the launch, the legal text for %(country)s is “%(text)s”. The message does not say it.")
        % {"country": one.country_name, "text": one.text}
        for one in unsaid
    ]


def step_since_launch() -> str:
    """Return what to do about a text that was set or changed after a launch."""
    return _("Confirm that the agent or voice says it. Otherwise end the campaign, and copy it with another message.")


def _countries_of(campaign: Campaign, required: Iterable[str]) -> set[str]:
    people = Selection.of(campaign).people().filter(region__in=list(required))
    return set(people.order_by().values_list("region", flat=True).distinct())


def may_confirm(campaign: Campaign, person: Person) -> bool:
    """Return whether a person may confirm what the message of a campaign says: who may write it."""
    return may(person, "draft_campaign") and may_change(person, campaign)


def confirm(campaign_id: int, country: str, person: Person) -> None:
    """Note that a user made sure that the message says the text of a country.

    Raises PermissionDenied, and Refusal where nothing is to be confirmed.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if not may_confirm(campaign, person):
            raise PermissionDenied("draft_campaign")
        found = next((one for one in missing(campaign) if one.country == country), None)
        if found is None:
            raise Refusal(_("There is nothing to confirm. See the launch check again."))
        LegalConfirmation.objects.update_or_create(
            campaign=campaign,
            country=country,
            defaults={"text": found.text, "message": _mark(campaign), "confirmed_by_id": person.pk},
        )
        record(person, "campaign.legal_confirmed", campaign, country=country)


def _mark(campaign: Campaign) -> str:
    parts: tuple[int | None, ...] = (
        campaign.provider_id, campaign.agent_id, campaign.voice_id, campaign.caller_id_id, campaign.dialer_id
    )  # fmt: skip
    if campaign.second_id is not None:
        parts += (campaign.second_id,)
    # Named only where there are some: what was confirmed before there were variants holds.
    what = (parts, campaign.text, campaign.variants) if campaign.variants else (parts, campaign.text)
    return hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest()


def _plain(text: str) -> str:
    """Return a text for comparing: without differences of case, spaces and punctuation at its ends."""
    return re.sub(r"\s+", " ", text).strip(" .!?؟").casefold()
