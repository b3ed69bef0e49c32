"""Sends a person back to the page that a button stood on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def go_back(request: HttpRequest, fallback: str, *arguments: object) -> HttpResponse:
    """Redirect to the form's `next` where it is an address of ours, else to the named address."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return redirect(wanted)
    return redirect(fallback, *arguments)
