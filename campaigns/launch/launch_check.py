"""The launch check: exact numbers of people, blockers and warnings, and estimates of time and cost."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from callcenter.access.roles import Person, may
from callcenter.formats.amounts import number, plain_money
from callcenter.made_once import made_once
from campaigns.core import day_caps, message_parts, second_provider
from campaigns.core.allowed_use import refusals_of
from campaigns.core.day_caps import CapToday
from campaigns.core.eligibility import stops_of
from campaigns.core.hours import week_of
from campaigns.core.installation import Installation
from campaigns.core.scope import may_change
from campaigns.core.variants import versions_of
from campaigns.launch import legal_texts
from campaigns.launch import living_terms as terms
from campaigns.launch.audience import CALLED, NEVER, NOW, AudienceJudge, tally
from campaigns.launch.audience_query import Selection
from campaigns.launch.estimates import Estimate, estimate, estimate_days, worst_cost_of
from campaigns.launch.holiday_warnings import holiday_warnings
from campaigns.launch.limits import why_approval
from campaigns.launch.line_words import line_warnings
from campaigns.launch.variable_warnings import variable_warnings
from campaigns.models import Campaign
from campaigns.reasons import StopReason
from providers.models import Agent, Provider

Status = Campaign.Status
Sentence = str | Promise

PASSING_STOPS = (StopReason.STOP_ALL, StopReason.PROVIDER_PAUSED, StopReason.PROVIDER_COMPARING)
"""Stops that do not forbid a launch: the queued people wait until these end."""
AGENT_WARNINGS: dict[str, Sentence] = {
    "not_active": gettext_lazy("The agent “%(agent)s” is not active at the provider."),
    "not_voice": gettext_lazy("The agent “%(agent)s” is not a voice agent."),
    "not_outbound": gettext_lazy("The agent “%(agent)s” does not support outgoing calls."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchCheck:
    """What a launch would do now: exact numbers of people, blockers, warnings and estimates."""

    total: int
    everybody: int = 0
    """The whole audience, queued already or not."""
    verdicts: Mapping[str, int]
    """People by verdict (`audience.VERDICTS`)."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """By variable of the message: people who are not called because it is empty for them."""
    unmet: Mapping[str, int] = field(default_factory=dict)
    """By variable of the agent's prompt: people who are called although it is empty for them."""
    first_opening: datetime.datetime | None = None
    """When the first of those outside calling hours may be called."""
    zones: frozenset[str] = frozenset()
    """Time zones of the people who will be called."""
    blockers: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    why_approval: str = ""
    """Why a launch by this person needs another's approval, in a sentence."""
    estimate: Estimate = field(default_factory=Estimate)
    days: int = 0
    """Estimated days of calling, given the campaign's hours a day."""
    currency: str = ""
    caps: Sequence[CapToday] = ()
    """The caps of the day that its calls are under."""
    terms: str = ""
    """Of a living campaign: until when it stays open, for how many people, and what they may cost, in sentences."""

    @property
    def is_ready(self) -> bool:
        """Return whether nothing forbids the launch."""
        return not self.blockers

    @property
    def now(self) -> int:
        """How many people can be called immediately."""
        return self.verdicts.get(NOW, 0)

    @property
    def waiting(self) -> int:
        """How many people are called later: after their hours open, or their quiet period or another call ends."""
        return self.called - self.now

    @property
    def called(self) -> int:
        """How many people will be called, now or later."""
        return sum(self.verdicts.get(verdict, 0) for verdict in CALLED)

    @property
    def needs_approval(self) -> bool:
        """Whether a launch by this person needs another's approval."""
        return bool(self.why_approval)

    @property
    def never(self) -> int:
        """How many people will not be called."""
        return sum(self.verdicts.get(reason, 0) for reason in NEVER)


def check_launch(
    campaign: Campaign, now: datetime.datetime | None = None, person: Person | None = None, *, is_shared: bool = False
) -> LaunchCheck:
    """Judge a campaign and its audience as of `now` (None: the current time); changes nothing.

    For a campaign that was launched already, such as one after its pilot, only people not queued yet are counted.
    `person` is who would launch it; None leaves out the checks of rights. With `is_shared`, an audience that is being
    counted for somebody else is counted once: the counts are then of a moment a few seconds ago.
    """
    judge = AudienceJudge(campaign, now or timezone.now())
    is_launched = campaign.launched_at is not None
    if is_shared:
        saved = tuple(str(getattr(campaign, column.attname)) for column in campaign._meta.concrete_fields)
        key = ("audience", campaign.pk, saved, judge.selection)
        found = made_once(key, lambda: tally(judge, only_new=is_launched))
    else:
        found = tally(judge, only_new=is_launched)
    verdicts = found.verdicts
    total = verdicts.total()
    called = sum(verdicts[verdict] for verdict in CALLED)
    blockers = find_blockers(campaign, person)
    # Of a living campaign, nobody may have joined yet.
    if not total and not judge.selection.is_empty and not campaign.is_living:
        blockers.append(_nobody(judge.selection))
    elif total and not called and not campaign.is_living:
        blockers.append(_("Nobody in the audience can be called."))
    estimated = estimate(campaign, called, found.unpriced)
    caps = day_caps.caps_of(campaign, person.pk if person is not None else campaign.launched_by_id or campaign.owner_id)
    everybody = judge.selection.count() if campaign.launched_at else total
    bound = terms.people_bound(campaign) if campaign.is_living else everybody
    return LaunchCheck(
        total=total,
        everybody=everybody,
        verdicts=verdicts,
        missing=dict(found.missing.most_common(10)),
        unmet=dict(found.unmet.most_common(10)),
        first_opening=found.first_opening,
        zones=frozenset(found.zones),
        blockers=blockers,
        warnings=find_warnings(campaign)
        + _money_warnings(campaign, estimated, called, caps)
        + _unmet_warnings(found.unmet)
        + holiday_warnings(judge.judge.calling_hours, found.by_zones, judge.now),
        why_approval=why_approval(bound, person, campaign) if person is not None else "",
        estimate=estimated,
        days=max(estimate_days(campaign, estimated.minutes[1]), _days_by_caps(estimated, caps)),
        currency=campaign.provider.currency,
        caps=caps,
        terms=_terms(campaign),
    )


def _terms(campaign: Campaign) -> str:
    said = terms.in_words(campaign)
    cost = estimate(campaign, terms.people_bound(campaign)).cost if said else None
    if cost is None:
        return said
    amount = plain_money(cost[1], campaign.provider.currency)
    costs = _("If the maximum is reached, it costs at most %(amount)s.") % {"amount": amount}
    return f"{said} {costs}"


def _nobody(selection: Selection) -> str:
    if selection.tags:
        return (
            _("No contact in the chosen lists has these tags.") if selection.lists else _("No contact has these tags.")
        )
    return _("The lists are empty.")


def may_launch(campaign: Campaign, person: Person) -> bool:
    """Return whether a person may launch a campaign: one within their reach."""
    return may(person, "launch_campaign") and may_change(person, campaign)


def is_launchable(campaign: Campaign) -> bool:
    """Return whether a launch, or a resume after the pilot, may still queue people of this campaign."""
    if campaign.status == Status.PAUSED:
        return campaign.pilot == Campaign.Pilot.ASKS
    return campaign.status in {Status.DRAFT, Status.WAITING, Status.SCHEDULED}


def find_blockers(campaign: Campaign, person: Person | None = None, limits: Installation | None = None) -> list[str]:
    """Return the sentences that say what forbids a launch; judges nobody of the audience.

    `limits` are the installation's settings where they were read already.
    """
    provider, backend = campaign.provider, campaign.provider.backend_class
    found: list[Sentence] = []
    if person is not None and not may_launch(campaign, person):
        found.append(_("Your role cannot launch this campaign."))
    if not is_launchable(campaign):
        found.append(_("The campaign has already been launched."))
    found += [one.sentence for one in legal_texts.missing(campaign, limits)]
    lists = list(campaign.lists.all())
    found += refusals_of(campaign.team_id, provider, lists)
    if not campaign.tags and not lists:
        found.append(_("No audience chosen. Choose a list or enter a tag."))
    versions = versions_of(campaign)
    if not all(map(_has_message, versions)):
        found.append(_("No message chosen: %(kinds)s.") % {"kinds": _kinds_in_words(provider)})
    if backend.needs_caller_id and any(said.caller_id_id is None for said in versions):
        found.append(_("%(vendor)s needs a caller ID. Choose one.") % {"vendor": backend.label})
    for chosen in message_parts.parts_of(campaign):
        if chosen.provider_id != provider.pk:
            found.append(_("“%(name)s” belongs to another provider.") % {"name": chosen})
        elif sentence := message_parts.gone_sentence(chosen):
            found.append(sentence)
    worst = worst_cost_of(campaign)
    if campaign.budget is not None and not campaign.budget_is_soft and worst > campaign.budget:
        found.append(
            _("The budget is smaller than the most expensive possible call (%(cost)s), so nobody would be called.")
            % {"cost": plain_money(worst, provider.currency)}
        )
    found += terms.blockers(campaign, timezone.now())
    if not any(week_of(campaign).days):
        found.append(_("No weekday chosen."))
    missing = [field.label for field in backend.fields if field.is_secret and field.required]
    stored = [
        field for field in backend.fields if field.is_secret and field.required and provider.secrets.holds(field.name)
    ]
    if not provider.secrets.is_readable:
        found.append(
            _("The keys of the provider “%(name)s” cannot be read. An admin must set them again.") % {"name": provider}
        )
    elif len(stored) < len(missing):
        found.append(_("The provider “%(name)s” has no key. An admin must set it.") % {"name": provider})
    stops = stops_of(provider, is_stopped=False)
    found += [stop.words(is_queued=True) for stop in stops if stop.reason not in PASSING_STOPS]
    return [str(sentence) for sentence in found]


def find_warnings(campaign: Campaign) -> list[str]:
    """Return the sentences that a person should read before a launch, but that do not forbid it."""
    provider = campaign.provider
    agents = dict.fromkeys(said.agent for said in versions_of(campaign) if said.agent is not None)
    found = [one for agent in agents if not message_parts.is_gone(agent) for one in agent_warnings(agent)]
    found += [stop.words(is_queued=True) for stop in stops_of(provider) if stop.reason in PASSING_STOPS]
    found += variable_warnings(campaign)
    found += line_warnings(campaign)
    if campaign.second is not None:
        refused = second_provider.refusals_of(campaign, campaign.second)
        found += [_("Second provider: %(why)s") % {"why": why} for why in refused]
    if not provider.price_per_minute:
        found.append(
            _("No price per minute is set, so the cost cannot be estimated and the budget cannot be enforced.")
            if campaign.budget is not None
            else _("No price per minute is set, so the cost cannot be estimated.")
        )
    return [str(sentence) for sentence in found]


def _money_warnings(campaign: Campaign, found: Estimate, people: int, caps: Sequence[CapToday]) -> list[str]:
    """Return what the budget and the caps of the day leave undone or slow down."""
    said = []
    if found.uncalled >= people:
        # Nobody would be called: that forbids the launch, and is said there.
        found = replace(found, uncalled=0, lines=None)
    if found.uncalled:
        text = ngettext(
            "With this budget, about %(count)s of %(people)s people would not be called.",
            "With this budget, about %(count)s of %(people)s people would not be called.",
            found.uncalled,
        )
        said.append(text % {"count": number(found.uncalled), "people": number(people)})
    if found.lines is not None:
        text = ngettext(
            "This budget allows only about %(count)s call at a time, because each call may run to its maximum "
            "length. Raise the budget, limit the agent’s call length at the provider, or make the budget soft.",
            "This budget allows only about %(count)s calls at a time, because each call may run to its maximum "
            "length. Raise the budget, limit the agent’s call length at the provider, or make the budget soft.",
            found.lines,
        )
        said.append(text % {"count": number(found.lines)})
    if found.unpriced:
        text = ngettext(
            "%(count)s person has a number with an unknown price, such as premium rate. The cost and the "
            "budget do not include it.",
            "%(count)s people have numbers with an unknown price, such as premium rate. The cost and the "
            "budget do not include them.",
            found.unpriced,
        )
        said.append(text % {"count": number(found.unpriced)})
    dearest = found.cost[1] if found.cost else Decimal(0)
    said += [
        _("%(limit)s: %(left)s of %(amount)s left today. The remaining people are called on later days.")
        % {
            "limit": cap.title,
            "left": plain_money(cap.left, cap.currency),
            "amount": plain_money(cap.amount, cap.currency),
        }
        for cap in caps
        if dearest > cap.left
    ]
    return said


def _days_by_caps(found: Estimate, caps: Sequence[CapToday]) -> int:
    """Return over how many days the caps spread the estimated cost; 0 where a cap allows nothing."""
    dearest = found.cost[1] if found.cost else Decimal(0)
    short = [cap for cap in caps if dearest > cap.left and cap.amount]
    return max((math.ceil((dearest - cap.left) / cap.amount) + 1 for cap in short), default=0)


def agent_warnings(agent: Agent) -> list[Sentence]:
    """Return the sentences about problems of an agent."""
    return [AGENT_WARNINGS[code] % {"agent": agent} for code in agent.warnings if code in AGENT_WARNINGS]


def _unmet_warnings(unmet: Counter[str]) -> list[str]:
    return [
        ngettext(
            "The agent needs “%(name)s”, which is empty for %(count)s person.",
            "The agent needs “%(name)s”, which is empty for %(count)s people.",
            count,
        )
        % {"name": name, "count": number(count)}
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
