"""Screens of review queues: the list, the calls of one that wait, a new one, its criteria."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from callcenter.access.roles import may, needs
from callcenter.edits.shown import BothChanged
from campaigns.calls import call_columns
from campaigns.core import paging, results
from campaigns.core.scope import changed_by, may_change, seen_by
from campaigns.core.views.page_requests import person_of
from campaigns.models import ReviewQueue, ScorecardReview
from campaigns.review import queues as service
from campaigns.review.forms.reviews import QueueForm

SHOWN = ("person", "number", "state", "campaign", "agent", "sent", "talked", "disposition")
"""Columns of the calls that wait."""


@require_safe
@needs("review_calls")
def queues(request: HttpRequest) -> HttpResponse:
    """List the review queues."""
    person = person_of(request)
    found = seen_by(person, ReviewQueue.objects.all()).select_related("scorecard", "campaign", "team", "disposition")
    rows = [(one, _criteria(one)) for one in found.order_by("-is_open", "name", "pk")]
    return render(request, "review/queues.html", {"queues": rows})


def _criteria(queue: ReviewQueue) -> list[Any]:
    """Return what a queue takes, in words."""
    found: list[Any] = []
    if queue.campaign is not None:
        found.append(queue.campaign.name)
    if queue.result in results.BY_KEY:
        found.append(results.BY_KEY[queue.result].word)
    if queue.disposition is not None:
        found.append(queue.disposition.name)
    if queue.goal:
        found.append(queue.get_goal_display())
    return found


@require_safe
@needs("review_calls")
@needs("hear_calls")
def queue(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the calls of a queue that nobody has reviewed, newest first."""
    person = person_of(request)
    rows = ReviewQueue.objects.select_related("scorecard", "campaign", "disposition")
    found = get_object_or_404(seen_by(person, rows), pk=pk)
    columns = call_columns.open_to([call_columns.BY_KEY[key] for key in SHOWN], person)
    page = paging.page_by_key(call_columns.light(service.waiting_in(found, person), columns), request.GET)
    reviewed = seen_by(person, ScorecardReview.objects.filter(queue=found))
    context = {
        "queue": found,
        "criteria": _criteria(found),
        "columns": call_columns.pairs(columns),
        "page": page,
        "reviewed": paging.count_up_to(reviewed),
        "may_change": may(person, "define_dispositions") and may_change(person, found),
    }
    return render(request, "review/queue.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("define_dispositions")
def queue_new(request: HttpRequest) -> HttpResponse:
    """Show and save a new queue."""
    person = person_of(request)
    form = QueueForm(request.POST if request.method == "POST" else None, person)
    if request.method == "POST" and form.is_valid():
        try:
            made = service.add(person, form.cleaned_data)
        except service.QueueRefusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Queue added. These are its calls."))
            return redirect("review-queue", made.pk)
    context = {"form": form, "has_scorecard": form.fields["scorecard"].queryset.exists()}  # type: ignore[attr-defined]
    return render(request, "review/queue_edit.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("define_dispositions")
def queue_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and save the criteria of a queue."""
    person = person_of(request)
    found = get_object_or_404(changed_by(person, ReviewQueue.objects.select_related("scorecard", "campaign")), pk=pk)
    form = QueueForm(request.POST if request.method == "POST" else None, person, found)
    if request.method == "POST" and form.is_valid():
        try:
            service.change(person, found, form.cleaned_data, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        except service.QueueRefusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("review-queue", pk)
    context = {"form": form, "queue": found, "has_scorecard": True}
    return render(request, "review/queue_edit.html", context, status=422 if form.is_bound else 200)
