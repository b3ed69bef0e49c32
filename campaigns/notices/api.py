"""Notices, for programs: what the owner of a key is told, and that they read it."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from callcenter.api.door import KeyRequest, needs_scope
from callcenter.api.scopes import NOTICES
from callcenter.api.shapes import Asked, Id, Limit, OlderThan, Paged
from campaigns.core.paging import page_by_key
from campaigns.models import Notice
from campaigns.notices import inbox, words
from campaigns.notices.kinds import KINDS

router = Router(tags=["Notices"])


class NoticeOut(Schema):
    """One thing that the owner is told of."""

    id: int
    kind: str
    label: str
    """The kind in words."""
    sentence: str
    """What happened."""
    next_step: str
    link: str
    """The page that it is about."""
    at: datetime.datetime
    read_at: datetime.datetime | None


class Read(Asked):
    """Which notices were read."""

    newest: Annotated[Id | None, Field(description="This one and all older ones; null: all.")] = None


class Changed(Schema):
    """How many were changed."""

    changed: int


@router.get("/notices", response=Paged[NoticeOut], summary="List notices")
@needs_scope(NOTICES)
def notices(
    request: KeyRequest, unread: bool = False, older_than: OlderThan = None, limit: Limit = 50
) -> dict[str, Any]:
    """List the owner's notices, newest first. Nobody reads another's, whatever their rights."""
    person = request.auth.person
    found = inbox.of(person)
    if unread:
        found = found.filter(read_at__isnull=True)
    page = page_by_key(found.filter(kind__in=KINDS).order_by(), {"older_than": older_than}, limit)
    paragraphs = words.of_each(person, page.rows)
    items = [
        {
            "id": one.pk,
            "kind": one.kind,
            "label": str(KINDS[one.kind].label),
            "sentence": str(paragraphs[one.pk].what),
            "next_step": str(paragraphs[one.pk].step),
            "link": paragraphs[one.pk].link,
            "at": one.at,
            "read_at": one.read_at,
        }
        for one in page.rows
    ]
    return {"items": items, "next": page.older}


@router.post("/notices/{int:pk}/read", response=Changed, summary="Mark a notice as read")
@needs_scope(NOTICES)
def notice_read(request: KeyRequest, pk: int) -> dict[str, int]:
    """Note that the owner read one notice."""
    person = request.auth.person
    get_object_or_404(inbox.of(person), pk=pk)
    return {"changed": inbox.read(person, Notice.objects.filter(pk=pk), timezone.now())}


@router.post("/notices/read", response=Changed, summary="Mark notices as read")
@needs_scope(NOTICES)
def notices_read(request: KeyRequest, asked: Read) -> dict[str, int]:
    """Note that the owner read their notices, all or up to one."""
    found = inbox.of(request.auth.person)
    if asked.newest is not None:
        found = found.filter(pk__lte=asked.newest)
    return {"changed": inbox.read(request.auth.person, found, timezone.now())}
