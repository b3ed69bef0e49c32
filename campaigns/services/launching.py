"""The launch check with exact numbers, and the launch itself: one request that answers at once."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns import queue
from campaigns.models import Campaign, DialingSwitch
from campaigns.services.audience import NEVER, NOW, WAITS, AudienceJudge, count_people, count_verdicts
from campaigns.services.lifecycle import Refused, may_control, needs_approval
from providers.models import Agent, Provider

Status = Campaign.Status
Sentence = str | Promise

ASSUMED_TALK_SECONDS = 60
ASSUMED_LINE_SECONDS = 75
"""Ringing and talking: how long one call holds a line."""
ASSUMED_ATTEMPTS = Decimal("1.5")

AGENT_WARNINGS: dict[str, Sentence] = {
    "not_active": gettext_lazy("The agent “%(agent)s” is not active at the vendor."),
    "not_voice": gettext_lazy("The agent “%(agent)s” is not a voice agent."),
    "not_outbound": gettext_lazy("The agent “%(agent)s” is not made for outgoing calls."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchCheck:
    """What a launch would do now: exact numbers of people, what stands against it, and estimates."""

    total: int
    verdicts: Mapping[str, int]
    """People by verdict (`audience.VERDICTS`)."""
    first_opening: datetime.datetime | None = None
    """When the first of those outside calling hours may be called."""
    blockers: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    needs_approval: bool = False
    minutes: int = 0
    """Estimated minutes of calling, within calling hours."""
    cost: Decimal | None = None
    currency: str = ""

    @property
    def is_ready(self) -> bool:
        """Tell whether nothing stands against the launch."""
        return not self.blockers

    @property
    def now(self) -> int:
        """People who can be called at once."""
        return self.verdicts.get(NOW, 0)

    @property
    def waiting(self) -> int:
        """People who are called later, when their hours open or their quiet period is over."""
        return sum(self.verdicts.get(reason, 0) for reason in WAITS)

    @property
    def called(self) -> int:
        """People who will be called, now or later."""
        return self.now + self.waiting

    @property
    def never(self) -> int:
        """People who will not be called."""
        return sum(self.verdicts.get(reason, 0) for reason in NEVER)

    @property
    def sentence(self) -> str:
        """Say it in one sentence, with the exact numbers."""
        if not self.total:
            return _("The lists hold nobody yet.")
        people = ngettext("%(count)s person will be called", "%(count)s people will be called", self.called)
        parts = [people % {"count": f"{self.called:,}"}]
        if self.waiting:
            parts.append(
                ngettext("%(count)s of them later", "%(count)s of them later", self.waiting)
                % {"count": f"{self.waiting:,}"}
            )
        if self.never:
            parts.append(
                ngettext("%(count)s will not", "%(count)s will not", self.never) % {"count": f"{self.never:,}"}
            )
        return _("Of %(total)s people, %(parts)s.") % {"total": f"{self.total:,}", "parts": _(", ").join(parts)}


def check_launch(campaign: Campaign, now: datetime.datetime | None = None, person: Person | None = None) -> LaunchCheck:
    """Judge everybody in the campaign's lists and the campaign itself, as of now; changes nothing."""
    judge = AudienceJudge(campaign, now or timezone.now())
    verdicts, unmet, waiting = count_verdicts(judge)
    total = verdicts.total()
    called = total - sum(verdicts[reason] for reason in NEVER)
    blockers = find_blockers(campaign, person)
    if not total and campaign.lists.exists():
        blockers.append(_("The lists hold nobody."))
    elif total and not called:
        blockers.append(_("Nobody in the lists can be called."))
    minutes = estimate_minutes(campaign, called)
    return LaunchCheck(
        total=total,
        verdicts=verdicts,
        first_opening=judge.next_openings(waiting) if waiting else None,
        blockers=blockers,
        warnings=find_warnings(campaign) + _unmet_warnings(unmet),
        needs_approval=person is not None and needs_approval(total, person),
        minutes=minutes,
        cost=estimate_cost(campaign, called),
        currency=campaign.provider.currency,
    )


def find_blockers(campaign: Campaign, person: Person | None = None) -> list[str]:
    """Return what forbids a launch, in plain sentences; needs no look at the people."""
    provider, backend = campaign.provider, campaign.provider.backend_class
    found: list[Sentence] = []
    if person is not None and not may_launch(campaign, person):
        found.append(_("Your role may not launch this campaign."))
    if campaign.status not in {Status.DRAFT, Status.WAITING}:
        found.append(_("The campaign was launched already."))
    if not campaign.lists.exists():
        found.append(_("No list is chosen."))
    if not _has_message(campaign):
        found.append(_("No message is chosen: %(kinds)s.") % {"kinds": _kinds_in_words(provider)})
    if backend.needs_caller_id and campaign.caller_id_id is None:
        found.append(_("%(vendor)s needs a caller ID, and none is chosen.") % {"vendor": backend.label})
    for chosen in (campaign.agent, campaign.voice, campaign.caller_id, campaign.dialer):
        if chosen is not None and chosen.provider_id != provider.pk:
            found.append(_("“%(name)s” belongs to another provider.") % {"name": chosen})
        elif chosen is not None and not chosen.is_present:
            found.append(_("“%(name)s” is no longer at the vendor.") % {"name": chosen})
    worst = provider.price_per_minute * provider.max_call_seconds / 60
    if campaign.budget is not None and worst > campaign.budget:
        found.append(
            _("The budget is smaller than the dearest possible call (%(cost)s): nobody would be called.")
            % {"cost": f"{worst:,.2f} {provider.currency}".strip()}
        )
    if not campaign.days:
        found.append(_("No day of the week is chosen."))
    missing = [field.label for field in backend.fields if field.is_secret and field.required]
    stored = [
        field for field in backend.fields if field.is_secret and field.required and provider.secrets.get(field.name)
    ]
    if len(stored) < len(missing):
        found.append(_("The provider “%(name)s” has no key: an admin must set it.") % {"name": provider})
    if provider.stop_reason and not provider.breaker_opened_at:
        found.append(
            _("The provider “%(name)s” cannot call now. %(why)s") % {"name": provider, "why": provider.stop_reason}
        )
    return [str(sentence) for sentence in found]


def find_warnings(campaign: Campaign) -> list[str]:
    """Return what a person should know before a launch and that does not forbid it."""
    provider = campaign.provider
    found: list[Sentence] = agent_warnings(campaign.agent) if campaign.agent else []
    if provider.breaker_opened_at:
        found.append(
            _("The provider paused itself after failures; calls begin when a test succeeds. %(why)s")
            % {"why": provider.breaker_reason}
        )
    if DialingSwitch.objects.filter(stopped_at__isnull=False).exists():
        found.append(_("Stop-all is on: nothing is called until a manager releases it."))
    if not provider.price_per_minute:
        found.append(
            _("The price a minute is not known: the cost cannot be estimated and the budget cannot be kept.")
            if campaign.budget is not None
            else _("The price a minute is not known: the cost cannot be estimated.")
        )
    return [str(sentence) for sentence in found]


def agent_warnings(agent: Agent) -> list[Sentence]:
    """Return what stands against calling with an agent, in plain sentences."""
    return [AGENT_WARNINGS[code] % {"agent": agent} for code in agent.warnings if code in AGENT_WARNINGS]


def _unmet_warnings(unmet: Counter[str]) -> list[str]:
    return [
        ngettext(
            "The agent expects “%(name)s”; it is empty for %(count)s person.",
            "The agent expects “%(name)s”; it is empty for %(count)s people.",
            count,
        )
        % {"name": name, "count": f"{count:,}"}
        for name, count in unmet.most_common(10)
    ]


def _has_message(campaign: Campaign) -> bool:
    given = {
        "agent": campaign.agent_id is not None,
        "voice": campaign.voice_id is not None,
        "text": bool(campaign.text.strip()),
        "caller_id": campaign.caller_id_id is not None,
    }
    return any(given.get(kind) for kind in campaign.provider.backend_class.message_kinds)


def _kinds_in_words(provider: Provider) -> str:
    words = {
        "agent": _("an agent"),
        "voice": _("a voice"),
        "text": _("a text"),
        "caller_id": _("a caller ID with its agent"),
    }
    kinds = [words[kind] for kind in words if kind in provider.backend_class.message_kinds]
    return _(" or ").join(str(kind) for kind in kinds)


def estimate_minutes(campaign: Campaign, people: int) -> int:
    """Return the minutes that so many people take at the pace and lines in force, within calling hours."""
    provider = campaign.provider
    pace = min(provider.calls_per_minute, campaign.calls_per_minute or provider.calls_per_minute)
    lines = min(provider.max_lines, campaign.max_lines or provider.max_lines)
    per_minute = min(Decimal(pace), Decimal(lines) * 60 / ASSUMED_LINE_SECONDS)
    return math.ceil(people * _assumed_attempts(campaign) / per_minute) if people else 0


def estimate_cost(campaign: Campaign, people: int) -> Decimal | None:
    """Return a rough cost: one minute of talk a person and the attempts that it takes; None without a price."""
    price = campaign.provider.price_per_minute
    if not price:
        return None
    return (price * people * _assumed_attempts(campaign) * ASSUMED_TALK_SECONDS / 60).quantize(Decimal("0.01"))


def _assumed_attempts(campaign: Campaign) -> Decimal:
    return min(Decimal(campaign.max_attempts), ASSUMED_ATTEMPTS)


# The launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """What a launch did; `changed` is False where it was launched already."""

    changed: bool
    status: str
    people: int

    @property
    def sentence(self) -> str:
        """Say what happens now."""
        count = {"count": f"{self.people:,}"}
        if self.status == Status.WAITING:
            return (
                ngettext(
                    "Sent for approval: %(count)s person. A manager decides.",
                    "Sent for approval: %(count)s people. A manager decides.",
                    self.people,
                )
                % count
            )
        if self.status == Status.RUNNING:
            return (
                ngettext("Launched: %(count)s person is queued.", "Launched: %(count)s people are queued.", self.people)
                % count
            )
        return _("Nothing changed: the campaign is “%(state)s”.") % {"state": Status(self.status).label}


def may_launch(campaign: Campaign, person: Person) -> bool:
    """Tell whether a person may launch a campaign at all: an own one, or any with the right to control all."""
    if not may(person, "launch_campaign"):
        return False
    return may(person, "control_all_campaigns") or (campaign.owner_id is not None and campaign.owner_id == person.pk)


def may_approve(campaign: Campaign, person: Person) -> bool:
    """Tell whether a person may approve: one who may launch any size, and neither wrote nor launched it."""
    return may(person, "launch_above_limit") and person.pk not in {campaign.owner_id, campaign.launched_by_id}


def launch(campaign_id: int, person: Person, token: UUID | None = None) -> Launched:
    """Launch a draft, or send it for approval where it is above the person's limit; answers at once.

    Raises PermissionDenied, and Refused with what stands against it. Twice is the same as once.
    """
    with transaction.atomic():
        campaign = _lock(campaign_id)
        if not may_launch(campaign, person):
            raise PermissionDenied("launch_campaign")
        people = count_people(campaign)
        if campaign.status != Status.DRAFT:
            return Launched(changed=False, status=campaign.status, people=people)
        _refuse_blocked(campaign, people)
        waits = needs_approval(people, person)
        action = "campaign.approval_asked" if waits else "campaign.launched"
        return _start(campaign, Status.WAITING if waits else Status.RUNNING, action, person, people, token)


def approve(campaign_id: int, person: Person, token: UUID | None = None) -> Launched:
    """Launch what waits for approval. Raises PermissionDenied for its author, and Refused like `launch`."""
    with transaction.atomic():
        campaign = _lock(campaign_id)
        people = count_people(campaign)
        # Who approved it stands as the launcher now, so that a second press of theirs is no refusal.
        if campaign.status != Status.WAITING and may(person, "launch_above_limit"):
            return Launched(changed=False, status=campaign.status, people=people)
        if not may_approve(campaign, person):
            raise PermissionDenied("launch_above_limit")
        _refuse_blocked(campaign, people)
        return _start(campaign, Status.RUNNING, "campaign.approved", person, people, token)


def withdraw(campaign_id: int, person: Person) -> bool:
    """Take a campaign back from approval, because it is edited or its author says so."""
    with transaction.atomic():
        changed = Campaign.objects.filter(pk=campaign_id, status=Status.WAITING).update(
            status=Status.DRAFT, launched_by=None
        )
        if changed:
            record(person, "campaign.withdrawn", Campaign.objects.get(pk=campaign_id))
    return bool(changed)


def take_back(campaign_id: int, person: Person) -> bool:
    """Withdraw a request for approval because a person says so. Raises PermissionDenied."""
    if not may_control(Campaign.objects.get(pk=campaign_id), person):
        raise PermissionDenied("control_campaign")
    return withdraw(campaign_id, person)


def _lock(campaign_id: int) -> Campaign:
    """Return the campaign, locked: its lists and message must not change between the check and the launch."""
    related = ("provider", "agent", "voice", "caller_id", "dialer")
    return Campaign.objects.select_for_update(of=("self",)).select_related(*related).get(pk=campaign_id)


def _refuse_blocked(campaign: Campaign, people: int) -> None:
    blockers = find_blockers(campaign)
    if not people and not blockers:
        blockers.append(_("The lists hold nobody."))
    if blockers:
        raise Refused(" ".join(blockers))


def _start(campaign: Campaign, status: str, action: str, person: Person, people: int, token: UUID | None) -> Launched:
    values: dict[str, Any] = {"status": status, "launched_by_id": person.pk}
    if status == Status.RUNNING:
        values |= {"launched_at": timezone.now(), "is_filled": False, "filled_through": 0}
    # By compare-and-set all the same: SQLite knows no row locks.
    changed = Campaign.objects.filter(pk=campaign.pk, status=campaign.status).update(**values)
    if changed:
        record(person, action, campaign, people=people, **({"token": str(token)} if token else {}))
        if status == Status.RUNNING:
            queue.nudge_dispatch()
    return Launched(changed=bool(changed), status=status if changed else campaign.status, people=people)
