"""`manage.py import_do_not_call`: puts a file's numbers on the do-not-call list, by the same steps as the screens."""

from __future__ import annotations

import datetime
import json
import os
import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from phonenumbers import SUPPORTED_REGIONS

from callcenter.commands import PlainCommand
from campaigns.contacts.do_not_call import OptOut
from campaigns.contacts.importing import column_choices, upload
from campaigns.contacts.importing.column_choices import DATES
from campaigns.contacts.importing.columns.mapping import PHONE, READ, SKIP, ColumnMapping
from campaigns.contacts.importing.columns.reading_words import what_is_read
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.rows import opt_outs
from campaigns.contacts.importing.rows.verdicts import OF_OPT_OUTS, RowVerdict
from campaigns.contacts.importing.saved import saving
from campaigns.models import ContactImport, DoNotCall


class Command(PlainCommand):
    """`import_do_not_call FILE --reason TEXT`: every column of phone numbers counts; prints the result of every row."""

    help = "Put the numbers of a CSV or XLSX file on the do-not-call list."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--reason", required=True, help="why, for rows that give no reason of their own")
        parser.add_argument("--source", choices=DoNotCall.Source.values, default=DoNotCall.Source.IMPORT.value)
        parser.add_argument("--until", type=datetime.date.fromisoformat, help="the last day, such as 2027-03-20")
        parser.add_argument("--region", default=settings.DEFAULT_REGION, help="country of numbers without a code")
        parser.add_argument(
            "--phone",
            action="append",
            metavar="COLUMN",
            help="title or position (1, 2, ...) of a column of phone numbers; may be given again",
        )
        sheets = parser.add_mutually_exclusive_group()
        sheets.add_argument("--sheet", action="append", metavar="NAME", help="a sheet to read; may be given again")
        sheets.add_argument("--all-sheets", action="store_true", help="read all visible sheets, not only those found")
        parser.add_argument("--titles", type=int, metavar="ROW", help="row of the titles in each sheet; 0 for none")
        parser.add_argument("--hidden-rows", choices=[READ, SKIP], help="what to do with rows that are hidden")
        parser.add_argument(
            "--dates", choices=DATES, help="which comes first in dates such as 03/04/2025: day or month"
        )
        parser.add_argument("--dry-run", action="store_true", help="check every row, add nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file; raises CommandError with a sentence if that is not possible."""
        path, region = options["file"], options["region"].upper()
        if region not in SUPPORTED_REGIONS:
            raise CommandError(f"{region} is no country: write two letters, such as IR.")
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise CommandError(f"{path}: it is not an ordinary file. Save it as CSV or XLSX and name that.")
            record = upload.take_file(file, path.name, region, purpose=ContactImport.Purpose.DO_NOT_CALL)
        try:
            self._check(record, region, options)
        except FileRefused:
            # Nobody can go on with it here: the command is run again, with the file.
            upload.drop(record)
            raise
        if not options["dry_run"]:
            self._save(record, OptOut(options["reason"], _end_of(options["until"])), options["source"])
        self._report(record, options["json"])
        if options["dry_run"]:
            upload.drop(record)

    def _check(self, record: ContactImport, region: str, options: dict[str, Any]) -> None:
        column_choices.choose_sheets(
            record,
            sheets=options["sheet"],
            all_sheets=options["all_sheets"],
            titles=options["titles"],
            hidden_rows=options["hidden_rows"] or "",
        )
        mapping = column_choices.choose_phones(record, options["phone"])
        upload.map_columns(record, mapping, region=region, contact_list=None, list_name="")
        column_choices.check(record, options["dates"])

    def _save(self, record: ContactImport, opt_out: OptOut, source: str) -> None:
        saving.begin_saving(record.pk, None, opt_out=opt_out, opt_out_source=source)
        saving.save_import(record.pk, seconds=float("inf"))
        record.refresh_from_db()
        if record.status != ContactImport.Status.SAVED:
            raise FileRefused(record.refused_reason or "The import was not finished.")

    def _report(self, record: ContactImport, as_json: bool) -> None:
        verdicts = {verdict: record.counts.get(verdict.value, 0) for verdict in RowVerdict if verdict in OF_OPT_OUTS}
        added = record.counts.get(opt_outs.FORBIDDEN, 0)
        phones = [record.headers[column] for column in ColumnMapping.from_json(record.mapping).columns_of(PHONE)]
        if as_json:
            found = {"import": record.pk, "rows": record.total_rows, "added": added, "phones": phones}
            self.stdout.write(json.dumps(found | {verdict.value: count for verdict, count in verdicts.items()}))
            return
        parts = ", ".join(f"{count} {verdict.label.lower()}" for verdict, count in verdicts.items() if count)
        said = f"{added} numbers added" if record.status == ContactImport.Status.SAVED else "Nothing added yet"
        self.stdout.write(f"{said}; of {record.total_rows} rows: {parts}. Phone columns: {', '.join(phones)}.")
        for sentence in [*what_is_read(record), *column_choices.of_doubtful_wishes(record)]:
            self.stdout.write(sentence)


def _end_of(day: datetime.date | None) -> datetime.datetime | None:
    if day is None:
        return None
    if day < timezone.localdate():
        raise CommandError(f"--until {day}: this day is over.")
    return timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time.min))
