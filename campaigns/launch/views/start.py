"""The screens of checking, launching, pausing and stopping a campaign."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.roles import may, needs
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of, token_of
from campaigns.launch import lifecycle, pilot, test_call
from campaigns.launch import start as start_module
from campaigns.launch.audience import GROUPS, VERDICTS, people_with
from campaigns.launch.audience_query import Selection
from campaigns.launch.campaign_words import in_words, verdict_rows, verdict_words
from campaigns.launch.forms.start import StartAtForm, TryForm
from campaigns.launch.launch_check import check_launch, is_launchable, may_launch
from campaigns.launch.lifecycle import Outcome
from campaigns.launch.start import Launched, may_approve
from campaigns.launch.views.campaigns import find_campaign
from campaigns.launch.views.launch_sentence import sentence_with_links
from campaigns.models import Campaign

COUNTED_AT_ONCE = 5_000
"""A larger audience is counted after the page stands, so that the page opens at once."""


@require_safe
@needs("see_calls")
def campaign_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a launch would do now, with exact numbers, and the ways to start."""
    campaign = find_campaign(request, pk)
    if not is_launchable(campaign):
        return redirect("campaign", pk)
    if request.GET.get("count") != "now" and Selection.of(campaign).is_larger_than(COUNTED_AT_ONCE):
        return render(request, "launch/check.html", {"campaign": campaign})
    return _check_page(request, campaign)


def _check_page(
    request: HttpRequest,
    campaign: Campaign,
    start_form: StartAtForm | None = None,
    try_form: TryForm | None = None,
) -> HttpResponse:
    person = person_of(request)
    status = Campaign.Status(campaign.status)
    is_waiting = status == Campaign.Status.WAITING
    may_start = status in {Campaign.Status.DRAFT, Campaign.Status.SCHEDULED} and may_launch(campaign, person)
    now = timezone.now()
    check = check_launch(campaign, now, None if is_waiting else person)
    may_see_people = may(person, "see_people")
    tries = test_call.latest_tries(campaign, person)
    context = {
        "campaign": campaign,
        "check": check,
        "checked_at": now,
        "sentence": sentence_with_links(check, campaign, opens=may_see_people),
        "rows": verdict_rows(check),
        "lists": list(campaign.lists.all()),
        "left_out": list(campaign.excluded_campaigns.all()),
        "words": in_words(campaign),
        "is_waiting": is_waiting,
        "may_launch": may_start,
        "may_approve": is_waiting and may_approve(campaign, person),
        "may_withdraw": status in {Campaign.Status.WAITING, Campaign.Status.SCHEDULED}
        and lifecycle.may_control(campaign, person),
        "may_see_people": may_see_people,
        "may_try": may(person, "launch_campaign") and may(person, "place_call"),
        "pilot_size": pilot.SIZE,
        "installation_zone": settings.TIME_ZONE,
        "start_form": start_form or StartAtForm(),
        "try_form": try_form or TryForm(initial={"number": test_call.last_number(person)}),
        "tries": tries,
    }
    refused = any(form is not None and form.is_bound for form in (start_form, try_form))
    return render(request, "launch/check.html", context, status=422 if refused else 200)


@require_safe
@needs("see_people")
def campaign_check_people(request: HttpRequest, pk: int, verdict: str) -> HttpResponse:
    """List the people behind one number of the launch check."""
    if verdict not in VERDICTS and verdict not in GROUPS:
        raise Http404
    campaign = find_campaign(request, pk)
    after = request.GET.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() else 0
    variable = request.GET.get("variable", "")[:80]
    people, more = people_with(campaign, verdict, timezone.now(), start, variable=variable)
    context = {
        "campaign": campaign,
        "people": people,
        "more": more,
        "verdict": verdict,
        "words": verdict_words(verdict),
        "variable": variable,
        "after": after,
        "more_query": urlencode({"variable": variable, "after": more} if variable else {"after": more}),
    }
    return render(request, "launch/check_people.html", context)


@require_POST
@needs("launch_campaign")
def campaign_launch(request: HttpRequest, pk: int) -> HttpResponse:
    """Launch, or send for approval."""
    return _start(request, pk, partial(start_module.launch, seen=_seen(request)))


@require_POST
@needs("launch_campaign")
def campaign_pilot(request: HttpRequest, pk: int) -> HttpResponse:
    """Launch with a pilot: a few people first."""
    return _start(request, pk, partial(start_module.launch, is_pilot=True))


@require_POST
@needs("launch_campaign")
def campaign_start_at(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it start by itself at a time, or send it for approval with that time."""
    campaign = find_campaign(request, pk)
    form = StartAtForm(request.POST)
    if not form.is_valid():
        return _check_page(request, campaign, start_form=form) if is_launchable(campaign) else redirect("campaign", pk)
    return _start(request, pk, partial(start_module.launch, starts_at=form.cleaned_data["at"], seen=_seen(request)))


@require_POST
@needs("launch_above_limit")
def campaign_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Launch what waits for approval."""
    return _start(request, pk, partial(start_module.approve, seen=_seen(request)))


@require_POST
@needs("launch_campaign")
def campaign_ask_rest(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a manager to go on after a pilot."""
    return _start(request, pk, start_module.ask_for_rest)


@sensitive_post_parameters("number")
@require_POST
@needs("launch_campaign")
def campaign_try(request: HttpRequest, pk: int) -> HttpResponse:
    """Call the person's own number with the campaign's message."""
    campaign = find_campaign(request, pk)
    person = person_of(request)
    token = token_of(request)
    form = TryForm(request.POST)
    if not is_launchable(campaign):
        return redirect("campaign", pk)
    if token is None:
        form.add_error(None, _("This form is from an earlier visit: look at it once more, then press again."))
    elif form.is_valid():
        hearer = test_call.choose_hearer(campaign, form.cleaned_data["hear"])
        if hearer is None and form.cleaned_data["hear"]:
            form.add_error("hear", _("Nobody in the audience is found by this: give a part of a name or of a number."))
        else:
            try:
                placed = test_call.try_message(campaign, person, form.understood(), hearer, token)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Your phone rings soon. This call is not counted in the campaign."))
                return redirect("call", placed.call.pk)
    return _check_page(request, campaign, try_form=form)


def _seen(request: HttpRequest) -> int | None:
    """Return the number of people that stood on the person's screen; None where it is not told."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() else None


def _start(request: HttpRequest, pk: int, act: Callable[..., Launched]) -> HttpResponse:
    campaign = find_campaign(request, pk)
    try:
        launched = act(campaign.pk, person_of(request), token_of(request))
    except Refusal as error:
        messages.error(request, _("Not launched. %(why)s") % {"why": error})
        return redirect("campaign-check", pk)
    tell = messages.success if launched.changed else messages.info
    tell(request, launched.sentence)
    return redirect("campaign", pk)


@require_POST
@needs("see_calls")
def campaign_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a campaign back from approval, or cancel its start."""
    campaign = find_campaign(request, pk)
    if start_module.take_back(campaign.pk, person_of(request)):
        is_pilot = campaign.launched_at is not None
        messages.success(
            request, _("Taken back: it is paused again.") if is_pilot else _("Taken back: it is a draft again.")
        )
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
def campaign_end_pilot(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a pilot before its last attempts are over, to decide now."""
    return _control(request, pk, lifecycle.end_pilot, _("The pilot is ended."))


@require_POST
@needs("see_calls")
def campaign_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a campaign for good."""
    return _control(request, pk, lifecycle.stop, _("Stopped for good."))


def _control(request: HttpRequest, pk: int, act: Callable[..., Outcome], done: str) -> HttpResponse:
    campaign = find_campaign(request, pk)
    try:
        outcome = act(campaign.pk, person_of(request))
    except Refusal as error:
        messages.error(request, str(error))
        return redirect("campaign", pk)
    if outcome.changed:
        messages.success(request, f"{done} {outcome.sentence}")
    else:
        state = Campaign.Status(outcome.status).label
        messages.info(request, _("Nothing changed: the campaign is “%(state)s”.") % {"state": state})
    return redirect("campaign", pk)
