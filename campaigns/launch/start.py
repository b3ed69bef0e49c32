"""The ways to start a campaign: now, at a later time, with a pilot, after approval; each of them is idempotent."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.formats.amounts import number
from callcenter.formats.calendars import whole_moment
from callcenter.formats.isolation import isolated
from callcenter.formats.zones import zone_name
from campaigns import queue
from campaigns.core import launch_limits
from campaigns.core.happenings import happened
from campaigns.core.installation import Installation, current
from campaigns.core.joined import people_joined
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change
from campaigns.launch import approvals
from campaigns.launch import living_terms as terms
from campaigns.launch import pilot as pilot_module
from campaigns.launch.launch_check import check_launch, find_blockers, may_launch
from campaigns.launch.lifecycle import MAX_REASON, may_control
from campaigns.launch.limits import most_cost, taken_over_by, why_approval
from campaigns.models import Campaign, CampaignApproval

logger = logging.getLogger(__name__)

Status = Campaign.Status
Pilot = Campaign.Pilot
TOO_LATE = datetime.timedelta(hours=12)
"""A start missed by more than this, because no worker ran, is not made up for; a person decides."""
FARTHEST = datetime.timedelta(days=366)
"""How far ahead a start may be scheduled."""
MAX_REFUSAL = Campaign._meta.get_field("start_refusal").max_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """The result of a launch; `changed` is False if the campaign was launched already."""

    changed: bool
    status: str
    people: int
    starts_at: datetime.datetime | None = None
    is_pilot: bool = False
    terms: str = ""
    """What a living campaign is launched for, in a sentence."""

    @property
    def sentence(self) -> str:
        """Return the sentence about what happens now."""
        count = {"count": number(self.people)}
        if self.status == Status.WAITING:
            return (
                ngettext(
                    "Sent for approval: %(count)s person. A manager must approve.",
                    "Sent for approval: %(count)s people. A manager must approve.",
                    self.people,
                )
                % count
            )
        if self.status == Status.SCHEDULED and self.starts_at:
            return _("Scheduled for %(at)s (%(zone)s). You can cancel it until then.") % {
                "at": whole_moment(self.starts_at),
                "zone": isolated(zone_name()),
            }
        if self.status == Status.RUNNING and self.terms:
            return _("Launched. %(terms)s") % {"terms": self.terms}
        if self.status == Status.RUNNING and self.is_pilot:
            return _("Pilot launched. It calls the first few people, then pauses and asks you to decide.")
        if self.status == Status.RUNNING:
            return (
                ngettext("Launched: %(count)s person queued.", "Launched: %(count)s people queued.", self.people)
                % count
            )
        return _("Nothing changed: the campaign is “%(state)s”.") % {"state": Status(self.status).label}


def launch(
    campaign_id: int,
    person: Person,
    token: UUID | None = None,
    *,
    starts_at: datetime.datetime | None = None,
    is_pilot: bool = False,
    seen: int | None = None,
) -> Launched:
    """Launch a draft now or at `starts_at`, whole or with a pilot; idempotent.

    Above the person's limit it waits for a manager's approval instead. `seen` is the number of people shown on the
    person's screen; the launch is refused if it has changed. Raises PermissionDenied, and Refusal with the reason.
    """
    with transaction.atomic():
        launch_limits.lock_person(person)
        campaign = _lock(campaign_id)
        if not may_launch(campaign, person):
            raise PermissionDenied("launch_campaign")
        people = terms.people_bound(campaign)
        if campaign.status not in {Status.DRAFT, Status.SCHEDULED}:
            return Launched(changed=False, status=campaign.status, people=people)
        if campaign.status == Status.SCHEDULED and starts_at == campaign.starts_at:
            return Launched(changed=False, status=campaign.status, people=people)
        _refuse_changed(campaign, people, seen)
        limits = current()
        _refuse_blocked(campaign, people, limits)
        if is_pilot and campaign.is_living:
            raise Refusal(_("A campaign that stays open has no pilot. Call a few people with another campaign first."))
        if starts_at is not None:
            _refuse_time(starts_at)
        counted = min(people, pilot_module.SIZE) if is_pilot else people
        at = starts_at or timezone.now()
        cost = most_cost(campaign, counted, limits)
        currency = campaign.provider.currency
        waits = launch_limits.why_approval(person, counted, cost, currency, at, campaign_id, limits)
        values = {
            **taken_over_by(campaign, person),
            "launched_by_id": person.pk,
            "starts_at": starts_at,
            "start_refusal": "",
            "pilot": Pilot.CALLING if is_pilot else Pilot.NONE,
        }
        if waits:
            return _move(campaign, Status.WAITING, "campaign.approval_asked", person, people, token, **values)
        # Their own launch: what somebody approved before is not what they launch now.
        if campaign.status == Status.SCHEDULED:
            approvals.end(campaign_id)
        if not may(person, launch_limits.WITHOUT_LIMIT):
            launch_limits.count(campaign, person, counted, cost, at)
        if starts_at is not None:
            return _move(campaign, Status.SCHEDULED, "campaign.scheduled", person, people, token, **values)
        action = "campaign.pilot_launched" if is_pilot else "campaign.launched"
        return _move(campaign, Status.RUNNING, action, person, people, token, **values)


def approve(
    campaign_id: int,
    person: Person,
    token: UUID | None = None,
    *,
    seen: int | None = None,
    mark: str | None = None,
) -> Launched:
    """Approve a campaign as it is now: launch it, or schedule it if it has a start time; idempotent.

    `seen` is the number of people on the person's screen, `mark` stands for all that it showed (`approvals.mark_of`).
    Raises PermissionDenied, also for whoever wrote, edited or launched it, and Refusal if it has changed since, or with
    the reason like `launch`.
    """
    with transaction.atomic():
        campaign = _lock(campaign_id)
        people = terms.people_bound(campaign)
        # The approver has become the launcher, so a second submit by them is not refused.
        if campaign.status != Status.WAITING and may(person, "launch_above_limit") and may_change(person, campaign):
            return Launched(changed=False, status=campaign.status, people=people)
        if not approvals.may_approve(campaign, person):
            raise PermissionDenied("launch_above_limit")
        if taken_over_by(campaign, person):
            raise Refusal(_("Its owner was turned off. Another user must take it over and launch it."))
        _refuse_changed(campaign, people, seen)
        _refuse_blocked(campaign, people)
        people = approvals.give(campaign, person, mark).people
        launch_limits.uncount(campaign_id)
        later = campaign.starts_at is not None and campaign.starts_at > timezone.now()
        status = Status.SCHEDULED if later else Status.RUNNING
        return _move(campaign, status, "campaign.approved", person, people, token, launched_by_id=person.pk)


def ask_for_rest(campaign_id: int, person: Person, token: UUID | None = None) -> Launched:
    """Ask a manager to continue after a pilot, if the whole is above the person's limit. Raises PermissionDenied."""
    with transaction.atomic():
        campaign = _lock(campaign_id)
        if not may_control(campaign, person) or not may(person, "launch_campaign"):
            raise PermissionDenied("launch_campaign")
        people = terms.people_bound(campaign)
        if campaign.status != Status.PAUSED or campaign.pilot != Pilot.ASKS:
            return Launched(changed=False, status=campaign.status, people=people)
        return _move(
            campaign, Status.WAITING, "campaign.approval_asked", person, people, token, launched_by_id=person.pk
        )


def give_back(campaign_id: int, person: Person, reason: str) -> bool:
    """Return a campaign to whoever asked for its approval, with the reason; returns whether it was changed.

    Raises PermissionDenied for whoever may not approve it, and Refusal without a reason.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.status == Status.WAITING and not approvals.may_approve(campaign, person):
        raise PermissionDenied("launch_above_limit")
    if not reason.strip():
        raise Refusal(_("Enter a reason. The user who requested the approval will see it."))
    return campaign.status == Status.WAITING and withdraw(campaign_id, person, reason.strip())


def withdraw(campaign_id: int, person: Person | None, refused_for: str = "") -> bool:
    """Return a campaign from approval, or from its scheduled start, to draft; returns whether it was changed.

    With `refused_for`, the reason, an approver refuses it.
    """
    with transaction.atomic():
        found = Campaign.objects.get(pk=campaign_id)
        if found.status not in {Status.WAITING, Status.SCHEDULED}:
            return False
        back: dict[str, Any] = {"status": Status.PAUSED}
        if found.launched_at is None:
            back = {"status": Status.DRAFT, "launched_by": None, "starts_at": None, "pilot": Pilot.NONE}
            approvals.end(campaign_id)
            launch_limits.uncount(campaign_id)
        changed = Campaign.objects.filter(pk=campaign_id, status=found.status).update(**back)
        if changed:
            action = "campaign.withdrawn" if found.status == Status.WAITING else "campaign.start_canceled"
            if refused_for:
                record(person, "campaign.refused", found, reason=refused_for[:MAX_REASON])
            else:
                record(person, action, found)
            if found.status == Status.WAITING:
                happened("approval.returned", campaign_id)
    return bool(changed)


def take_back(campaign_id: int, person: Person) -> bool:
    """Withdraw a request for approval or a scheduled start on a person's demand. Raises PermissionDenied."""
    if not may_control(Campaign.objects.get(pk=campaign_id), person):
        raise PermissionDenied("control_campaign")
    return withdraw(campaign_id, person)


# Scheduled starts


def start_due(now: datetime.datetime) -> int:
    """Start every campaign whose start time has come; returns how many started."""
    due = Campaign.objects.filter(status=Status.SCHEDULED, starts_at__lte=now).order_by("starts_at", "pk")
    started = 0
    for campaign_id in due.values_list("pk", flat=True):
        try:
            started += start_scheduled(campaign_id, now)
        except Exception:
            # An error in one campaign must not prevent the others from starting; the next run tries it again.
            logger.exception("campaign=%s: could not be started at its time", campaign_id)
    return started


def start_scheduled(campaign_id: int, now: datetime.datetime) -> bool:
    """Start one campaign whose start time has come, or store on it why it cannot start; by compare-and-set.

    Returns whether it was started.
    """
    # The audience is judged before the row is locked, because that may take seconds.
    judged = Campaign.objects.select_related(*RELATED, "launched_by").get(pk=campaign_id)
    blockers = check_launch(judged, now).blockers
    with transaction.atomic():
        campaign = _lock(campaign_id)
        if campaign.status != Status.SCHEDULED or campaign.starts_at is None or campaign.starts_at > now:
            return False
        approval = approvals.in_force(campaign_id)
        refusal = _why_not_at_its_time(campaign, now, approval) or " ".join(find_blockers(campaign) or blockers)
        if not refusal and approval is not None and approvals.exceeds(campaign, approval):
            approvals.send_back(campaign, approval, {Status.SCHEDULED})
            return False
        if not refusal:
            people = terms.people_bound(campaign)
            return _move(campaign, Status.RUNNING, "campaign.started_on_time", None, people, None).changed
        refused = Campaign.objects.filter(pk=campaign_id, status=Status.SCHEDULED).update(
            status=Status.DRAFT, launched_by=None, start_refusal=refusal[:MAX_REFUSAL]
        )
        if refused:
            approvals.end(campaign_id)
            launch_limits.uncount(campaign_id)
            record(None, "campaign.start_refused", campaign, reason=refusal[:MAX_REASON])
    return False


def _why_not_at_its_time(campaign: Campaign, now: datetime.datetime, approval: CampaignApproval | None) -> str:
    launcher = campaign.launched_by
    if campaign.starts_at is not None and now - campaign.starts_at > TOO_LATE:
        return _("Callcenter was not running at that time, and it is now more than 12 hours late. Launch it manually.")
    if approval is not None and approval.approved_by_id == campaign.launched_by_id:
        # Who approved it answers for the approval; its owner goes on with it.
        launcher = campaign.owner or launcher
    if launcher is None or not launcher.is_active:
        return _("The user who scheduled it no longer has an account. Another user must launch it.")
    if not may_launch(campaign, launcher):
        return _("%(name)s is no longer allowed to launch it. Another user must launch it.") % {"name": launcher}
    if approval is None and why_approval(terms.people_bound(campaign), launcher, campaign, now):
        return _("It now has more people than %(name)s is allowed to launch. Send it for approval.") % {
            "name": launcher
        }
    return ""


# The one change


TOLD = {"campaign.approval_asked": "approval.needed", "campaign.approved": "approval.given"}
"""What others hear of changes, by the action that the audit log names."""

RELATED = ("provider", "agent", "voice", "caller_id", "dialer", "owner")


def _lock(campaign_id: int) -> Campaign:
    """Return the campaign, locked so that its lists and message cannot change between the check and the launch."""
    rows = Campaign.objects.select_for_update(of=("self",)).select_related(*RELATED, "launched_by")
    # Its lists are counted and judged: read once for both.
    return rows.prefetch_related("lists").get(pk=campaign_id)


def _refuse_changed(campaign: Campaign, people: int, seen: int | None) -> None:
    # A living campaign is launched for whoever joins, so its audience may grow meanwhile.
    if seen is not None and people != seen and not campaign.is_living:
        raise Refusal(
            _("The audience changed from %(seen)s to %(now)s people after you opened this page. Check again.")
            % {"seen": number(seen), "now": number(people)}
        )


def _refuse_blocked(campaign: Campaign, people: int, limits: Installation | None = None) -> None:
    blockers = find_blockers(campaign, limits=limits)
    if not people and not blockers:
        blockers.append(_("The audience is empty."))
    if blockers:
        raise Refusal(" ".join(blockers))


def _refuse_time(starts_at: datetime.datetime) -> None:
    now = timezone.now()
    if starts_at <= now:
        raise Refusal(_("This time has passed. Choose a later one, or start now."))
    if starts_at > now + FARTHEST:
        raise Refusal(_("Choose a time within a year."))


def _move(
    campaign: Campaign,
    status: str,
    action: str,
    person: Person | None,
    people: int,
    token: UUID | None,
    **values: Any,
) -> Launched:
    """Set a campaign's status by compare-and-set, since SQLite has no row locks, and record the action."""
    values["status"] = status
    pilot = values.get("pilot", campaign.pilot)
    if status == Status.RUNNING:
        values |= {"is_filled": False, "filled_through": 0, "starts_at": None}
        if campaign.launched_at is None:
            values["launched_at"] = timezone.now()
        if campaign.pilot == Pilot.ASKS:
            values |= {"pilot": Pilot.PASSED, "watched": {}, "watched_since": timezone.now()}
            pilot = Pilot.PASSED
    starts_at = values.get("starts_at", campaign.starts_at)
    changed = Campaign.objects.filter(pk=campaign.pk, status=campaign.status).update(**values)
    if changed:
        detail = {"token": str(token)} if token else {}
        if status == Status.SCHEDULED and starts_at is not None:
            detail["starts_at"] = starts_at.isoformat()
        record(person, action, campaign, people=people, **detail)
        if action in TOLD:
            happened(TOLD[action], campaign.pk)
        if status == Status.RUNNING:
            queue.nudge_dispatch()
            if campaign.is_living:
                people_joined()
    return Launched(
        changed=bool(changed),
        status=status if changed else campaign.status,
        people=people,
        starts_at=starts_at,
        is_pilot=pilot == Pilot.CALLING,
        terms=terms.in_words(campaign),
    )
