"""What of a file is read and what is not, in sentences: for the pages and the command."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.amounts import number
from campaigns.contacts.importing.columns.mapping import IGNORED, SKIP, ColumnMapping, FoundSheet
from campaigns.models import ContactImport


def what_is_read(record: ContactImport) -> list[str]:
    """Return sentences on sheets, titles, hidden rows and columns that are left out, in the active language."""
    mapping = ColumnMapping.from_json(record.mapping)
    sentences = []
    if len(mapping.found) > 1:
        read = [sheet for sheet in mapping.found if sheet.name in mapping.sheets]
        sentences.append(_("Sheets to import: %(sheets)s.") % {"sheets": _named(read)})
        if mapping.not_read:
            sentences.append(_("Skipped sheets: %(sheets)s.") % {"sheets": _named(mapping.not_read)})
    if mapping.hidden and mapping.hidden_rows:
        sentences.append(_of_hidden(mapping))
    sentences += [sentence for sheet in mapping.sheets or ("",) for sentence in _of_titles(mapping, sheet)]
    nameless = [
        _("“%(name)s”") % {"name": header}
        for column, header in enumerate(record.headers)
        if mapping.columns.get(column) == IGNORED and column in mapping.untitled
    ]
    if nameless:
        sentences.append(_("Skipped, no title: %(columns)s.") % {"columns": _list(nameless)})
    return sentences


def of_hidden_rows(mapping: ColumnMapping) -> str:
    """Return how many rows the sheets that are read have, and how many of them are shown: "6 rows, 2 shown"."""
    rows = sum(sheet.rows for sheet in mapping.found if sheet.name in mapping.sheets)
    text = ngettext("%(rows)s row, %(shown)s visible", "%(rows)s rows, %(shown)s visible", rows)
    return text % {"rows": number(rows), "shown": number(rows - mapping.hidden)}


def _of_hidden(mapping: ColumnMapping) -> str:
    hidden = mapping.hidden
    if mapping.hidden_rows == SKIP:
        text = ngettext("%(n)s hidden row is skipped.", "%(n)s hidden rows are skipped.", hidden)
    else:
        text = ngettext("%(n)s hidden row is included.", "%(n)s hidden rows are included.", hidden)
    return text % {"n": number(hidden)}


def _of_titles(mapping: ColumnMapping, sheet: str) -> list[str]:
    layout = mapping.layouts.get(sheet)
    if layout is None or layout.titles == (1,):
        return []
    where = f"“{sheet}”: " if len(mapping.sheets) > 1 else ""
    if not layout.titles:
        return [where + _("No title row found. Every row is read as a contact.")]
    rows = "–".join(number(row) for row in sorted({layout.titles[0], layout.titles[-1]}))
    sentence = ngettext("The titles are in row %(rows)s.", "The titles are in rows %(rows)s.", len(layout.titles))
    found = [where + sentence % {"rows": rows}]
    if layout.titles[0] > 1:
        found.append(where + _("Rows above row %(row)s are skipped.") % {"row": number(layout.titles[0])})
    return found


def _named(sheets: Sequence[FoundSheet]) -> str:
    rows = [
        ngettext("“%(name)s” (%(rows)s row)", "“%(name)s” (%(rows)s rows)", sheet.rows)
        % {"name": sheet.name, "rows": number(sheet.rows)}
        for sheet in sheets
    ]
    return _list(rows)


def _list(parts: Sequence[str]) -> str:
    return _(", ").join(parts)
