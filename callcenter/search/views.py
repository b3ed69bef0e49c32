"""The search over everything: its page, and what it finds while somebody types."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from callcenter.access.roles import Person
from callcenter.one_at_a_time import one_at_a_time
from callcenter.search.everything import LONGEST, SHORTEST, find_everything


def _found(request: HttpRequest) -> dict[str, Any]:
    text = request.GET.get("q", "")[:LONGEST].strip()
    return {
        "q": text,
        "sections": find_everything(text, cast(Person, request.user)) if text else [],
        "is_short": 0 < len(text) < SHORTEST and not text.isdecimal(),
    }


@require_safe
@login_required
@one_at_a_time
def search(request: HttpRequest) -> HttpResponse:
    """Show what was found of everything that this person may see."""
    return render(request, "search/search.html", _found(request))


@require_safe
@login_required
@one_at_a_time
def found(request: HttpRequest) -> HttpResponse:
    """Return the part of the search that changes while somebody types."""
    return render(request, "search/_found.html", _found(request) | {"place": "live-"})
