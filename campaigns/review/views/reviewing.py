"""The view that keeps the review of a call by a scorecard; its form stands on the call's page."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from callcenter.parameters import whole_number
from campaigns.calls.views.call_page import page_of, seen_call
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.core.views.page_requests import go_back, person_of
from campaigns.models import ReviewQueue
from campaigns.review import reviewing, scorecards
from campaigns.review.forms.reviews import ScorecardReviewForm


@require_POST
@needs("review_calls")
def review(request: HttpRequest, pk: int, card_pk: int) -> HttpResponse:
    """Keep what a user gave each point of a scorecard; from a queue, its next calls follow."""
    call, person = seen_call(request, pk), person_of(request)
    if not reviewing.may_review(person, call):
        raise PermissionDenied("review_calls")
    card = get_object_or_404(scorecards.offered_to(call.team_id), pk=card_pk)
    queue = None
    if (queue_pk := whole_number(request.POST.get("queue"))) is not None:
        queue = seen_by(person, ReviewQueue.objects.filter(pk=queue_pk, scorecard=card)).first()
    form = ScorecardReviewForm(request.POST, call, card)
    if not form.is_valid():
        return page_of(request, call, card_form=form)
    try:
        reviewing.review(person, call, card, form.cleaned_data, queue=queue, shown=form.shown_values)
    except BothChanged as both:
        form.show_both(both, request.user)
        return page_of(request, call, card_form=form)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return page_of(request, call, card_form=form)
    messages.success(request, _("Review saved with your name."))
    return redirect("review-queue", queue.pk) if queue is not None else go_back(request, "call", pk)
