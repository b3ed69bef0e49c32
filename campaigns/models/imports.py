"""Model of an import of people from a file."""

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


class ContactImport(Owned):
    """An uploaded file, its column mapping and the result of its rows; contacts are created only by saving."""

    class Status(models.TextChoices):
        """Status of an import."""

        UPLOADED = "uploaded", _("Uploaded")
        CHECKED = "checked", _("Checked")
        SAVING = "saving", _("Saving")
        SAVED = "saved", _("Saved")
        UNDONE = "undone", _("Undone")
        REFUSED = "refused", _("Refused")

    file = models.FileField(upload_to=upload_path)
    original_name = models.CharField(_("file"), max_length=MAX_FILE_NAME)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UPLOADED)
    region = models.CharField(_("country of numbers without +"), max_length=2, default="IR")
    headers = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    """Column position (text) to a meaning ("phone", "name", "var:<name>", "" ...), beside sheets, titles and options.

    Written and read by `ColumnMapping` alone.
    """
    total_rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    """Number of rows by verdict: good, fixed, bad, duplicate_in_file, in_list, known, do_not_call."""
    samples = models.JSONField(default=dict)
    """The first rows of each verdict, for the check page."""
    done_rows = models.PositiveIntegerField(default=0)
    contact_list = models.ForeignKey(
        "campaigns.ContactList", models.SET_NULL, null=True, blank=True, related_name="imports"
    )
    list_name = models.CharField(_("list"), max_length=MAX_LIST_NAME, blank=True)
    tags = models.JSONField(default=list)
    consent_source = models.CharField(_("consent given by"), max_length=MAX_CONSENT_SOURCE, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    refused_reason = models.CharField(max_length=MAX_REASON, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.original_name
