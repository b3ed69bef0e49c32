"""Which of the first rows of a sheet the spreadsheet hides, to be marked where they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.files.reading import Table, open_table, path_of
from campaigns.contacts.importing.upload import TopOfSheet
from campaigns.models import ContactImport


def hidden_in(record: ContactImport, tops: Sequence[TopOfSheet]) -> dict[str, set[int]]:
    """Return the numbers of hidden rows among these, by sheet; nothing is read where none is hidden."""
    if not ColumnMapping.from_json(record.mapping).hidden:
        return {}
    table = open_table(path_of(record))
    return {top.sheet: _hidden(table, top) for top in tops}


def _hidden(table: Table, top: TopOfSheet) -> set[int]:
    numbers = {row.number for row in top.rows}
    last = max(numbers, default=0)
    shown = takewhile(lambda row: row[0] <= last, table.rows(top.sheet, skip_hidden=True))
    return numbers - {number for number, _cells, _problem in shown}
