"""Views outside the rooms: log-in and first page."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from callcenter.access.roles import Person, may
from callcenter.kept_forms.middleware import COOKIE

FIRST_PAGES = (
    ("manage_providers", "providers"),
    ("see_all_calls", "today"),
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


class ConsoleLoginView(LoginView):
    """The log-in page; redirects people who are already logged in."""

    template_name = "registration/login.html"
    redirect_authenticated_user = True
    next_page = "start"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """Return the context, with the demo's log-ins in demo mode."""
        context = super().get_context_data(**kwargs)
        context["has_kept_form"] = COOKIE in self.request.COOKIES
        if settings.DEMO:
            from callcenter.demo import LOGINS

            context["demo_logins"] = LOGINS
        return context
