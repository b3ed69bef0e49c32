"""Corrections of single rows of an import, made in place; every reading of the file uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.contacts.importing.files.limits import MAX_CELL
from campaigns.core.refusals import Refusal
from campaigns.models import ContactImport, CorrectedRow
from campaigns.models.imports import TwoNumbers

MOST_CORRECTED = 5_000
"""Rows of one import; who has more to correct does so in a spreadsheet."""
Status = ContactImport.Status


class Correction(NamedTuple):
    """What a user corrected of one row."""

    cells: Mapping[int, str]
    """Column position to the corrected text."""
    is_left_out: bool = False

    def applied_to(self, cells: Sequence[str]) -> list[str]:
        """Return the cells of the row with the corrected ones in their places."""
        changed = [*cells, *[""] * (max(self.cells, default=-1) + 1 - len(cells))]
        for column, text in self.cells.items():
            changed[column] = text
        return changed


def corrections_of(import_id: int) -> dict[tuple[str, int], Correction]:
    """Return the corrections of an import by sheet and row number; one query."""
    rows = CorrectedRow.objects.filter(contact_import=import_id).values_list("sheet", "row", "cells", "is_left_out")
    return {
        (sheet, row): Correction({int(column): text for column, text in cells.items()}, is_left_out)
        for sheet, row, cells, is_left_out in rows
    }


def correct_row(import_id: int, sheet: str, row: int, cells: Mapping[int, str], person: Any) -> None:
    """Store corrected cells of one row, before the import is saved; later ones are added to earlier. Raises Refusal."""
    _change(import_id, sheet, row, person, cells={str(column): text[:MAX_CELL] for column, text in cells.items()})


def leave_out(import_id: int, sheet: str, row: int, person: Any) -> None:
    """Leave one row out, as if it did not stand in the file. Raises Refusal."""
    _change(import_id, sheet, row, person, is_left_out=True)


def restore_row(import_id: int, sheet: str, row: int, person: Any) -> None:
    """Forget what was corrected of one row, so that it counts as it stands in the file. Raises Refusal."""
    with transaction.atomic():
        _lock_open(import_id)
        CorrectedRow.objects.filter(contact_import=import_id, sheet=sheet, row=row).delete()


def forget_corrections(import_id: int) -> None:
    """Delete all corrections of an import."""
    CorrectedRow.objects.filter(contact_import=import_id).delete()


def choose_number(import_id: int, which: str) -> None:
    """Say once for the whole file what counts where a cell holds several numbers. Raises Refusal."""
    with transaction.atomic():
        _lock_open(import_id)
        ContactImport.objects.filter(pk=import_id).update(two_numbers=TwoNumbers(which))


def _change(import_id: int, sheet: str, row: int, person: Any, **changes: Any) -> None:
    with transaction.atomic():
        _lock_open(import_id)
        theirs = CorrectedRow.objects.filter(contact_import=import_id)
        found = theirs.filter(sheet=sheet, row=row).first()
        if found is None:
            if theirs.count() >= MOST_CORRECTED:
                raise Refusal(
                    _(
                        "%(n)d rows have already been corrected here. Correct the others in the file and "
                        "upload it again."
                    )
                    % {"n": MOST_CORRECTED}
                )
            found = CorrectedRow(contact_import_id=import_id, sheet=sheet, row=row)
        found.cells = found.cells | changes.get("cells", {})
        found.is_left_out = changes.get("is_left_out", False)
        found.author = person
        found.save()


def _lock_open(import_id: int) -> ContactImport:
    """Lock an import that is not being saved yet, so that its saving begins before or after a change, never within."""
    record = ContactImport.objects.select_for_update().get(pk=import_id)
    if record.status not in {Status.UPLOADED, Status.CHECKED}:
        raise Refusal(_("This import is saved, so its rows can no longer be changed."))
    return record
