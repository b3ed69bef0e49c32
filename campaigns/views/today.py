"""Today: what runs now and what needs a person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from callcenter.access.roles import needs


@needs("see_today")
def today(request: HttpRequest) -> HttpResponse:
    """Show what runs and what waits for a person."""
    return render(request, "today/today.html")


urlpatterns = [path("today/", today, name="today")]
