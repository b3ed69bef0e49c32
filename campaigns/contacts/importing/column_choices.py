"""What a command chooses of a file's sheets and columns; where it has to be told more, the sentence says how.

In English only, as commands speak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from campaigns.contacts.importing import upload
from campaigns.contacts.importing.cells.dates import DayMonth
from campaigns.contacts.importing.columns.mapping import NAME, OTHER_PHONE, PHONE, ColumnMapping, plain_title
from campaigns.contacts.importing.columns.reading_words import of_hidden_rows
from campaigns.contacts.importing.columns.sheets import with_choice
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.rows.findings import DOUBTFUL_WISHES, UNCLEAR_DATES
from campaigns.contacts.importing.rows.notes import NOTES
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.rows.verdicts import RowVerdict
from campaigns.models import ContactImport
from campaigns.models.imports import TwoNumbers

TWO_NUMBERS = [value for value in TwoNumbers.values if value]
_NUMBERS = ", ".join(TWO_NUMBERS[:-1]) + f" or {TWO_NUMBERS[-1]}"
SAMPLES = 3


def choose_sheets(
    record: ContactImport,
    *,
    sheets: Sequence[str] | None,
    all_sheets: bool,
    titles: int | None,
    hidden_rows: str,
) -> None:
    """Read the sheets and titles that are named instead of the guessed ones.

    Raises FileRefused if there is no such sheet, or if rows are hidden and nobody said whether they are read.
    """
    found = ColumnMapping.from_json(record.mapping)
    names = [sheet.name for sheet in found.found]
    if all_sheets:
        sheets = [sheet.name for sheet in found.found]
    if unknown := [name for name in sheets or [] if name not in names]:
        raise FileRefused(f"This file has no sheet “{unknown[0]}”. Its sheets with rows: {', '.join(names) or 'none'}.")
    if sheets or titles is not None or hidden_rows:
        taken = list(sheets or found.sheets)
        chosen = dict.fromkeys(taken or [""], (titles,) if titles else ()) if titles is not None else {}
        upload.rearrange(record, sheets=taken if sheets else None, titles=chosen, hidden_rows=hidden_rows)
    mapping = ColumnMapping.from_json(record.mapping)
    if mapping.hidden and not mapping.hidden_rows:
        raise FileRefused(
            f"Rows of this file are hidden: {of_hidden_rows(mapping)}. Say --hidden-rows read or --hidden-rows skip."
        )


def choose_columns(record: ContactImport, *, phone: str | None, name: str | None, no_name: bool) -> ColumnMapping:
    """Return the mapping with the columns that are named.

    Raises FileRefused where columns compete and none is named.
    """
    mapping = ColumnMapping.from_json(record.mapping)
    if phone is not None:
        mapping = with_choice(mapping, PHONE, _column(record, phone), record.headers)
    if name is not None or no_name:
        mapping = with_choice(mapping, NAME, None if name is None else _column(record, name), record.headers)
    for meaning, option in ((PHONE, "--phone"), (NAME, "--name")):
        if meaning in mapping.asks:
            raise FileRefused(_which(record, mapping.asks[meaning], option))
    if len(mapping.columns_of(PHONE)) != 1:
        raise FileRefused(
            "No column of this file holds phone numbers: name it by --phone COLUMN, or give the --region."
        )
    return mapping


def choose_phones(record: ContactImport, named: Sequence[str] | None) -> ColumnMapping:
    """Return the mapping of a do-not-call file with the phone columns that are named; None leaves those found.

    Raises FileRefused where there is none.
    """
    mapping = ColumnMapping.from_json(record.mapping)
    if named is not None:
        chosen = [_column(record, one) for one in named]
        others = {column: "" if meaning == PHONE else meaning for column, meaning in mapping.columns.items()}
        mapping = replace(mapping, columns=others | dict.fromkeys(chosen, PHONE))
    if not mapping.columns_of(PHONE):
        raise FileRefused(
            "No column of this file holds phone numbers: name each by --phone COLUMN, or give the --region. "
            f"Its columns: {', '.join(record.headers)}."
        )
    return mapping


DATES = [order.value.replace("_", "-") for order in DayMonth]
"""What a command takes for the order of day and month."""


def check(record: ContactImport, dates: str | None) -> None:
    """Judge every row, with dates such as 03/04/2025 read as `dates` (one of `DATES`) says.

    Raises FileRefused for a file that cannot be read to its end, and where nobody said which of day and month is first.
    """
    if dates:
        upload.answer(record, dates=DayMonth(dates.replace("-", "_")), wishes={})
    check_import(record.pk)
    record.refresh_from_db()
    if record.status == ContactImport.Status.REFUSED:
        raise FileRefused(record.refused_reason)
    if unclear := record.counts.get(UNCLEAR_DATES):
        raise FileRefused(
            f"In {unclear} dates day and month could be either: give --dates day-first or --dates month-first."
        )


def of_doubtful_wishes(record: ContactImport) -> list[str]:
    """Return a sentence on the values of do-not-call columns that say neither yes nor no, whose rows are held."""
    values = [found["value"] for found in record.samples.get(DOUBTFUL_WISHES, [])]
    return [f"Neither yes nor no, so these rows are held: {', '.join(values)}."] if values else []


def with_update(mapping: ColumnMapping, *, update_known: bool) -> ColumnMapping:
    """Return the mapping with the choice whether known people get the file's values."""
    return replace(mapping, update_known=update_known)


def in_words(record: ContactImport) -> str:
    """Return which columns hold number, name and further numbers, and which are kept as variables."""
    mapping = ColumnMapping.from_json(record.mapping)
    said = [
        ("phone number", mapping.columns_of(PHONE)),
        ("another phone number", mapping.columns_of(OTHER_PHONE)),
        ("name", mapping.columns_of(NAME)),
    ]
    parts = []
    for what, columns in said:
        if columns:
            parts.append(f"{what}: " + ", ".join(f"“{record.headers[column]}”" for column in columns))
    variables = [f"{{{name}}}" for name in mapping.variables().values()]
    if variables:
        parts.append("variables: " + ", ".join(variables))
    return f"Columns: {'; '.join(parts)}."


def doubts(record: ContactImport) -> list[str]:
    """Return what is wrong with the first bad rows, with rows saved without some cells, and with rows not saved."""
    found = []
    if record.rows_with_several and not record.two_numbers:
        found.append(f"Rows with several numbers in a cell: {record.rows_with_several}. Say --two-numbers {_NUMBERS}.")
    if record.rows_that_differ:
        found.append(f"Rows with the number of an earlier row and other values: {record.rows_that_differ}, not saved.")
    for verdict in (RowVerdict.BAD, RowVerdict.FIXED, RowVerdict.DUPLICATE_IN_FILE):
        for sample in record.samples.get(verdict.value, []):
            if sample["note"]:
                sheet = f"{sample['sheet']}, " if sample.get("sheet") else ""
                found.append(f"{verdict.label}, {sheet}row {sample['row']}: {NOTES[sample['note']]}")
    return found


def choose_number(record: ContactImport, which: str | None) -> None:
    """Store which of several numbers in a cell counts, before the rows are checked; None leaves them bad."""
    if which:
        record.two_numbers = TwoNumbers(which)
        record.save(update_fields=["two_numbers"])


def _column(record: ContactImport, named: str) -> int:
    """Return the column with this title, or else at this position, counted from 1. Raises FileRefused."""
    wanted = plain_title(named)
    for column, header in enumerate(record.headers):
        if wanted and plain_title(header) == wanted:
            return column
    if wanted.isdecimal() and 1 <= int(wanted) <= len(record.headers):
        return int(wanted) - 1
    raise FileRefused(f"This file has no column “{named}”. Its columns: {', '.join(record.headers)}.")


def _which(record: ContactImport, columns: Sequence[int], option: str) -> str:
    rows = [row for top in upload.tops_of(record) for row in top.samples]
    choices = []
    for column in columns:
        samples = [row[column] for row in rows if column < len(row) and row[column].strip()][:SAMPLES]
        choices.append(f"{option} “{record.headers[column]}” ({', '.join(map(_masked, samples))})")
    if option == "--phone":
        what = "It is not certain which column holds the phone numbers."
    else:
        what = "More than one column may hold the names. If none does, say --no-name."
    return f"{what} Choose one: {' or '.join(choices)}."


def _masked(sample: str) -> str:
    """Return a cell as an example, without a full phone number."""
    text = sample[:40]
    digits = sum(map(str.isdigit, text))
    if digits < 7:
        return text
    seen, hidden = 0, []
    for sign in text:
        seen += sign.isdigit()
        hidden.append("•" if sign.isdigit() and 4 < seen <= digits - 3 else sign)
    return "".join(hidden)
