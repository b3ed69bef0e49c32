"""Files of calls, for programs: ask for one, see whether it is written, fetch it."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.problems import Problem
from callcenter.api.scopes import LARGE
from callcenter.api.shapes import Asked, Limit, OlderThan, Paged, chosen
from campaigns.calls import call_log
from campaigns.calls.api import CallList, Order, filters_of
from campaigns.calls.call_columns import BY_KEY
from campaigns.core.export_limits import counts_as_large, is_large
from campaigns.core.paging import page_by_key
from campaigns.exports import requests
from campaigns.exports.views import CONTENT_TYPES, file_of
from campaigns.models import CallExport

router = Router(tags=["Exports"])


class ExportOut(Schema):
    """A file of calls."""

    id: int
    state: Literal["waiting", "writing", "ready", "failed", "deleted"]
    state_words: str
    format: str
    rows: int | None
    """Calls in it, once they were counted."""
    done_rows: int
    size: int | None
    """Bytes, once it is ready."""
    shows_numbers: bool
    may_fetch: bool
    created_at: datetime.datetime
    expires_at: datetime.datetime | None


class NewExport(CallList, Asked):
    """Which calls a file is to hold, and how."""

    person: Annotated[str, Field(max_length=80, description="A part of a name, or a number in any form.")] = ""
    words: Annotated[str, Field(max_length=200)] = ""
    order: Annotated[
        Order, Field(description="As in lists, but that calls without an answer or disposition stand at the end.")
    ] = ""
    format: Literal["csv", "xlsx"] = "csv"
    columns: Annotated[
        list[Annotated[str, Field(max_length=30)]],
        Field(max_length=40, description=f"Empty: the usual ones. Any of: {', '.join(sorted(BY_KEY))}."),
    ] = Field(default_factory=list)


def _shown(request: KeyRequest, export: CallExport) -> dict[str, Any]:
    return {
        "id": export.pk,
        "state": export.state,
        "state_words": str(CallExport.State(export.state).label),
        "format": export.format,
        "rows": export.total_rows,
        "done_rows": export.done_rows,
        "size": export.size,
        "shows_numbers": export.shows_numbers,
        "may_fetch": export.state == CallExport.State.READY and requests.may_fetch(export, request.auth.person),
        "created_at": export.created_at,
        "expires_at": export.expires_at,
    }


def _check_large(request: KeyRequest) -> None:
    if LARGE not in request.auth.key.scopes:
        raise Problem(403, _("Exporting this many calls needs a key with the scope %(scope)s.") % {"scope": LARGE})


@router.post("/exports", response={202: ExportOut}, summary="Ask for a file of calls")
@needs_right("export_calls")
def export_ask(request: KeyRequest, asked: NewExport) -> Any:
    """Queue the writing of a file. As many a day as the owner may make; large ones need a scope of their own."""
    given = chosen(asked)
    columns, kind = given.pop("columns", []), given.pop("format", "csv")
    form = filters_of(request, given | {"column": columns})
    person = request.auth.person
    calls = call_log.find_calls(form.filters(), person, is_walked=False)
    if is_large(calls):
        _check_large(request)
    words = requests.masked_words(form.spoken(), str(form.fields["person"].label))
    made = requests.ask(
        person, form.filters(), form.columns(), words=words, file_format=kind, order=form.chosen_order()
    )
    return Status(202, _shown(request, made))


@router.get("/exports", response=Paged[ExportOut], summary="List exports")
@needs_right("see_exports")
def exports(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the owner's exports, newest first; everybody's with the right to them."""
    page = page_by_key(requests.visible_to(request.auth.person), {"older_than": older_than}, limit)
    return {"items": [_shown(request, one) for one in page.rows], "next": page.older}


@router.get("/exports/{int:pk}", response=ExportOut, summary="Read the state of an export")
@needs_right("see_exports")
def export(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Return one export; ask again until its state is ready."""
    return _shown(request, get_object_or_404(requests.visible_to(request.auth.person), pk=pk))


@router.get(
    "/exports/{int:pk}/file",
    summary="Fetch the file of an export",
    openapi_extra={
        "responses": {
            200: {
                "description": "The file.",
                "content": {
                    kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
                    for kind in CONTENT_TYPES.values()
                },
            }
        }
    },
)
@needs_right("see_exports")
def export_file(request: KeyRequest, pk: int) -> HttpResponseBase:
    """Return the finished file; recorded as fetched, as on its page."""
    found = get_object_or_404(requests.visible_to(request.auth.person), pk=pk)
    if not requests.may_fetch(found, request.auth.person):
        raise PermissionDenied("see_all_exports")
    if counts_as_large(found.done_rows):
        _check_large(request)
    return file_of(found, requests.open_file(found, request.auth.person))
