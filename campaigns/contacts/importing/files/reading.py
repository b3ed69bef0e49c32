"""What uploaded files hold, as the product asks for it: each is parsed in a process of its own, see `parser.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from campaigns.contacts.importing.files import parser, parsing
from campaigns.contacts.importing.files.csv_rows import Row
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.files.tables import FileTable, MeasuredSheet
from campaigns.core import stored_files
from campaigns.models import ContactImport


@dataclass(frozen=True, slots=True)
class Table(FileTable):
    """A file whose rows can be read repeatedly, each time by a process of its own."""

    language: str = ""
    """Language of lengths of time in a workbook; empty: the active one."""

    def rows(self, sheet: str = "", *, skip_hidden: bool = False) -> Iterator[Row]:
        """Yield each row of a sheet that is not blank, as (row number, cells, problem code).

        With "" those of the first visible sheet that holds rows; a CSV file has no other. Raises FileRefused, also
        where the process that reads takes too much memory or too long, and ReadingStopped where it was ended.
        """
        asked = {"table": parser.as_json(self), "sheet": sheet, "skip_hidden": skip_hidden}
        for answer in parser.parse("rows", self.path, asked, language=self.language):
            yield from parsing.rows_of_answer(answer)


def path_of(record: ContactImport) -> Path:
    """Return a path on this host of an import's file.

    Raises FileRefused if it was deleted in time, FileNotFoundError if it is not here, and StorageAway.
    """
    if not record.file:
        raise FileRefused(_("The file is deleted a few days after upload. Its figures remain."))
    return stored_files.local_copy(str(record.file.name))


def open_table(path: Path) -> Table:
    """Return the table for a file, chosen by its size and first bytes. Raises FileRefused."""
    (answer,) = parser.parse("open", path)
    return _table(path, answer)


def measure(path: Path) -> list[MeasuredSheet]:
    """Read a whole file once to check the limits; returns its visible sheets, blank ones too. Raises FileRefused."""
    (answer,) = parser.parse("measure", path)
    return [
        MeasuredSheet(name, rows, columns, [(number, cells) for number, cells in first], tuple(hidden), hidden_rows)
        for name, rows, columns, first, hidden, hidden_rows in answer["sheets"]
    ]


def _table(path: Path, answer: dict[str, Any]) -> Table:
    return Table(path, **(answer["table"] | {"marked": frozenset(answer["table"]["marked"])}))
