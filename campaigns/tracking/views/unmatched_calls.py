"""The screen of unmatched vendor calls: how far each list was compared, and a decision on each unexplained call."""

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
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.views.page_requests import go_back, reason_of
from campaigns.models import UnknownVendorCall
from campaigns.tracking import reconciliation_sweep
from providers.models import Provider

State = UnknownVendorCall.State


@needs("review_vendor_calls")
def unmatched_calls(request: HttpRequest) -> HttpResponse:
    """List open or decided unmatched calls, and how far each vendor's list has been compared."""
    is_decided = request.GET.get("decided") == "yes"
    found = seen_by(request.user, UnknownVendorCall.objects.select_related("provider", "decided_by"))
    rows = found.exclude(state=State.OPEN) if is_decided else found.filter(state=State.OPEN)
    return render(
        request,
        "tracking/unmatched_calls.html",
        {
            "page": paging.page_by_key(rows, request.GET),
            "total": paging.count_up_to(rows),
            "is_decided": is_decided,
            "standings": reconciliation_sweep.standings(request.user),
        },
    )


@require_POST
@needs("review_vendor_calls")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a person's decision on one vendor call."""
    found = get_object_or_404(changed_by(request.user, UnknownVendorCall.objects.all()), pk=pk)
    return _decide(request, [found.pk], request.POST.get("ours", ""))


@require_POST
@needs("review_vendor_calls")
def decide_all(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Record a person's decision that all open calls of one provider were placed by another tool."""
    provider = get_object_or_404(changed_by(request.user, Provider.objects.all()), pk=provider_id)
    waiting = UnknownVendorCall.objects.filter(provider=provider, state=State.OPEN)
    return _decide(request, list(waiting.values_list("pk", flat=True)), "no")


def _decide(request: HttpRequest, pks: list[int], ours: str) -> HttpResponse:
    reason = reason_of(request)
    if not reason or ours not in {"yes", "no"}:
        messages.error(request, _("Enter a reason; it is recorded. Nothing was changed."))
        return go_back(request, "unmatched-calls")
    decided = reconciliation_sweep.decide(pks, ours=ours == "yes", person=request.user, reason=reason)
    if decided:
        told = ngettext("Decision saved for %(n)d call.", "Decision saved for %(n)d calls.", decided)
        messages.success(request, told % {"n": decided})
    else:
        messages.info(request, _("Someone else has already decided it."))
    return go_back(request, "unmatched-calls")


@require_POST
@needs("review_vendor_calls")
def compare_now(request: HttpRequest) -> HttpResponse:
    """Queue a comparison of every vendor's list."""
    for provider_id in reconciliation_sweep.comparable():
        queue.nudge_list(provider_id)
    messages.success(request, _("Comparing the lists. The result appears here in a minute."))
    return go_back(request, "unmatched-calls")
