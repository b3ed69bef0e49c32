"""Views of the help pages, for everybody who is logged in."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from callcenter.access.roles import Person, may
from callcenter.help import pages, searching


def _contents(request: HttpRequest) -> dict[str, Any]:
    language = (get_language() or pages.FALLBACK).split("-")[0]
    is_operator = may(cast(Person, request.user), "manage_providers")
    return {
        "language": language,
        "guide": pages.guide(language),
        # The operators' pages are no secret; they are only listed for those who set things up.
        "operators": pages.operators(language) if is_operator else [],
    }


@require_safe
@login_required
def contents(request: HttpRequest) -> HttpResponse:
    """List the pages, or with `q` what the search finds in them."""
    found = _contents(request)
    asked = request.GET.get("q", "").strip()[: searching.MAX_ASKED]
    hits = searching.find([*found["guide"], *found["operators"]], asked)
    return render(request, "help/contents.html", {**found, "q": asked, "hits": hits})


@require_safe
@login_required
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one page. Raises Http404 for a slug that there is not."""
    found = _contents(request)
    shown = pages.find_page(slug, found["language"])
    if shown is None:
        raise Http404(slug)
    siblings = found["operators"] if shown.is_for_operators else found["guide"]
    here = next((number for number, one in enumerate(siblings) if one.slug == slug), None)
    following = siblings[here + 1] if here is not None and here + 1 < len(siblings) else None
    return render(request, "help/page.html", {**found, "page": shown, "following": following})
