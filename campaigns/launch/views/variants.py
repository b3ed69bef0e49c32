"""The page on which a campaign gets variants that are compared, and numbers near the people who are called."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of
from campaigns.launch import drafts
from campaigns.launch.forms.variants import VariantsForm
from campaigns.launch.views.campaigns import campaign_context, find_campaign


@require_http_methods(["GET", "HEAD", "POST"])
@needs("draft_campaign")
def campaign_variants(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and save the variants of a campaign that was not launched yet."""
    found, person = find_campaign(request, pk), person_of(request)
    if found.launched_at is not None:
        messages.error(request, _("The variants are fixed since the launch: copy the campaign to try others."))
        return redirect("campaign-settings", pk)
    if not drafts.may_edit(found, person):
        messages.error(request, _("This campaign can no longer be changed. Copy it to call again."))
        return redirect("campaign", pk)
    form = VariantsForm(request.POST or None, found)
    if form.is_valid():
        try:
            changed = drafts.change(pk, person, form.values(), None, None, was_launched=False, shown=form.shown_values)
        except BothChanged as both:
            form.show_both(both, person)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect("campaign-check" if request.POST.get("then") == "check" else "campaign-variants", pk)
    context = campaign_context(request, found, "settings") | {"form": form}
    return render(request, "launch/variants.html", context, status=422 if form.is_bound else 200)
