"""The screens of writing and watching campaigns."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import AbstractUser
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.roles import may, needs
from callcenter.audit.models import AuditEvent
from campaigns.forms.campaigns import CampaignForm
from campaigns.models import Call, Campaign, Contact
from campaigns.querysets import CallQuerySet
from campaigns.services import drafting, overview, progress, rendering
from campaigns.services.browsing import count_up_to, page_by_key, sees_number
from campaigns.services.launch_check import may_launch
from campaigns.services.launching import may_approve
from campaigns.services.lifecycle import Refused, may_control
from campaigns.services.selecting import people_of
from campaigns.wording import action_words, in_words
from providers.types import CallStatus

SAMPLE_PEOPLE = 3
SHOWN_EVENTS = 100
ENDS_POLLING = 286
"""The status by which htmx stops asking."""


def person_of(request: HttpRequest) -> AbstractUser:
    """Return who asks; the views let only people in."""
    return cast(AbstractUser, request.user)


def token_of(request: HttpRequest) -> UUID | None:
    """Return the form's token; None where it carries none."""
    try:
        return UUID(request.POST.get("form_token", ""))
    except ValueError:
        return None


def find_campaign(request: HttpRequest, pk: int) -> Campaign:
    """Return a campaign that this person may see, or answer 404."""
    return get_object_or_404(drafting.visible_to(person_of(request)), pk=pk)


# The list


@require_safe
@needs("see_calls")
def campaigns(request: HttpRequest) -> HttpResponse:
    """List the campaigns that this person may see, newest first, and how far each is."""
    person = person_of(request)
    found = drafting.visible_to(person)
    state = request.GET.get("state", "")
    if state in Campaign.Status.values:
        found = found.filter(status=state)
    page = page_by_key(found, request.GET, 25)
    counts = overview.progress_of(page.rows)
    context = {
        "page": page,
        "rows": [(campaign, counts[campaign.pk]) for campaign in page.rows],
        "total": count_up_to(found),
        "states": Campaign.Status.choices,
        "state": state,
        "may_draft": may(person, "draft_campaign"),
        "shows_owner": may(person, "see_all_calls"),
        "is_live": any(campaign.status == Campaign.Status.RUNNING for campaign in page.rows),
    }
    return render(request, "campaigns/_rows.html" if request.htmx else "campaigns/list.html", context)  # type: ignore[attr-defined]


# The builder


@needs("draft_campaign")
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Write a new campaign."""
    person = person_of(request)
    token = token_of(request)
    if request.method == "POST" and (known := drafting.made_with(person, token)) is not None:
        return _after_saving(request, known)
    form = _form(request, Campaign())
    if request.method == "POST" and not form.is_staying and form.is_valid():
        made = drafting.create(person, form.values(), form.cleaned_data["lists"], token)
        messages.success(request, _("“%(name)s” is saved as a draft.") % {"name": made})
        return _after_saving(request, made)
    if form.is_bound and not form.is_staying and (known := drafting.made_with(person, token)) is not None:
        return _after_saving(request, known)  # pressed twice: the first press made it just now
    return _builder(request, form)


@needs("draft_campaign")
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a campaign; what is fixed after the launch is shown but cannot be changed."""
    person = person_of(request)
    campaign = find_campaign(request, pk)
    if not drafting.may_edit(campaign, person):
        messages.error(request, _("This campaign cannot be changed any more: copy it to call again."))
        return redirect("campaign", pk)
    form = _form(request, campaign)
    if request.method == "POST" and not form.is_staying and form.is_valid():
        lists = None if form.is_launched else form.cleaned_data["lists"]
        try:
            changed = drafting.change(pk, person, form.values(), lists, was_launched=form.is_launched)
        except Refused as error:
            messages.error(request, str(error))
            return redirect("campaign", pk)
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return _after_saving(request, campaign)
    return _builder(request, form)


def _form(request: HttpRequest, campaign: Campaign) -> CampaignForm:
    return CampaignForm(
        request.POST if request.method == "POST" else None,
        instance=campaign,
        person=person_of(request),
        is_staying=request.method == "POST" and request.POST.get("then") == "stay",
        is_draft=request.POST.get("then") == "save",
    )


def _after_saving(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    return redirect("campaign-check" if request.POST.get("then") == "check" else "campaign", campaign.pk)


def _builder(request: HttpRequest, form: CampaignForm) -> HttpResponse:
    refused = form.is_bound and not form.is_staying
    context = {
        "form": form,
        "campaign": form.instance if form.instance.pk else None,
        "sections": {section.slug: section for section in form.sections()},
        "preview": _preview(form),
    }
    return render(request, "campaigns/builder.html", context, status=422 if refused else 200)


def _preview(form: CampaignForm) -> list[dict[str, Any]]:
    """Show the message as some people of the chosen lists would meet it."""
    message = form.preview()
    message.agent = form.chosen_agent
    people = Contact.objects.filter(memberships__contact_list__in=form.chosen_lists()).distinct().order_by("pk")
    shown = []
    for contact in people[:SAMPLE_PEOPLE]:
        rendered = rendering.render_variables(message, contact)
        wanted = dict.fromkeys([*message.variables, *rendering.expected_names(message)])
        shown.append(
            {
                "contact": contact,
                "text": rendering.render_text(message, contact),
                "variables": [(name, rendered.get(name, "")) for name in wanted],
                "missing": rendering.missing_variables(message, contact),
            }
        )
    return shown


@require_POST
@needs("draft_campaign")
def campaign_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft out of any campaign that this person may see."""
    made = drafting.copy(find_campaign(request, pk).pk, person_of(request), token_of(request))
    messages.success(request, _("“%(name)s” is a new draft with the same message, lists and rules.") % {"name": made})
    return redirect("campaign-edit", made.pk)


# One campaign


def campaign_context(request: HttpRequest, found: Campaign, tab: str) -> dict[str, Any]:
    """Return what the frame of a campaign's pages shows."""
    person = person_of(request)
    status = Campaign.Status(found.status)
    return {
        "campaign": found,
        "tab": tab,
        "may_control": may_control(found, person),
        "may_edit": drafting.may_edit(found, person),
        "may_draft": may(person, "draft_campaign"),
        "may_launch": status == Campaign.Status.DRAFT and may_launch(found, person),
        "may_approve": status == Campaign.Status.WAITING and may_approve(found, person),
        "may_export": may(person, "export_calls"),
    }


def _live_context(request: HttpRequest, found: Campaign) -> dict[str, Any]:
    now = progress.measure(found)
    over = {Campaign.Status.STOPPED, Campaign.Status.FINISHED, Campaign.Status.DRAFT}
    is_over = found.status in over and not now.live and not now.still_out
    every = 2 if found.status == Campaign.Status.RUNNING or now.live or now.still_out else 10
    return campaign_context(request, found, "") | {"now": now, "is_over": is_over, "every": every}


@require_safe
@needs("see_calls")
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a campaign goes."""
    context = _live_context(request, find_campaign(request, pk))
    return render(request, "campaigns/campaign.html", context | {"tab": "progress"})


@require_safe
@needs("see_calls")
def campaign_live(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the moving part of a campaign's page; 286 once nothing moves any more."""
    context = _live_context(request, find_campaign(request, pk))
    return render(request, "campaigns/_live.html", context, status=ENDS_POLLING if context["is_over"] else 200)


@require_safe
@needs("see_calls")
def campaign_people(request: HttpRequest, pk: int) -> HttpResponse:
    """List everybody of a campaign with their last attempt and what comes next."""
    person = person_of(request)
    found = find_campaign(request, pk)
    calls = last_attempts(found).select_related("contact", "campaign")
    state = request.GET.get("state", "")
    if state in CallStatus.values:
        calls = calls.filter(status=state)
    page = page_by_key(calls, request.GET)
    context = campaign_context(request, found, "people") | {
        "page": page,
        "rows": [(call, sees_number(person, call)) for call in page.rows],
        "total": count_up_to(calls),
        "states": CallStatus.choices,
        "state": state,
    }
    return render(request, "campaigns/people.html", context)


def last_attempts(found: Campaign) -> CallQuerySet:
    """Return one call a person: the last attempt."""
    later = Call.objects.filter(campaign=found, contact=OuterRef("contact"), attempt__gt=OuterRef("attempt"))
    return Call.objects.filter(~Exists(later), campaign=found)


@require_safe
@needs("see_calls")
def campaign_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything that was set."""
    found = find_campaign(request, pk)
    context = campaign_context(request, found, "settings") | {
        "lists": list(found.lists.all()),
        "people": people_of(found).count(),
        "words": in_words(found),
    }
    return render(request, "campaigns/settings.html", context)


@require_safe
@needs("see_calls")
def campaign_activity(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who did what with a campaign."""
    found = find_campaign(request, pk)
    events = AuditEvent.objects.filter(object_type="campaign", object_id=str(pk)).select_related("actor")
    shown = [(event, action_words(event)) for event in events.order_by("-id")[:SHOWN_EVENTS]]
    context = campaign_context(request, found, "activity") | {"events": shown}
    return render(request, "campaigns/activity.html", context)


urlpatterns = [
    path("campaigns/", campaigns, name="campaigns"),
    path("campaigns/new/", campaign_new, name="campaign-new"),
    path("campaigns/<int:pk>/", campaign, name="campaign"),
    path("campaigns/<int:pk>/live/", campaign_live, name="campaign-live"),
    path("campaigns/<int:pk>/people/", campaign_people, name="campaign-people"),
    path("campaigns/<int:pk>/settings/", campaign_settings, name="campaign-settings"),
    path("campaigns/<int:pk>/activity/", campaign_activity, name="campaign-activity"),
    path("campaigns/<int:pk>/edit/", campaign_edit, name="campaign-edit"),
    path("campaigns/<int:pk>/copy/", campaign_copy, name="campaign-copy"),
]
