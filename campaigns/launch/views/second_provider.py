"""The page on which a user agrees to a second provider of a campaign, or removes it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from callcenter.access.roles import needs
from callcenter.parameters import whole_number
from campaigns.core import second_provider as rule
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of
from campaigns.launch import drafts, second_providers, second_words
from campaigns.launch.forms.second_provider import SecondProviderForm
from campaigns.launch.views.campaigns import campaign_context, find_campaign


@require_http_methods(["GET", "HEAD", "POST"])
@needs("draft_campaign")
def campaign_second(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the second provider of a campaign and the choice of one; write the consent, or remove it."""
    found, person = find_campaign(request, pk), person_of(request)
    if request.POST.get("then") == "remove":
        try:
            second_providers.remove(pk, person)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Removed. No further call goes through a second provider."))
        return redirect("campaign-second", pk)
    offered = list(second_providers.offered(found, person))
    asked = whole_number(request.GET.get("provider")) or (
        found.second.provider_id if found.second is not None else None
    )
    chosen = next((one for one in offered if one.pk == asked), None)
    form = SecondProviderForm(request.POST or None, chosen, found.second) if chosen is not None else None
    if form is not None and form.is_bound and form.is_valid():
        try:
            second_providers.agree(pk, person, form.values())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. Waiting calls go through it only when the first one cannot call."))
            return redirect("campaign-second", pk)
    context = campaign_context(request, found, "settings") | {
        "form": form,
        "chosen": chosen,
        "price": rule.price_of(chosen) if chosen is not None else "",
        "offered": offered,
        "may_agree": drafts.may_edit(found, person),
        "second_words": second_words.in_words(found.second) if found.second is not None else "",
        "second_refusals": rule.refusals_of(found, found.second) if found.second is not None else [],
    }
    return render(request, "launch/second_provider.html", context, status=422 if form and form.is_bound else 200)
