"""Callbacks, for programs: list, ask for, move and take back calls at a time that people asked for."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field

from callcenter.access.roles import may
from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.once import IN_SCHEMA, once
from callcenter.api.problems import Problem
from callcenter.api.shapes import Id, Limit, OlderThan, Paged
from callcenter.api.versions import demand_match, etag_of
from campaigns.callbacks import planning, rows
from campaigns.calls.api import SHOWN, CallOut, Cancel, Canceled, call_out
from campaigns.calls.api.orders import Later, Moment, moment_of
from campaigns.contacts.api.people import understood
from campaigns.core.paging import page_by_key
from campaigns.core.scope import seen_by
from campaigns.models import Call, Callback, Contact
from providers.types import CallStatus

router = Router(tags=["Callbacks"])

COLUMNS = ("local_day", "local_time", "zone")


class CallbackOut(Schema):
    """A call at a time that a person asked for."""

    id: int
    call: CallOut
    day: datetime.date
    time: str
    """On the clock of `zone`, such as 17:00."""
    zone: str
    asked_for: datetime.datetime
    when: str
    """The same in words, on the person's clock and on the owner's."""
    reason: str
    asked_by: str
    """Who asked for it here; empty where they are gone."""
    from_call: int | None
    """The call in which the person asked."""
    waits: bool
    is_overdue: bool
    sentence: str
    """Why it waits still, or what came of it."""
    next_step: str
    is_noted: bool
    """Whether nobody needs to be told of its end any more."""
    may_change: bool


class NewCallback(Later):
    """Whom to call back, and when: a contact, or the person of an earlier call; the call says what the last one did."""

    contact: Id | None = None
    from_call: Annotated[Id | None, Field(description="The call in which they asked; its message is repeated.")] = None
    phone: Annotated[str, Field(max_length=60, description="One of their numbers; empty: the usual one.")] = ""


class Noted(Schema):
    """What became of a note."""

    changed: bool
    """False where it still waits, or was noted before."""


def _seen(request: KeyRequest) -> QuerySet[Callback]:
    parts = ("asked_by", "from_call", "call__owner", *(f"call__{name}" for name in SHOWN))
    return seen_by(request.auth.person, Callback.objects.all()).select_related(*parts)


def _shown(request: KeyRequest, found: Sequence[Callback]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.callback.pk,
            "call": call_out(request.auth.person, row.call),
            "day": row.callback.local_day,
            "time": f"{row.callback.local_time:%H:%M}",
            "zone": row.callback.zone,
            "asked_for": row.callback.asked_for,
            "when": row.when,
            "reason": row.callback.reason,
            "asked_by": row.callback.asked_by.get_username() if row.callback.asked_by is not None else "",
            "from_call": row.callback.from_call_id,
            "waits": row.waits,
            "is_overdue": row.is_overdue,
            "sentence": row.sentence,
            "next_step": row.next_step,
            "is_noted": row.callback.noted_at is not None,
            "may_change": row.may_change,
        }
        for row in rows.rows_of(found, request.auth.person, timezone.now())
    ]


def _one(request: KeyRequest, response: HttpResponse, pk: int) -> dict[str, Any]:
    found = get_object_or_404(_seen(request), pk=pk)
    response["ETag"] = etag_of(found, COLUMNS)
    return _shown(request, [found])[0]


@router.get("/callbacks", response=Paged[CallbackOut], summary="List callbacks")
@needs_right("see_calls")
def callbacks(
    request: KeyRequest, state: Literal["", "waiting", "over"] = "", older_than: OlderThan = None, limit: Limit = 50
) -> dict[str, Any]:
    """List the callbacks within reach, newest first: those that wait, those that are over, or all."""
    found, waits = _seen(request), {"call__status": CallStatus.PENDING}
    if state:
        found = found.filter(**waits) if state == "waiting" else found.exclude(**waits)
    page = page_by_key(found, {"older_than": older_than}, limit)
    return {"items": _shown(request, page.rows), "next": page.older}


@router.get("/callbacks/{int:pk}", response=CallbackOut, summary="Read one callback")
@needs_right("see_calls")
def callback(request: KeyRequest, response: HttpResponse, pk: int) -> dict[str, Any]:
    """Return one callback; its ETag is what If-Match of a move takes."""
    return _one(request, response, pk)


@router.post(
    "/callbacks",
    response={200: CallbackOut, 201: CallbackOut},
    summary="Ask for a callback",
    openapi_extra=IN_SCHEMA,
)
@needs_right("place_call")
def callback_ask(request: KeyRequest, response: HttpResponse, asked: NewCallback) -> Any:
    """Plan a call with the message of an earlier one: 201, or 200 where this Idempotency-Key made it before.

    A number that may not be called then is refused with the reason. A person is called back once at a time.
    """
    happened = once(request, request.auth.key, lambda: _ask(request, asked))
    return Status(201 if happened.is_new else 200, _one(request, response, happened.made))


def _ask(request: KeyRequest, asked: NewCallback) -> int:
    person = request.auth.person
    call = contact = None
    if asked.from_call is not None:
        calls = seen_by(person, Call.objects.select_related("contact", "inbound__answers"))
        call = get_object_or_404(calls, pk=asked.from_call)
        contact = call.contact
    if asked.contact is not None:
        if not may(person, "see_people"):
            raise PermissionDenied("see_people")
        contact = get_object_or_404(seen_by(person, Contact.objects.all()), pk=asked.contact, merged_into=None)
    if contact is None and call is None:
        said = _("Give the contact to call back, or the call in which it was requested.")
        raise Problem(422, said, errors=[{"field": "contact", "detail": said}])
    number = understood(asked.phone) if asked.phone else ""
    usual = number or (contact.phone if contact is not None else call.to_number if call is not None else "")
    there = moment_of(asked, usual)
    at = datetime.datetime.combine(asked.day, datetime.time.fromisoformat(asked.time))
    return planning.ask_for_callback(contact, number, at, there["zone"], asked.reason, person, call).pk


@router.patch("/callbacks/{int:pk}", response=CallbackOut, summary="Move a callback")
@needs_right("see_calls")
def callback_move(request: KeyRequest, response: HttpResponse, pk: int, asked: Moment) -> dict[str, Any]:
    """Move a waiting callback to another time, as it was read (If-Match); without a zone it keeps its own."""
    found = get_object_or_404(_seen(request), pk=pk)
    if not planning.may_move(found, request.auth.person):
        raise PermissionDenied("place_call")
    with transaction.atomic():
        locked = Callback.objects.select_for_update().get(pk=pk)
        demand_match(request, etag_of(locked, COLUMNS))
        at = datetime.time.fromisoformat(asked.time)
        values = {"local_day": asked.day, "local_time": at, "zone": asked.zone or locked.zone}
        planning.move(pk, values, request.auth.person)
    return _one(request, response, pk)


@router.post("/callbacks/{int:pk}/take-back", response=Canceled, summary="Take a callback back")
@needs_right("see_calls")
def callback_take_back(request: KeyRequest, pk: int, asked: Cancel) -> dict[str, bool]:
    """Take a waiting callback back: the call is not placed."""
    found = get_object_or_404(_seen(request), pk=pk)
    return {"is_canceled": planning.take_back(found.pk, request.auth.person, asked.reason)}


@router.post("/callbacks/{int:pk}/note", response=Noted, summary="Note how a callback ended")
@needs_right("see_calls")
def callback_note(request: KeyRequest, pk: int) -> dict[str, bool]:
    """Say that one knows how a callback ended, so that nobody is told any more."""
    found = get_object_or_404(_seen(request), pk=pk)
    return {"changed": planning.note(found.pk, request.auth.person)}
