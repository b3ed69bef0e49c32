"""The campaign builder's screen: one page in sections, with a preview of what a person would hear."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from callcenter.parameters import whole_number
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of, token_of, typed_before
from campaigns.launch import drafts, previews, test_call
from campaigns.launch.forms.builder import CampaignForm
from campaigns.launch.previews import SAMPLE_PEOPLE, MessagePreview
from campaigns.launch.views.campaigns import find_campaign
from campaigns.models import Campaign


@needs("draft_campaign")
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Show and save the form of a new campaign."""
    person = person_of(request)
    token = token_of(request)
    if request.method == "POST" and (known := drafts.made_with(person, token)) is not None:
        return _after_saving(request, known)
    form = _form(request, Campaign())
    if request.method == "POST" and not form.is_staying and form.is_valid():
        chosen = form.cleaned_data
        try:
            made = drafts.create(person, form.values(), chosen["lists"], token, chosen["excluded_campaigns"])
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            return _builder(request, form)
        messages.success(request, _("“%(name)s” saved as a draft.") % {"name": made})
        return _after_saving(request, made)
    if form.is_bound and not form.is_staying and (known := drafts.made_with(person, token)) is not None:
        return _after_saving(request, known)  # pressed twice: the first press made it just now
    return _builder(request, form)


@needs("draft_campaign")
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and save the form of a campaign; fields that are fixed after the launch are shown but disabled."""
    person = person_of(request)
    campaign = find_campaign(request, pk)
    if not drafts.may_edit(campaign, person):
        messages.error(request, _("This campaign can no longer be changed. Copy it to call again."))
        return redirect("campaign", pk)
    form = _form(request, campaign)
    if request.method == "POST" and not form.is_staying and form.is_valid():
        lists = None if form.is_launched else form.cleaned_data["lists"]
        left_out = None if form.is_launched else form.cleaned_data["excluded_campaigns"]
        try:
            changed = drafts.change(
                pk, person, form.values(), lists, left_out, was_launched=form.is_launched, shown=form.shown_values
            )
        except BothChanged as both:
            form.show_both(both, person)
            return _builder(request, form)
        except Refusal as error:
            messages.error(request, str(error))
            return redirect("campaign", pk)
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return _after_saving(request, campaign)
    return _builder(request, form)


def chosen_lists(asked: Sequence[str]) -> list[int]:
    """Return the ids in the query string, without anything that is no number."""
    return [number for text in asked if (number := whole_number(text)) is not None]


def _form(request: HttpRequest, campaign: Campaign) -> CampaignForm:
    typed = request.POST if request.method == "POST" else typed_before(request, request.path)
    return CampaignForm(
        typed,
        instance=campaign,
        # A list's page, and an import's, lead here with the list chosen already.
        initial={} if campaign.pk else {"lists": chosen_lists(request.GET.getlist("list"))},
        person=person_of(request),
        is_staying=typed is not None and (request.method == "GET" or typed.get("then") == "stay"),
        is_draft=request.POST.get("then") == "save",
    )


def _after_saving(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    return redirect("campaign-check" if request.POST.get("then") == "check" else "campaign", campaign.pk)


def _builder(request: HttpRequest, form: CampaignForm) -> HttpResponse:
    refused = form.is_bound and not form.is_staying
    selection = form.selection()
    hears = str(form["hear"].value() or "").strip()
    context = {
        "form": form,
        "campaign": form.row,
        "sections": {section.slug: section for section in form.sections()},
        "people": None if selection.is_empty else selection.count(),
        "preview": _preview(form, hears),
        "hears": hears,
    }
    return render(request, "launch/builder.html", context, status=422 if refused else 200)


def _preview(form: CampaignForm, hears: str) -> list[MessagePreview]:
    """Return the message as a chosen person of the audience would hear it, or as the first few would."""
    message = form.preview()
    message.agent = form.chosen_agent
    people = form.selection().people()
    if hears:
        found = test_call.find_hearer(people, hears)
        return [previews.heard(message, found)] if found else []
    return [previews.heard(message, contact) for contact in people[:SAMPLE_PEOPLE]]
