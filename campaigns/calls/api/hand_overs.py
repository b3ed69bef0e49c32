"""Calls given to a user, for programs: list them, say that one is done, drop it, give it to another."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from callcenter.access.holders import names_of
from callcenter.api.door import KeyRequest, needs_right, needs_scope
from callcenter.api.scopes import DECISIONS
from callcenter.api.shapes import Asked, Id, Limit, OlderThan, Paged
from campaigns.calls import hand_overs as service
from campaigns.calls.api import CallOut, call_out
from campaigns.calls.api.orders import Ref
from campaigns.core.paging import page_by_key
from campaigns.core.scope import changed_by
from campaigns.models import HandOver

router = Router(tags=["Decisions"])

CALL_PARTS = ("contact", "campaign", "provider", "agent", "disposed__disposition")
"""What of its call is shown."""


class HandOverOut(Schema):
    """A call that was given to a user."""

    id: int
    call: CallOut
    person: Ref | None
    """Who acts on it; null: nobody."""
    why: str
    """How the call ended, or its disposition."""
    given_at: datetime.datetime
    due_at: datetime.datetime
    is_overdue: bool
    may_act: bool


class WholeHandOver(HandOverOut):
    """A call that was given to a user, and to whom it can be given."""

    can_take: list[Ref]


class Given(Asked):
    """To whom a call is given."""

    person: Id


class Ended(Schema):
    """What became of a hand-over."""

    changed: bool
    """False where it had ended before."""


def _out(request: KeyRequest, found: list[HandOver]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.hand_over.pk,
            "call": call_out(request.auth.person, row.hand_over.call),
            "person": _user(row.hand_over.person),
            "why": row.outcome,
            "given_at": row.hand_over.given_at,
            "due_at": row.hand_over.due_at,
            "is_overdue": row.is_overdue,
            "may_act": row.may_act,
        }
        for row in service.rows_of(found, request.auth.person)
    ]


def _user(user: Any) -> dict[str, Any] | None:
    return {"id": user.pk, "name": names_of([user])[0]} if user is not None else None


def _whole(found: QuerySet[HandOver]) -> QuerySet[HandOver]:
    return found.select_related("person", *(f"call__{name}" for name in CALL_PARTS))


def _one(request: KeyRequest, pk: int) -> HandOver:
    """Return one that is open and that its key may act on. Raises 404 and PermissionDenied."""
    rows = _whole(changed_by(request.auth.person, HandOver.objects.filter(state=HandOver.State.OPEN)))
    found = get_object_or_404(rows, pk=pk)
    if not service.may_act(found, request.auth.person):
        raise PermissionDenied("settle_calls")
    return found


def _end(request: KeyRequest, pk: int, *, is_done: bool) -> dict[str, bool]:
    get_object_or_404(changed_by(request.auth.person, HandOver.objects.all()), pk=pk)
    return {"changed": service.close(pk, request.auth.person, is_done=is_done)}


@router.get("/hand-overs", response=Paged[HandOverOut], summary="List calls given to a user")
@needs_right("see_calls")
def hand_overs(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the open ones of the owner, newest first; for who settles calls also overdue ones, and nobody's."""
    found = _whole(service.left_to(request.auth.person)).order_by()
    page = page_by_key(found, {"older_than": older_than}, limit)
    return {"items": _out(request, page.rows), "next": page.older}


@router.get("/hand-overs/{int:pk}", response=WholeHandOver, summary="Read one call given to a user")
@needs_right("see_calls")
@needs_scope(DECISIONS)
def hand_over(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Return one that is open and that the owner may act on, with the users to whom it can be given."""
    found = _one(request, pk)
    users = service.people_to_give_to(found.call.team_id, request.auth.person)
    return {**_out(request, [found])[0], "can_take": [_user(one) for one in users]}


@router.post("/hand-overs/{int:pk}/done", response=Ended, summary="Say that a call given to a user is done")
@needs_right("see_calls")
@needs_scope(DECISIONS)
def hand_over_done(request: KeyRequest, pk: int) -> dict[str, bool]:
    """Say that what was to be done is done."""
    return _end(request, pk, is_done=True)


@router.post("/hand-overs/{int:pk}/drop", response=Ended, summary="Drop a call given to a user")
@needs_right("see_calls")
@needs_scope(DECISIONS)
def hand_over_drop(request: KeyRequest, pk: int) -> dict[str, bool]:
    """Say that nobody needs to act on it any more."""
    return _end(request, pk, is_done=False)


@router.post("/hand-overs/{int:pk}/give", response=HandOverOut, summary="Give a call to another user")
@needs_right("see_calls")
@needs_scope(DECISIONS)
def hand_over_give(request: KeyRequest, pk: int, asked: Given) -> dict[str, Any]:
    """Give it to another user, who is told; it is due as before."""
    _one(request, pk)
    service.pass_on(pk, request.auth.person, asked.person)
    found = _whole(HandOver.objects.filter(pk=pk)).get()
    return _out(request, [found])[0]
