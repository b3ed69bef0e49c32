"""Dispositions, for programs: which there are, and set that of a call."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Asked, Id, Paged
from campaigns.core.scope import seen_by
from campaigns.dispositions import setting
from campaigns.models import Call, CallDisposition, Disposition

router = Router(tags=["Dispositions"])


class DispositionOut(Schema):
    """A disposition."""

    id: int
    name: str
    follows: str
    """What follows on it: nothing, retry, callback, never or person."""
    minutes: int
    """Until the attempt or callback is due, or within which the user acts."""
    is_offered: bool
    """Whether it can be set."""


class Choice(Asked):
    """The disposition that a call is to get."""

    disposition: Id | None
    """Null: what the rules say holds again."""


class Chosen(Schema):
    """The disposition that a call has now."""

    disposition: int | None
    name: str
    is_by_person: bool
    """Whether it was chosen, by a person or a program; else a rule says it."""
    is_changed: bool
    """False where it was chosen before: nothing follows twice."""


@router.get("/dispositions", response=Paged[DispositionOut], summary="List dispositions")
@needs_right("see_calls")
def dispositions(request: KeyRequest) -> dict[str, Any]:
    """List the dispositions within reach, by name; all on one page."""
    return {"items": list(seen_by(request.auth.person, Disposition.objects.all())), "next": None}


@router.post("/calls/{int:pk}/disposition", response=Chosen, summary="Set the disposition of a call")
@needs_right("note_calls")
def call_disposition(request: KeyRequest, pk: int, asked: Choice) -> dict[str, Any]:
    """Set what came of a call, as on its page: what follows is done at once, and only once."""
    person = request.auth.person
    found = get_object_or_404(seen_by(person, Call.objects.all()), pk=pk)
    if not setting.may_set(person, found):
        raise PermissionDenied("note_calls")
    wanted = None
    if asked.disposition is not None:
        wanted = get_object_or_404(seen_by(person, Disposition.objects.all()), pk=asked.disposition)
    is_changed = setting.set_by(person, found, wanted)
    kept = CallDisposition.objects.select_related("disposition").filter(call=found).first()
    return {
        "disposition": kept.disposition_id if kept is not None else None,
        "name": kept.disposition.name if kept is not None else "",
        "is_by_person": kept is not None and kept.is_by_person,
        "is_changed": is_changed,
    }
