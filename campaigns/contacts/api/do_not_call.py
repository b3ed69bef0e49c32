"""The do-not-call list, for programs."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from callcenter.access.roles import Person
from callcenter.access.two_people import CannotBeDone
from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.problems import Problem
from callcenter.api.shapes import Asked, Limit, OlderThan, Paged, refuse_form
from campaigns.contacts import do_not_call as service
from campaigns.contacts import opt_out_removal
from campaigns.contacts.api.people import Phone, understood
from campaigns.contacts.forms.do_not_call import ForbidForm
from campaigns.contacts.views.do_not_call import said
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.paging import page_by_key
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.views.two_people import asked_in_words
from campaigns.core.whole_numbers import written_number
from campaigns.models import DoNotCall
from campaigns.reasons import MAX_REASON

router = Router(tags=["Do not call"])

Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON)]


class Entry(Schema):
    """An entry of the do-not-call list."""

    id: int
    phone: str
    """In E.164; without the right to all whole numbers, its country and last four digits."""
    reason: str
    source: str
    added_at: datetime.datetime
    until: datetime.datetime | None
    """When it ends; null: never."""


class NewEntry(Asked):
    """A number for the do-not-call list."""

    phone: Phone
    reason: Reason
    source: Annotated[
        Literal["person", "vendor", "import", "authority"],
        Field(description="Who wishes it: the person, a vendor's call, another list, a public list."),
    ] = "person"
    until: Annotated[datetime.date | None, Field(description="The last day; null: for ever.")] = None


class Number(Asked):
    """A number to look up: in the body, so that no number stands in an address."""

    phone: Phone


class Standing(Schema):
    """Whether a number may be called, as far as the list goes."""

    is_forbidden: bool
    entry: Entry | None
    """Its entry, where it is within reach; the list holds for everybody all the same."""


class Added(Schema):
    """An entry after it was added, and what became of calls to it."""

    is_new: bool
    skipped: int
    """Waiting calls that were taken out of the queue."""
    sentence: str
    entry: Entry


class Removal(Asked):
    """Why an entry is to be removed; it is recorded."""

    reason: Reason


class Removed(Schema):
    """What became of a removal."""

    is_removed: bool
    """False where a second person must confirm it first: a person's own opt-out."""
    sentence: str


def entry_out(person: Person, entry: DoNotCall) -> dict[str, Any]:
    """Return an entry as a person may see it, in the shape of `Entry`."""
    return {
        "id": entry.pk,
        "phone": written_number(person, entry),
        "reason": entry.reason,
        "source": entry.source,
        "added_at": entry.added_at,
        "until": entry.expires_at,
    }


@router.get("/do-not-call", response=Paged[Entry], summary="List the do-not-call list")
@needs_right("add_do_not_call")
def do_not_call(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the entries within reach, newest first. The list holds for everybody, whoever made an entry."""
    page = page_by_key(seen_by(request.auth.person, DoNotCall.objects.all()), {"older_than": older_than}, limit)
    return {"items": [entry_out(request.auth.person, one) for one in page.rows], "next": page.older}


@router.post("/do-not-call/find", response=Standing, summary="Look up a number")
@needs_right("add_do_not_call")
def do_not_call_find(request: KeyRequest, asked: Number) -> dict[str, Any]:
    """Say whether a number is on the list."""
    phone = understood(asked.phone)
    entry = seen_by(request.auth.person, DoNotCall.objects.filter(phone=phone)).first()
    return {"is_forbidden": bool(forbidden_numbers([phone])), "entry": entry and entry_out(request.auth.person, entry)}


@router.post("/do-not-call", response={200: Added, 201: Added}, summary="Add a number")
@needs_right("add_do_not_call")
def do_not_call_add(request: KeyRequest, asked: NewEntry) -> Any:
    """Put a number on the list: from this answer on, no call to it is placed. 200 where it stood there already."""
    form = ForbidForm({**asked.dict(), "until": asked.until or ""})
    if not form.is_valid():
        refuse_form(form)
    found, person = form.cleaned_data, request.auth.person
    done = service.forbid(
        found["phone"], reason=found["reason"], source=found["source"], person=person, expires_at=found["until"]
    )
    entry = DoNotCall.objects.get(phone=found["phone"])
    shown = {
        "is_new": bool(done.added), "skipped": done.skipped, "sentence": said(done),
        "entry": entry_out(request.auth.person, entry),
    }  # fmt: skip
    return Status(201 if done.added else 200, shown)


@router.post(
    "/do-not-call/{int:pk}/remove", response={200: Removed, 202: Removed}, summary="Remove an entry, with a reason"
)
@needs_right("remove_do_not_call")
def do_not_call_remove(request: KeyRequest, pk: int, asked: Removal) -> Any:
    """Remove an entry. A person's own opt-out is only asked for (202): a second person confirms it on a page."""
    get_object_or_404(changed_by(request.auth.person, DoNotCall.objects.all()), pk=pk)
    try:
        done = opt_out_removal.remove(pk, request.auth.person, asked.reason)
    except CannotBeDone as refusal:
        raise Problem(409, str(refusal)) from None
    if done is not None and done.asked is not None:
        return Status(202, {"is_removed": False, "sentence": asked_in_words(done.asked)})
    others = done.others if done is not None else 0
    return Status(200, {"is_removed": True, "sentence": opt_out_removal.removed_in_words(others)})
