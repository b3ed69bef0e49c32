"""The page on which a campaign is let repeat: on chosen days, or by the date in a column of its people."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from callcenter.formats.zones import zone_name
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of
from campaigns.launch import repeats
from campaigns.launch.forms.repeats import RepeatForm
from campaigns.launch.views.campaigns import campaign_context, find_campaign
from campaigns.models import CampaignRepeat


@require_http_methods(["GET", "HEAD", "POST"])
@needs("launch_campaign")
def campaign_repeat(request: HttpRequest, pk: int) -> HttpResponse:
    """Show when a campaign repeats; save it, or end it."""
    found, person = find_campaign(request, pk), person_of(request)
    repeat = CampaignRepeat.objects.select_related("made").filter(pk=pk).first()
    if request.POST.get("then") == "end":
        if repeats.end(found, person):
            messages.success(request, _("Repeat ended. Campaigns already created are not changed."))
        return redirect("campaign-repeat", pk)
    form = RepeatForm(request.POST or None, repeat)
    if form.is_valid():
        try:
            repeats.save(found, person, form.values(), timezone.now(), zone_name(), form.shown_values)
        except BothChanged as both:
            form.show_both(both, person)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. Each run is a new campaign, launched in your name."))
            return redirect("campaign-repeat", pk)
    context = campaign_context(request, found, "settings") | {
        "form": form,
        "repeat": repeat,
        "may_repeat": repeats.may_repeat(found, person),
    }
    return render(request, "launch/repeat.html", context, status=422 if form.is_bound else 200)
