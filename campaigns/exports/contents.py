"""What a file of each kind holds: which rows, in which columns, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns.calls import call_columns
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.calls.call_log_order import all_in_order
from campaigns.core.csv_cells import csv_header, csv_lines, safe_cell, text_cell
from campaigns.core.scope import seen_by
from campaigns.core.whole_numbers import sees_all_numbers
from campaigns.exports import json_rows, xlsx
from campaigns.exports.call_sheet import CallSheet
from campaigns.exports.people_filters import PeopleFilters
from campaigns.exports.people_sheet import MOST_TOLD, PeopleSheet, TooManyColumns, columns_for
from campaigns.models import Call, CallExport, Contact
from campaigns.models.calls import CallQuerySet

Kind, Format = CallExport.Kind, CallExport.Format


class Impossible(Exception):
    """Raised when a file can never be written; the message is a sentence for people."""


class Contents(Protocol):
    """The rows of one file, as they are written."""

    title: str
    """Title of the sheet."""

    def found(self) -> QuerySet[Any]:
        """Return the rows that belong into it."""

    def in_order(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows in the order of the file."""

    def columns(self, rows: QuerySet[Any]) -> list[str] | None:
        """Return the keys of the columns of a file that is begun; None where they were chosen. Raises Impossible."""

    def header(self) -> str:
        """Return the beginning of the file."""

    def written(self, ids: Sequence[int], *, is_first: bool) -> str:
        """Return the rows with these ids, which are in the order of the file.

        `is_first` says that no row stands before them.
        """


class CallsFile:
    """A file of calls."""

    def __init__(self, export: CallExport, owner: User) -> None:
        self.title, self._owner, self._format, self._order = _("Calls"), owner, export.format, export.order
        try:
            self._filters = CallFilters.from_json(export.filters)
        except ObjectDoesNotExist:
            raise Impossible(
                _("A campaign, provider or agent in the filters no longer exists. Filter again.")
            ) from None
        columns = call_columns.open_to(call_columns.chosen(export.columns), owner)
        shows_numbers = export.shows_numbers and sees_all_numbers(owner)
        self._sheet = CallSheet(Call.objects.none(), shows_numbers=shows_numbers, columns=columns)

    def found(self) -> QuerySet[Call]:
        """Return the calls of the filters."""
        return find_calls(self._filters, self._owner, is_walked=False)

    def in_order(self, rows: QuerySet[Call]) -> QuerySet[Call]:
        """Return the calls in the order that was chosen for the log."""
        assert isinstance(rows, CallQuerySet)
        return all_in_order(rows, self._filters, self._order)

    def columns(self, rows: QuerySet[Call]) -> None:
        """Return None: the columns of calls are chosen when the file is asked for."""

    def header(self) -> str:
        """Return the beginning of the file."""
        if self._format == Format.JSON:
            return json_rows.BEGIN
        return xlsx.header_of(self._sheet.header) if self._format == Format.XLSX else csv_header(self._sheet.header)

    def written(self, ids: Sequence[int], *, is_first: bool) -> str:
        """Return the calls with these ids, which are in the order of the file."""
        is_whole = not self._order and len(ids) == ids[0] - ids[-1] + 1
        # Ids without a gap are named by their ends: the database need not look up a thousand one by one.
        those = Call.objects.filter(pk__range=(ids[-1], ids[0])) if is_whole else Call.objects.filter(pk__in=ids)
        # An order is kept from the first slice on: what its owner may see by now is asked again.
        those = seen_by(self._owner, those) if self._order else those
        calls, keys = those.order_by("-pk"), ids if self._order else None
        if self._format == Format.JSON:
            return json_rows.rows_of(self._sheet.names, self._sheet.values(calls, keys), is_first=is_first)
        if self._format == Format.XLSX:
            return xlsx.rows_of(self._sheet.values(calls, keys))
        return csv_lines(self._sheet.rows(calls, keys))


class PeopleFile:
    """A file of people."""

    def __init__(self, export: CallExport, owner: User) -> None:
        self.title, self._owner, self._export = _("Contacts"), owner, export
        self._is_xlsx = export.format == Format.XLSX
        try:
            self._filters = PeopleFilters.from_json(export.filters)
        except (ObjectDoesNotExist, KeyError):
            raise Impossible(_("The list or tag to export no longer exists. Choose the contacts again.")) from None

    @property
    def _sheet(self) -> PeopleSheet:
        return PeopleSheet(
            self._owner,
            self._export.columns,
            shows_numbers=self._export.shows_numbers and sees_all_numbers(self._owner),
            language=self._export.language,
        )

    def found(self) -> QuerySet[Contact]:
        """Return the people of the filters."""
        return self._filters.find(self._owner)

    def in_order(self, rows: QuerySet[Contact]) -> QuerySet[Contact]:
        """Return the people, the newest first."""
        return rows.order_by("-pk")

    def columns(self, rows: QuerySet[Contact]) -> list[str]:
        """Return the columns that these people need."""
        try:
            return columns_for(rows)
        except TooManyColumns as refused:
            raise Impossible(
                _(
                    "These contacts have %(needed)d variables and other numbers, but a file has room for "
                    "%(most)d. Export one list or tag of them."
                )
                % {"needed": refused.needed, "most": MOST_TOLD}
            ) from None

    def header(self) -> str:
        """Return the beginning of the file."""
        titles = self._sheet.header
        if self._is_xlsx:
            return xlsx.header_of([text_cell(title) for title in titles], is_text=True)
        return csv_header([safe_cell(title) for title in titles])

    def written(self, ids: Sequence[int], *, is_first: bool) -> str:
        """Return the people with these ids; whoever is not theirs to see any more is left out."""
        rows = self._sheet.rows(self.found().filter(pk__in=ids))
        if self._is_xlsx:
            return xlsx.rows_of([text_cell(cell) for cell in row] for row in rows)
        return csv_lines([safe_cell(cell) for cell in row] for row in rows)


def contents_of(export: CallExport, owner: User) -> Contents:
    """Return what an export holds. Raises Impossible where it can never be written."""
    return PeopleFile(export, owner) if export.kind == Kind.PEOPLE else CallsFile(export, owner)
