"""Uploads: stores an uploaded file as an import, and the user's choice of what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.utils.translation import gettext as _

from callcenter.access.roles import team_of
from campaigns.contacts.importing.cells.dates import DayMonth
from campaigns.contacts.importing.cells.wish_words import Wish
from campaigns.contacts.importing.columns.mapping import PHONE, ColumnMapping, SheetLayout, place_cells
from campaigns.contacts.importing.columns.sheets import Arrangement, TitleChoices, arrange
from campaigns.contacts.importing.columns.title_rows import SHOWN_ROWS
from campaigns.contacts.importing.files.limits import FileRefused, limits
from campaigns.contacts.importing.files.reading import measure, open_table, path_of
from campaigns.contacts.importing.rows import opt_outs
from campaigns.core import stored_files
from campaigns.core.allowed_use import refusals_of, team_for
from campaigns.models import ContactImport, ContactList
from campaigns.models.imports import MAX_FILE_NAME

Status = ContactImport.Status
SAMPLE_ROWS = 20
"""Rows below the titles that are examples of each column."""


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
    most = limits().max_bytes
    if stored.size > most:
        # Checked before the copy, so that a file beyond the limit is never written to disk.
        raise FileRefused(
            _("This file is larger than %(megabytes)s MB. Split it into smaller files.")
            % {"megabytes": most // (1024 * 1024) or 1}
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
            _("The file storage cannot be reached, so nothing was saved. Try again in a minute.")
        ) from None
    try:
        measured = measure(path_of(record))
        arranged = arrange(measured, region)
        if record.is_of_opt_outs:
            sheets = opt_outs.sheets_to_read(arranged.mapping)
            arranged = arrange(measured, region, taken=sheets) if len(sheets) > 1 else arranged
        _set_columns(record, arranged)
        record.total_rows = arranged.rows
        record.save()
    except BaseException:
        stored_files.forget(str(record.file.name))
        raise
    return record


def _set_columns(record: ContactImport, arranged: Arrangement) -> None:
    """Set titles and meanings as they are guessed for what the rows become; does not save."""
    record.headers, record.mapping = arranged.headers, arranged.mapping.to_json()
    if record.is_of_opt_outs:
        rows = [row for top in tops_of(record) for row in top.samples]
        record.mapping = opt_outs.guess_columns(arranged.mapping, arranged.headers, rows, record.region).to_json()


class TopRow(NamedTuple):
    """One of a sheet's first rows as it stands in the file."""

    number: int
    cells: list[str]
    is_title: bool
    is_above: bool
    """Above the titles, so that it is not read as a person."""


class TopOfSheet(NamedTuple):
    """The beginning of one sheet that is read: its first rows, and examples of people below the titles."""

    sheet: str
    rows: list[TopRow]
    samples: list[list[str]]
    """Cells of the first rows below the titles, each at its column of the whole file."""


def tops_of(record: ContactImport) -> list[TopOfSheet]:
    """Return the beginning of each sheet that is read, hidden rows too. Raises FileRefused."""
    mapping = ColumnMapping.from_json(record.mapping)
    table = open_table(path_of(record))
    tops = []
    for sheet in mapping.sheets or ("",):
        rows = list(islice(table.rows(sheet), SHOWN_ROWS + SAMPLE_ROWS))
        layout = mapping.layouts.get(sheet)
        if layout is None:
            layout = SheetLayout((rows[0][0],) if mapping.has_titles and rows else ())
        titles, last = layout.titles, layout.titles[-1] if layout.titles else 0
        tops.append(
            TopOfSheet(
                sheet,
                [
                    TopRow(number, cells, number in titles, number < last and number not in titles)
                    for number, cells, _problem in rows[:SHOWN_ROWS]
                ],
                [
                    place_cells(cells, layout.columns) if layout.columns else cells
                    for number, cells, _problem in rows
                    if number > last
                ],
            )
        )
    return tops


def rearrange(
    record: ContactImport,
    *,
    sheets: Sequence[str] | None = None,
    titles: TitleChoices | None = None,
    **typed: Any,
) -> bool:
    """Read other sheets, or take other rows for the titles, and guess the columns anew; False if it is being saved.

    Titles that a person chose before stay for the sheets that `titles` does not name. `typed` is what else stands in
    the form: region, contact_list, list_name, update_known, hidden_rows. Raises FileRefused.
    """
    before = ColumnMapping.from_json(record.mapping)
    taken = tuple(sheets) if sheets is not None else before.sheets
    chosen = {name: layout.titles for name, layout in before.layouts.items()} | dict(titles or {})
    region = typed.get("region") or record.region
    arranged = arrange(
        measure(path_of(record)),
        region,
        taken=taken or ("",),
        titles=chosen,
        hidden_rows=typed.get("hidden_rows") or before.hidden_rows,
    )
    record.region = region
    _set_columns(record, arranged)
    mapping = ColumnMapping.from_json(record.mapping)
    mapping = replace(mapping, update_known=bool(typed.get("update_known", before.update_known)))
    changed = ContactImport.objects.filter(pk=record.pk, status__in=[Status.UPLOADED, Status.CHECKED]).update(
        headers=arranged.headers,
        mapping=mapping.to_json(),
        total_rows=arranged.rows,
        region=region,
        contact_list=typed.get("contact_list", record.contact_list),
        list_name=typed.get("list_name") or record.list_name,
        status=Status.UPLOADED,
        counts={},
        samples={},
    )
    record.refresh_from_db()
    return bool(changed)


def map_columns(
    record: ContactImport, mapping: ColumnMapping, *, region: str, contact_list: ContactList | None, list_name: str
) -> bool:
    """Store the meaning of the columns and the target list; False if the import is already being saved or done.

    The people come to belong to the team of the list. Raises PermissionDenied for a list that its owner may not use,
    and ValueError unless exactly one column holds the phone number, or any in a do-not-call file, and nothing is left
    to be asked.
    """
    phones = len(mapping.columns_of(PHONE))
    if not phones or (phones > 1 and not record.is_of_opt_outs) or mapping.asks:
        raise ValueError("exactly one column must hold the phone number")
    team = team_for(record.owner, contact_list.team_id if contact_list else None)
    if contact_list is not None and refusals_of(team, None, [contact_list]):
        raise PermissionDenied("list")
    changed = ContactImport.objects.filter(pk=record.pk, status__in=[Status.UPLOADED, Status.CHECKED]).update(
        mapping=mapping.to_json(),
        team_id=team,
        region=region,
        contact_list=contact_list,
        list_name="" if contact_list else list_name,
        status=Status.UPLOADED,
        counts={},
        samples={},
    )
    record.refresh_from_db()
    return bool(changed)


def drop(record: ContactImport) -> None:
    """Delete an import that was not saved, with its file."""
    stored_files.forget(str(record.file.name))
    record.delete()


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
