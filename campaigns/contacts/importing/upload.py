"""Uploads: stores an uploaded file as an import, and the user's choice of what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.utils.translation import gettext as _

from callcenter.access.roles import team_of
from campaigns.contacts.importing import opt_outs
from campaigns.contacts.importing.dates import DayMonth
from campaigns.contacts.importing.limits import FileRefused, limits
from campaigns.contacts.importing.mapping import PHONE, VARIABLE, ColumnMapping, guess_mapping, titles_of, variable_name
from campaigns.contacts.importing.reading import measure, open_table, path_of
from campaigns.contacts.importing.wish_words import Wish
from campaigns.core import stored_files
from campaigns.models import ContactImport, ContactList
from campaigns.models.imports import MAX_FILE_NAME

Status = ContactImport.Status


def take_file(
    file: File[Any] | IO[bytes],
    name: str,
    region: str,
    person: Any = None,
    purpose: str = ContactImport.Purpose.PEOPLE,
) -> ContactImport:
    """Store a file under a generated name, read it once against the limits and guess its columns.

    `region` is the country of numbers without a country code. Raises FileRefused; the file is then not kept.
    """
    stored = file if isinstance(file, File) else File(file)
    if stored.size > limits().max_bytes:
        # Checked before the copy, so that a file beyond the limit is never written to disk.
        raise FileRefused(
            _("This file is larger than %(megabytes)s MB. Split it into smaller files.")
            % {"megabytes": limits().max_bytes // (1024 * 1024) or 1}
        )
    record = ContactImport(
        original_name=Path(name.replace("\\", "/")).name[:MAX_FILE_NAME] or "file",
        region=region,
        purpose=purpose,
        owner=person,
        team_id=team_of(person),
    )
    try:
        stored_files.store(record.file, record.original_name, stored)
    except stored_files.StorageAway:
        raise FileRefused(
            _("The place where files are kept cannot be reached, so nothing was stored. Try again in a minute.")
        ) from None
    try:
        found = measure(open_table(path_of(record)))
        headers, mapping = guess_mapping(found.first_rows, region)
        if record.is_of_opt_outs:
            mapping = replace(mapping, columns=opt_outs.columns_of_opt_outs(mapping, headers))
        record.headers = headers
        record.mapping = mapping.to_json()
        record.total_rows = found.rows - int(mapping.has_titles)
        if record.total_rows <= 0:
            raise FileRefused(_("This file holds titles but no rows."))
        record.save()
    except BaseException:
        stored_files.forget(str(record.file.name))
        raise
    return record


def first_rows(record: ContactImport, count: int = 3) -> list[list[str]]:
    """Return the first rows after the titles, as examples of each column. Raises FileRefused."""
    rows = open_table(path_of(record)).rows()
    if ColumnMapping.from_json(record.mapping).has_titles:
        next(rows, None)
    return [cells for (_number, cells, _problem), _count in zip(rows, range(count), strict=False)]


def map_columns(
    record: ContactImport, mapping: ColumnMapping, *, region: str, contact_list: ContactList | None, list_name: str
) -> bool:
    """Store the meaning of the columns and the target list; False if the import is already being saved or done.

    Raises ValueError unless exactly one column holds the phone number; in a do-not-call file more may.
    """
    phones = len(mapping.columns_of(PHONE))
    if not phones or (phones > 1 and not record.is_of_opt_outs):
        raise ValueError("exactly one column must hold the phone number")
    headers = record.headers
    if mapping.has_titles != ColumnMapping.from_json(record.mapping).has_titles:
        headers, mapping = _retitled(record, mapping)
    changed = ContactImport.objects.filter(pk=record.pk, status__in=[Status.UPLOADED, Status.CHECKED]).update(
        headers=headers,
        mapping=mapping.to_json(),
        region=region,
        contact_list=contact_list,
        list_name="" if contact_list else list_name,
        status=Status.UPLOADED,
        counts={},
        samples={},
    )
    record.refresh_from_db()
    return bool(changed)


def _retitled(record: ContactImport, mapping: ColumnMapping) -> tuple[list[str], ColumnMapping]:
    """Return the titles and mapping after the user changed whether the first row holds titles."""
    first = next(open_table(path_of(record)).rows())[1]
    headers = titles_of(first if mapping.has_titles else [], len(record.headers))
    taken: set[str] = set()
    names = [variable_name(title, taken) for title in headers]
    columns = {
        column: VARIABLE + names[column] if meaning.startswith(VARIABLE) else meaning
        for column, meaning in mapping.columns.items()
    }
    return headers, ColumnMapping(columns, mapping.has_titles, mapping.update_known)


def answer(record: ContactImport, *, dates: DayMonth | None, wishes: Mapping[str, str]) -> bool:
    """Store what a user says of a whole file; False if it is already being saved or done. The check runs anew after it.

    `dates`: which of day and month comes first; None leaves it open. `wishes`: by doubtful value of the do-not-call
    columns (`answer_key`), "yes", "no", or "" for still not known.
    """
    answers = dict(record.answers)
    if dates is not None:
        answers["dates"] = dates.value
    answers["wishes"] = {
        key: said for key, said in {**answers.get("wishes", {}), **wishes}.items() if said in {Wish.YES, Wish.NO}
    }
    changed = ContactImport.objects.filter(pk=record.pk, status__in=[Status.UPLOADED, Status.CHECKED]).update(
        answers=answers, status=Status.UPLOADED, counts={}, samples={}
    )
    record.refresh_from_db()
    return bool(changed)
