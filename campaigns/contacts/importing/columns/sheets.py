"""How the sheets of a file become one table: titles, columns and rows of those that are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns.contacts.importing.columns.guessing import GuessedColumns, guess_columns
from campaigns.contacts.importing.columns.mapping import (
    NAME,
    PHONE,
    SKIP,
    VARIABLE,
    ColumnMapping,
    FoundSheet,
    SheetLayout,
    place_cells,
    plain_title,
    variable_name,
)
from campaigns.contacts.importing.columns.own_titles import OwnColumns, own_columns
from campaigns.contacts.importing.columns.title_rows import find_title_rows, headers_of, titles_of
from campaigns.contacts.importing.files.limits import FileRefused, limits
from campaigns.contacts.importing.files.tables import MeasuredSheet
from campaigns.numbers import is_masked

MAX_GUESSED = 20
"""Sheets whose columns are looked at closely, so that a workbook of hundreds costs no more."""
LEAST_PEOPLE = 3
"""Rows without titles that make a sheet a list of people, where another sheet may be one."""
TitleChoices = Mapping[str, tuple[int, ...]]
"""Sheet name to the numbers of its title rows, where a person has chosen them."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A file as it is read: what its columns are called and mean, and how many rows it has below the titles."""

    headers: list[str]
    mapping: ColumnMapping
    rows: int
    """Rows below the titles of all sheets that are read; hidden ones only if they are read."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet with its title rows, and what is guessed of it alone."""

    measured: MeasuredSheet
    title_rows: tuple[int, ...]
    titles: list[str]
    body: list[list[str]]
    guess: GuessedColumns
    own: OwnColumns | None = None
    """What the columns mean where we wrote the sheet ourselves."""

    @property
    def has_people(self) -> bool:
        return PHONE in self.guess.columns.values() or PHONE in self.guess.asks

    @property
    def is_list(self) -> bool:
        """Whether it is surely a list of people, not a cover that names a number to ask at."""
        return self.has_people and (bool(self.title_rows) or len(self.body) >= LEAST_PEOPLE)


def arrange(
    measured: Sequence[MeasuredSheet],
    region: str,
    *,
    taken: Sequence[str] | None = None,
    titles: TitleChoices | None = None,
    hidden_rows: str = "",
) -> Arrangement:
    """Return how a file is read; without `taken` the first sheet with phone numbers, else the first with rows.

    Raises FileRefused if nothing stands below the titles, or the sheets have too many rows together.
    """
    chosen = titles or {}
    filled = [sheet for sheet in measured if sheet.rows]
    sheets = [
        _look(sheet, region, chosen.get(sheet.name), is_guessed=place < MAX_GUESSED or sheet.name in (taken or ()))
        for place, sheet in enumerate(filled)
    ]
    if taken is None:
        lists = [sheet for sheet in sheets if sheet.is_list] or [sheet for sheet in sheets if sheet.has_people]
        parts = (lists or sheets)[:1]
    else:
        parts = [sheet for sheet in sheets if sheet.measured.name in taken]
    if not parts:
        raise FileRefused(_("Choose at least one sheet with rows."))
    _refuse_masked(parts)
    names, columns = _joined(parts)
    body = [place_cells(row, own) for part, own in zip(parts, columns, strict=True) for row in part.body]
    guess = guess_columns(names, body, region) if len(parts) > 1 else parts[0].guess
    layouts = {
        part.measured.name: SheetLayout(part.title_rows, tuple(own) if own != list(range(len(own))) else ())
        for part, own in zip(parts, columns, strict=True)
    }
    rows = sum(_rows_below(part, skip_hidden=hidden_rows == SKIP) for part in parts)
    if rows <= 0:
        raise FileRefused(_("This file has titles but no rows."))
    most = limits().max_rows
    if rows > most:
        raise FileRefused(
            _("These sheets have more than %(rows)s rows together. Choose fewer sheets.") % {"rows": most}
        )
    mapping = ColumnMapping(
        guess.columns,
        has_titles=bool(parts[0].title_rows),
        sheets=tuple(part.measured.name for part in parts if part.measured.name),
        layouts=layouts,
        hidden_rows=hidden_rows,
        language=get_language() or "",
        asks=guess.asks,
        found=tuple(_found(sheet) for sheet in sheets if sheet.measured.name),
        untitled=tuple(column for column, title in enumerate(names) if not title),
        is_own_export=len(parts) == 1 and parts[0].own is not None,
    )
    return Arrangement(headers_of(names), mapping, rows)


def with_choice(mapping: ColumnMapping, meaning: str, column: int | None, headers: Sequence[str]) -> ColumnMapping:
    """Return the mapping after a person said which one column has a meaning; None for none of them.

    A column that was taken for it before becomes a variable.
    """
    columns = dict(mapping.columns)
    taken = {NAME, *mapping.variables().values()}
    for other in mapping.columns_of(meaning):
        columns[other] = VARIABLE + variable_name(headers[other], taken)
    if column is not None:
        columns[column] = meaning
    return replace(mapping, columns=columns, asks={key: asked for key, asked in mapping.asks.items() if key != meaning})


def _look(sheet: MeasuredSheet, region: str, chosen: tuple[int, ...] | None, *, is_guessed: bool) -> _Sheet:
    rows = sheet.first_rows
    own = own_columns(rows[0][1]) if rows and chosen in (None, (rows[0][0],)) else None
    if own is not None:
        number, cells = rows[0]
        titles = [*cells, *[""] * (sheet.columns - len(cells))]
        body = [below for _number, below in rows[1:]]
        return _Sheet(sheet, (number,), titles, body, GuessedColumns(own.columns, {}), own)
    title_rows = find_title_rows(rows) if chosen is None else chosen
    last = title_rows[-1] if title_rows else 0
    titles = titles_of([cells for number, cells in rows if number in title_rows], sheet.columns)
    body = [cells for number, cells in rows if number > last]
    guess = guess_columns(titles, body, region) if is_guessed else GuessedColumns({}, {})
    return _Sheet(sheet, title_rows, titles, body, guess)


def _refuse_masked(parts: Sequence[_Sheet]) -> None:
    """Raise FileRefused for a file of masked numbers, of which nobody can be called and every row would be bad."""
    for part in parts:
        phones = _columns_of(part.guess, PHONE) or range(len(part.titles))
        if (part.own is not None and part.own.is_masked) or any(_is_masked(part.body, column) for column in phones):
            raise FileRefused(
                _(
                    "The numbers in this file are masked (only the last four digits), so nothing can be "
                    "imported. Ask a user who can see full numbers to export it again."
                )
            )


def _is_masked(body: Sequence[Sequence[str]], column: int) -> bool:
    """Tell whether most cells of a column are masked numbers."""
    filled = [row[column] for row in body if column < len(row) and row[column].strip()]
    return 2 * sum(map(is_masked, filled)) > len(filled)


def _found(sheet: _Sheet) -> FoundSheet:
    last = sheet.title_rows[-1] if sheet.title_rows else 0
    above = sum(number <= last for number in sheet.measured.hidden)
    return FoundSheet(
        sheet.measured.name, _rows_below(sheet, skip_hidden=False), sheet.measured.hidden_rows - above, sheet.has_people
    )


def _rows_below(sheet: _Sheet, *, skip_hidden: bool) -> int:
    last = sheet.title_rows[-1] if sheet.title_rows else 0
    above = [number for number, _cells in sheet.measured.first_rows if number <= last]
    rows = sheet.measured.rows - len(above)
    if skip_hidden:
        rows -= sheet.measured.hidden_rows - sum(number in above for number in sheet.measured.hidden)
    return rows


def _joined(parts: Sequence[_Sheet]) -> tuple[list[str], list[list[int]]]:
    """Return the titles of all sheets' columns together, and for each sheet the place of its own columns there.

    Columns of one title are one column, wherever they stand; so are the phone and the name columns, however titled.
    """
    main = parts[0]
    names = list(main.titles)
    places = [list(range(len(names)))]
    known = _known(main, places[0])
    for part in parts[1:]:
        own: list[int | None] = [None] * len(part.titles)
        free = set(range(len(names)))
        for column, title in enumerate(part.titles):
            same = [place for place in sorted(free) if title and plain_title(names[place]) == plain_title(title)]
            if same:
                own[column] = same[0]
                free.discard(same[0])
        for meaning in (PHONE, NAME):
            theirs, place = _columns_of(part.guess, meaning), known.get(meaning)
            if len(theirs) == 1 and place in free and own[theirs[0]] is None:
                own[theirs[0]] = place
                free.discard(place)
        for column, title in enumerate(part.titles):
            if own[column] is not None:
                continue
            if not part.title_rows and column in free:
                own[column] = column
                free.discard(column)
            else:
                own[column] = len(names)
                names.append(title)
        placed = [place for place in own if place is not None]
        places.append(placed)
        known = _known(part, placed) | known
    return names, places


def _known(sheet: _Sheet, places: Sequence[int]) -> dict[str, int]:
    """Return the column of the whole file that is this sheet's one phone, and its one name."""
    found = {meaning: _columns_of(sheet.guess, meaning) for meaning in (PHONE, NAME)}
    return {meaning: places[columns[0]] for meaning, columns in found.items() if len(columns) == 1}


def _columns_of(guess: GuessedColumns, meaning: str) -> list[int]:
    return [column for column, found in guess.columns.items() if found == meaning]
