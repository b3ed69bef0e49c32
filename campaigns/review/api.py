"""Reviews, for programs: scorecards, the calls that wait to be listened to, and what was given."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import Field

from callcenter.access.holders import names_of
from callcenter.access.roles import may
from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Asked, Id, Limit, OlderThan, Paged, refuse_field, refuse_form
from campaigns.calls.api import LONG, SHOWN, CallOut, call_out
from campaigns.calls.api.orders import Ref
from campaigns.core.paging import page_by_key
from campaigns.core.scope import heard_by, seen_by
from campaigns.models import Call, ReviewQueue, Scorecard, ScorecardReview
from campaigns.models.scorecards import MAX_REVIEW_NOTE, MOST_POINTS
from campaigns.review import queues, reviewing, scorecards
from campaigns.review.forms.reviews import ScorecardReviewForm

router = Router(tags=["Reviews"])


class Point(Schema):
    """One point of a scorecard."""

    id: int
    text: str
    most: int
    """The most that it can get; 1 is a yes or no."""
    weight: int


class ScorecardOut(Schema):
    """A scorecard."""

    id: int
    name: str
    is_offered: bool
    """Whether calls are reviewed by it."""
    points: list[Point]


class QueueOut(Schema):
    """A review queue: which calls are to be listened to."""

    id: int
    name: str
    scorecard: Ref
    campaign: Ref | None
    every: int
    """One call of so many is taken."""
    since: datetime.date
    is_open: bool


class Value(Asked):
    """What one point gets."""

    point: Id
    value: Annotated[int, Field(ge=0, le=MOST_POINTS)]


class NewScore(Asked):
    """What a call gets by a scorecard: every point its value."""

    scorecard: Id
    values: Annotated[list[Value], Field(min_length=1, max_length=scorecards.MOST)]
    note: Annotated[str, Field(max_length=MAX_REVIEW_NOTE)] = ""
    queue: Annotated[Id | None, Field(description="The review queue from which the call was taken.")] = None


class Given(Schema):
    """What a point got, as it was asked then."""

    text: str
    most: int
    weight: int
    value: int


class ScoreOut(Schema):
    """One call reviewed by one scorecard."""

    call: int
    scorecard: Ref
    percent: float
    given: list[Given]
    note: str
    reviewer: str
    reviewed_at: datetime.datetime


def _ref(row: Any) -> dict[str, Any] | None:
    return {"id": row.pk, "name": str(row)} if row is not None else None


def _score(review: ScorecardReview) -> dict[str, Any]:
    return {
        "call": review.call_id,
        "scorecard": _ref(review.scorecard),
        "percent": float(review.percent),
        "given": review.given,
        "note": review.note,
        "reviewer": names_of([review.reviewer])[0] if review.reviewer is not None else "",
        "reviewed_at": review.reviewed_at,
    }


def _heard(request: KeyRequest, pk: int) -> Call:
    """Return a call that may be heard. Raises 404, and PermissionDenied without the right to hear calls."""
    person = request.auth.person
    if not may(person, "hear_calls"):
        raise PermissionDenied("hear_calls")
    return get_object_or_404(heard_by(person, seen_by(person, Call.objects.all())), pk=pk)


@router.get("/scorecards", response=Paged[ScorecardOut], summary="List scorecards")
@needs_right("review_calls")
def scorecard_list(request: KeyRequest) -> dict[str, Any]:
    """List the scorecards within reach with their points; all on one page."""
    found = seen_by(request.auth.person, Scorecard.objects.prefetch_related("points"))
    items = [
        {"id": one.pk, "name": one.name, "is_offered": one.is_offered, "points": list(one.points.all())}
        for one in found
    ]
    return {"items": items, "next": None}


@router.get("/review-queues", response=Paged[QueueOut], summary="List review queues")
@needs_right("review_calls")
def review_queues(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the review queues within reach, newest first."""
    page = page_by_key(_queues(request), {"older_than": older_than}, limit)
    items = [
        {
            "id": one.pk,
            "name": one.name,
            "scorecard": _ref(one.scorecard),
            "campaign": _ref(one.campaign),
            "every": one.every,
            "since": one.since,
            "is_open": one.is_open,
        }
        for one in page.rows
    ]
    return {"items": items, "next": page.older}


def _queues(request: KeyRequest) -> QuerySet[ReviewQueue]:
    rows = ReviewQueue.objects.select_related("scorecard", "campaign", "disposition").order_by()
    return seen_by(request.auth.person, rows)


@router.get("/review-queues/{int:pk}/calls", response=Paged[CallOut], summary="List the calls to review of a queue")
@needs_right("review_calls")
def review_queue_calls(request: KeyRequest, pk: int, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the calls of a queue that nobody has reviewed, newest first. It needs the right to hear calls, too."""
    person = request.auth.person
    if not may(person, "hear_calls"):
        raise PermissionDenied("hear_calls")
    waiting = queues.waiting_in(get_object_or_404(_queues(request), pk=pk), person)
    page = page_by_key(waiting.select_related(*SHOWN).defer(*LONG), {"older_than": older_than}, limit)
    return {"items": [call_out(person, one) for one in page.rows], "next": page.older}


@router.get("/calls/{int:pk}/scores", response=Paged[ScoreOut], summary="Read the reviews of a call by scorecard")
@needs_right("review_calls")
def call_scores(request: KeyRequest, pk: int) -> dict[str, Any]:
    """List what a call got by each scorecard; all on one page. It needs the right to hear calls, too."""
    found = ScorecardReview.objects.filter(call=_heard(request, pk)).select_related("scorecard", "reviewer")
    return {"items": [_score(one) for one in found.order_by("pk")], "next": None}


@router.post("/calls/{int:pk}/scores", response=ScoreOut, summary="Review a call by a scorecard")
@needs_right("review_calls")
def call_score(request: KeyRequest, pk: int, asked: NewScore) -> dict[str, Any]:
    """Keep what each point got; a review by this scorecard is replaced, and stays in the audit log."""
    person, call = request.auth.person, _heard(request, pk)
    card = scorecards.offered_to(call.team_id).filter(pk=asked.scorecard).first()
    if card is None:
        refuse_field("scorecard", _("This scorecard cannot be used here: choose another one."))
    queue = _queues(request).filter(scorecard=card, pk=asked.queue).first() if asked.queue is not None else None
    if asked.queue is not None and queue is None:
        refuse_field("queue", _("No such queue takes calls for this scorecard."))
    values = {f"{reviewing.POINT}{one.point}": one.value for one in asked.values}
    form = ScorecardReviewForm({**values, "note": asked.note}, call, card)
    if not form.is_valid():
        refuse_form(form, dict.fromkeys(form.fields, "values") | {"note": "note"})
    return _score(reviewing.review(person, call, card, form.cleaned_data, queue=queue))
