"""Calls, for programs: place one, list them, read one with what is known, hear it."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import Prefetch
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import Field

from callcenter.access.reach import content_of
from callcenter.access.roles import Person, may
from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.once import IN_SCHEMA, once
from callcenter.api.shapes import Asked, Id, Limit, OlderThan, Paged, chosen, refuse_form
from campaigns.answers.api import ANSWERS, TypedAnswer, typed_answers
from campaigns.calls import call_actions, call_log, call_log_order, recordings, transcripts
from campaigns.calls.api.orders import CheckedCall, NewCall, Ref, check, form_of
from campaigns.calls.forms.call_filters import CallFilterForm
from campaigns.calls.quick_call import place_single_call
from campaigns.calls.views.recordings import audio_of
from campaigns.core import results
from campaigns.core.scope import heard_by, may_hear, seen_by
from campaigns.core.whole_numbers import sees_number, written_number
from campaigns.models import Call, CallEvent
from campaigns.models.answers import MAX_KEY
from providers.answers import answer_rows
from providers.types import FINAL

router = Router(tags=["Calls"])

SHOWN = ("contact", "campaign", "provider", "agent", "disposed__disposition")
"""Rows that `call_out` reads beside a call."""
LONG = (
    "extracted", "variables", "vendor_options", "text", "contact__variables", "campaign__variables",
    "agent__variables",
)  # fmt: skip
"""Columns that a list of calls does not read."""


class CallOut(Schema):
    """A call."""

    id: int
    reference: str
    """Our id of the call, which the vendor was sent where it can carry one."""
    direction: str
    status: str
    is_over: bool
    """Whether nothing more is expected of it; a retry is a call of its own."""
    result: str
    """What came of it, or its state: a key such as talked, voicemail, no_answer, pending."""
    result_words: str
    why: str
    """The state or result in one sentence; empty where the word says enough."""
    number: str
    """In E.164; masked as on the pages, with the country and the last four digits."""
    is_number_whole: bool
    contact: Ref | None
    """Null also where the contact is out of reach."""
    campaign: Ref | None
    provider: Ref
    agent: Ref | None
    disposition: Ref | None
    """What came of it in the installation's own words, set by a person or a rule."""
    variant: str
    """Key of the variant that its person was given in the campaign's A/B test; empty without one."""
    attempt: int
    created_at: datetime.datetime
    due_at: datetime.datetime
    placing_at: datetime.datetime | None
    """When its order left."""
    answered_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    talk_seconds: int | None
    answered_by: str
    cost: str | None
    currency: str


class Turn(Schema):
    """One turn of a talk."""

    speaker: str
    text: str
    at_ms: float | None


class Answer(Schema):
    """What the agent noted: one answer."""

    category: str
    question: str
    answers: list[str | int | float | bool | None]


class Step(Schema):
    """One step of a call's history."""

    at: datetime.datetime
    code: str
    status: str
    detail: str


class WholeCall(CallOut):
    """A call with all that is known of it."""

    steps: list[Step]
    may_hear: bool
    """Whether what was said is within reach of the key; else the parts below are empty."""
    summary: str
    transcript: list[Turn]
    answers: list[Answer]
    typed_answers: list[TypedAnswer]
    """Answers to the questions of its campaign."""
    has_recording: bool


class CallFilter(Schema):
    """Filters of the call log; what is left out does not filter."""

    state: Annotated[str, Field(max_length=20, description="A result or status, or live, or decide.")] = ""
    campaign: Id | None = None
    provider: Id | None = None
    agent: Id | None = None
    kind: Literal["", "single", "campaign"] = ""
    direction: Literal["", "outbound", "inbound"] = ""
    since: Annotated[datetime.date | None, Field(description="The first day, on the owner's clock.")] = None
    until: Annotated[datetime.date | None, Field(description="The last day.")] = None
    tag: Annotated[str, Field(max_length=60)] = ""
    variant: Annotated[Literal["", "A", "B", "C"], Field(description="Its key; with a campaign.")] = ""
    disposition: Id | None = None
    question: Annotated[Id | None, Field(description="Calls that answered it; needs the right to hear.")] = None
    answer: Annotated[str, Field(max_length=MAX_KEY, description="The wanted answer, of a number the least.")] = ""
    answer_to: Annotated[str, Field(max_length=MAX_KEY, description="The greatest number or last date.")] = ""


Order = Literal["", "answer", "-answer", "disposition", "-disposition"]


class CallList(CallFilter):
    """The same filters, and the order of a list."""

    order: Annotated[
        Order,
        Field(
            description="By the answer to `question`, or by disposition, a minus from the other end; calls without one"
            " are left out. Empty: the newest first."
        ),
    ] = ""


class CallsAsked(CallList, Asked):
    """The same filters, and whose calls: in the body, so that no number stands in an address."""

    person: Annotated[str, Field(max_length=80, description="A part of a name, or a number in any form.")] = ""
    words: Annotated[str, Field(max_length=200, description="Words that were said; needs the right to hear.")] = ""
    older_than: OlderThan = None
    limit: Limit = 50


def filters_of(request: KeyRequest, asked: dict[str, Any]) -> CallFilterForm:
    """Return the form of the log's filters. Raises Problem with its sentences where one of them is wrong."""
    data = {name: value for name, value in asked.items() if value not in (None, "")}
    form = CallFilterForm(data, request.auth.person)
    if not form.is_valid():
        refuse_form(form)
    return form


def _page(request: KeyRequest, asked: dict[str, Any], older_than: int | None, limit: int) -> dict[str, Any]:
    person = request.auth.person
    form = filters_of(request, asked)
    filters = form.filters()
    if filters.words:
        transcripts.note_searched(filters.words, person)
    rows = call_log.find_calls(filters, person).select_related(*SHOWN).defer(*LONG)
    page = call_log_order.page_of(filters, form.chosen_order(), person, {"older_than": older_than}, rows, limit)
    return {"items": [call_out(person, one) for one in page.rows], "next": page.older}


def _ref(row: Any) -> dict[str, Any] | None:
    return {"id": row.pk, "name": str(getattr(row, "name", row))} if row is not None else None


def call_out(person: Person, call: Call) -> dict[str, Any]:
    """Return a call as a person may see it, in the shape of `CallOut`."""
    result = results.result_of(call)
    names_contact = content_of(person).holds(call.owner_id, call.team_id)
    return {
        "id": call.pk,
        "reference": str(call.reference),
        "direction": call.direction,
        "status": call.status,
        "is_over": call.status in FINAL,
        "result": result.key,
        "result_words": str(result.word),
        "why": str(results.sentence_of(call)),
        "number": written_number(person, call),
        "is_number_whole": sees_number(person, call),
        "contact": _ref(call.contact) if names_contact and may(person, "see_people") else None,
        "campaign": _ref(call.campaign),
        "provider": _ref(call.provider),
        "agent": _ref(call.agent),
        "disposition": _ref(call.disposed.disposition) if hasattr(call, "disposed") else None,
        "variant": call.variant,
        "attempt": call.attempt,
        "created_at": call.created_at,
        "due_at": call.due_at,
        "placing_at": call.placing_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "talk_seconds": call.talk_seconds,
        "answered_by": call.answered_by,
        "cost": _amount(call.cost),
        "currency": call.currency,
    }


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


@router.get("/calls", response=Paged[CallOut], summary="List calls")
@needs_right("see_calls")
def calls(
    request: KeyRequest, asked: Query[CallList], older_than: OlderThan = None, limit: Limit = 50
) -> dict[str, Any]:
    """List the calls within reach by the filters of the call log, newest first or in another order."""
    return _page(request, chosen(asked), older_than, limit)


@router.post("/calls/find", response=Paged[CallOut], summary="Find calls of a person, or by words")
@needs_right("see_calls")
def calls_find(request: KeyRequest, asked: CallsAsked) -> dict[str, Any]:
    """List calls by the same filters, by whom they went to, and by words that were said."""
    given = chosen(asked)
    return _page(request, given, given.pop("older_than", None), given.pop("limit", 50))


@router.post(
    "/calls",
    response={200: CallOut, 201: CallOut},
    summary="Place one call",
    openapi_extra=IN_SCHEMA,
)
@needs_right("place_call")
def call_place(request: KeyRequest, asked: NewCall) -> Any:
    """Queue one call now or later, as Quick call does: 201, or 200 where this Idempotency-Key made it before.

    It is judged twice: now, and again before the order leaves. Read the call to learn what became of it. A call later
    is a callback, too: it can be moved until its time.
    """
    person = request.auth.person

    def make() -> int:
        return place_single_call(form_of(request, asked).order(), person=person).call.pk

    happened = once(request, request.auth.key, make)
    found = get_object_or_404(seen_by(person, Call.objects.select_related(*SHOWN)), pk=happened.made)
    return Status(201 if happened.is_new else 200, call_out(person, found))


@router.post("/calls/check", response=CheckedCall, summary="Say what a call would do")
@needs_right("place_call")
def call_check(request: KeyRequest, asked: NewCall) -> dict[str, Any]:
    """Return whom a call would ring, when, what they hear and what it costs, and place none.

    What forbids the call is refused as the placing would be.
    """
    return check(request, asked)


@router.get("/calls/{int:pk}", response=WholeCall, summary="Read one call")
@needs_right("see_calls")
def call(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Return a call with all that is known of it. What was said is recorded as read, as on its page."""
    person = request.auth.person
    rows = seen_by(person, Call.objects.select_related(*SHOWN, "transcript"))
    steps = Prefetch("events", CallEvent.objects.order_by("pk"), "steps")
    found = get_object_or_404(rows.prefetch_related(steps, ANSWERS), pk=pk)
    hears = may_hear(person, found)
    transcript = getattr(found, "transcript", None) if hears else None
    if transcript is not None or (hears and found.extracted):
        transcripts.note_read(found, person)
    return {
        **call_out(person, found),
        "steps": [
            {"at": one.at, "code": one.code, "status": one.to_status, "detail": one.detail}
            for one in found.steps  # type: ignore[attr-defined]
        ],
        "may_hear": hears,
        "summary": transcript.summary if transcript is not None else "",
        "transcript": [
            {
                "speaker": str(turn.get("speaker") or ""),
                "text": str(turn.get("text") or ""),
                "at_ms": turn["at_ms"] if isinstance(turn.get("at_ms"), int | float) else None,
            }
            for turn in (transcript.turns if transcript is not None else ())
        ],
        "answers": [
            {"category": one.category, "question": one.question, "answers": list(one.answers)}
            for one in (answer_rows(found.extracted) if hears else ())
        ],
        "typed_answers": typed_answers(found.typed_answers.all() if hears else ()),
        "has_recording": hears and found.recording_available,
    }


class Cancel(Asked):
    """Why a waiting call is not to be placed."""

    reason: Annotated[str, Field(max_length=200)] = ""


class Canceled(Schema):
    """What became of a cancellation."""

    is_canceled: bool
    """False where it no longer waited: it is on its way, or over."""


@router.post("/calls/{int:pk}/cancel", response=Canceled, summary="Cancel a waiting call")
@needs_right("see_calls")
def call_cancel(request: KeyRequest, pk: int, asked: Cancel) -> dict[str, bool]:
    """Cancel a call that waits its turn."""
    found = get_object_or_404(seen_by(request.auth.person, Call.objects.all()), pk=pk)
    return {"is_canceled": call_actions.cancel_call(found.pk, request.auth.person, asked.reason)}


@router.get(
    "/calls/{int:pk}/recording",
    summary="Hear a call",
    openapi_extra={
        "responses": {
            status: {"description": words, "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}
            for status, words in ((200, "The sound."), (206, "The range that was asked for."))
        }
    },
)
@needs_right("hear_calls")
def call_recording(request: KeyRequest, pk: int) -> HttpResponseBase:
    """Return the sound of a call, whole or the range asked for; recorded as heard, as on its page."""
    person = request.auth.person
    rows = heard_by(person, seen_by(person, Call.objects.all())).select_related("provider", "agent", "caller_id")
    found = get_object_or_404(rows, pk=pk)
    return audio_of(request, found.pk, recordings.open_recording(found, person))
