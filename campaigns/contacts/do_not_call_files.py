"""Import and export of the do-not-call list as files; an exported file can be imported again."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.audit.models import record as record_audit
from callcenter.formats.zones import titled
from campaigns.contacts.do_not_call import OptOut, forbid_each
from campaigns.contacts.importing.limits import BATCH, FileRefused
from campaigns.contacts.importing.mapping import PHONE, guess_mapping, plain_title
from campaigns.contacts.importing.people_rows import FileRow, Reader, plain_text, read_moment
from campaigns.contacts.importing.reading import measure, open_table
from campaigns.contacts.importing.validation import batches
from campaigns.core.csv_cells import BOM, PassingFile, safe_cell
from campaigns.models import DoNotCall
from campaigns.models.imports import MAX_FILE_NAME
from campaigns.reasons import MAX_REASON

SAMPLES = 20
REASONS = ("reason", "why", "دلیل", "علت", "چرا")
ENDS = ("until", "expires", "expires at", "تا", "تا تاریخ", "پایان")


@dataclass(slots=True)
class ForbiddenFile:
    """The result of importing a file of numbers: counts, and samples of rows with problems."""

    added: int = 0
    known: int = 0
    skipped: int = 0
    twice: int = 0
    ended: int = 0
    """Rows whose own expiry is in the past."""
    bad: int = 0
    bad_samples: list[FileRow] = field(default_factory=list)


def forbid_file(
    path: Path,
    *,
    name: str,
    region: str,
    reason: str,
    source: str,
    person: Any,
    expires_at: datetime.datetime | None = None,
) -> ForbiddenFile:
    """Add every number of a CSV or XLSX file to the do-not-call list; each batch is committed by itself.

    A column named reason or until, as in our export, takes precedence over `reason` and `expires_at`. Idempotent.
    Raises FileRefused, also if no column holds phone numbers; batches before the failure stay committed.
    """
    table = open_table(path)
    headers, mapping = guess_mapping(measure(table).first_rows, region)
    if not mapping.columns_of(PHONE):
        raise FileRefused(_("No column of this file holds phone numbers. Check the country of the numbers."))
    reader = Reader(table, mapping, region)
    reasons, ends = _column(headers, (*REASONS, _("Reason"))), _column(headers, (*ENDS, _("Until")))
    result, now = ForbiddenFile(), timezone.now()
    for batch in batches(reader.people()):
        wishes: dict[str, OptOut] = {}
        for row in batch:
            # A malformed row still counts as an opt-out if its number can be read.
            if not row.phone.e164:
                result.bad += 1
                if len(result.bad_samples) < SAMPLES:
                    result.bad_samples.append(row)
                continue
            if row.same_as:
                result.twice += 1
                continue
            end = _end(_cell(row, ends)) or expires_at
            if end is not None and end <= now:
                result.ended += 1
            else:
                wishes[row.phone.e164] = OptOut(plain_text(_cell(row, reasons), MAX_REASON) or reason, end)
        if wishes:
            done = forbid_each(wishes, source=source, person=person)
            result.added += done.added
            result.known += done.known
            result.skipped += done.skipped
    record_audit(
        person,
        "do_not_call.imported",
        None,
        file=name[:MAX_FILE_NAME],
        added=result.added,
        known=result.known,
        bad=result.bad,
    )
    return result


def _column(headers: Sequence[str], names: Sequence[str]) -> int:
    wanted = {plain_title(name) for name in names}
    # Our own export names the zone in the title, as in "Until (Asia/Tehran)".
    plain = [plain_title(title.partition(" (")[0]) for title in headers]
    return next((column for column, title in enumerate(plain) if title in wanted), -1)


def _cell(row: FileRow, column: int) -> str:
    return row.cells[column] if 0 <= column < len(row.cells) else ""


def _end(text: str) -> datetime.datetime | None:
    """Return when an entry expires: a date means the end of that day; None for an empty or unreadable text."""
    found = read_moment(text.strip()) if text.strip() else None
    if found is None or ":" in text:
        return found
    return found + datetime.timedelta(days=1)


def export_entries() -> Iterator[str]:
    """Return the whole list as CSV lines, newest first, in the language and time zone active at this call."""
    titles = [_("Phone"), _("Reason"), _("Source"), _("Added by"), titled(_("Added")), titled(_("Until"))]
    sources = {source.value: str(source.label) for source in DoNotCall.Source}
    return _write_entries(titles, sources, timezone.get_current_timezone())


def _write_entries(titles: Sequence[str], sources: Mapping[str, str], zone: datetime.tzinfo) -> Iterator[str]:
    writer = csv.writer(PassingFile())
    yield BOM
    yield writer.writerow(titles)
    for entry in DoNotCall.objects.select_related("added_by").order_by("-id").iterator(chunk_size=BATCH):
        who = entry.added_by.get_username() if entry.added_by else ""
        cells = [entry.phone, entry.reason, sources.get(entry.source, entry.source), who]
        yield writer.writerow([*map(safe_cell, cells), _minute(entry.added_at, zone), _minute(entry.expires_at, zone)])


def _minute(moment: datetime.datetime | None, zone: datetime.tzinfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="minutes") if moment else ""
