"""Forms of an import's rows: the cells of one row, and what counts where a cell holds several numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.contacts.importing.rows.people_rows import Reader
from campaigns.models.imports import TwoNumbers

CELL = "cell_"
MAX_CORRECTED = 2_000
"""Characters of a cell that can be corrected in place."""


class RowForm(forms.Form):
    """The cells of one row that become part of a person."""

    def __init__(self, data: Any, row: FileRow, reader: Reader, titles: Sequence[str]) -> None:
        super().__init__(data, auto_id=f"id_{row.number}_%s")
        self.row = row
        # The sheet's own key and the column keep two forms of one page apart.
        for column in reader.used:
            is_phone = column in reader.phone_columns
            cell = row.cells[column] if column < len(row.cells) else ""
            if len(cell) > MAX_CORRECTED or column >= len(titles):
                continue
            self.fields[f"{CELL}{column}"] = forms.CharField(
                label=titles[column],
                required=False,
                strip=False,
                max_length=MAX_CORRECTED,
                initial=cell,
                widget=forms.TextInput(
                    {"autocomplete": "off", "dir": "ltr" if is_phone else "auto"}
                    | ({"inputmode": "tel"} if is_phone else {})
                ),
            )

    def changed_cells(self) -> Mapping[int, str]:
        """Return the cells that differ from the row as it was, by column; the form must be valid."""
        return {int(name.removeprefix(CELL)): str(self.cleaned_data[name]) for name in self.changed_data}


class TwoNumbersForm(forms.Form):
    """What counts where one cell holds several numbers; asked once a file."""

    which = forms.ChoiceField(
        label=_("Some cells contain several numbers. Use"),
        choices=[choice for choice in TwoNumbers.choices if choice[0]],
        widget=forms.RadioSelect,
    )
