"""The buttons that pause, resume and end a campaign."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of, reason_of
from campaigns.launch import lifecycle
from campaigns.launch.lifecycle import Outcome
from campaigns.launch.views.campaigns import acted, find_campaign
from campaigns.models import Campaign


@require_POST
@needs("see_calls")
def campaign_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a campaign; callers may pause their own, managers and admins any."""
    reason = reason_of(request)
    return _control(
        request, pk, lambda found, person: lifecycle.pause(found, person, reason), _("Paused."), may_undo=True
    )


@require_POST
@needs("see_calls")
def campaign_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Resume a paused campaign."""
    return _control(request, pk, lifecycle.resume, _("Resumed."))


@require_POST
@needs("see_calls")
def campaign_end_pilot(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a pilot before its last attempts have ended, to decide now."""
    return _control(request, pk, lifecycle.end_pilot, _("Pilot ended."))


@require_POST
@needs("see_calls")
def campaign_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a campaign for good."""
    return _control(request, pk, lifecycle.stop, _("Campaign ended."))


def _control(
    request: HttpRequest, pk: int, act: Callable[..., Outcome], done: str, *, may_undo: bool = False
) -> HttpResponse:
    campaign = find_campaign(request, pk)
    is_in_place = bool(request.htmx)  # type: ignore[attr-defined]
    try:
        outcome = act(campaign.pk, person_of(request))
    except Refusal as error:
        messages.error(request, str(error))
        return acted(request, find_campaign(request, pk)) if is_in_place else redirect("campaign", pk)
    if outcome.changed:
        messages.success(request, f"{done} {outcome.sentence}")
    else:
        state = Campaign.Status(outcome.status).label
        messages.info(request, _("Nothing changed: the campaign is “%(state)s”.") % {"state": state})
    if is_in_place:
        return acted(request, find_campaign(request, pk), may_undo=may_undo and outcome.changed)
    return redirect("campaign", pk)
