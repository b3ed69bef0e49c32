"""Remarks on calls, for programs: notes, tags and the review of one call."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from callcenter.access.holders import names_of
from callcenter.api.door import KeyRequest, needs_right, needs_scope
from callcenter.api.scopes import DECISIONS
from callcenter.api.shapes import Asked
from campaigns.calls import called_back, remarks
from campaigns.core.scope import seen_by
from campaigns.models import Call
from campaigns.models.remarks import MAX_CALL_NOTE, MAX_COMMENT, MAX_TAG

router = Router(tags=["Calls"])


class NoteOut(Schema):
    """A note on a call."""

    text: str
    at: datetime.datetime
    author: str
    """Empty where the account is gone."""


class ReviewOut(Schema):
    """The review of a call."""

    score: int
    comment: str
    reviewer: str
    reviewed_at: datetime.datetime


class Remarks(Schema):
    """What users remarked on a call."""

    notes: list[NoteOut]
    tags: list[str]
    review: ReviewOut | None


class NewNote(Asked):
    """A note to write."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_CALL_NOTE)]


class TagNames(Asked):
    """Tags by name; spelling variants are one tag."""

    tags: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=MAX_TAG)]], Field(min_length=1, max_length=remarks.MOST_TAGS)
    ]


class NewReview(Asked):
    """A score, and why."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=MAX_COMMENT)] = ""


class Handled(Schema):
    """What became of a mark."""

    changed: bool
    """False where it was marked before."""


def _seen(request: KeyRequest, pk: int) -> Call:
    return get_object_or_404(seen_by(request.auth.person, Call.objects.all()), pk=pk)


def _name(user: Any) -> str:
    return names_of([user])[0] if user is not None else ""


def _remarks(pk: int) -> dict[str, Any]:
    call = Call.objects.select_related("review__reviewer").get(pk=pk)
    review = getattr(call, "review", None)
    return {
        "notes": [
            {"text": one.text, "at": one.at, "author": _name(one.author)} for one in call.notes.select_related("author")
        ],
        "tags": list(call.taggings.order_by("pk").values_list("tag__name", flat=True)),
        "review": {
            "score": review.score,
            "comment": review.comment,
            "reviewer": _name(review.reviewer),
            "reviewed_at": review.reviewed_at,
        }
        if review is not None
        else None,
    }


@router.get("/calls/{int:pk}/remarks", response=Remarks, summary="Read the notes, tags and review of a call")
@needs_right("see_calls")
def call_remarks(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Return what users remarked on a call, as its page shows it."""
    return _remarks(_seen(request, pk).pk)


@router.post("/calls/{int:pk}/notes", response=Remarks, summary="Write a note on a call")
@needs_right("note_calls")
def call_note(request: KeyRequest, pk: int, asked: NewNote) -> dict[str, Any]:
    """Add a note in the owner's name."""
    remarks.add_note(_seen(request, pk), request.auth.person, asked.text)
    return _remarks(pk)


@router.post("/calls/{int:pk}/tags", response=Remarks, summary="Add tags to a call")
@needs_right("note_calls")
def call_tags_add(request: KeyRequest, pk: int, asked: TagNames) -> dict[str, Any]:
    """Add tags; those that the call has already stay as they are."""
    remarks.add_tags(_seen(request, pk), request.auth.person, asked.tags)
    return _remarks(pk)


@router.post("/calls/{int:pk}/tags/remove", response=Remarks, summary="Remove tags of a call")
@needs_right("note_calls")
def call_tags_remove(request: KeyRequest, pk: int, asked: TagNames) -> dict[str, Any]:
    """Remove tags from a call; those that it does not have are passed over."""
    remarks.remove_tags(_seen(request, pk), request.auth.person, asked.tags)
    return _remarks(pk)


@router.post("/calls/{int:pk}/review", response=Remarks, summary="Review a call")
@needs_right("review_calls")
def call_review(request: KeyRequest, pk: int, asked: NewReview) -> dict[str, Any]:
    """Give a call a score from 1 to 5; an earlier review is replaced, and stays in the audit log."""
    remarks.review(_seen(request, pk), request.auth.person, asked.score, asked.comment)
    return _remarks(pk)


@router.post("/calls/{int:pk}/handled", response=Handled, summary="Mark a returned call as handled")
@needs_right("see_calls")
@needs_scope(DECISIONS)
def call_handled(request: KeyRequest, pk: int) -> dict[str, bool]:
    """Say that somebody dealt with a call in which a person called us back."""
    return {"changed": called_back.mark_handled(_seen(request, pk), request.auth.person)}
