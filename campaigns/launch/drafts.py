"""Creates, changes and copies campaigns from values that a form has checked, with an audit event for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.changes import changes as before_and_after
from callcenter.audit.models import AuditEvent, record
from callcenter.edits.shown import Shown, changes_of
from callcenter.edits.states import put, state_of
from campaigns import queue
from campaigns.answers import questions
from campaigns.calls import hand_overs
from campaigns.core.allowed_use import chosen_teams, refusals_of, team_for
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change, seen_by
from campaigns.launch import approvals
from campaigns.launch.living import widening
from campaigns.launch.start import withdraw
from campaigns.models import Campaign, ContactList
from campaigns.outcomes import Policy

Status = Campaign.Status
OVER = frozenset({Status.STOPPED.value, Status.FINISHED.value})
OF_ITS_LIFE = frozenset(
    {
        "id", "name", "status", "owner", "team", "created_at", "launched_at", "launched_by", "finished_at",
        "paused_reason", "paused_by_system", "starts_at", "start_refusal", "pilot",
        "filled_through", "is_filled", "people_joined", "pace_tat", "reserved_cost", "spent_cost", "money_wait",
        "watched", "watched_since", "second",
    }
)  # fmt: skip
"""Fields that a copy does not take over."""
MAX_STEM = 110
"""Characters of a name that a numbered copy keeps; the rest of the column is for the number."""


def visible_to(person: Person) -> QuerySet[Campaign]:
    """Return the campaigns that a person may see, with what their pages show."""
    related = ("provider", "agent", "voice", "caller_id", "dialer", "owner", "second__provider", "second__caller_id")
    return seen_by(person, Campaign.objects.select_related(*related))


def may_edit(campaign: Campaign, person: Person) -> bool:
    """Return whether a person may write at a campaign: it is not over, and within their reach."""
    if campaign.status in OVER or not may(person, "draft_campaign"):
        return False
    return may_change(person, campaign)


def create(
    person: Person,
    values: Mapping[str, Any],
    lists: Iterable[ContactList],
    token: UUID | None,
    left_out: Iterable[Campaign] = (),
    *,
    like: int | None = None,
) -> Campaign:
    """Create a draft; a second call with the same token returns the first draft.

    It belongs to the team of what it uses, or of the campaign that it is made `like`, where the person is in that one.
    Raises PermissionDenied, and Refusal where it uses what is kept for another team.
    """
    if not may(person, "draft_campaign"):
        raise PermissionDenied("draft_campaign")
    with transaction.atomic():
        if (known := made_with(person, token)) is not None:
            return known
        lists = list(lists)
        team = team_for(person, like, *chosen_teams(values, lists))
        refused = refusals_of(team, values.get("provider"), lists)
        if like is None or like != team:
            refused += _unreached(values, frozenset(), team, person)
        if refused:
            raise Refusal(" ".join(refused))
        campaign = Campaign.objects.create(**values, owner_id=person.pk, team_id=team)
        campaign.lists.set(lists)
        campaign.excluded_campaigns.set(left_out)
        record(person, "campaign.created", campaign, **({"token": str(token)} if token else {}))
    return campaign


def made_with(person: Person, token: UUID | None) -> Campaign | None:
    """Return the campaign that this person's form (`token`) has created already, or None."""
    if token is None:
        return None
    event = AuditEvent.objects.filter(
        actor=person.pk, action="campaign.created", object_type="campaign", detail__token=str(token)
    ).first()
    return Campaign.objects.filter(pk=int(event.object_id)).first() if event else None


def change(
    campaign_id: int,
    person: Person,
    values: Mapping[str, Any],
    lists: Iterable[ContactList] | None,
    left_out: Iterable[Campaign] | None = None,
    *,
    was_launched: bool,
    shown: Shown | None = None,
) -> list[str]:
    """Change a campaign; returns the names of the changed fields. A change cancels its start time.

    What was approved is returned for approval if it differs from that now.

    `was_launched` tells whether the form was filled in for a launched campaign, `shown` what its page had shown: only
    what its person changed is written then. Raises PermissionDenied, Refusal if the campaign was launched or ended
    meanwhile, and BothChanged.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if campaign.status in OVER:
            raise Refusal(_("The campaign is finished. Copy it to call again."))
        if not may_edit(campaign, person):
            raise PermissionDenied("draft_campaign")
        if (campaign.launched_at is not None) != was_launched:
            raise Refusal(
                _(
                    "The campaign was launched in the meantime, so message and audience can no longer be "
                    "changed. Nothing was saved."
                )
            )
        chosen = {"lists": lists, "excluded_campaigns": left_out}
        wanted = {**values, **{name: list(rows) for name, rows in chosen.items() if rows is not None}}
        changes = changes_of(campaign, wanted, shown)
        changed = [name for name in changes if name not in chosen]
        before, receivers = state_of(campaign, changes), campaign.policy.people
        for name in changed:
            put(campaign, name, changes[name])
        if changed:
            # A greater budget may have room again: whoever waited for money looks anew.
            campaign.money_wait = ""
            # Only the changed columns: the dispatcher writes other columns of this row at the same time.
            campaign.save(update_fields=[*changed, "money_wait"])
            if campaign.status == Status.RUNNING:
                queue.nudge_dispatch()
        for name in chosen:
            if name in changes:
                getattr(campaign, name).set(changes[name])
                changed.append(name)
        if changed:
            refused = refusals_of(campaign.team_id, campaign.provider, campaign.lists.all())
            refused += _unreached(changes, receivers, campaign.team_id, person)
            if refused:
                raise Refusal(" ".join(refused))
            after_edit(campaign, person, changed)
            after = state_of(campaign, changes)
            record(person, "campaign.edited", campaign, fields=changed, **before_and_after(before, after))
    return changed


def _unreached(values: Mapping[str, Any], before: frozenset[int], team: int | None, person: Person) -> list[str]:
    """Return why calls cannot be given to somebody who is newly chosen; empty where they can."""
    policy = Policy.read({}, values.get("hand_overs") or {}, 1, None)
    refusal = hand_overs.refusal_of(policy.people - before, team, person)
    return [refusal] if refusal else []


def after_edit(campaign: Campaign, person: Person, changed: Collection[str]) -> None:
    """Return what was approved for approval if it differs from it now; let other requests and start times go."""
    approval = approvals.in_force(campaign.pk)
    widening.follow_edit(campaign, person, changed, is_approved=approval is not None)
    if approval is None:
        withdraw(campaign.pk, person)
        return
    is_filled = campaign.is_filled and campaign.launched_at is not None
    if approvals.differences(campaign, approval, counts_people=not is_filled):
        # A paused one is returned when somebody resumes it.
        approvals.send_back(campaign, approval, {Status.SCHEDULED, Status.RUNNING}, person)


def copy(campaign_id: int, person: Person, token: UUID | None = None) -> Campaign:
    """Create a draft with the same message, audience, rules and questions under a new name. Raises PermissionDenied."""
    original = Campaign.objects.get(pk=campaign_id)
    fields = [field for field in Campaign._meta.concrete_fields if field.name not in OF_ITS_LIFE]
    values = {field.name: getattr(original, field.name) for field in fields}
    # The last day of a run for a date is of that run alone.
    values["last_day"] = original.last_day if original.is_living else None
    with transaction.atomic():
        was_made = made_with(person, token) is not None
        made = create(
            person,
            values | {"name": free_name(original.name)},
            original.lists.all(),
            token,
            original.excluded_campaigns.all(),
            like=original.team_id,
        )
        if not was_made:
            questions.copy_to(campaign_id, made)
    return made


def free_name(name: str) -> str:
    """Return the name followed by the next free number in brackets."""
    stem = name.rsplit(" (", 1)[0] if name.endswith(")") and name.rsplit(" (", 1)[-1][:-1].isdecimal() else name
    taken = set(Campaign.objects.filter(name__startswith=stem[:MAX_STEM]).values_list("name", flat=True))
    number = 2
    while (found := f"{stem[:MAX_STEM]} ({number})") in taken:
        number += 1
    return found
