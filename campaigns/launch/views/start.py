"""The buttons that launch a campaign: now, later, as a pilot, after approval; and its test call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.roles import needs
from callcenter.parameters import whole_number, words_of
from campaigns.core.refusals import Refusal
from campaigns.core.variants import version_of
from campaigns.core.views.page_requests import person_of, reason_of, token_of
from campaigns.launch import start as start_module
from campaigns.launch import test_call
from campaigns.launch.forms.start import StartAtForm, TryForm
from campaigns.launch.launch_check import is_launchable
from campaigns.launch.local_times import MOST_ZONES, first_there
from campaigns.launch.start import Launched
from campaigns.launch.views.campaigns import find_campaign
from campaigns.launch.views.launch_check import check_page

MAX_MARK = 64
"""Characters of the mark of a page that is approved."""


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
    """Schedule the campaign's start, or send it for approval with that time."""
    campaign = find_campaign(request, pk)
    form = StartAtForm(request.POST)
    if not form.is_valid():
        return check_page(request, campaign, start_form=form) if is_launchable(campaign) else redirect("campaign", pk)
    return _start(request, pk, partial(start_module.launch, starts_at=form.cleaned_data["at"], seen=_seen(request)))


@require_safe
@needs("launch_campaign")
def campaign_start_there(request: HttpRequest, pk: int) -> HttpResponse:
    """Return what a typed start time is on the earliest clock of the people; the page asks while a time is typed."""
    find_campaign(request, pk)
    form = StartAtForm(request.GET)
    if not form.is_valid():
        problems = [str(error) for name in ("day", "time") for error in form[name].errors if request.GET.get(name)]
        return render(request, "launch/_start_there.html", {"problem": " ".join(problems)})
    zones = request.GET.get("zones", "").split(",")[:MOST_ZONES]
    return render(request, "launch/_start_there.html", {"first_there": first_there(form.cleaned_data["at"], zones)})


@require_POST
@needs("launch_above_limit")
def campaign_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a campaign that waits for it."""
    return _start(request, pk, partial(start_module.approve, mark=_mark_seen(request)))


@require_POST
@needs("launch_campaign")
def campaign_ask_rest(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a manager to continue after a pilot."""
    return _start(request, pk, start_module.ask_for_rest)


@sensitive_post_parameters("number")
@require_POST
@needs("place_test_call")
def campaign_try(request: HttpRequest, pk: int) -> HttpResponse:
    """Call the person's own number with the campaign's message."""
    campaign = find_campaign(request, pk)
    person = person_of(request)
    token = token_of(request)
    form = TryForm(request.POST, campaign=campaign, person=person)
    if not is_launchable(campaign):
        return redirect("campaign", pk)
    if token is None:
        form.add_error(None, _("This form is from an earlier visit. Check it, then try again."))
    elif form.is_valid():
        wanted = form.cleaned_data.get("hear", "")
        said = version_of(campaign, form.cleaned_data.get("variant", ""))
        hearer = form.sample_person() if form.samples else test_call.choose_hearer(campaign, wanted)
        if hearer is None and wanted:
            form.add_error("hear", _("No contact in the audience found. Enter part of a name or number."))
        else:
            try:
                placed = test_call.try_message(said, person, form.understood(), hearer, token)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Your phone will ring soon. This call does not count in the campaign."))
                return redirect("call", placed.call.pk)
    return check_page(request, campaign, try_form=form)


def _seen(request: HttpRequest) -> int | None:
    """Return the number of people that the submitted page showed, or None if it is missing."""
    return whole_number(request.POST.get("seen"))


def _mark_seen(request: HttpRequest) -> str:
    """Return the mark of what the submitted page showed; a page without one has shown nothing that is approved."""
    return words_of(request.POST, "mark", MAX_MARK)


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
@needs("launch_above_limit")
def campaign_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a campaign that waits for approval, with a reason."""
    campaign = find_campaign(request, pk)
    try:
        if start_module.give_back(campaign.pk, person_of(request), reason_of(request)):
            messages.success(request, _("Returned. The user who requested the approval will see the reason."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("campaign", pk)


@require_POST
@needs("see_calls")
def campaign_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a campaign from approval, or cancel its scheduled start."""
    campaign = find_campaign(request, pk)
    if start_module.take_back(campaign.pk, person_of(request)):
        is_pilot = campaign.launched_at is not None
        messages.success(
            request, _("Withdrawn. It is paused again.") if is_pilot else _("Withdrawn. It is a draft again.")
        )
    return redirect("campaign", pk)
