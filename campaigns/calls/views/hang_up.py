"""Views that ask the vendor to cancel or hang up a call."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns.core.scope import seen_by
from campaigns.core.views.page_requests import go_back
from campaigns.models import Call
from campaigns.tracking import hang_up as hang_up_module
from campaigns.tracking.hang_up import StopWish

TELL = {"success": messages.success, "warning": messages.warning, "error": messages.error}


@require_POST
@needs("see_calls")
def cancel_at_vendor(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the vendor to cancel a call that waits in its queue."""
    return _stop(request, pk, "cancel")


@require_POST
@needs("see_calls")
def hang_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the vendor to end a live call."""
    return _stop(request, pk, "hang_up")


def _stop(request: HttpRequest, pk: int, wish: StopWish) -> HttpResponse:
    found = get_object_or_404(seen_by(request.user, Call.objects.all()), pk=pk)
    told = hang_up_module.stop_at_vendor(found.pk, wish, request.user)
    TELL[told.tone](request, told.sentence)
    return go_back(request, "call", pk)
