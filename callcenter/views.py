"""The doors of the house: logging in, where to begin, health for machines, and errors in plain words."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from callcenter.access.roles import Person, may

FIRST_PAGES = (
    ("manage_providers", "providers"),
    ("see_all_calls", "today"),
    ("place_call", "quick-call"),
    ("see_today", "today"),
)
"""The first right that a person holds decides where they begin: admins, managers, callers."""


def first_page(person: Person) -> str:
    """Return the address that a person's work begins at."""
    for right, name in FIRST_PAGES:
        if may(person, right):
            try:
                return reverse(name)
            except NoReverseMatch:
                continue
    return reverse("no-role")


@login_required
def start(request: HttpRequest) -> HttpResponseBase:
    """Send a person to where their work begins."""
    return redirect(first_page(cast(Person, request.user)))


@login_required
def no_role(request: HttpRequest) -> HttpResponseBase:
    """Tell a person without a role whom to ask."""
    return render(request, "registration/no_role.html", status=403)


class ConsoleLoginView(LoginView):
    """The log-in page; who is in already goes on to work."""

    template_name = "registration/login.html"
    redirect_authenticated_user = True
    next_page = "start"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """Add the demo's log-ins, in a demo only."""
        context = super().get_context_data(**kwargs)
        if settings.DEMO:
            from callcenter.demo import LOGINS

            context["demo_logins"] = LOGINS
        return context


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether this process can work: the database answers, and no migration waits (503 otherwise)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    if waiting:
        return JsonResponse({"status": "migrations wait", "waiting": waiting}, status=503)
    return JsonResponse({"status": "ok"})
