"""Files of calls that somebody asked for; the row is the job."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.base import Owned
from campaigns.reasons import MAX_REASON


class CallExport(Owned):
    """One export: what was asked for, how far its writing is, and its file while that is kept."""

    class State(models.TextChoices):
        """Names where an export stands."""

        WAITING = "waiting", _("Waits its turn")
        WRITING = "writing", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        DELETED = "deleted", _("File deleted")

    class Format(models.TextChoices):
        """Names the kinds of files."""

        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel (XLSX)")

    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    format = models.CharField(max_length=4, choices=Format.choices)
    filters = models.JSONField(default=dict)
    """What `CallFilters` holds, for the machine."""
    words = models.JSONField(default=list)
    """The same for people: [name, value] pairs as they stood on the page."""
    columns = models.JSONField(default=list)
    shows_numbers = models.BooleanField(default=False)
    """Whether the file holds whole phone numbers."""
    language = models.CharField(max_length=10)
    zone = models.CharField(max_length=60)
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    total_rows = models.PositiveIntegerField(null=True, blank=True)
    done_rows = models.PositiveIntegerField(default=0)
    last_id = models.PositiveBigIntegerField(null=True, blank=True)
    """The call that was written last; rows go from new to old."""
    newest_id = models.PositiveBigIntegerField(null=True, blank=True)
    """Calls that were added after the writing began stay out."""
    written_bytes = models.PositiveBigIntegerField(default=0)
    """How much of the unfinished file is certain; what lies behind is written again."""
    tries = models.PositiveSmallIntegerField(default=0)
    """How often the writing stopped without getting on."""
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    file = models.CharField(max_length=80, blank=True)
    """Name below the folder of exports."""
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
