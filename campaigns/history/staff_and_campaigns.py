"""Generates the staff, the providers and the campaigns."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER, MANAGER
from callcenter.audit.models import AuditEvent, write
from campaigns.history import words
from campaigns.history.drafts import NOBODY
from campaigns.history.loading import Loader
from campaigns.history.people import Everybody
from campaigns.history.plan import HistoryPlan
from campaigns.history.rows import Line
from campaigns.models import Campaign, ContactList, ListMembership
from providers import registry
from providers.models import Agent, CallerId, Provider, Voice

CALLERS = ("sara", "nima", "emma", "omid", "julia", "peter")
MANAGERS = ("reza", "grace")
TEAMS = ("Clinic desk", "Shop desk")
WHY_HALTED = "Made by make_history: its calls never happened, and nothing is dialled."
PRICES = {"bitel": (Decimal(900), "IRT"), "unleashx": (Decimal("0.08"), "USD"), "vocode": (Decimal("0.07"), "USD")}
MAX_NAME = Campaign._meta.get_field("name").max_length
NEXT_ROUNDS = {0: Campaign.Status.DRAFT, 5: Campaign.Status.WAITING}
"""State of the further campaign for the same people, by index of the first campaign."""
USUAL_PRICE = (Decimal("0.05"), "USD")


def make_staff() -> list[tuple[int, int | None]]:
    """Create users who cannot log in; returns the ids of the callers and of their teams."""
    teams = [Team.objects.get_or_create(name=name)[0] for name in TEAMS]
    found: list[tuple[int, int | None]] = []
    for role, names in ((CALLER, CALLERS), (MANAGER, MANAGERS)):
        group = Group.objects.get(name=role)
        for place, name in enumerate(names):
            person, is_new = User.objects.get_or_create(
                username=f"history.{name}", defaults={"first_name": name.capitalize()}
            )
            if is_new:
                person.set_unusable_password()
                person.save(update_fields=["password"])
                person.groups.add(group)
                Membership.objects.create(user=person, team=teams[place % len(teams)])
            if role == CALLER:
                found.append((person.pk, person.membership.team_id))
    return found


def make_lines(owners: Sequence[tuple[int, int | None]], until: datetime.datetime) -> list[Line]:
    """Create a halted provider without a key for every vendor, and return what calls use there."""
    found = []
    for vendor in registry.BACKENDS:
        price, currency = PRICES.get(vendor, USUAL_PRICE)
        provider, is_new = Provider.objects.get_or_create(
            name=f"{vendor.capitalize()} (history)",
            defaults={
                "vendor": vendor, "max_lines": 20, "calls_per_minute": 120, "price_per_minute": price,
                "currency": currency, "halted_at": until, "halted_reason": WHY_HALTED, "last_success_at": until,
            },
        )  # fmt: skip
        if is_new:
            for number in range(1, 4):
                Agent.objects.create(provider=provider, remote_id=f"history-agent-{number}", name=f"Desk {number}")
                Voice.objects.create(provider=provider, remote_id=f"history-voice-{number}", name=f"Voice {number}")
            for number in range(2):
                CallerId.objects.create(
                    provider=provider, remote_id=f"history-{number}", name="Desk", number=f"+120255501{number:02d}"
                )
        agents = list(Agent.objects.filter(provider=provider).order_by("pk").values_list("pk", flat=True))
        voices = list(Voice.objects.filter(provider=provider).order_by("pk").values_list("pk", flat=True))
        numbers = list(CallerId.objects.filter(provider=provider).order_by("pk").values_list("pk", flat=True))
        speaks = provider.speaks_through == "agent"
        found.append(
            Line(
                provider.pk,
                agents if speaks else [None],
                [None] if speaks else voices,
                numbers,
                price,
                currency,
                owners,
            )
        )
    return found


def make_campaigns(
    chance: random.Random, plans: Sequence[HistoryPlan], lines: Sequence[Line], audiences: Mapping[int, Sequence[int]],
    people: Everybody, loader: Loader,
) -> dict[int, list[Line]]:  # fmt: skip
    """Create the campaigns with their lists; returns the lines that each uses, by the campaign's index."""
    through: dict[int, list[Line]] = {NOBODY: list(lines)}
    memberships: list[tuple[int, range | Sequence[int]]] = []
    for plan in plans:
        line = lines[plan.place % len(lines)]
        owner, team = chance.choice(line.owners)
        began = datetime.datetime.fromtimestamp(plan.began, datetime.UTC)
        errand = words.ERRANDS[plan.place % len(words.ERRANDS)]
        name = f"{errand} {began:%Y-%m-%d} ({plan.place + 1})"
        members = ContactList.objects.create(
            name=f"{chance.choice(words.LIST_WORDS)} {began:%Y-%m-%d} ({_next_number(ContactList)})",
            owner_id=owner, team_id=team,
        )  # fmt: skip
        made = _campaign(plan, line, name, owner, team, chance)
        made.lists.set([members])
        memberships.append((members.pk, audiences[plan.place]))
        _record(made, owner, began, len(audiences[plan.place]))
        through[plan.place] = [
            line._replace(
                agents=[made.agent_id], voices=[made.voice_id], caller_ids=[made.caller_id_id],
                owners=[(owner, team)], campaign=made.pk,
            )
        ]  # fmt: skip
        if plan.place in NEXT_ROUNDS:
            _next_round(made, members, NEXT_ROUNDS[plan.place])
    first = people.first_id
    rows = ((pk, first + position) for pk, positions in memberships for position in positions)
    loader.load(ListMembership, ("contact_list", "contact"), rows)
    return through


def _campaign(
    plan: HistoryPlan, line: Line, name: str, owner: int, team: int | None, chance: random.Random
) -> Campaign:
    began = datetime.datetime.fromtimestamp(plan.began, datetime.UTC)
    ended = datetime.datetime.fromtimestamp(plan.ends, datetime.UTC)
    number = _next_number(Campaign)
    made = Campaign.objects.create(
        name=f"{name} #{number}",
        status=plan.status,
        provider_id=line.provider,
        agent_id=chance.choice(line.agents),
        voice_id=chance.choice(line.voices),
        caller_id_id=chance.choice(line.caller_ids),
        owner_id=owner,
        team_id=team,
        launched_at=began,
        launched_by_id=owner,
        finished_at=ended if plan.is_over else None,
        is_filled=True,
        paused_by_system=plan.status == Campaign.Status.PAUSED and plan.place == 2,
        paused_reason="Failures rose." if plan.status == Campaign.Status.PAUSED else "",
        budget=Decimal(plan.calls) if plan.place % 3 == 0 else None,
    )
    Campaign.objects.filter(pk=made.pk).update(created_at=began - datetime.timedelta(hours=2))
    return made


def _next_round(campaign: Campaign, members: ContactList, status: Campaign.Status) -> None:
    """Create a campaign for the same people that has not started yet."""
    draft = Campaign.objects.create(
        name=f"Next round of {campaign.name}"[:MAX_NAME], status=status, provider_id=campaign.provider_id,
        agent_id=campaign.agent_id, voice_id=campaign.voice_id, caller_id_id=campaign.caller_id_id,
        owner_id=campaign.owner_id, team_id=campaign.team_id,
    )  # fmt: skip
    draft.lists.set([members])


def _next_number(model: Any) -> int:
    return int(model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1


def _record(campaign: Campaign, owner: int, began: datetime.datetime, people: int) -> None:
    for action, minutes in (("campaign.created", -120), ("campaign.launched", 0)):
        event = AuditEvent(
            actor_id=owner,
            action=action,
            object_type="campaign",
            object_id=str(campaign.pk),
            object_name=campaign.name,
            detail={"people": people, "made_up": True},
        )
        write(event, at=began + datetime.timedelta(minutes=minutes))
