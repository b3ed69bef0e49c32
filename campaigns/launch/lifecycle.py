"""Pauses, resumes, stops and finishes campaigns: each change is a compare-and-set, followed by a count of the calls."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

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
from campaigns.core import conditions, launch_limits, message_parts, stop_requests, transitions
from campaigns.core.allowed_use import refusals_of
from campaigns.core.call_events import Source
from campaigns.core.clock import DatabaseClock
from campaigns.core.happenings import happened
from campaigns.core.installation import current
from campaigns.core.joined import people_joined
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change
from campaigns.core.transitions import Why
from campaigns.launch import approvals, pilot
from campaigns.launch.limits import most_cost, needs_approval, taken_over_by
from campaigns.launch.living_terms import people_bound
from campaigns.models import Call, Campaign
from campaigns.reasons import MoneyWait, SkipReason
from providers.models import Provider
from providers.types import AT_VENDOR, LIVE, CallStatus

Status = Campaign.Status
MAX_REASON = Campaign._meta.get_field("paused_reason").max_length
RETURN_WITHIN = datetime.timedelta(hours=1)
"""How long after a campaign's stop an order of it may come back; an order is on the wire for half a minute."""
TOLD = {"campaign.paused": "campaign.paused", "campaign.pilot_ended": "campaign.pilot_over"}
"""What others hear of changes, by the action that the audit log names."""
STILL_OUT = frozenset({CallStatus.PLACING, CallStatus.UNKNOWN})
"""States of calls whose order is being sent or has been sent, with no clear answer yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a change of a campaign; `changed` is False if somebody else was first or its state forbids it."""

    changed: bool
    status: str
    waiting: int = 0
    """Calls that are pending in our queue."""
    live: int = 0
    """Calls at the vendor; they end by themselves."""
    still_out: int = 0
    """Calls whose order is being sent, and unknown calls."""
    skipped: int = 0
    """Calls that a stop removed from our queue."""
    recalled: int = 0
    """Calls waiting in the vendor's queue that a stop asks the vendor to cancel; they are also counted in `live`."""

    @property
    def sentence(self) -> str:
        """Return the sentence about what happens with the calls in progress."""
        parts = []
        if self.skipped:
            parts.append(
                ngettext(
                    "%(count)d waiting call was cancelled.",
                    "%(count)d waiting calls were cancelled.",
                    self.skipped,
                )
                % {"count": self.skipped}
            )
        elif self.waiting:
            parts.append(
                ngettext("%(count)d call left.", "%(count)d calls left.", self.waiting) % {"count": self.waiting}
            )
        if finishing := self.live - self.recalled:
            parts.append(
                ngettext(
                    "%(count)d call in progress will finish.", "%(count)d calls in progress will finish.", finishing
                )
                % {"count": finishing}
            )
        if self.recalled:
            parts.append(
                ngettext(
                    "The provider is being asked to cancel %(count)d call that is not dialled yet.",
                    "The provider is being asked to cancel %(count)d calls that are not dialled yet.",
                    self.recalled,
                )
                % {"count": self.recalled}
            )
        if self.still_out:
            parts.append(
                ngettext(
                    "%(count)d call is still in progress and may ring.",
                    "%(count)d calls are still in progress and may ring.",
                    self.still_out,
                )
                % {"count": self.still_out}
            )
        return " ".join(parts) or _("No calls in progress.")


def may_control(campaign: Campaign, person: Person) -> bool:
    """Return whether a person may pause, resume and stop a campaign: one within their reach."""
    holds_right = may(person, "control_campaign") or may(person, "control_all_campaigns")
    return holds_right and may_change(person, campaign)


def count_out(campaign_id: int) -> dict[str, int]:
    """Count a campaign's calls that are waiting, live and still out (see `Outcome`), in one statement."""
    return Call.objects.filter(campaign=campaign_id, status__in=[CallStatus.PENDING, *LIVE]).aggregate(
        waiting=Count("pk", filter=Q(status=CallStatus.PENDING)),
        live=Count("pk", filter=Q(status__in=AT_VENDOR)),
        still_out=Count("pk", filter=Q(status__in=STILL_OUT)),
    )


def pause(campaign_id: int, person: Person, reason: str = "") -> Outcome:
    """Pause a campaign: after this commit no new call of it is sent. Raises PermissionDenied."""
    _demand_control(campaign_id, person)
    return _change(
        campaign_id,
        {Status.RUNNING},
        "campaign.paused",
        person,
        status=Status.PAUSED,
        paused_reason=reason[:MAX_REASON],
        paused_by_system=False,
    )


def pause_by_system(campaign_id: int, reason: str) -> Outcome:
    """Pause a campaign for a reason that the product found itself, such as a used-up budget."""
    return _change(
        campaign_id,
        {Status.RUNNING},
        "campaign.paused",
        None,
        status=Status.PAUSED,
        paused_reason=reason[:MAX_REASON],
        paused_by_system=True,
    )


def pause_where_gone(campaign_id: int) -> Outcome:
    """Pause a campaign whose agent, voice or caller ID is gone at the vendor or not active, as last synced."""
    reason = message_parts.why_paused(_with_parts(campaign_id))
    return pause_by_system(campaign_id, reason) if reason else _unchanged(campaign_id)


def _with_parts(campaign_id: int) -> Campaign:
    return Campaign.objects.select_related("provider", *message_parts.PARTS).get(pk=campaign_id)


def resume(campaign_id: int, person: Person) -> Outcome:
    """Resume a paused campaign, after a pilot with the rest of its people; idempotent.

    Raises PermissionDenied, and Refusal if it has more people than the person may launch, if its agent, voice or
    caller ID is gone at the vendor or not active there, or if it differs from what was approved: then it is returned
    for approval.
    """
    _demand_control(campaign_id, person)
    campaign = _with_parts(campaign_id)
    if refused := refusals_of(campaign.team_id, campaign.provider, campaign.lists.all()):
        raise Refusal(" ".join(refused))
    if campaign.status == Status.PAUSED and (why_not := message_parts.why_paused(campaign)):
        raise Refusal(f"{why_not} {_read_lists_again(campaign.provider)}".strip())
    differs: list[str] = []
    with transaction.atomic():
        launch_limits.lock_person(person)
        # Locked, so that no edit comes between the look at what was approved and the change.
        rows = Campaign.objects.select_for_update(of=("self",)).select_related("provider", "agent", "owner")
        campaign = rows.get(pk=campaign_id)
        approval = approvals.in_force(campaign_id) if campaign.status == Status.PAUSED else None
        goes_on = campaign.pilot == Campaign.Pilot.ASKS
        is_small = campaign.pilot == Campaign.Pilot.CALLING
        queues_more = goes_on or not (campaign.is_filled or is_small)
        if approval is not None:
            counts_people = queues_more or not campaign.is_filled
            differs = approvals.differences(campaign, approval, counts_people=counts_people)
        if approval is not None and differs:
            approvals.send_back(campaign, approval, {Status.PAUSED}, person)
            outcome = _unchanged(campaign_id)
        else:
            # What was approved is covered, but after a pilot the rest is a decision of its own.
            is_covered = approval is not None and not goes_on
            outcome = _resume(campaign, person, goes_on=goes_on, queues_more=queues_more and not is_covered)
    if differs:
        raise Refusal(
            _("Sent for approval, because it differs from the approved version. %(how)s") % {"how": " ".join(differs)}
        )
    return outcome


def _resume(campaign: Campaign, person: Person, *, goes_on: bool, queues_more: bool) -> Outcome:
    """Resume a campaign in the caller's transaction; `queues_more`: people are queued on this person's word."""
    people = people_bound(campaign) if queues_more else 0
    if queues_more and needs_approval(people, person, campaign):
        raise Refusal(
            _("The rest is over your limit. Ask a manager to continue.")
            if goes_on
            else _("It may queue more people than your limit. A manager must resume.")
            if campaign.is_living
            else _("The lists grew over your limit before everyone was queued. A manager must resume.")
        )
    # If not everybody is queued yet, the person who resumes becomes the launcher, whose limit applies.
    more: dict[str, Any] = {"launched_by_id": person.pk} if queues_more else {}
    more |= taken_over_by(campaign, person)
    if goes_on:
        more |= {"pilot": Campaign.Pilot.PASSED, "is_filled": False, "filled_through": 0}
    outcome = _change(
        campaign.pk,
        {Status.PAUSED},
        "campaign.went_on" if goes_on else "campaign.resumed",
        person,
        status=Status.RUNNING,
        paused_reason="",
        paused_by_system=False,
        money_wait=MoneyWait.NONE,
        # Reset the automatic pause, so that the failures that led to the pause are not counted again.
        watched={},
        watched_since=DatabaseClock().now(),
        **more,
    )
    if outcome.changed:
        if queues_more and not may(person, launch_limits.WITHOUT_LIMIT):
            launch_limits.count(campaign, person, people, most_cost(campaign, people, current()), timezone.now())
        queue.nudge_dispatch()
        if campaign.is_living:
            people_joined()
    return outcome


def _read_lists_again(provider: Provider) -> str:
    """Have a provider's lists read again at once, as who resumes believes that it is put right; returns words on it.

    What is gone is known from the last sync only, and whoever may resume a campaign may not be who may sync.
    """
    if not provider.can_sync:
        return ""
    Provider.objects.ask_sync(provider.pk)
    queue.nudge_sync(provider.pk)
    return _("Its lists are being read again. Try again in a minute.")


def end_pilot(campaign_id: int, person: Person) -> Outcome:
    """Pause a pilot before its last attempts have ended, and ask how to continue. Raises PermissionDenied."""
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
    """Stop a campaign for good: no new call is sent, and waiting people are skipped. Raises PermissionDenied.

    Conversations are not hung up, and people not queued yet are not queued any more. A background task asks the
    vendor to cancel calls in its own queue, where it supports that.
    """
    _demand_control(campaign_id, person)
    with transaction.atomic():
        now = timezone.now()
        # Change the campaign first: after that no commit point passes, so calls that are still pending are never sent.
        stopped = Campaign.objects.filter(
            pk=campaign_id, status__in=[Status.RUNNING, Status.PAUSED, Status.WAITING]
        ).update(status=Status.STOPPED, finished_at=now, paused_reason=reason[:MAX_REASON], paused_by_system=False)
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
        # Also for orders being sent right now: the vendor may queue them in a moment.
        stops = stop_requests.for_campaign(campaign_id, now, person.pk)
        counts = count_out(campaign_id) | {"recalled": stops.asked}
        campaign = Campaign.objects.get(pk=campaign_id)
        record(person, "campaign.stopped", campaign, skipped=skipped, **_kept(reason), **counts)
    return Outcome(changed=True, status=Status.STOPPED, skipped=skipped, **counts)


def skip_returned(now: datetime.datetime) -> int:
    """Skip calls that came back to waiting after their campaign was stopped; returns how many.

    Their orders were on the wire when it was stopped, and the vendor refused them for what all share.
    """
    lately = Campaign.objects.filter(status=Status.STOPPED, finished_at__gt=now - RETURN_WITHIN)
    return len(
        transitions.change(
            transitions.SKIP,
            Call.objects.filter(campaign__in=list(lately.values_list("pk", flat=True))),
            now,
            Why("skipped", detail=str(SkipReason.STOPPED.label)),
            skip_reason=SkipReason.STOPPED,
        )
    )


def finish_done_campaigns() -> int:
    """Finish every running campaign that has no call left to make; returns how many finished.

    Calls that only a person can decide about do not keep it open.
    A pilot is paused instead, to ask how to continue, if people of its audience are not queued yet.
    """
    unsettled = Call.objects.filter(conditions.unsettled(), campaign=OuterRef("pk"))
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
            # The update repeats the condition, because a retry may have been planned meanwhile.
            changed = Campaign.objects.filter(
                ~Exists(unsettled), pk=campaign.pk, status=Status.RUNNING, is_filled=True, pilot=campaign.pilot
            ).update(**ending)
            is_finished = ending["status"] == Status.FINISHED
            if changed:
                told = "campaign.finished" if is_finished else "campaign.pilot_over"
                record(None, told, campaign)
                happened(told, campaign.pk)
                finished += is_finished
    return finished


def _demand_control(campaign_id: int, person: Person) -> None:
    campaign = Campaign.objects.only("owner_id", "team_id").get(pk=campaign_id)
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
        # Counted after the change: on PostgreSQL this sees the calls of a commit point that was first.
        counts = count_out(campaign_id)
        campaign = Campaign.objects.get(pk=campaign_id)
        record(person, action, campaign, **_kept(values.get("paused_reason", "")), **counts)
        if action in TOLD:
            happened(TOLD[action], campaign_id)
    return Outcome(changed=True, status=campaign.status, **counts)


def _unchanged(campaign_id: int) -> Outcome:
    campaign = Campaign.objects.get(pk=campaign_id)
    return Outcome(changed=False, status=campaign.status, **count_out(campaign_id))


def _kept(reason: str) -> dict[str, str]:
    return {"reason": reason[:MAX_REASON]} if reason else {}
