"""The screens of checking, launching, pausing and stopping a campaign."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.roles import may, needs
from campaigns.models import Campaign
from campaigns.services import launching, lifecycle
from campaigns.services.audience import VERDICTS, people_with
from campaigns.services.launch_check import check_launch, may_launch
from campaigns.services.launching import Launched, may_approve
from campaigns.services.lifecycle import Outcome, Refused
from campaigns.views import exports
from campaigns.views.campaigns import find_campaign, person_of, token_of
from campaigns.wording import verdict_rows, verdict_words


@require_safe
@needs("see_calls")
def campaign_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a launch would do now, with exact numbers."""
    person = person_of(request)
    campaign = find_campaign(request, pk)
    is_waiting = campaign.status == Campaign.Status.WAITING
    if campaign.status != Campaign.Status.DRAFT and not is_waiting:
        return redirect("campaign", pk)
    now = timezone.now()
    approves = is_waiting and may_approve(campaign, person)
    check = check_launch(campaign, now, None if is_waiting else person)
    context = {
        "campaign": campaign,
        "check": check,
        "checked_at": now,
        "rows": verdict_rows(check),
        "lists": list(campaign.lists.all()),
        "is_waiting": is_waiting,
        "may_launch": not is_waiting and may_launch(campaign, person),
        "may_approve": approves,
        "may_withdraw": is_waiting and lifecycle.may_control(campaign, person),
        "may_see_people": may(person, "see_people"),
    }
    return render(request, "campaigns/check.html", context)


@require_safe
@needs("see_people")
def campaign_check_people(request: HttpRequest, pk: int, verdict: str) -> HttpResponse:
    """List the people behind one number of the launch check."""
    if verdict not in VERDICTS:
        raise Http404
    campaign = find_campaign(request, pk)
    after = request.GET.get("after", "")
    people, more = people_with(campaign, verdict, timezone.now(), int(after) if after.isdecimal() else 0)
    context = {
        "campaign": campaign,
        "people": people,
        "more": more,
        "verdict": verdict,
        "words": verdict_words(verdict),
        "after": after,
    }
    return render(request, "campaigns/check_people.html", context)


@require_POST
@needs("launch_campaign")
def campaign_launch(request: HttpRequest, pk: int) -> HttpResponse:
    """Launch, or send for approval."""
    return _start(request, pk, launching.launch)


@require_POST
@needs("launch_above_limit")
def campaign_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Launch what waits for approval."""
    return _start(request, pk, launching.approve)


def _start(request: HttpRequest, pk: int, act: Callable[..., Launched]) -> HttpResponse:
    campaign = find_campaign(request, pk)
    try:
        launched = act(campaign.pk, person_of(request), token_of(request))
    except Refused as error:
        messages.error(request, _("Not launched. %(why)s") % {"why": error})
        return redirect("campaign-check", pk)
    tell = messages.success if launched.changed else messages.info
    tell(request, launched.sentence)
    return redirect("campaign", pk)


@require_POST
@needs("see_calls")
def campaign_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a campaign back from approval."""
    campaign = find_campaign(request, pk)
    if launching.take_back(campaign.pk, person_of(request)):
        messages.success(request, _("Taken back: it is a draft again."))
    return redirect("campaign", pk)


@require_POST
@needs("see_calls")
def campaign_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause; callers their own campaigns, managers and admins any."""
    reason = request.POST.get("reason", "").strip()
    return _control(request, pk, lambda found, person: lifecycle.pause(found, person, reason), _("Paused."))


@require_POST
@needs("see_calls")
def campaign_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a paused campaign."""
    return _control(request, pk, lifecycle.resume, _("It goes on."))


@require_POST
@needs("see_calls")
def campaign_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a campaign for good."""
    return _control(request, pk, lifecycle.stop, _("Stopped for good."))


def _control(request: HttpRequest, pk: int, act: Callable[..., Outcome], done: str) -> HttpResponse:
    campaign = find_campaign(request, pk)
    try:
        outcome = act(campaign.pk, person_of(request))
    except Refused as error:
        messages.error(request, str(error))
        return redirect("campaign", pk)
    if outcome.changed:
        messages.success(request, f"{done} {outcome.sentence}")
    else:
        state = Campaign.Status(outcome.status).label
        messages.info(request, _("Nothing changed: the campaign is “%(state)s”.") % {"state": state})
    return redirect("campaign", pk)


urlpatterns = [
    path("campaigns/<int:pk>/check/", campaign_check, name="campaign-check"),
    path("campaigns/<int:pk>/check/<slug:verdict>/", campaign_check_people, name="campaign-check-people"),
    path("campaigns/<int:pk>/launch/", campaign_launch, name="campaign-launch"),
    path("campaigns/<int:pk>/approve/", campaign_approve, name="campaign-approve"),
    path("campaigns/<int:pk>/withdraw/", campaign_withdraw, name="campaign-withdraw"),
    path("campaigns/<int:pk>/pause/", campaign_pause, name="campaign-pause"),
    path("campaigns/<int:pk>/resume/", campaign_resume, name="campaign-resume"),
    path("campaigns/<int:pk>/stop/", campaign_stop, name="campaign-stop"),
    *exports.urlpatterns,
]
