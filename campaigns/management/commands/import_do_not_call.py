"""`manage.py import_do_not_call`: puts a file's numbers on the do-not-call list, by the same steps as the screens."""

from __future__ import annotations

import datetime
import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from phonenumbers import SUPPORTED_REGIONS

from callcenter.commands import PlainCommand
from campaigns.contacts.do_not_call import OptOut
from campaigns.contacts.importing import opt_outs, saving, upload
from campaigns.contacts.importing.dates import DayMonth
from campaigns.contacts.importing.findings import DOUBTFUL_WISHES, UNCLEAR_DATES
from campaigns.contacts.importing.limits import FileRefused
from campaigns.contacts.importing.mapping import IGNORED, PHONE, ColumnMapping, plain_title
from campaigns.contacts.importing.validation import check_import
from campaigns.contacts.importing.verdicts import OF_OPT_OUTS, RowVerdict
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
            help="title or number (from 1) of a column of phone numbers; give it once for each of them",
        )
        parser.add_argument(
            "--dates",
            choices=[order.value.replace("_", "-") for order in DayMonth],
            help="which comes first in dates such as 03/04/2025",
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
        mapping = self._mapping(record, options["phone"])
        upload.map_columns(record, mapping, region=region, contact_list=None, list_name="")
        if options["dates"]:
            upload.answer(record, dates=DayMonth(options["dates"].replace("-", "_")), wishes={})
        record = check_import(record.pk)
        if record.status == ContactImport.Status.REFUSED:
            raise FileRefused(record.refused_reason)
        if record.counts.get(UNCLEAR_DATES):
            raise FileRefused(
                f"In {record.counts[UNCLEAR_DATES]} dates day and month could be either: give --dates day-first or "
                "--dates month-first."
            )
        doubtful = [found["value"] for found in record.samples.get(DOUBTFUL_WISHES, [])]
        if not options["dry_run"]:
            self._save(record, OptOut(options["reason"], _end_of(options["until"])), options["source"])
        self._report(record, doubtful, options["json"])

    def _mapping(self, record: ContactImport, wanted: list[str] | None) -> ColumnMapping:
        """Return the file's columns: as found, or with the phone columns that are named."""
        found = ColumnMapping.from_json(record.mapping)
        named = ", ".join(f"{number} {title}" for number, title in enumerate(record.headers, 1))
        if wanted is None:
            if not found.columns_of(PHONE):
                raise FileRefused(
                    f"No column of this file holds phone numbers: give --phone, or --region. It has: {named}"
                )
            return found
        titles = {plain_title(title): column for column, title in enumerate(record.headers)}
        chosen = {titles.get(plain_title(one), int(one) - 1 if one.isdecimal() else -1) for one in wanted}
        if not chosen <= set(range(len(record.headers))):
            raise CommandError(f"--phone names no column of this file. It has: {named}")
        others = {
            column: IGNORED if meaning == PHONE else meaning
            for column, meaning in found.columns.items()
            if column not in chosen
        }
        return replace(found, columns=others | dict.fromkeys(chosen, PHONE))

    def _save(self, record: ContactImport, opt_out: OptOut, source: str) -> None:
        saving.begin_saving(record.pk, None, opt_out=opt_out, opt_out_source=source)
        saving.save_import(record.pk, seconds=float("inf"))
        record.refresh_from_db()
        if record.status != ContactImport.Status.SAVED:
            raise FileRefused(record.refused_reason or "The import was not finished.")

    def _report(self, record: ContactImport, doubtful: list[str], as_json: bool) -> None:
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
        if doubtful:
            self.stdout.write(f"Neither yes nor no, so not added: {', '.join(doubtful)}.")


def _end_of(day: datetime.date | None) -> datetime.datetime | None:
    if day is None:
        return None
    if day < timezone.localdate():
        raise CommandError(f"--until {day}: this day is over.")
    return timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time.min))
