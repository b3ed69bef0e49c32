"""The call log and the page of one call."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from callcenter.access.roles import needs


@needs("see_calls")
def call_log(request: HttpRequest) -> HttpResponse:
    """List the calls that this person may see."""
    return render(request, "calls/log.html")


urlpatterns = [path("calls/", call_log, name="call-log")]
