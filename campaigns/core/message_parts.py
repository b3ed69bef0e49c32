"""What a campaign's calls share at the vendor - agent, voice, caller ID, dialler - and whether it is still there.

Judged by the last sync, for the launch check, the start, a resume and the commit point alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from campaigns.core.variants import variants_of, versions_of
from campaigns.models import Campaign
from campaigns.reasons import MAX_REASON
from providers.exceptions import MessageRefused
from providers.models import Agent, CallerId, Dialer, RemoteRow, Voice
from providers.wording import error_sentence

PARTS: dict[str, type[RemoteRow]] = {"agent": Agent, "voice": Voice, "caller_id": CallerId, "dialer": Dialer}
"""The fields of a campaign, and of a call, that point at something at the vendor."""
NOT_ACTIVE = "not_active"
"""The warning of an agent with which the vendor refuses every call."""
LIVING = (
    Campaign.Status.RUNNING, Campaign.Status.PAUSED, Campaign.Status.SCHEDULED, Campaign.Status.WAITING
)  # fmt: skip
"""States in which a campaign calls, or will when somebody or a time says so."""


def is_refused(is_present: bool, warnings: Collection[str]) -> bool:
    """Return whether the vendor would refuse calls with a row of these values; `warnings` may be their JSON text."""
    return not is_present or NOT_ACTIVE in warnings


def is_gone(row: RemoteRow) -> bool:
    """Return whether the vendor would refuse calls with it, as last synced: it is no longer there, or not active."""
    return is_refused(row.is_present, getattr(row, "warnings", ()))


def gone_sentence(row: RemoteRow) -> str:
    """Return why no call can be placed with it; empty where one can."""
    if not row.is_present:
        return _("“%(name)s” no longer exists at the provider.") % {"name": row}
    return _("The agent “%(agent)s” is not active at the provider.") % {"agent": row} if is_gone(row) else ""


def gone_of(campaign: Campaign) -> list[str]:
    """Return a sentence for each part of a campaign's message that is gone or not active, in any variant."""
    return [sentence for row in parts_of(campaign) if (sentence := gone_sentence(row))]


def parts_of(campaign: Campaign) -> list[RemoteRow]:
    """Return the agents, voices, caller IDs and diallers with which a campaign calls, each once."""
    rows = [getattr(said, name) for said in versions_of(campaign) for name in PARTS]
    pools = {pk for variant in variants_of(campaign) for pk in variant.caller_ids}
    rows += CallerId.objects.filter(pk__in=pools).order_by("number") if pools else []
    return list(dict.fromkeys(row for row in rows if row is not None))


def next_step(campaign: Campaign) -> str:
    """Return who mends a campaign whose agent, voice or caller ID is gone, and how."""
    names = {"provider": campaign.provider}
    if not campaign.provider.can_sync:
        return (
            _(
                "An admin must fix it at “%(provider)s”, then resume. If it is gone permanently, end this "
                "campaign and call again with another."
            )
            % names
        )
    return (
        _(
            "An admin must fix it at the provider and sync “%(provider)s”, then resume. If it is gone "
            "permanently, end this campaign and call again with another."
        )
        % names
    )


def why_paused(campaign: Campaign) -> str:
    """Return the reason of a pause because something is gone, with the next step; empty where nothing is."""
    found = " ".join(gone_of(campaign))
    return _fitting(found, next_step(campaign)) if found else ""


def why_refused(campaign: Campaign, error: MessageRefused) -> str:
    """Return the reason of a pause after the vendor refused a part of the message, with the next step."""
    said = error_sentence(type(error).__name__, campaign.provider.vendor_label)
    row = getattr(campaign, error.part)
    named = _("“%(name)s”: %(why)s") % {"name": row, "why": said} if row is not None else said
    return _fitting(named, _("Nobody was called, and no attempt was used."), next_step(campaign))


def with_gone_parts() -> Q:
    """Return the condition of campaigns of which a part is gone or not active, their own or a variant's."""
    found = Q(pk__in=[])
    gone = dict(_gone_rows())
    for name, ids in gone.items():
        found |= Q(**{f"{name}__in": ids})
    if gone:
        # What variants name lies in no column of its own; those that call or will are few.
        varied = Campaign.objects.filter(status__in=LIVING).exclude(variants=[])
        found |= Q(pk__in=[campaign.pk for campaign in varied if gone_of(campaign)])
    return found


def with_changed_agent() -> QuerySet[Campaign]:
    """Return the living campaigns whose agent expects other variables than when they were launched, or written."""
    since = Coalesce("launched_at", "created_at")
    return Campaign.objects.filter(status__in=LIVING, agent__variables_changed_at__gt=since)


def changed_sentence(campaign: Campaign) -> str:
    """Return what the agent of a campaign expects since its last change; empty where it expects the same as before."""
    agent, since = campaign.agent, campaign.launched_at or campaign.created_at
    if campaign.status not in LIVING or agent is None or not agent.variables_changed_at:
        return ""
    if agent.variables_changed_at <= since:
        return ""
    return _("The agent “%(agent)s” now needs: %(now)s. Before: %(before)s.") % {
        "agent": agent,
        "now": _listed(agent.variables),
        "before": _listed(agent.variables_before or []),
    }


def changed_step() -> str:
    """Return what to do about an agent that expects other variables."""
    return _("Check that the campaign fills these variables. If not, pause it.")


def notices(campaign: Campaign) -> list[tuple[str, str]]:
    """Return what the page of a campaign says of its message, as sentence and next step; not what its pause says.

    The step is empty where the reason of the pause says it.
    """
    found = []
    if campaign.status in LIVING:
        gone = [sentence for sentence in gone_of(campaign) if sentence not in campaign.paused_reason]
        step = next_step(campaign)
        # What the reason of the pause says is not said twice.
        found = [(" ".join(gone), "" if step in campaign.paused_reason else step)] if gone else []
    if changed := changed_sentence(campaign):
        found.append((changed, changed_step()))
    return found


def _listed(names: list[str]) -> str:
    return _(", ").join(names) if names else _("nothing")


def _gone_rows() -> Iterator[tuple[str, list[int]]]:
    for name, model in PARTS.items():
        suspects = model._default_manager.filter(Q(is_present=False) | _warned(model))
        if ids := [row.pk for row in suspects if is_gone(row)]:
            yield name, ids


def _warned(model: type[Model]) -> Q:
    return ~Q(warnings=[]) if model is Agent else Q(pk__in=[])


def _fitting(*sentences: str | Promise) -> str:
    """Return the sentences as one reason, without those at the end that would not fit."""
    told = ""
    for sentence in sentences:
        longer = f"{told} {sentence}".strip()
        if told and len(longer) > MAX_REASON:
            break
        told = longer
    return told[:MAX_REASON]
