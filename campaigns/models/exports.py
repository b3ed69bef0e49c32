"""Export jobs: files of calls or people that a user requested; the row is the job."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.base import Owned
from campaigns.reasons import MAX_REASON


class CallExport(Owned):
    """One export: its filters, the progress of writing, and its file until that is deleted."""

    class State(models.TextChoices):
        """Status of an export."""

        WAITING = "waiting", _("Waiting")
        WRITING = "writing", _("Creating file")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        DELETED = "deleted", _("File deleted")

    class Format(models.TextChoices):
        """File formats."""

        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel (XLSX)")
        JSON = "json", _("JSON, for programs")

    class Kind(models.TextChoices):
        """What a file is of."""

        CALLS = "calls", _("Calls")
        PEOPLE = "people", _("Contacts")

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.CALLS, db_default=Kind.CALLS)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    format = models.CharField(max_length=4, choices=Format.choices)
    filters = models.JSONField(default=dict)
    """The filters as `CallFilters.to_json` or `PeopleFilters.to_json` returns them."""
    words = models.JSONField(default=list)
    """The filters in words: [name, value] pairs as the page showed them."""
    order = models.CharField(max_length=20, blank=True, default="", db_default="")
    """One of `call_log_order.ORDERS`; empty: the newest first."""
    columns = models.JSONField(default=list)
    """Keys of the columns; of a file of people they are known when its writing begins."""
    shows_numbers = models.BooleanField(default=False)
    """Whether the file holds whole phone numbers."""
    language = models.CharField(max_length=10)
    zone = models.CharField(max_length=60)
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    total_rows = models.PositiveIntegerField(null=True, blank=True)
    done_rows = models.PositiveIntegerField(default=0)
    last_id = models.PositiveBigIntegerField(null=True, blank=True)
    """Id of the last written call or person; rows are written from the newest to the oldest, or in their order."""
    newest_id = models.PositiveBigIntegerField(null=True, blank=True)
    """Id of the newest call or person when writing began; later ones are left out."""
    written_bytes = models.PositiveBigIntegerField(default=0)
    """Bytes of the unfinished file that are complete; after a crash the rest is cut off and written again."""
    tries = models.PositiveSmallIntegerField(default=0)
    """Consecutive runs that stopped without progress."""
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    file = models.CharField(max_length=80, blank=True)
    """File name within the folder of exports."""
    size = models.PositiveBigIntegerField(null=True, blank=True)
    error = models.CharField(max_length=MAX_REASON, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="export_by_owner"),
            models.Index(
                fields=["lease_until"], condition=models.Q(state__in=["waiting", "writing"]), name="export_to_write"
            ),
            models.Index(fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="export_to_delete"),
        ]

    def __str__(self) -> str:
        return f"{_('Export')} {self.pk}"
