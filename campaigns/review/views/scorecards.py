"""Screens of scorecards: the list, one with its points."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.views.page_requests import person_of
from campaigns.models import Scorecard
from campaigns.review import scorecards as service
from campaigns.review.forms.reviews import PointForm, ScorecardForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs("define_dispositions")
def scorecards(request: HttpRequest) -> HttpResponse:
    """List the scorecards; a POST adds one."""
    form = ScorecardForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = service.add(person_of(request), form.cleaned_data["name"])
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("Scorecard added. Add its points below."))
            return redirect("scorecard", made.pk)
    found = seen_by(person_of(request), Scorecard.objects.all()).select_related("team").prefetch_related("points")
    context = {"form": form, "scorecards": found.order_by("-is_offered", "name", "pk")}
    return render(request, "review/scorecards.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("define_dispositions")
def scorecard(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one scorecard with its points; a POST saves its name."""
    card = _card(request, pk)
    form = ScorecardForm(request.POST if request.method == "POST" else None, card)
    if request.method == "POST" and form.is_valid():
        try:
            service.change(person_of(request), card, form.cleaned_data, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("scorecard", pk)
    return _page(request, card, form, PointForm())


@require_POST
@needs("define_dispositions")
def point_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a point to a scorecard."""
    card, point_form = _card(request, pk), PointForm(request.POST)
    if point_form.is_valid():
        given = point_form.cleaned_data
        try:
            service.add_point(person_of(request), card, given["text"], given["most"], given["weight"])
        except Refusal as refusal:
            point_form.add_error("text", str(refusal))
        else:
            messages.success(request, _("Point added."))
            return redirect("scorecard", pk)
    return _page(request, card, ScorecardForm(None, card), point_form)


@require_POST
@needs("define_dispositions")
def point_remove(request: HttpRequest, pk: int, point_pk: int) -> HttpResponse:
    """Remove a point; reviews that hold it keep it."""
    service.remove_point(person_of(request), _card(request, pk), point_pk)
    messages.success(request, _("Point removed. Existing reviews keep it."))
    return redirect("scorecard", pk)


def _card(request: HttpRequest, pk: int) -> Scorecard:
    return get_object_or_404(changed_by(person_of(request), Scorecard.objects.all()), pk=pk)


def _page(request: HttpRequest, card: Scorecard, form: Form, point_form: Form) -> HttpResponse:
    context = {"scorecard": card, "form": form, "point_form": point_form, "points": card.points.all()}
    is_refused = form.is_bound or point_form.is_bound
    return render(request, "review/scorecard.html", context, status=422 if is_refused else 200)
