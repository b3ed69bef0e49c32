"""Contacts, for programs: the same forms, services and reach as the pages."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.problems import Problem
from callcenter.api.shapes import Asked, Id, Limit, OlderThan, Paged, chosen, lines_of, refuse_form
from callcenter.api.versions import demand_match, etag_of
from campaigns.contacts import lists as list_service
from campaigns.contacts import people as service
from campaigns.contacts.forms.people import MOST_VARIABLES, NewPersonForm, PersonForm
from campaigns.core.paging import page_by_key
from campaigns.core.scope import changed_by, may_see, seen_by
from campaigns.core.typed_numbers import understand_typed
from campaigns.core.whole_numbers import sees_number, written_number
from campaigns.models import Contact, ContactList
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_NAME

router = Router(tags=["People and lists"])

COLUMNS = PersonForm.edited.columns
Phone = Annotated[str, Field(max_length=60, description="In any form, such as +989121234567 or 0912 123 4567.")]


class ListRef(Schema):
    """A list by its name."""

    id: int
    name: str


class Person(Schema):
    """A contact."""

    id: int
    name: str
    phone: str
    """In E.164; without the right to whole numbers, its country and last four digits."""
    is_number_whole: bool
    time_zone: str
    variables: dict[str, str]
    tags: list[str]
    consent_source: str
    consent_at: datetime.datetime | None
    lists: list[ListRef]
    is_forbidden: bool
    """Whether the number is on the do-not-call list."""


class PersonChange(Asked):
    """What of a contact changes; what is left out stays."""

    name: Annotated[str, Field(max_length=MAX_NAME)] = ""
    time_zone: Annotated[str, Field(max_length=60, description="Such as Asia/Tehran.")] = ""
    variables: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^:\n]*\S[^:\n]*$")], str],
        Field(max_length=MOST_VARIABLES, description="What an agent may know. All that there are, not one by one."),
    ] = Field(default_factory=dict)
    tags: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=20)] = Field(default_factory=list)
    consent_source: Annotated[str, Field(max_length=MAX_CONSENT_SOURCE)] = ""
    consent_at: Annotated[datetime.date | None, Field(description="The day on which consent was given.")] = None


class NewPerson(PersonChange):
    """A contact by number: a new one, or the changes of a known one."""

    phone: Phone
    list_id: Annotated[Id | None, Field(description="A list that the contact joins.")] = None


class Sought(Asked):
    """Whom to look for: in the body, so that no number stands in an address."""

    text: Annotated[str, Field(min_length=1, max_length=80, description="A number in any form, or a part of a name.")]
    older_than: OlderThan = None
    limit: Limit = 50


def understood(text: str) -> str:
    """Return a number in E.164 by the rules of every form. Raises Problem that says what is wrong with it."""
    found = understand_typed(text)
    if found.code:
        raise Problem(422, found.problem, errors=[{"field": "phone", "detail": str(found.problem)}])
    return found.e164


def _shown(request: KeyRequest, contacts: list[Contact]) -> list[dict[str, Any]]:
    forbidden = service.mark_forbidden(contacts)
    person = request.auth.person
    return [
        {
            "id": one.pk,
            "name": one.name,
            "phone": written_number(person, one),
            "is_number_whole": sees_number(person, one),
            "time_zone": one.time_zone,
            "variables": {name: str(text) for name, text in one.variables.items()},
            "tags": [str(tag) for tag in one.tags],
            "consent_source": one.consent_source,
            "consent_at": one.consent_at,
            "lists": [{"id": row.pk, "name": row.name} for row in one.lists.all()],
            "is_forbidden": one.phone in forbidden,
        }
        for one in contacts
    ]


def _seen(request: KeyRequest) -> QuerySet[Contact]:
    return _with_lists(request, seen_by(request.auth.person, Contact.objects.all()))


def _with_lists(request: KeyRequest, contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    lists = Prefetch("lists", seen_by(request.auth.person, ContactList.objects.order_by("name")))
    return contacts.prefetch_related(lists, "further_teams")


def _one(request: KeyRequest, response: HttpResponse, pk: int) -> dict[str, Any]:
    found = get_object_or_404(_seen(request), pk=pk)
    response["ETag"] = etag_of(found, COLUMNS)
    return _shown(request, [found])[0]


@router.get("/people", response=Paged[Person], summary="List contacts")
@needs_right("see_people")
def people(
    request: KeyRequest, list_id: Id | None = None, older_than: OlderThan = None, limit: Limit = 50
) -> dict[str, Any]:
    """List the contacts within reach, newest first; with `list_id` those of one list."""
    found = _seen(request).filter(merged_into=None)
    if list_id is not None:
        get_object_or_404(seen_by(request.auth.person, ContactList.objects.all()), pk=list_id)
        found = found.filter(memberships__contact_list=list_id)
    page = page_by_key(found, {"older_than": older_than}, limit)
    return {"items": _shown(request, page.rows), "next": page.older}


@router.post("/people/find", response=Paged[Person], summary="Find contacts")
@needs_right("see_people")
def people_find(request: KeyRequest, asked: Sought) -> dict[str, Any]:
    """Find contacts by a whole number in any form, or by a part of a name."""
    found = service.find_people(asked.text, settings.DEFAULT_REGION, request.auth.person)
    if not any(map(str.isdigit, asked.text)):
        # A merged contact is found by its whole number only.
        found = found.filter(merged_into=None)
    page = page_by_key(_with_lists(request, found), {"older_than": asked.older_than}, asked.limit)
    return {"items": _shown(request, page.rows), "next": page.older}


@router.get("/people/{int:pk}", response=Person, summary="Read one contact")
@needs_right("see_people")
def person(request: KeyRequest, response: HttpResponse, pk: int) -> dict[str, Any]:
    """Return one contact; its ETag is what If-Match of a change takes."""
    return _one(request, response, pk)


@router.post("/people", response={200: Person, 201: Person}, summary="Create or change a contact by number")
@needs_right("import_people")
def people_save(request: KeyRequest, response: HttpResponse, asked: NewPerson) -> Any:
    """Create a contact, or change the one with this number: 201 or 200. The rules of numbers are those of imports."""
    given = chosen(asked)
    saved, is_new = save_by_number(request, given.pop("phone"), given, given.pop("list_id", None))
    return Status(201 if is_new else 200, _one(request, response, saved))


def save_by_number(request: KeyRequest, text: str, given: dict[str, Any], list_id: int | None) -> tuple[int, bool]:
    """Create a contact, or change the one with this number; returns its id, and whether it is new to the key's person.

    Raises Problem for a number that is none, Http404 for a list out of reach, and what the forms refuse.
    """
    phone, holder = understood(text), request.auth.person
    known = Contact.objects.select_related("merged_into").filter(phone=phone).first()
    known = known and (known.merged_into or known)
    if known is None or not may_see(holder, known):
        form = NewPersonForm({**_form_data(None, given), "phone": phone, "contact_list": list_id}, person=holder)
        if not form.is_valid():
            refuse_form(form, {"contact_list": "list_id"})
        return service.add_person(form.values(), form.cleaned_data["contact_list"], holder).pk, True
    joins = None
    if list_id is not None:
        joins = get_object_or_404(changed_by(holder, ContactList.objects.all()), pk=list_id)
    with transaction.atomic():
        if given:
            _change(request, known.pk, given)
        if joins is not None:
            list_service.add_to_list(joins, [known.pk], holder)
    return known.pk, False


@router.patch("/people/{int:pk}", response=Person, summary="Change one contact")
@needs_right("import_people")
def person_change(request: KeyRequest, response: HttpResponse, pk: int, asked: PersonChange) -> dict[str, Any]:
    """Change what is sent of a contact that was not changed since it was read (If-Match)."""
    get_object_or_404(changed_by(request.auth.person, Contact.objects.all()), pk=pk)
    with transaction.atomic():
        locked = Contact.objects.select_for_update().get(pk=pk)
        demand_match(request, etag_of(locked, COLUMNS))
        _change(request, pk, chosen(asked))
    return _one(request, response, pk)


def _change(request: KeyRequest, pk: int, given: dict[str, Any]) -> None:
    contact = get_object_or_404(changed_by(request.auth.person, Contact.objects.all()), pk=pk)
    if not sees_number(request.auth.person, contact):
        raise PermissionDenied("see_numbers")
    form = PersonForm(_form_data(contact, given), instance=contact)
    if not form.is_valid():
        refuse_form(form)
    service.change_person(pk, {name: form.values()[name] for name in given}, request.auth.person)


def _form_data(contact: Contact | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the form of a page would send: what stands there, with what is given in its place."""
    shown = PersonForm(instance=contact).initial if contact is not None else {}
    data = {name: "" if value is None else value for name, value in {**shown, **given}.items()}
    if "variables" in given:
        data["variables"] = lines_of(given["variables"])
    if "tags" in given:
        data["tags"] = ", ".join(given["tags"])
    return data
