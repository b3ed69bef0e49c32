"""Approvals: who gives one, what it binds, and what becomes of a campaign that differs from what was approved.

An approval binds the people with their numbers, the message with its variables, agent, hours, attempts and budget. The
fill queues nobody else, and whatever grows or is edited sends the campaign back, with the difference in words. Of a
living campaign it binds, instead of people, where they come from, how many a day and in all, and the last day.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.holders import holders_of, names_of
from callcenter.access.roles import Person, may
from callcenter.audit.models import AuditEvent, record
from callcenter.edits.states import State, encode, state_of
from campaigns.core.happenings import happened
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change
from campaigns.launch import approved_people
from campaigns.launch import living_terms as terms
from campaigns.launch.approval_words import differences_in_words
from campaigns.launch.approved_people import Growth
from campaigns.launch.audience_query import Selection
from campaigns.models import ApprovedPerson, Campaign, CampaignApproval, Contact
from campaigns.reasons import MAX_REASON

Status = Campaign.Status

BOUND = (
    "provider", "agent", "voice", "caller_id", "dialer", "text", "variables", "on_machine",
    "hours_start", "hours_end", "days", "budget", "budget_is_soft", "max_attempts", "attempts_a_day", "retries",
    "quiet_hours", "requires_consent", "excludes_only_reached", "weekly_hours", "blackout_dates", "holiday_countries",
    "second", "variants",
)  # fmt: skip
"""Columns that an approval binds, besides the people and the campaigns that are left out."""
LIVING = terms.TERMS
"""Columns that it binds of a living campaign besides, with its lists and tags."""
UNCHOSEN: State = {
    "weekly_hours": None, "blackout_dates": [], "holiday_countries": None, "second": None, "variants": [],
}  # fmt: skip
"""Bound columns that an approval names only where something is chosen."""
FREE = frozenset(
    {
        "id", "name", "status", "owner", "team", "created_at", "tags", "lists", "hand_overs", "calls_per_minute",
        "max_lines", "lines_percent", "priority", "starts_at", "start_refusal", "pilot", "launched_at",
        "launched_by", "finished_at", "paused_reason", "paused_by_system", "filled_through", "is_filled",
        "people_joined", "pace_tat", "reserved_cost", "spent_cost", "money_wait", "watched", "watched_since",
    }
)  # fmt: skip
"""Columns that it does not: what the product itself writes, the name, the pace, who acts by hand. Lists and tags say
who the people are, and those are bound."""


IS_BOUND = Exists(CampaignApproval.objects.filter(campaign=OuterRef("pk"), ended_at__isnull=True))
"""Condition of a campaign that has an approval in force."""


def in_force(campaign_id: int) -> CampaignApproval | None:
    """Return the approval of a campaign that is in force, or None."""
    return CampaignApproval.objects.filter(campaign=campaign_id, ended_at__isnull=True).first()


def bound_values(campaign: Campaign) -> State:
    """Return what an approval binds of a campaign's settings, as JSON; of a living campaign also who may join."""
    bound = state_of(campaign, BOUND)
    # Left out where nothing is chosen: what was approved before there was such a choice holds.
    for name in [name for name, value in UNCHOSEN.items() if bound[name] == value]:
        del bound[name]
    bound["excluded_campaigns"] = encode(campaign.excluded_campaigns)
    if campaign.is_living:
        return bound | state_of(campaign, (*LIVING, "lists", "tags"))
    return bound | state_of(campaign, ["last_day"]) if campaign.last_day is not None else bound


# Who may approve


def may_approve(campaign: Campaign, person: Person) -> bool:
    """Return whether a person may approve a campaign within their reach that they neither wrote nor launched."""
    is_another = person.pk is not None and person.pk not in _writers(campaign)
    return is_another and may(person, "launch_above_limit") and may_change(person, campaign)


def approvers_of(campaign: Campaign) -> list[User]:
    """Return the active people who may approve a campaign."""
    others = holders_of("launch_above_limit").exclude(pk__in=_writers(campaign))
    return [person for person in others if may_change(person, campaign)]


def who_may_approve(campaign: Campaign) -> list[str]:
    """Return the names of the active people who may approve a campaign."""
    return names_of(approvers_of(campaign))


def _writers(campaign: Campaign) -> set[int]:
    """Return who wrote, edited or launched a campaign."""
    edits = AuditEvent.objects.filter(
        object_type="campaign",
        object_id=str(campaign.pk),
        action__in=["campaign.created", "campaign.edited", "campaign.second_set"],
        actor__isnull=False,
    )
    found = {campaign.owner_id, campaign.launched_by_id, *edits.values_list("actor", flat=True)}
    return {pk for pk in found if pk is not None}


# Giving one


def mark_of(campaign: Campaign) -> str:
    """Return a digest of all that an approval would bind now; the page carries it to the approver's press."""
    if campaign.is_living:
        return _mark(bound_values(campaign), "")
    return _mark(bound_values(campaign), approved_people.mark_of_audience(Selection.of(campaign).people()))


def _mark(values: State, people: str) -> str:
    written = json.dumps([values, people], sort_keys=True)
    return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()


def give(campaign: Campaign, person: Person, mark: str | None) -> CampaignApproval:
    """Write the approval of a campaign as it is now; the caller has locked the campaign's row.

    `mark` is that of what the approver's page showed; what differs from it is not approved: raises Refusal.
    """
    end(campaign.pk)
    approval = CampaignApproval.objects.create(
        campaign=campaign,
        binds=CampaignApproval.Binds.SOURCES if campaign.is_living else CampaignApproval.Binds.PEOPLE,
        people=terms.people_bound(campaign) if campaign.is_living else 0,
        values=bound_values(campaign),
        salt=secrets.token_hex(8),
        starts_at=campaign.starts_at,
        asked_by_id=campaign.launched_by_id,
        approved_by_id=person.pk,
    )
    people = ""
    if not campaign.is_living:
        approval.people = approved_people.keep(approval, Selection.of(campaign).people())
        approval.save(update_fields=["people"])
        # Of what was kept, not of the lists as they are by now: nobody locks a list.
        people = approved_people.mark_of_audience(approved_people.only_approved(Contact.objects.all(), approval))
    if mark is not None and mark != _mark(approval.values, people):
        raise Refusal(_("The campaign or its contacts changed after you opened it. Check again, then decide."))
    return approval


def end(campaign_id: int) -> None:
    """Let the approval of a campaign be in force no more; its people are forgotten by the minute job."""
    CampaignApproval.objects.filter(campaign=campaign_id, ended_at__isnull=True).update(ended_at=timezone.now())


def forget_over() -> int:
    """Forget the people of approvals that ended, or whose campaign is over; returns how many rows went."""
    over = CampaignApproval.objects.filter(
        ended_at__isnull=True, campaign__status__in=[Status.STOPPED, Status.FINISHED]
    )
    over.update(ended_at=timezone.now())
    kept = ApprovedPerson.objects.filter(approval__ended_at__isnull=False).order_by().values("approval").distinct()
    return sum(approved_people.forget(row["approval"]) for row in kept)


# Holding it


def differences(
    campaign: Campaign, approval: CampaignApproval, *, counts_people: bool = True, names_people: bool = True
) -> list[str]:
    """Return in words how a campaign differs from what was approved; empty if it is within it.

    Without `counts_people` only its settings are compared, as for one whose people are all queued; without
    `names_people` nobody is named, as in the audit, which nobody is erased from.
    """
    growth = Growth()
    if counts_people and _has_grown(campaign, approval):
        growth = approved_people.measure(campaign, approval)
    values = bound_values(campaign)
    return differences_in_words(campaign, approval.values, values, growth, names_people=names_people)


def is_edited(campaign: Campaign, approval: CampaignApproval) -> bool:
    """Return whether a bound setting of a campaign differs from what was approved."""
    return bool(bound_values(campaign) != approval.values)


def exceeds(campaign: Campaign, approval: CampaignApproval) -> bool:
    """Return whether a campaign is beyond what was approved, by its settings or by its people."""
    return is_edited(campaign, approval) or _has_grown(campaign, approval)


def _has_grown(campaign: Campaign, approval: CampaignApproval) -> bool:
    """Return whether people joined who are not approved; an approval of sources covers whoever joins them."""
    is_of_people = approval.binds == CampaignApproval.Binds.PEOPLE
    return is_of_people and approved_people.has_grown(campaign, approval)


def send_back(
    campaign: Campaign, approval: CampaignApproval, statuses: Collection[str], person: Person | None = None
) -> bool:
    """Return a campaign for approval, by compare-and-set; the difference goes into the audit. Returns whether it was.

    From this commit on no call of it begins. Whoever had asked for the approval is its launcher again, so that whoever
    gave it may give it anew.
    """
    words = " ".join(differences(campaign, approval, names_people=False))
    with transaction.atomic():
        changed = Campaign.objects.filter(pk=campaign.pk, status__in=list(statuses)).update(
            status=Status.WAITING, launched_by=approval.asked_by_id, paused_reason="", paused_by_system=False
        )
        if changed:
            record(person, "campaign.sent_back", campaign, reason=words[:MAX_REASON])
            happened("approval.needed", campaign.pk)
    return bool(changed)
