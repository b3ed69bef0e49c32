"""Takes up what happened from its outbox, and writes the notices of whom it concerns, in one transaction."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping, Sequence

from django.db import transaction

from callcenter.audit.models import AuditEvent
from campaigns.core import happenings
from campaigns.core.clock import DatabaseClock
from campaigns.launch import approvals
from campaigns.models import Campaign, HandOver, Happening
from campaigns.notices import deliveries, inbox, kinds, reminders
from campaigns.notices.concerned import Cause

logger = logging.getLogger(__name__)

LISTENER = "notices"
_OF_CAMPAIGNS: Mapping[str, str] = {
    "approval.needed": kinds.APPROVAL_NEEDED,
    "approval.given": kinds.APPROVAL_GIVEN,
    "approval.returned": kinds.APPROVAL_RETURNED,
    "campaign.finished": kinds.CAMPAIGN_FINISHED,
    "campaign.pilot_over": kinds.PILOT_OVER,
}
HEARD = frozenset({*_OF_CAMPAIGNS, "export.ready", "hand_over.given"})
"""What is taken up here; what lasts, such as a halted provider, is an alert."""
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    kinds.APPROVAL_NEEDED: ("campaign.approval_asked", "campaign.sent_back"),
    kinds.APPROVAL_GIVEN: ("campaign.approved",),
    kinds.APPROVAL_RETURNED: ("campaign.refused", "campaign.withdrawn"),
    kinds.PILOT_OVER: ("campaign.pilot_ended", "campaign.pilot_over"),
}
"""The actions of the audit log that say who did it, and why."""


def listen() -> None:
    """Say what is to be written for us; once an installation, at its first minute."""
    known = set(happenings.listened(LISTENER))
    if known != HEARD:
        happenings.listen(LISTENER, HEARD)


def tell(now: datetime.datetime) -> int:
    """Write the notices of all that waits in the outbox; returns how many happenings were told."""
    listen()
    told = 0
    while True:
        with transaction.atomic():
            found = happenings.taken(LISTENER)
            causes = [cause for one in found for cause in _cause(one)]
            inbox.tell(causes, now)
            _end_answered(causes, now)
        told += len(found)
        if len(found) < happenings.MOST_A_BATCH:
            return told


def tell_and_send() -> None:
    """Do it now, and send what is due: what a nudge asks for."""
    now = DatabaseClock().now()
    tell(now)
    deliveries.send(now)


def _cause(one: Happening) -> Sequence[Cause]:
    if one.kind == "hand_over.given":
        found = HandOver.objects.filter(pk=one.subject, state=HandOver.State.OPEN).first()
        return [reminders.given(found)] if found is not None else []
    if one.kind == "export.ready":
        return [
            Cause(kind=kinds.EXPORT_READY, object_type="export", object_id=one.subject, key=f"export:{one.subject}")
        ]
    return _of_campaign(_OF_CAMPAIGNS[one.kind], one)


def _of_campaign(kind: str, one: Happening) -> Sequence[Cause]:
    campaign = Campaign.objects.filter(pk=one.subject).first()
    if campaign is None or (kind == kinds.APPROVAL_NEEDED and campaign.status != Campaign.Status.WAITING):
        # Withdrawn or decided before anybody was told.
        return []
    event = _event(kind, campaign.pk)
    approval = approvals.in_force(campaign.pk)
    also = {campaign.launched_by_id, approval.asked_by_id if approval is not None else None}
    return [
        Cause(
            kind=kind,
            object_type="campaign",
            object_id=campaign.pk,
            key=f"{kind}:{one.key}",
            detail=str(event.detail.get("reason", "")) if event is not None else "",
            actor=event.actor_id if event is not None else None,
            also=frozenset(pk for pk in also if pk is not None) if kind != kinds.APPROVAL_NEEDED else frozenset(),
        )
    ]


def _event(kind: str, campaign_id: int) -> AuditEvent | None:
    actions = _ACTIONS.get(kind, ())
    found = AuditEvent.objects.filter(object_type="campaign", object_id=str(campaign_id), action__in=actions)
    return found.order_by("-pk").first() if actions else None


def _end_answered(causes: Sequence[Cause], now: datetime.datetime) -> None:
    """Take requests for approval out of the inboxes of all others once somebody answered."""
    answered = {one.object_id for one in causes if one.kind in {kinds.APPROVAL_GIVEN, kinds.APPROVAL_RETURNED}}
    # One that was sent again meanwhile is asked about anew.
    waiting = Campaign.objects.filter(pk__in=answered, status=Campaign.Status.WAITING)
    answered -= set(waiting.values_list("pk", flat=True))
    if answered:
        inbox.end_about([kinds.APPROVAL_NEEDED], "campaign", answered, now)
