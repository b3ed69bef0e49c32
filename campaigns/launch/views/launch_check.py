"""Screens of the launch check and of the people that its numbers count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.roles import Person, may, needs
from callcenter.made_once import few_at_once
from callcenter.one_at_a_time import one_at_a_time
from callcenter.parameters import whole_number, words_of
from campaigns import shares
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change, seen_by
from campaigns.core.variants import as_variant, variants_of
from campaigns.core.views.page_requests import person_of
from campaigns.core.whole_numbers import read_teams, sees_number
from campaigns.launch import approvals, legal_texts, lifecycle, pilot, second_words, test_call, variant_words
from campaigns.launch.approvals import may_approve
from campaigns.launch.audience import GROUPS, VERDICTS, people_with
from campaigns.launch.audience_query import Selection
from campaigns.launch.campaign_words import in_words, verdict_rows, verdict_words
from campaigns.launch.forms.start import StartAtForm, TryForm
from campaigns.launch.launch_check import LaunchCheck, check_launch, is_launchable, may_launch
from campaigns.launch.local_times import MOST_ZONES, first_there
from campaigns.launch.previews import SAMPLE_PEOPLE, MessagePreview, heard
from campaigns.launch.views.campaigns import find_campaign
from campaigns.launch.views.launch_sentence import sentence_with_links
from campaigns.models import Campaign, Contact

MAX_COUNTED_ON_LOAD = 5_000
"""A larger audience is counted by a second request, so that the page opens quickly."""
MAX_VARIABLE_NAME = 80
"""Characters that the name of a variable may have."""


@require_safe
@needs("see_calls")
@one_at_a_time
def campaign_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a launch would do now, with exact numbers, and the ways to start."""
    campaign = find_campaign(request, pk)
    if not is_launchable(campaign):
        return redirect("campaign", pk)
    if request.GET.get("count") != "now" and Selection.of(campaign).is_larger_than(MAX_COUNTED_ON_LOAD):
        return render(request, "launch/check.html", {"campaign": campaign})
    return check_page(request, campaign)


def check_page(
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
    check = check_launch(campaign, now, None if is_waiting else person, is_shared=True)
    may_see_people = may(person, "see_people")
    tries = test_call.latest_tries(campaign, person)
    approves = is_waiting and may_approve(campaign, person)
    context = {
        "campaign": campaign,
        "check": check,
        "checked_at": now,
        "sentence": sentence_with_links(check, campaign, opens=may_see_people),
        "rows": verdict_rows(check),
        "lists": list(campaign.lists.all()),
        "left_out": list(campaign.excluded_campaigns.all()),
        "words": in_words(campaign),
        "second_words": second_words.in_words(campaign.second) if campaign.second is not None else "",
        "variants": _variants(campaign, check, person),
        "is_waiting": is_waiting,
        "legal_texts": legal_texts.missing(campaign) if legal_texts.may_confirm(campaign, person) else [],
        "may_launch": may_start,
        "may_approve": approves,
        "approval_mark": approvals.mark_of(campaign) if approves else "",
        "who_may_approve": approvals.who_may_approve(campaign) if is_waiting and not approves else [],
        **approval_context(campaign),
        "may_withdraw": status in {Campaign.Status.WAITING, Campaign.Status.SCHEDULED}
        and lifecycle.may_control(campaign, person),
        "may_see_people": may_see_people,
        "may_try": may(person, "place_test_call") and may_change(person, campaign),
        "pilot_size": pilot.SIZE,
        "start_form": start_form or StartAtForm(),
        "start_zones": ",".join(sorted(check.zones)[:MOST_ZONES]),
        "first_there": _first_there(campaign, check, start_form),
        "try_form": try_form
        or TryForm(campaign=campaign, person=person, initial={"number": test_call.last_number(person)}),
        "tries": tries,
    }
    refused = any(form is not None and form.is_bound for form in (start_form, try_form))
    return render(request, "launch/check.html", context, status=422 if refused else 200)


@dataclass(frozen=True, slots=True)
class ShownVariant:
    """One variant as the launch check shows it."""

    name: str
    share: str
    people: int
    """How many of those who will be called."""
    changes: str
    heard: Sequence[MessagePreview]


def _variants(campaign: Campaign, check: LaunchCheck, person: Person) -> list[ShownVariant]:
    variants = variants_of(campaign)
    if not variants:
        return []
    counts = shares.counts_of({one.key: one.share for one in variants}, check.called)
    people: list[Contact] = []
    if may(person, "see_people"):
        people = list(seen_by(person, Selection.of(campaign).people())[:SAMPLE_PEOPLE])
    return [
        ShownVariant(
            one.name, variant_words.share_in_words(one), counts[one.key], variant_words.changes_in_words(one),
            [heard(as_variant(campaign, one), contact) for contact in people],
        )
        for one in variants
    ]  # fmt: skip


@require_POST
@needs("draft_campaign")
def campaign_legal_text(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that the message says the text that a country requires."""
    campaign = find_campaign(request, pk)
    try:
        legal_texts.confirm(campaign.pk, words_of(request.POST, "country", 2), person_of(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Confirmed. If the message changes, it must be confirmed again."))
    return redirect("campaign-check" if is_launchable(campaign) else "campaign", pk)


def approval_context(campaign: Campaign) -> dict[str, Any]:
    """Return the approval of a campaign that was returned, and how the campaign differs from it, in words."""
    approval = approvals.in_force(campaign.pk) if campaign.status == Campaign.Status.WAITING else None
    return {
        "approval": approval,
        "differences": approvals.differences(campaign, approval) if approval is not None else [],
        "is_other_start": approval is not None
        and campaign.launched_at is None
        and approval.starts_at != campaign.starts_at,
    }


def _first_there(campaign: Campaign, check: LaunchCheck, form: StartAtForm | None) -> str:
    """Return the earliest local time of the people at the time typed, else at the planned start."""
    typed = form.cleaned_data.get("at") if form is not None and form.is_bound and form.is_valid() else None
    at = typed or campaign.starts_at
    return first_there(at, check.zones) if at else ""


@require_safe
@needs("see_people")
@one_at_a_time
@few_at_once
def campaign_check_people(request: HttpRequest, pk: int, verdict: str) -> HttpResponse:
    """List the people that one number of the launch check counts."""
    if verdict not in VERDICTS and verdict not in GROUPS:
        raise Http404
    campaign = find_campaign(request, pk)
    after = whole_number(request.GET.get("after")) or 0
    variable = request.GET.get("variable", "")[:MAX_VARIABLE_NAME]
    people, more = people_with(campaign, verdict, timezone.now(), after, variable=variable)
    contacts = list(Contact.objects.only("owner", "team").filter(pk__in=[one.contact_id for one in people]))
    read_teams(person_of(request), contacts)
    context = {
        "campaign": campaign,
        "people": people,
        "more": more,
        "shown": {one.pk for one in contacts if sees_number(person_of(request), one)},
        "verdict": verdict,
        "words": verdict_words(verdict),
        "variable": variable,
        "after": after or "",
        "more_query": urlencode({"variable": variable, "after": more} if variable else {"after": more}),
    }
    return render(request, "launch/check_people.html", context)
