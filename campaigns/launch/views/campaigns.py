"""Screens of campaigns: the list, and one campaign's page, settings and activity."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.roles import may, needs
from callcenter.audit.models import AuditEvent
from campaigns.core import message_parts
from campaigns.core.paging import count_up_to, page_by_key
from campaigns.core.variants import variants_of
from campaigns.core.views.page_requests import ENDS_POLLING, person_of, token_of
from campaigns.launch import approvals, drafts, legal_texts, second_words, variant_words
from campaigns.launch import pilot as pilot_module
from campaigns.launch.approvals import may_approve
from campaigns.launch.audience_query import people_of
from campaigns.launch.campaign_words import action_words, in_words, locks_of, watch_words
from campaigns.launch.launch_check import may_launch
from campaigns.launch.lifecycle import may_control
from campaigns.launch.limits import needs_approval
from campaigns.launch.living.state import living_state
from campaigns.launch.local_times import first_of
from campaigns.models import Campaign
from campaigns.reports import progress

SHOWN_EVENTS = 50
BY = ("people", "system")
"""Values of the activity's filter: actions by people, or by the product itself."""


def find_campaign(request: HttpRequest, pk: int) -> Campaign:
    """Return a campaign that this person may see; raises Http404."""
    return get_object_or_404(drafts.visible_to(person_of(request)), pk=pk)


# The list


@require_safe
@needs("see_calls")
def campaigns(request: HttpRequest) -> HttpResponse:
    """List the campaigns that this person may see, newest first, with their progress."""
    person = person_of(request)
    found = drafts.visible_to(person)
    state = request.GET.get("state", "")
    if state in Campaign.Status.values:
        found = found.filter(status=state)
    page = page_by_key(found, request.GET, 25)
    counts = progress.progress_of(page.rows)
    context = {
        "page": page,
        "rows": [(campaign, counts[campaign.pk]) for campaign in page.rows],
        "total": count_up_to(found),
        "states": Campaign.Status.choices,
        "state": state,
        "may_draft": may(person, "draft_campaign"),
        "shows_owner": True,
        "is_live": any(campaign.status == Campaign.Status.RUNNING for campaign in page.rows),
    }
    return render(request, "launch/_rows.html" if request.htmx else "launch/list.html", context)  # type: ignore[attr-defined]


@require_POST
@needs("draft_campaign")
def campaign_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy a campaign that this person may see into a new draft."""
    made = drafts.copy(find_campaign(request, pk).pk, person_of(request), token_of(request))
    messages.success(request, _("Draft “%(name)s” created with the same message, lists and rules.") % {"name": made})
    return redirect("campaign-edit", made.pk)


# One campaign


def campaign_context(request: HttpRequest, found: Campaign, tab: str) -> dict[str, Any]:
    """Return the template context common to all pages of a campaign."""
    person = person_of(request)
    status = Campaign.Status(found.status)
    unsaid = legal_texts.missing_since_launch(found)
    return {
        "campaign": found,
        "tab": tab,
        "may_control": may_control(found, person),
        "may_edit": drafts.may_edit(found, person),
        "may_draft": may(person, "draft_campaign"),
        "may_launch": status in {Campaign.Status.DRAFT, Campaign.Status.SCHEDULED} and may_launch(found, person),
        "may_approve": status == Campaign.Status.WAITING and may_approve(found, person),
        "may_export": may(person, "export_calls"),
        "notices": message_parts.notices(found)
        + [(said, legal_texts.step_since_launch()) for said in legal_texts.sentences_since_launch(unsaid)],
        "legal_texts": unsaid if legal_texts.may_confirm(found, person) else [],
        "may_see_provider": may(person, "see_providers"),
    }


def _live_context(request: HttpRequest, found: Campaign) -> dict[str, Any]:
    now = progress.measure(found)
    over = {Campaign.Status.STOPPED, Campaign.Status.FINISHED, Campaign.Status.DRAFT}
    is_over = found.status in over and not now.live and not now.still_out
    every = 2 if found.status == Campaign.Status.RUNNING or now.live or now.still_out else 10
    in_pilot = found.pilot in {Campaign.Pilot.CALLING, Campaign.Pilot.ASKS}
    pilot = pilot_module.measure_pilot(found) if in_pilot else None
    paused = _paused_by(found)
    is_scheduled = found.status == Campaign.Status.SCHEDULED
    return campaign_context(request, found, "") | {
        "first_there": first_of(found, timezone.now()) if is_scheduled else "",
        "now": now,
        "paused": paused,
        "standstill": [] if paused else now.standstill,
        "at_once": min(now.waiting, max(0, found.provider.max_lines - now.live - now.still_out)),
        "second_now": second_words.now_in_words(found),
        "living": living_state(found) if found.is_living and found.launched_at else None,
        "is_over": is_over,
        "every": every,
        "pilot": pilot,
        "who_may_approve": approvals.who_may_approve(found) if found.status == Campaign.Status.WAITING else [],
        "was_approved": found.status == Campaign.Status.WAITING and approvals.in_force(found.pk) is not None,
        "asks_manager": pilot is not None and needs_approval(pilot.people + pilot.rest, person_of(request), found),
    }


def acted(request: HttpRequest, found: Campaign, *, may_undo: bool = False) -> HttpResponse:
    """Return a campaign's live part after a brake was pressed in it, with what came of that above the part."""
    return render(request, "launch/_acted.html", _live_context(request, found) | {"may_undo": may_undo})


def _paused_by(found: Campaign) -> AuditEvent | None:
    """Return the event of the pause by a user that is in force."""
    if found.status != Campaign.Status.PAUSED or found.paused_by_system or found.pilot == Campaign.Pilot.ASKS:
        return None
    events = AuditEvent.objects.filter(object_type="campaign", object_id=str(found.pk), action="campaign.paused")
    return events.select_related("actor").first()


@require_safe
@needs("see_calls")
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a campaign's progress."""
    context = _live_context(request, find_campaign(request, pk))
    return render(request, "launch/campaign.html", context | {"tab": "progress"})


@require_safe
@needs("see_calls")
def campaign_live(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the refreshed part of a campaign's page; status 286 stops htmx's polling once nothing changes any more."""
    context = _live_context(request, find_campaign(request, pk))
    return render(request, "launch/_live.html", context, status=ENDS_POLLING if context["is_over"] else 200)


@require_safe
@needs("see_calls")
def campaign_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all settings of a campaign."""
    found = find_campaign(request, pk)
    context = campaign_context(request, found, "settings") | {
        "lists": list(found.lists.all()),
        "people": people_of(found).count(),
        "words": in_words(found),
        "variants": [
            (one.name, variant_words.share_in_words(one), variant_words.changes_in_words(one))
            for one in variants_of(found)
        ],
        "locks": locks_of(found),
        "left_out": list(found.excluded_campaigns.all()),
        "watch": watch_words(),
        "second_words": second_words.in_words(found.second) if found.second is not None else "",
        "first_there": first_of(found, timezone.now()),
    }
    return render(request, "launch/settings.html", context)


@require_safe
@needs("see_calls")
def campaign_activity(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the audit events of a campaign, by people and by the product itself."""
    found = find_campaign(request, pk)
    events = AuditEvent.objects.filter(object_type="campaign", object_id=str(pk)).select_related("actor")
    by = request.GET.get("by", "")
    if by in BY:
        events = events.filter(actor__isnull=by == "system")
    page = page_by_key(events, request.GET, SHOWN_EVENTS)
    context = campaign_context(request, found, "activity") | {
        "events": [(event, action_words(event)) for event in page.rows],
        "page": page,
        "total": count_up_to(events),
        "by": by if by in BY else "",
    }
    return render(request, "launch/activity.html", context)
