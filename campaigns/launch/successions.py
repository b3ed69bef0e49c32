"""What becomes of the work of a user who is switched off: a named person takes it over, or it pauses."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns.core.export_limits import RIGHTS
from campaigns.core.planned_calls import is_planned
from campaigns.core.refusals import Refusal
from campaigns.launch import start
from campaigns.launch.lifecycle import pause_by_system
from campaigns.models import (
    Call,
    Callback,
    CallExport,
    Campaign,
    CampaignApproval,
    CampaignRepeat,
    HandOver,
    SavedFilter,
)
from campaigns.reasons import MAX_REASON

Status = Campaign.Status
_NOT_OVER = (Status.DRAFT, Status.WAITING, Status.SCHEDULED, Status.RUNNING, Status.PAUSED)
_CALLS = (Status.RUNNING, Status.SCHEDULED, Status.WAITING)
MAX_REFUSAL = Campaign._meta.get_field("start_refusal").max_length or 0


def follow(sender: Any, person: User, successor: User | None, by: Person | None, **_: Any) -> None:
    """Carry out what a switched-off user leaves; a receiver of `switched_off`."""
    if successor is None:
        leave(person, by)
    else:
        hand_over(person, successor, by)


def hand_over(person: User, successor: User, by: Person | None) -> dict[str, int]:
    """Give the work of a user to another: campaigns that are not over, start times, exports, calls, callbacks.

    Returns how many of each. What the successor may not have goes the way of `leave`. Raises Refusal if the successor
    is switched off, is the same person, or may not launch campaigns.
    """
    if successor.pk == person.pk or not successor.is_active or not may(successor, "launch_campaign"):
        raise Refusal(_("This user cannot take over. Choose an active user who can launch campaigns."))
    with transaction.atomic():
        done = {"campaigns": 0, "hand_overs": 0, "exports": 0, "callbacks": 0}
        for campaign in _campaigns_of(person).filter(status__in=_NOT_OVER):
            values: dict[str, Any] = {}
            if campaign.owner_id == person.pk:
                values["owner"] = successor
            if campaign.launched_by_id == person.pk:
                values["launched_by"] = successor
            Campaign.objects.filter(pk=campaign.pk).update(**values)
            record(by, "campaign.handed_over", campaign, reason=_reason(person), to=successor.pk)
            done["campaigns"] += 1
        done["hand_overs"] = HandOver.objects.filter(person=person, state=HandOver.State.OPEN).update(
            person=successor, given_by=getattr(by, "pk", None)
        )
        _open_calls_back(person).update(owner=successor)
        done["callbacks"] = _hand_over_callbacks(person, successor)
        _put_in_policies(person, successor)
        CampaignRepeat.objects.filter(person=person).update(person=successor)
        kinds = [kind for kind, right in RIGHTS.items() if may(successor, right)]
        if kinds:
            exports = CallExport.objects.filter(owner=person, kind__in=kinds).exclude(state=_State.DELETED)
            done["exports"] = exports.update(owner=successor)
        _take_filters(person, successor)
        _fail_exports(person)
        record(by, "user.work_handed_over", person, to=successor.pk, **done)
    return done


def leave(person: User, by: Person | None) -> int:
    """Pause what a user leaves: running campaigns, requests for approval and start times; returns how many.

    Calls that were given to them are left to managers, exports that are not finished fail with the reason. Callbacks
    stay planned, as the people called asked for them; managers are told how they end.
    """
    with transaction.atomic():
        stopped = sum(_stop(campaign, person) for campaign in _campaigns_of(person).filter(status__in=_CALLS))
        given = HandOver.objects.filter(person=person, state=HandOver.State.OPEN).update(person=None)
        planned = Callback.objects.filter(asked_by=person, noted_at=None).update(asked_by=None)
        # Their next run finds that nobody launches it, and says so on its page.
        CampaignRepeat.objects.filter(person=person).update(person=None)
        _fail_exports(person)
        record(by, "user.work_left", person, campaigns=stopped, hand_overs=given, callbacks=planned)
    return stopped


def pause_left_behind() -> int:
    """Pause whatever still calls for somebody who is switched off, however that came about; returns how many.

    The minute job does it, for accounts that were changed past the product.
    """
    left = Campaign.objects.filter(status__in=_CALLS).filter(
        Q(owner__is_active=False) | (Q(launched_by__is_active=False) & ~Exists(_approved_by_launcher()))
    )
    stopped = 0
    for campaign in left.select_related("owner", "launched_by"):
        is_owner = campaign.owner is not None and not campaign.owner.is_active
        person = campaign.owner if is_owner else campaign.launched_by
        if isinstance(person, User):
            with transaction.atomic():
                stopped += _stop(campaign, person)
    return stopped


def _approved_by_launcher() -> QuerySet[CampaignApproval]:
    """Return the approvals of a campaign whose launcher only approved it: its owner goes on with it."""
    return CampaignApproval.objects.filter(
        campaign=OuterRef("pk"), ended_at__isnull=True, approved_by=OuterRef("launched_by")
    )


def _campaigns_of(person: User) -> QuerySet[Campaign]:
    launched = Q(launched_by=person) & ~Exists(_approved_by_launcher())
    return Campaign.objects.filter(Q(owner=person) | launched)


def _stop(campaign: Campaign, person: User) -> bool:
    """Pause one campaign, or take back its request or its start time; returns whether it was changed."""
    reason = _reason(person)
    if campaign.status == Status.RUNNING:
        return pause_by_system(campaign.pk, reason).changed
    if not start.withdraw(campaign.pk, None):
        return False
    # As for a start that was missed: the page says why, and who looks at it launches it anew.
    Campaign.objects.filter(pk=campaign.pk, status=Status.DRAFT).update(
        starts_at=campaign.starts_at, start_refusal=reason[:MAX_REFUSAL] if campaign.starts_at else ""
    )
    Campaign.objects.filter(pk=campaign.pk, status=Status.PAUSED).update(
        paused_reason=reason[:MAX_REASON], paused_by_system=True
    )
    return True


def _reason(person: User) -> str:
    name = person.get_full_name() or person.get_username()
    return _("%(name)s was turned off. The user who resumes or launches it becomes its owner.") % {"name": name}


_State = CallExport.State


def _fail_exports(person: User) -> None:
    unfinished = CallExport.objects.filter(owner=person, state__in=[_State.WAITING, _State.WRITING])
    unfinished.update(state=_State.FAILED, error=_("Its user was turned off. Create it again.")[:MAX_REASON])


def _take_filters(person: User, successor: User) -> None:
    """Give the shared filters to the successor, under a name that they have not used yet."""
    taken = set(SavedFilter.objects.filter(owner=successor).values_list("name", flat=True))
    for saved in SavedFilter.objects.filter(owner=person, is_shared=True):
        name, number = saved.name, 2
        while name in taken:
            name, number = f"{saved.name[:70]} ({number})", number + 1
        taken.add(name)
        SavedFilter.objects.filter(pk=saved.pk).update(owner=successor, name=name)


def _hand_over_callbacks(person: User, successor: User) -> int:
    """Make callbacks whose end nobody has noted the successor's, with the calls that wait for their time."""
    Call.objects.filter(is_planned(), owner=person).update(owner=successor)
    return Callback.objects.filter(asked_by=person, noted_at=None).update(asked_by=successor)


def _open_calls_back(person: User) -> QuerySet[Call]:
    return Call.objects.filter(owner=person, inbound__answers__isnull=False, inbound__handled_at__isnull=True)


def _put_in_policies(person: User, successor: User) -> None:
    """Let campaigns that would give calls to this person give them to the successor."""
    for campaign in Campaign.objects.filter(status__in=_NOT_OVER).exclude(hand_overs={}):
        changed = {
            outcome: {**given, "person": successor.pk} if given.get("person") == person.pk else given
            for outcome, given in campaign.hand_overs.items()
        }
        if changed != campaign.hand_overs:
            Campaign.objects.filter(pk=campaign.pk).update(hand_overs=changed)
