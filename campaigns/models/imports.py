"""Model of an import of people, or of do-not-call numbers, from a file."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.base import Owned
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_LIST_NAME
from campaigns.reasons import MAX_REASON

FOLDER = "imports"
"""Folder of uploaded files in the default storage."""
MAX_FILE_NAME = 200
"""Characters kept of an uploaded file's name."""


def upload_path(record: ContactImport, filename: str) -> str:
    """Return a generated path for an uploaded file; its own name is only displayed."""
    suffix = ".xlsx" if filename.lower().endswith(".xlsx") else ".csv"
    return f"{FOLDER}/{uuid.uuid4().hex}{suffix}"


class TwoNumbers(models.TextChoices):
    """What counts where one cell of a file holds several numbers."""

    ASK = "", _("Not chosen yet")
    FIRST = "first", _("The first number")
    SECOND = "second", _("The second number")
    BOTH = "both", _("Both, for one contact: the first is called")


class ContactImport(Owned):
    """An uploaded file, its column mapping and the result of its rows; only saving creates contacts or entries."""

    class Purpose(models.TextChoices):
        """What the rows of the file become."""

        PEOPLE = "people", _("Contacts")
        DO_NOT_CALL = "do_not_call", _("Do-not-call entries")

    class Status(models.TextChoices):
        """Status of an import."""

        UPLOADED = "uploaded", _("Uploaded")
        CHECKED = "checked", _("Checked")
        SAVING = "saving", _("Saving")
        SAVED = "saved", _("Saved")
        UNDONE = "undone", _("Undone")
        REFUSED = "refused", _("Refused")

    file = models.FileField(upload_to=upload_path)
    purpose = models.CharField(
        max_length=12, choices=Purpose.choices, default=Purpose.PEOPLE, db_default=Purpose.PEOPLE
    )
    original_name = models.CharField(_("file"), max_length=MAX_FILE_NAME)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UPLOADED)
    region = models.CharField(_("country of numbers without +"), max_length=2, default="IR")
    two_numbers = models.CharField(
        _("two numbers in a cell"), max_length=6, choices=TwoNumbers.choices, blank=True, default="", db_default=""
    )
    headers = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    """Column position (text) to a meaning (`importing.columns.mapping.FIELDS`), "var:<name>" or ""; and options."""
    total_rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    """Number of rows by verdict: good, fixed, bad, duplicate_in_file, in_list, known, do_not_call, left_out."""
    rows_with_several = models.PositiveIntegerField(default=0, db_default=0)
    """Rows with several numbers in a cell, at the check."""
    rows_that_differ = models.PositiveIntegerField(default=0, db_default=0)
    """Rows whose number stands in an earlier row that has other values, at the check."""
    samples = models.JSONField(default=dict)
    """The first rows of each verdict, for the check page."""
    done_rows = models.PositiveIntegerField(default=0)
    contact_list = models.ForeignKey(
        "campaigns.ContactList", models.SET_NULL, null=True, blank=True, related_name="imports"
    )
    list_name = models.CharField(_("list"), max_length=MAX_LIST_NAME, blank=True)
    tags = models.JSONField(default=list)
    consent_source = models.CharField(_("consent source"), max_length=MAX_CONSENT_SOURCE, blank=True)
    opt_out_reason = models.CharField(max_length=MAX_REASON, blank=True, default="", db_default="")
    opt_out_source = models.CharField(max_length=10, blank=True, default="", db_default="")
    """A value of `DoNotCall.Source`, for the entries that the file makes."""
    opt_out_until = models.DateTimeField(null=True, blank=True)
    """When the entries of rows without their own last day expire; null: never."""
    answers = models.JSONField(default=dict, db_default={})
    """What a user said of the whole file: "dates" (a `DayMonth`), and "wishes" (doubtful cell to "yes" or "no")."""
    saved_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    refused_reason = models.CharField(max_length=MAX_REASON, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_of_opt_outs(self) -> bool:
        """Tell whether its numbers go on the do-not-call list instead of its people into a list."""
        return self.purpose == self.Purpose.DO_NOT_CALL
