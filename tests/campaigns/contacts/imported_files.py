"""Takes a file of people in and saves it, as the pages of imports do."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from campaigns.contacts.do_not_call import OptOut
from campaigns.contacts.importing import upload
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.saved import saving
from campaigns.models import ContactImport


def take(path: Path, person: User | None = None, region: str = "IR", **options: Any) -> ContactImport:
    """Upload a file, with its columns as guessed and a new list."""
    with path.open("rb") as file:
        record = upload.take_file(file, path.name, region, person)
    mapping = replace(ColumnMapping.from_json(record.mapping), update_known=options.get("update_known", False))
    upload.map_columns(
        record,
        mapping,
        region=region,
        contact_list=options.get("contact_list"),
        list_name=options.get("list_name", "New list"),
    )
    return check_import(record.pk)


def save(record: ContactImport, person: User | None = None, **options: Any) -> ContactImport:
    """Save a file that was taken in, and read its record back."""
    assert saving.begin_saving(record.pk, person, **options)
    assert saving.save_import(record.pk)
    record.refresh_from_db()
    return record


def take_opt_outs(path: Path, person: User | None = None, region: str = "IR") -> ContactImport:
    """Upload a file of do-not-call numbers, with its columns as preselected, and check it."""
    with path.open("rb") as file:
        record = upload.take_file(file, path.name, region, person, ContactImport.Purpose.DO_NOT_CALL)
    mapping = ColumnMapping.from_json(record.mapping)
    upload.map_columns(record, mapping, region=region, contact_list=None, list_name="")
    return check_import(record.pk)


def save_opt_outs(record: ContactImport, expires_at: datetime.datetime | None = None) -> ContactImport:
    """Put the numbers of a checked file on the do-not-call list."""
    return save(record, record.owner, opt_out=OptOut("Old list", expires_at), opt_out_source="import")
