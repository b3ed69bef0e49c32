"""Vendor calls that no row of ours explains: where the comparison stands, and whose each one is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns import queue
from campaigns.core import paging
from campaigns.core.views.page_requests import go_back
from campaigns.models import UnknownVendorCall
from campaigns.tracking import reconciliation_sweep
from providers.models import Provider

State = UnknownVendorCall.State


@needs("review_vendor_calls")
def unmatched_calls(request: HttpRequest) -> HttpResponse:
    """List what waits for a person, or what was decided, and how far each vendor's list was compared."""
    is_decided = request.GET.get("decided") == "yes"
    found = UnknownVendorCall.objects.select_related("provider", "decided_by").defer("provider__secrets")
    rows = found.exclude(state=State.OPEN) if is_decided else found.filter(state=State.OPEN)
    return render(
        request,
        "tracking/unmatched_calls.html",
        {
            "page": paging.page_by_key(rows, request.GET),
            "total": paging.count_up_to(rows),
            "is_decided": is_decided,
            "standings": reconciliation_sweep.standings(),
        },
    )


@require_POST
@needs("review_vendor_calls")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a person's word on one vendor call."""
    found = get_object_or_404(UnknownVendorCall, pk=pk)
    return _decide(request, [found.pk], request.POST.get("ours", ""))


@require_POST
@needs("review_vendor_calls")
def decide_all(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Take a person's word that all open calls of one vendor were another tool's."""
    provider = get_object_or_404(Provider, pk=provider_id)
    waiting = UnknownVendorCall.objects.filter(provider=provider, state=State.OPEN)
    return _decide(request, list(waiting.values_list("pk", flat=True)), "no")


def _decide(request: HttpRequest, pks: list[int], ours: str) -> HttpResponse:
    reason = request.POST.get("reason", "").strip()
    if not reason or ours not in {"yes", "no"}:
        messages.error(request, _("Say why: it stands in the record. Nothing was changed."))
        return go_back(request, "unmatched-calls")
    decided = reconciliation_sweep.decide(pks, ours=ours == "yes", person=request.user, reason=reason)
    if decided:
        told = ngettext("%(n)d call is decided, with your name.", "%(n)d calls are decided, with your name.", decided)
        messages.success(request, told % {"n": decided})
    else:
        messages.info(request, _("Somebody else decided it meanwhile."))
    return go_back(request, "unmatched-calls")


@require_POST
@needs("review_vendor_calls")
def compare_now(request: HttpRequest) -> HttpResponse:
    """Have every list compared now."""
    for provider_id in reconciliation_sweep.comparable():
        queue.nudge_list(provider_id)
    messages.success(request, _("The lists are compared now; what comes of it stands here in a minute."))
    return go_back(request, "unmatched-calls")
