"""What is held about one person, as one file: JSON for programs and a page to read, in a zip."""

from __future__ import annotations

import datetime
import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from callcenter.audit.models import AuditEvent, record
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.models import (
    AllowedNumber,
    Call,
    CallHint,
    Contact,
    DoNotCall,
    HeardOptOut,
    OtherNumber,
    RefusedRow,
)
from campaigns.privacy.finding import ENDING, Person

MOST_ROWS = 20_000
"""Rows of one table in one file."""
_PLUMBING = frozenset(
    {
        "lease", "lease_until", "form_token", "rank", "polls", "next_poll_at", "absent_looks", "absent_at", "due_at",
        "wait_reason", "not_sent_tries", "reserved_cost", "matched_by", "digest", "letters", "words_at",
    }
)  # fmt: skip
"""Columns that say how the product works, and nothing of a person."""


def rows_held(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return all rows about a person, by the name of their table; tables without any are left out."""
    found = {}
    for rows in _tables(person):
        if values := [_plain(row) for row in rows[:MOST_ROWS]]:
            found[str(rows.model._meta.verbose_name_plural)] = values
    return found


def _tables(person: Person) -> Iterator[models.QuerySet[Any]]:
    calls = list(person.calls().values_list("pk", flat=True)[:MOST_ROWS])
    yield Contact.objects.filter(pk__in=person.contacts).order_by("pk")
    yield OtherNumber.objects.filter(contact__in=person.contacts)
    yield DoNotCall.objects.filter(phone__in=person.numbers)
    yield AllowedNumber.objects.filter(phone__in=person.numbers)
    yield Call.objects.filter(pk__in=calls).select_related("campaign", "provider", "agent").order_by("pk")
    yield CallHint.objects.filter(to_number__in=person.numbers)
    written = Q(name__in=person.names)
    for number in person.numbers:
        written |= Q(digits__contains=number[-ENDING:])
    yield RefusedRow.objects.filter(written)
    named = {Contact: person.contacts, Call: calls}
    known = {OtherNumber, HeardOptOut}
    for of, keys in named.items():
        for relation in of._meta.related_objects:
            model = relation.related_model
            if model in known or model in named or relation.field.name in {"answers", "from_call", "made"}:
                continue
            yield model._base_manager.filter(**{f"{relation.field.name}__in": keys}).order_by("pk")
    yield HeardOptOut.objects.filter(Q(call__in=calls) | Q(phone__in=person.numbers)).order_by("pk")
    looked = Q(object_type="call", object_id__in=map(str, calls))
    looked |= Q(object_type="contact", object_id__in=map(str, person.contacts))
    yield AuditEvent.objects.filter(looked).order_by("pk")


def _plain(row: models.Model) -> dict[str, Any]:
    """Return what a row holds, by the names of its columns, without what is empty."""
    found: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.name in _PLUMBING:
            continue
        value = getattr(row, field.attname)
        if value in (None, "", [], {}):
            continue
        if field.remote_field and field.name in {"campaign", "provider", "agent", "contact_list"}:
            value = str(getattr(row, field.name))
        found[field.name] = _json(value)
    return found


def _json(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | uuid.UUID) else value


def package(person: Person, asker: Any) -> bytes:
    """Return the zip of all that is held about a person, and record who took it."""
    held = rows_held(person)
    recordings = [
        call.pk for call in person.calls().filter(recording_available=True).only("pk").order_by("pk")[:MOST_ROWS]
    ]
    now = timezone.now()
    whole = {
        "written_at": now.isoformat(timespec="seconds"),
        "numbers": sorted(person.numbers),
        "may_not_be_called": sorted(forbidden_numbers(person.numbers)),
        "calls_with_recordings_at_the_provider": recordings,
        "rows": held,
    }
    page = render_to_string("privacy/held.html", {"held": held, "at": now, "recordings": recordings, "person": person})
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("person.json", json.dumps(whole, ensure_ascii=False, indent=1, default=str))
        file.writestr("person.html", page)
    thing = Contact.objects.filter(pk__in=person.contacts).order_by("pk").first()
    record(asker, "person.exported", thing, rows=sum(map(len, held.values())))
    return written.getvalue()
