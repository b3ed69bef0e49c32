"""Import sources, for programs: addresses from which an import is repeated; and the imports that can be."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field

from callcenter.access.holders import names_of
from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Asked, Id, Limit, OlderThan, Paged, refuse_field
from campaigns.contacts.importing.sources import keeping
from campaigns.core.paging import page_by_key
from campaigns.core.scope import changed_by, seen_by
from campaigns.models import ContactImport, ImportSource
from campaigns.models.import_sources import MAX_ADDRESS

router = Router(tags=["Imports"])


class ListRef(Schema):
    """A list by its name."""

    id: int
    name: str


class ImportOut(Schema):
    """A file of contacts that was imported."""

    id: int
    file: str
    status: str
    contact_list: ListRef | None
    created_at: datetime.datetime
    saved_at: datetime.datetime | None


class SourceOut(Schema):
    """An address from which an import is repeated. The address itself is never shown again, only its host."""

    id: int
    host: str
    every_hours: int
    contact_list: ListRef | None
    owner: str
    state: str
    """read, retrying, paused or halted."""
    problem: str
    """Why it could not be read the last time, and the next step."""
    next_at: datetime.datetime | None
    looked_at: datetime.datetime | None
    last_import: int | None


class NewSource(Asked):
    """An address whose file is imported again whenever it changed, as a first file was."""

    first_import: Annotated[Id, Field(description="A saved import of contacts: its columns and list are repeated.")]
    address: Annotated[
        str,
        Field(min_length=1, max_length=MAX_ADDRESS, description="https, of a CSV or XLSX file or of a Google Sheet."),
    ]
    every_hours: Literal[1, 6, 24, 168] = 24


class Switched(Schema):
    """Whether a source is read from now on."""

    is_read: bool


def _list(found: ContactImport | None) -> dict[str, Any] | None:
    kept = found.contact_list if found is not None else None
    return {"id": kept.pk, "name": kept.name} if kept is not None else None


def _out(source: ImportSource) -> dict[str, Any]:
    if source.halted_at is not None:
        state = "halted"
    elif source.next_at is None:
        state = "paused"
    else:
        state = "retrying" if source.problem else "read"
    return {
        "id": source.pk,
        "host": keeping.host_of(source),
        "every_hours": source.every_hours,
        "contact_list": _list(source.pattern),
        "owner": names_of([source.owner])[0] if source.owner is not None else "",
        "state": state,
        "problem": source.problem,
        "next_at": source.next_at,
        "looked_at": source.looked_at,
        "last_import": source.last_import_id,
    }


def _theirs(request: KeyRequest, pk: int) -> int:
    return get_object_or_404(changed_by(request.auth.person, ImportSource.objects.all()), pk=pk).pk


@router.get("/imports", response=Paged[ImportOut], summary="List imports of contacts")
@needs_right("import_people")
def imports(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the files of contacts within reach that were imported, newest first."""
    rows = ContactImport.objects.filter(purpose=ContactImport.Purpose.PEOPLE).select_related("contact_list")
    page = page_by_key(seen_by(request.auth.person, rows).order_by(), {"older_than": older_than}, limit)
    items = [
        {
            "id": one.pk,
            "file": one.original_name,
            "status": one.status,
            "contact_list": _list(one),
            "created_at": one.created_at,
            "saved_at": one.saved_at,
        }
        for one in page.rows
    ]
    return {"items": items, "next": page.older}


@router.get("/import-sources", response=Paged[SourceOut], summary="List import sources")
@needs_right("import_people")
def import_sources(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the sources within reach, newest first, and how each stands."""
    rows = ImportSource.objects.select_related("owner", "pattern__contact_list")
    page = page_by_key(seen_by(request.auth.person, rows), {"older_than": older_than}, limit)
    return {"items": [_out(one) for one in page.rows], "next": page.older}


@router.post("/import-sources", response={201: SourceOut}, summary="Add an import source")
@needs_right("import_people")
def import_source_make(request: KeyRequest, asked: NewSource) -> Any:
    """Add an address; it is read soon, and whenever it is due. The address is stored sealed, as a key is."""
    person = request.auth.person
    rows = changed_by(person, ContactImport.objects.select_related("contact_list"))
    first = rows.filter(pk=asked.first_import).first()
    if first is None:
        refuse_field("first_import", _("Choose an import of contacts within your reach."))
    return Status(201, _out(keeping.add(person, first, asked.address, asked.every_hours)))


@router.post("/import-sources/{int:pk}/read", response=Switched, summary="Read an import source now")
@needs_right("import_people")
def import_source_read(request: KeyRequest, pk: int) -> dict[str, bool]:
    """Let a source be read at once; false for one that is paused or halted."""
    return {"is_read": keeping.read_now(_theirs(request, pk), request.auth.person)}


@router.post("/import-sources/{int:pk}/pause", response=Switched, summary="Pause an import source")
@needs_right("import_people")
def import_source_pause(request: KeyRequest, pk: int) -> dict[str, bool]:
    """Read a source no more, until it is resumed."""
    return {"is_read": keeping.switch(_theirs(request, pk), request.auth.person, is_wanted=False)}


@router.post("/import-sources/{int:pk}/resume", response=Switched, summary="Resume an import source")
@needs_right("import_people")
def import_source_resume(request: KeyRequest, pk: int) -> dict[str, bool]:
    """Read a paused or halted source again."""
    return {"is_read": keeping.switch(_theirs(request, pk), request.auth.person, is_wanted=True)}


@router.delete("/import-sources/{int:pk}", response={204: None}, summary="Remove an import source")
@needs_right("import_people")
def import_source_remove(request: KeyRequest, pk: int) -> Any:
    """Remove a source; what it imported stays."""
    keeping.remove(_theirs(request, pk), request.auth.person)
    return Status(204, None)
