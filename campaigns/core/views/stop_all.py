"""Views that press and release stop-all."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns.core import explanations, stop_all
from campaigns.core.views.page_requests import go_back, reason_of


@require_POST
@needs("stop_all")
def press(request: HttpRequest) -> HttpResponse:
    """Stop all calls."""
    stops = stop_all.press_stop_all(request.user, reason_of(request))
    if stops is None:
        messages.info(request, _("All calling is already stopped."))
    elif words := explanations.stops_in_words(stops):
        messages.warning(request, words)
    return go_back(request, "today")


@require_POST
@needs("release_stop_all")
def release(request: HttpRequest) -> HttpResponse:
    """Allow calls again."""
    if stop_all.release_stop_all(request.user):
        messages.success(request, _("Calling resumed."))
    else:
        messages.info(request, _("Calling is not stopped."))
    return go_back(request, "today")
