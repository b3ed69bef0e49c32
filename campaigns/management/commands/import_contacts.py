"""`manage.py import_contacts`: imports a file of people into a list, by the same steps as the screens."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from phonenumbers import SUPPORTED_REGIONS

from callcenter.commands import PlainCommand
from campaigns.contacts.importing import column_choices, upload
from campaigns.contacts.importing.column_choices import DATES
from campaigns.contacts.importing.columns.mapping import READ, SKIP, ColumnMapping
from campaigns.contacts.importing.columns.reading_words import what_is_read
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.rows.verdicts import MEANINGS, RowVerdict
from campaigns.contacts.importing.saved import saving
from campaigns.models import ContactImport, ContactList


class Command(PlainCommand):
    """`import_contacts FILE --list NAME`: into a new or existing list; prints the result of every row."""

    help = "Import people from a CSV or XLSX file into a list."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--list", required=True, dest="list_name", help="name of a new or existing list")
        parser.add_argument("--region", default=settings.DEFAULT_REGION, help="country of numbers without a code")
        parser.add_argument("--update-known", action="store_true", help="give known people the file's values")
        parser.add_argument("--phone", metavar="COLUMN", help="title or position (1, 2, ...) of the phone column")
        names = parser.add_mutually_exclusive_group()
        names.add_argument("--name", metavar="COLUMN", help="title or position of the column of names")
        names.add_argument("--no-name", action="store_true", help="no column is the name")
        sheets = parser.add_mutually_exclusive_group()
        sheets.add_argument("--sheet", action="append", metavar="NAME", help="a sheet to read; may be given again")
        sheets.add_argument("--all-sheets", action="store_true", help="read all visible sheets")
        parser.add_argument("--titles", type=int, metavar="ROW", help="row of the titles in each sheet; 0 for none")
        parser.add_argument("--hidden-rows", choices=[READ, SKIP], help="what to do with rows that are hidden")
        parser.add_argument(
            "--dates", choices=DATES, help="which comes first in dates such as 03/04/2025: day or month"
        )
        numbers = column_choices.TWO_NUMBERS
        parser.add_argument("--two-numbers", choices=numbers, help="which of several numbers in one cell counts")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file; raises CommandError with a sentence if that is not possible."""
        path, name, region = options["file"], " ".join(options["list_name"].split()), options["region"].upper()
        if region not in SUPPORTED_REGIONS:
            raise CommandError(f"{region} is no country: write two letters, such as IR.")
        if not name or len(name) > 120:
            raise CommandError("The name of the list must have 1 to 120 letters.")
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise CommandError(f"{path}: it is not an ordinary file. Save it as CSV or XLSX and name that.")
            record = upload.take_file(file, path.name, region)
        try:
            self._choose(record, name, region, options)
        except FileRefused:
            # Nobody can go on with it here: the command is run again, with the file.
            upload.drop(record)
            raise
        record = self._save(record)
        self._report(record, name, options["json"])

    def _choose(self, record: ContactImport, name: str, region: str, options: dict[str, Any]) -> None:
        column_choices.choose_sheets(
            record,
            sheets=options["sheet"],
            all_sheets=options["all_sheets"],
            titles=options["titles"],
            hidden_rows=options["hidden_rows"] or "",
        )
        mapping = column_choices.choose_columns(
            record, phone=options["phone"], name=options["name"], no_name=options["no_name"]
        )
        existing = ContactList.objects.filter(name=name).first()
        mapping = column_choices.with_update(mapping, update_known=options["update_known"])
        upload.map_columns(record, mapping, region=region, contact_list=existing, list_name=name)
        column_choices.choose_number(record, options["two_numbers"])
        column_choices.check(record, options["dates"])

    def _save(self, record: ContactImport) -> ContactImport:
        saving.begin_saving(record.pk, None)
        saving.save_import(record.pk, seconds=float("inf"))
        record.refresh_from_db()
        if record.status != ContactImport.Status.SAVED:
            raise FileRefused(record.refused_reason or "The import was not finished.")
        return record

    def _report(self, record: ContactImport, name: str, as_json: bool) -> None:
        verdicts = {verdict.value: record.counts.get(verdict.value, 0) for verdict in RowVerdict if verdict in MEANINGS}
        made, joined = record.counts["made"], record.counts["joined"]
        mapping = ColumnMapping.from_json(record.mapping)
        if as_json:
            found = {
                "import": record.pk,
                "list": record.contact_list_id,
                "rows": record.total_rows,
                "made": made,
                "joined": joined,
                "columns": {title: mapping.columns.get(place, "") for place, title in enumerate(record.headers)},
                "sheets": list(mapping.sheets),
                "sheets_not_read": {sheet.name: sheet.rows for sheet in mapping.not_read},
                "hidden_rows": {"rows": mapping.hidden, "read": mapping.hidden_rows != SKIP},
            }
            self.stdout.write(json.dumps(found | verdicts))
            return
        parts = ", ".join(
            f"{count} {verdict.label.lower()}" for verdict in RowVerdict if (count := verdicts.get(verdict))
        )
        self.stdout.write(f"{made} new people, {joined} joined “{name}”; of {record.total_rows} rows: {parts}.")
        said = [column_choices.in_words(record), *what_is_read(record), *column_choices.doubts(record)]
        for sentence in [*said, *column_choices.of_doubtful_wishes(record)]:
            self.stdout.write(sentence)
