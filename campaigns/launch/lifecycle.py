"""Pauses, resumes, stops and ends campaigns: every change a compare-and-set, every number counted after it holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns import queue
from campaigns.core import transitions
from campaigns.core.call_events import Source
from campaigns.core.clock import DatabaseClock
from campaigns.core.refusals import Refusal
from campaigns.core.transitions import Why
from campaigns.launch import pilot
from campaigns.launch.audience_query import count_people
from campaigns.models import Call, Campaign
from campaigns.reasons import SkipReason
from providers.types import AT_VENDOR, LIVE, CallStatus

Status = Campaign.Status
STILL_OUT = frozenset({CallStatus.PLACING, CallStatus.UNKNOWN})
"""States in which an order left or may still leave, and nobody knows yet what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a change of a campaign did; `changed` is False where somebody else was first or the state forbids it."""

    changed: bool
    status: str
    waiting: int = 0
    """Calls that wait their turn."""
    live: int = 0
    """Calls at the vendor; they end by themselves."""
    still_out: int = 0
    """Calls that are just leaving, or of which nothing is known."""
    skipped: int = 0
    """Calls that a stop took out of the queue."""
    recalled: int = 0
    """Calls that wait at the vendor, which a stop asks to take back: they are among the live ones."""

    @property
    def sentence(self) -> str:
        """Say what happens with the calls that are out."""
        parts = []
        if self.skipped:
            parts.append(
                ngettext(
                    "%(count)d waiting call was taken out.",
                    "%(count)d waiting calls were taken out.",
                    self.skipped,
                )
                % {"count": self.skipped}
            )
        elif self.waiting:
            parts.append(
                ngettext("%(count)d call waits.", "%(count)d calls wait.", self.waiting) % {"count": self.waiting}
            )
        if finishing := self.live - self.recalled:
            parts.append(
                ngettext("%(count)d live call will finish.", "%(count)d live calls will finish.", finishing)
                % {"count": finishing}
            )
        if self.recalled:
            parts.append(
                ngettext(
                    "The vendor is asked to take back %(count)d call that it has not dialled yet.",
                    "The vendor is asked to take back %(count)d calls that it has not dialled yet.",
                    self.recalled,
                )
                % {"count": self.recalled}
            )
        if self.still_out:
            parts.append(
                ngettext(
                    "%(count)d call is still out: it may ring.",
                    "%(count)d calls are still out: they may ring.",
                    self.still_out,
                )
                % {"count": self.still_out}
            )
        return " ".join(parts) or _("No call is out.")


def needs_approval(people: int, person: Person) -> bool:
    """Tell whether a launch of so many people by this person must be approved by somebody else."""
    return people > settings.CALLER_LAUNCH_LIMIT and not may(person, "launch_above_limit")


def may_control(campaign: Campaign, person: Person) -> bool:
    """Tell whether a person may pause, resume and stop a campaign: an own one, or any with the right."""
    return may(person, "control_all_campaigns") or (
        may(person, "control_campaign") and campaign.owner_id is not None and campaign.owner_id == person.pk
    )


def count_out(campaign_id: int) -> dict[str, int]:
    """Count the calls of a campaign that wait, are at the vendor, and are still out; one statement."""
    return Call.objects.filter(campaign=campaign_id, status__in=[CallStatus.PENDING, *LIVE]).aggregate(
        waiting=Count("pk", filter=Q(status=CallStatus.PENDING)),
        live=Count("pk", filter=Q(status__in=AT_VENDOR)),
        still_out=Count("pk", filter=Q(status__in=STILL_OUT)),
    )


def pause(campaign_id: int, person: Person, reason: str = "") -> Outcome:
    """Pause: from this commit on no new call of the campaign starts. Raises PermissionDenied."""
    _demand_control(campaign_id, person)
    return _change(
        campaign_id,
        {Status.RUNNING},
        "campaign.paused",
        person,
        status=Status.PAUSED,
        paused_reason=reason[:300],
        paused_by_system=False,
    )


def pause_by_system(campaign_id: int, reason: str) -> Outcome:
    """Pause because of something the product noticed, such as a used-up budget."""
    return _change(
        campaign_id,
        {Status.RUNNING},
        "campaign.paused",
        None,
        status=Status.PAUSED,
        paused_reason=reason[:300],
        paused_by_system=True,
    )


def resume(campaign_id: int, person: Person) -> Outcome:
    """Go on with a paused campaign, after a pilot with the rest of its people; once, however often it is pressed.

    Raises PermissionDenied, and Refused where its people are above the person's limit.
    """
    _demand_control(campaign_id, person)
    campaign = Campaign.objects.get(pk=campaign_id)
    goes_on = campaign.pilot == Campaign.Pilot.ASKS
    is_small = campaign.pilot == Campaign.Pilot.CALLING
    queues_more = goes_on or not (campaign.is_filled or is_small)
    if queues_more and needs_approval(count_people(campaign), person):
        raise Refusal(
            _("The rest is above your limit: ask a manager to go on.")
            if goes_on
            else _("The lists grew above your limit before everybody was queued: a manager must resume.")
        )
    # Whoever resumes before everybody is queued answers for the number of people.
    more: dict[str, Any] = {"launched_by_id": person.pk} if queues_more else {}
    if goes_on:
        more |= {"pilot": Campaign.Pilot.PASSED, "is_filled": False, "filled_through": 0}
    with transaction.atomic():
        outcome = _change(
            campaign_id,
            {Status.PAUSED},
            "campaign.went_on" if goes_on else "campaign.resumed",
            person,
            status=Status.RUNNING,
            paused_reason="",
            paused_by_system=False,
            # A fresh look at failures and refusals: what led to the pause is not held against it again.
            watched={},
            watched_since=DatabaseClock().now(),
            **more,
        )
        if outcome.changed:
            queue.nudge_dispatch()
    return outcome


def end_pilot(campaign_id: int, person: Person) -> Outcome:
    """Pause a pilot before its last attempts are over, and ask how to go on. Raises PermissionDenied."""
    _demand_control(campaign_id, person)
    in_pilot = Campaign.objects.filter(pk=campaign_id, pilot=Campaign.Pilot.CALLING, is_filled=True)
    if not in_pilot.exists():
        return _unchanged(campaign_id)
    return _change(
        campaign_id,
        {Status.RUNNING, Status.PAUSED},
        "campaign.pilot_ended",
        person,
        status=Status.PAUSED,
        pilot=Campaign.Pilot.ASKS,
        paused_reason="",
        paused_by_system=False,
    )


def stop(campaign_id: int, person: Person, reason: str = "") -> Outcome:
    """End a campaign for good: nothing new starts, and who waits is not called. Raises PermissionDenied.

    Conversations are not hung up; who had no row yet gets none. What waits at a vendor is taken back by the
    background, where the vendor can.
    """
    _demand_control(campaign_id, person)
    with transaction.atomic():
        now = timezone.now()
        # The campaign first: no commit point passes after it, so whatever is still pending then stays undialled.
        stopped = Campaign.objects.filter(
            pk=campaign_id, status__in=[Status.RUNNING, Status.PAUSED, Status.WAITING]
        ).update(status=Status.STOPPED, finished_at=now, paused_reason=reason[:300], paused_by_system=False)
        if not stopped:
            return _unchanged(campaign_id)
        label = str(SkipReason.STOPPED.label)
        skipped = len(
            transitions.change(
                transitions.SKIP,
                Call.objects.filter(campaign=campaign_id),
                now,
                Why("skipped", Source.PERSON.value, reason or label, person.pk),
                skip_reason=SkipReason.STOPPED,
            )
        )
        counts = count_out(campaign_id) | {"recalled": Call.objects.recallable().filter(campaign=campaign_id).count()}
        campaign = Campaign.objects.get(pk=campaign_id)
        record(person, "campaign.stopped", campaign, skipped=skipped, **_kept(reason), **counts)
        # Also for orders that are on the wire now: the vendor may have them in a moment.
        queue.nudge_take_back()
    return Outcome(changed=True, status=Status.STOPPED, skipped=skipped, **counts)


def finish_done_campaigns() -> int:
    """End every running campaign whose people all have their last word; returns how many ended.

    A pilot that is over pauses instead and asks, where anybody is left.
    """
    unsettled = Call.objects.filter(campaign=OuterRef("pk"), status__in=[CallStatus.PENDING, *LIVE])
    done = Campaign.objects.filter(~Exists(unsettled), status=Status.RUNNING, is_filled=True)
    finished = 0
    for campaign in done:
        in_pilot = campaign.pilot in {Campaign.Pilot.CALLING, Campaign.Pilot.ASKS}
        ending: dict[str, Any] = {"status": Status.FINISHED, "finished_at": timezone.now()}
        if in_pilot and pilot.has_rest(campaign):
            ending = {
                "status": Status.PAUSED, "pilot": Campaign.Pilot.ASKS, "paused_reason": "", "paused_by_system": False
            }  # fmt: skip
        with transaction.atomic():
            # The condition once more, in the statement that changes: a retry may have been planned meanwhile.
            changed = Campaign.objects.filter(
                ~Exists(unsettled), pk=campaign.pk, status=Status.RUNNING, is_filled=True, pilot=campaign.pilot
            ).update(**ending)
            is_finished = ending["status"] == Status.FINISHED
            if changed:
                record(None, "campaign.finished" if is_finished else "campaign.pilot_over", campaign)
                finished += is_finished
    return finished


def _demand_control(campaign_id: int, person: Person) -> None:
    campaign = Campaign.objects.only("owner_id").get(pk=campaign_id)
    if not may_control(campaign, person):
        raise PermissionDenied("control_campaign")


def _change(
    campaign_id: int,
    allowed: Collection[str],
    action: str,
    person: AbstractBaseUser | AnonymousUser | None,
    **values: Any,
) -> Outcome:
    with transaction.atomic():
        if not Campaign.objects.filter(pk=campaign_id, status__in=list(allowed)).update(**values):
            return _unchanged(campaign_id)
        # Counted after the change holds: on PostgreSQL a commit point that was first is seen here.
        counts = count_out(campaign_id)
        campaign = Campaign.objects.get(pk=campaign_id)
        record(person, action, campaign, **_kept(values.get("paused_reason", "")), **counts)
    return Outcome(changed=True, status=campaign.status, **counts)


def _unchanged(campaign_id: int) -> Outcome:
    campaign = Campaign.objects.get(pk=campaign_id)
    return Outcome(changed=False, status=campaign.status, **count_out(campaign_id))


def _kept(reason: str) -> dict[str, str]:
    return {"reason": reason[:300]} if reason else {}
