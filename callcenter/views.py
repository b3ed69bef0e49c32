"""Views outside the rooms: first page, and a person's own settings."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from callcenter.access import clock
from callcenter.access.forms import ClockForm
from callcenter.access.roles import Person, may
from callcenter.audit.changes import changes
from callcenter.audit.models import record
from callcenter.formats.isolation import isolated
from callcenter.formats.zones import zone_name
from callcenter.parameters import go_back

FIRST_PAGES = (
    ("manage_providers", "providers"),
    ("settle_calls", "today"),
    ("place_call", "quick-call"),
    ("see_today", "today"),
)
"""Pairs of a right and a page; the first right that a person holds decides their first page."""


def first_page(person: Person) -> str:
    """Return the address of a person's first page."""
    for right, name in FIRST_PAGES:
        if may(person, right):
            try:
                return reverse(name)
            except NoReverseMatch:
                continue
    return reverse("no-role")


@login_required
def start(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the person's first page."""
    return redirect(first_page(cast(Person, request.user)))


@login_required
def no_role(request: HttpRequest) -> HttpResponseBase:
    """Show the page for people without a role, which says whom to ask."""
    return render(request, "registration/no_role.html", status=403)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponseBase:
    """Show and change the person's own settings: their time zone."""
    person, found = cast(User, request.user), clock.clock_of(request)
    form = ClockForm(request.POST or None, initial={"time_zone": found.name})
    if form.is_valid():
        clock.choose_zone(person, form.cleaned_data["time_zone"])
        kept = changes({"time_zone": found.name}, {"time_zone": form.cleaned_data["time_zone"]})
        record(person, "preferences.changed", None, **kept)
        with clock.on_the_clock_of(person):
            messages.success(
                request, _("Saved. Times are now shown in %(zone)s time.") % {"zone": isolated(zone_name())}
            )
        return go_back(request, "preferences")
    context = {"form": form, "clock": found, "now": timezone.now()}
    return render(request, "preferences.html", context, status=422 if form.is_bound else 200)
