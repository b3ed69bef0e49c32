"""Lists of contacts, for programs."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Asked, Id, Limit, OlderThan, Paged, refuse_form
from callcenter.api.versions import demand_match, etag_of
from campaigns.contacts import lists as list_service
from campaigns.contacts.forms.lists import ListForm
from campaigns.core.paging import page_by_key
from campaigns.core.scope import changed_by, seen_by
from campaigns.models import Contact, ContactList
from campaigns.models.contacts import MAX_LIST_NAME

router = Router(tags=["People and lists"])

MOST_AT_ONCE = 1_000
"""People that one request puts into a list, or takes out of it."""
LIST_COLUMNS = ("name",)


class ListOut(Schema):
    """A list of contacts."""

    id: int
    name: str
    people: int


class ListName(Asked):
    """The name of a list."""

    name: Annotated[str, Field(min_length=1, max_length=MAX_LIST_NAME)]


class PeopleIds(Asked):
    """Contacts by id."""

    people: Annotated[list[Id], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Changed(Schema):
    """How many were changed."""

    changed: int


@router.get("/lists", response=Paged[ListOut], summary="List the lists")
@needs_right("see_people")
def lists(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the lists within reach, newest first, each with its number of contacts."""
    page = page_by_key(list_service.lists_with_counts(request.auth.person), {"older_than": older_than}, limit)
    return {"items": page.rows, "next": page.older}


def _list_out(request: KeyRequest, response: HttpResponse, pk: int) -> ContactList:
    found = get_object_or_404(list_service.lists_with_counts(request.auth.person), pk=pk)
    response["ETag"] = etag_of(found, LIST_COLUMNS)
    return found


def _list_to_change(request: KeyRequest, pk: int) -> ContactList:
    return get_object_or_404(changed_by(request.auth.person, ContactList.objects.all()), pk=pk)


def _name(asked: ListName) -> str:
    form = ListForm({"name": asked.name})
    if not form.is_valid():
        refuse_form(form)
    return str(form.cleaned_data["name"])


@router.post("/lists", response={201: ListOut}, summary="Create a list")
@needs_right("import_people")
def list_make(request: KeyRequest, response: HttpResponse, asked: ListName) -> ContactList:
    """Create an empty list."""
    made = list_service.make_list(_name(asked), request.auth.person)
    return _list_out(request, response, made.pk)


@router.get("/lists/{int:pk}", response=ListOut, summary="Read one list")
@needs_right("see_people")
def list_one(request: KeyRequest, response: HttpResponse, pk: int) -> ContactList:
    """Return one list; its contacts are `GET /people?list_id=`."""
    return _list_out(request, response, pk)


@router.patch("/lists/{int:pk}", response=ListOut, summary="Rename a list")
@needs_right("import_people")
def list_rename(request: KeyRequest, response: HttpResponse, pk: int, asked: ListName) -> ContactList:
    """Rename a list that was not renamed since it was read (If-Match)."""
    _list_to_change(request, pk)
    with transaction.atomic():
        demand_match(request, etag_of(ContactList.objects.select_for_update().get(pk=pk), LIST_COLUMNS))
        list_service.rename_list(pk, _name(asked), request.auth.person)
    return _list_out(request, response, pk)


@router.delete("/lists/{int:pk}", response={204: None}, summary="Delete a list")
@needs_right("import_people")
def list_remove(request: KeyRequest, pk: int) -> Any:
    """Delete a list, without its contacts; refused while a campaign that is not over uses it."""
    list_service.remove_list(_list_to_change(request, pk), request.auth.person)
    return Status(204, None)


@router.post("/lists/{int:pk}/people", response=Changed, summary="Put contacts into a list")
@needs_right("import_people")
def list_people_add(request: KeyRequest, pk: int, asked: PeopleIds) -> dict[str, int]:
    """Put contacts into a list; returns how many were not in it. Raises 404 if one of them is out of reach."""
    found = _list_to_change(request, pk)
    wanted = set(asked.people)
    reached = set(seen_by(request.auth.person, Contact.objects.filter(pk__in=wanted)).values_list("pk", flat=True))
    if reached != wanted:
        raise Http404
    return {"changed": list_service.add_to_list(found, sorted(reached), request.auth.person)}


@router.post("/lists/{int:pk}/people/remove", response=Changed, summary="Take contacts out of a list")
@needs_right("import_people")
def list_people_remove(request: KeyRequest, pk: int, asked: PeopleIds) -> dict[str, int]:
    """Take contacts out of a list, without deleting them; returns how many were in it. Queued calls stay queued."""
    found = _list_to_change(request, pk)
    return {"changed": list_service.remove_from_list(found, asked.people, request.auth.person)}
