"""The Today page: what runs now and what needs a person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from callcenter.access.roles import needs
from campaigns.reports.today import overview


@needs("see_today")
def today(request: HttpRequest) -> HttpResponse:
    """Show what runs and what needs a person."""
    return render(request, "reports/today/today.html", {"overview": overview(request.user)})


@needs("see_today")
def today_live(request: HttpRequest) -> HttpResponse:
    """Return the refreshed part of the Today page."""
    return render(request, "reports/today/_today.html", {"overview": overview(request.user)})
