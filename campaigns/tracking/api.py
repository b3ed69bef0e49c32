"""What needs a decision, for programs: the calls, each with its answers; decided, called again, ended at the vendor."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.once import IN_SCHEMA, once
from callcenter.api.shapes import Asked, Limit, OlderThan, Paged, refuse_field
from campaigns.calls import call_actions
from campaigns.calls.api import SHOWN, CallOut, call_out
from campaigns.contacts import heard_opt_outs
from campaigns.core import decision_kinds
from campaigns.core.decision_kinds import FORBID, TOOK_PLACE, WAIT
from campaigns.core.paging import page_by_key
from campaigns.core.scope import seen_by
from campaigns.models import Call, HeardOptOut
from campaigns.reasons import MAX_REASON
from campaigns.tracking import decisions as service
from campaigns.tracking import hang_up

router = Router(tags=["Decisions"])

Reason = Annotated[str, Field(max_length=MAX_REASON, description="Recorded with the owner's name.")]


class Decision(Schema):
    """A call that needs a decision by a person."""

    call: CallOut
    kind: str
    """no_news, unknown, held or opt_out."""
    sentence: str
    """What is known, and the next step."""
    answers: list[str]
    """took_place, did_not, wait: settle it; call_again: call it again; forbid, allow: decide about an opt-out."""
    may_decide: bool


class Settled(Asked):
    """What became of a call whose result nobody knows."""

    answer: Literal["took_place", "did_not", "wait"]
    reason: Annotated[Reason, Field(description="Needed, except to wait.")] = ""
    result: Annotated[
        Literal["", "talked", "machine", "no_answer", "busy"],
        Field(description="Of a call that took place; talked: a person answered, machine: a voicemail."),
    ] = ""
    seconds: Annotated[
        int | None, Field(ge=0, le=service.MOST_TALK_SECONDS, description="How long they talked; answered calls.")
    ] = None
    hours: Annotated[Literal[1, 4, 24, 72] | None, Field(description="How long to wait.")] = None


class OptOutDecided(Asked):
    """Whether a person asked not to be called."""

    answer: Annotated[Literal["forbid", "allow"], Field(description="forbid: add the number to the do-not-call list.")]
    reason: Annotated[Reason, Field(description="Needed to allow.")] = ""


class Stop(Asked):
    """How a call is ended at the provider."""

    how: Annotated[
        Literal["cancel", "hang_up"], Field(description="cancel: while it waits in the provider's queue.")
    ] = "hang_up"


class Stopped(Schema):
    """What the provider answered."""

    is_asked: bool
    """Whether the provider took it; else the sentence says why not."""
    sentence: str


def _seen(request: KeyRequest, pk: int) -> Call:
    return get_object_or_404(seen_by(request.auth.person, Call.objects.select_related(*SHOWN)), pk=pk)


@router.get("/decisions", response=Paged[Decision], summary="List what needs a decision")
@needs_right("see_calls")
def decisions(
    request: KeyRequest,
    kind: Literal["", "no_news", "unknown", "held", "opt_out"] = "",
    older_than: OlderThan = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """List the calls within reach that need a decision by a person, newest first."""
    person, now = request.auth.person, timezone.now()
    kinds = [decision_kinds.BY_KEY[kind]] if kind else decision_kinds.KINDS
    found = (
        seen_by(person, Call.objects.all())
        .filter(decision_kinds.to_decide(now, kinds))
        .select_related(*SHOWN)
        .prefetch_related(Prefetch("heard_opt_outs", HeardOptOut.objects.undecided()))
    )
    page = page_by_key(found, {"older_than": older_than}, limit)
    shown = [(call, kinds[0] if kind else decision_kinds.kind_of(call, now)) for call in page.rows]
    items = [
        {
            "call": call_out(person, call),
            "kind": its.key,
            "sentence": str(its.sentence),
            "answers": list(its.answers),
            "may_decide": decision_kinds.may_decide(call, person, its),
        }
        for call, its in shown
        if its is not None
    ]
    return {"items": items, "next": page.older}


@router.post("/calls/{int:pk}/settle", response=CallOut, summary="Say what became of an unclear call")
@needs_right("settle_calls", "settle_own_calls")
def call_settle(request: KeyRequest, pk: int, asked: Settled) -> dict[str, Any]:
    """Record that a call took place, that it did not, or that news is waited for. Nothing is dialled by it."""
    person = request.auth.person
    found = _seen(request, pk)
    if asked.answer != WAIT and not asked.reason.strip():
        refuse_field("reason", _("Enter a reason; it is recorded. Nothing was changed."))
    if asked.answer == TOOK_PLACE:
        service.took_place(found.pk, person, asked.reason, result=asked.result, seconds=asked.seconds)
    elif asked.answer == WAIT:
        service.keep_waiting(found.pk, person, asked.hours or 0, asked.reason)
    else:
        service.did_not(found.pk, person, asked.reason)
    return call_out(person, _seen(request, pk))


@router.post("/calls/{int:pk}/opt-out", response=CallOut, summary="Decide whether a person asked not to be called")
@needs_right("remove_do_not_call")
def call_opt_out(request: KeyRequest, pk: int, asked: OptOutDecided) -> dict[str, Any]:
    """Decide about what may have been an opt-out: on the do-not-call list, or may be called."""
    person = request.auth.person
    found = _seen(request, pk)
    if asked.answer == FORBID:
        heard_opt_outs.put_on_the_list(found.pk, person, asked.reason)
    else:
        heard_opt_outs.may_be_called(found.pk, person, asked.reason)
    return call_out(person, _seen(request, pk))


@router.post(
    "/calls/{int:pk}/again",
    response={200: CallOut, 201: CallOut},
    summary="Call a person again",
    openapi_extra=IN_SCHEMA,
)
@needs_right("settle_calls")
def call_again(request: KeyRequest, pk: int) -> Any:
    """Queue one more attempt after a call that is over: 201, or 200 where this Idempotency-Key made it before."""
    person = request.auth.person
    found = _seen(request, pk)
    happened = once(request, request.auth.key, lambda: call_actions.call_again(found.pk, person).pk)
    return Status(201 if happened.is_new else 200, call_out(person, _seen(request, happened.made)))


@router.post("/calls/{int:pk}/stop", response=Stopped, summary="End a call at the provider")
@needs_right("place_call", "control_all_campaigns")
def call_stop(request: KeyRequest, pk: int, asked: Stop) -> dict[str, Any]:
    """Ask the provider to cancel or hang up a call, and read what became of it."""
    told = hang_up.stop_at_vendor(_seen(request, pk).pk, asked.how, request.auth.person)
    return {"is_asked": told.tone == "success", "sentence": str(told.sentence)}
