"""Models of an import's rows: what was corrected in place, what became of each, and who was refused."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.imports import ContactImport

MAX_SHEET_NAME = 31
"""Characters of a sheet's name in a workbook."""
MAX_WRITTEN, MAX_REFUSED_NAME = 60, 80
"""Characters kept of a refused number as written, and of its name."""


class CorrectedRow(models.Model):
    """Cells of one row of an import that a user corrected; every reading of the file uses them instead."""

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="corrected_rows", db_index=False)
    sheet = models.CharField(max_length=MAX_SHEET_NAME, blank=True)
    row = models.PositiveIntegerField()
    """Row number as a spreadsheet counts."""
    cells = models.JSONField(default=dict)
    """Column position (text) to the corrected text."""
    is_left_out = models.BooleanField(default=False, db_default=False)
    """The row counts as if it did not stand in the file."""
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("corrected row")
        verbose_name_plural = _("corrected rows")
        constraints = [
            models.UniqueConstraint(fields=["contact_import", "sheet", "row"], name="corrected_row_once_an_import")
        ]

    def __str__(self) -> str:
        return f"{self.contact_import_id}: {self.sheet} {self.row}"


class RowVerdicts(models.Model):
    """The verdicts of a batch of an import's rows, one letter a row, in the order of the file."""

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="row_verdicts", db_index=False)
    first = models.PositiveIntegerField()
    """How many rows stand before the batch."""
    letters = models.TextField()

    class Meta:
        verbose_name = _("results of rows")
        verbose_name_plural = _("results of rows")
        constraints = [models.UniqueConstraint(fields=["contact_import", "first"], name="verdicts_once_a_batch")]

    def __str__(self) -> str:
        return f"{self.contact_import_id}: {self.first}"


class RefusedRow(models.Model):
    """A row that did not become a person when its import was saved; deleted together with the import's file."""

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="refused_rows")
    sheet = models.CharField(max_length=MAX_SHEET_NAME, blank=True)
    row = models.PositiveIntegerField()
    """Row number as a spreadsheet counts."""
    name = models.CharField(max_length=MAX_REFUSED_NAME, blank=True)
    written = models.CharField(max_length=MAX_WRITTEN, blank=True)
    """The number as it is written in the file."""
    digits = models.CharField(max_length=MAX_WRITTEN, blank=True)
    """Its digits, 0 to 9, as a search compares them."""
    code = models.CharField(max_length=30)
    """Key of the importing notes, or "do_not_call"."""

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")

    def __str__(self) -> str:
        return f"{self.contact_import_id}: {self.sheet} {self.row}"
