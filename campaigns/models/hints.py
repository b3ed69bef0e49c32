"""Model of hints: webhooks of vendors, which make us read a call but are not trusted as its state."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.formats.masking import ending


class CallHint(models.Model):
    """One webhook about one call, stored once however often it was sent; kept for a day."""

    class State(models.TextChoices):
        """Status of a hint."""

        PARKED = "parked", _("Waiting for a call with this ID")
        TO_READ = "to_read", _("The ended call is read again")
        DONE = "done", _("Processed")
        STRAY = "stray", _("Not one of our calls")

    provider = models.ForeignKey("providers.Provider", models.CASCADE, related_name="hints")
    digest = models.CharField(max_length=64)
    """SHA-256 of the raw message, by which duplicates are recognized."""
    remote_id = models.CharField(max_length=200)
    to_number = models.CharField(max_length=40, blank=True)
    is_inbound = models.BooleanField(default=False, db_default=False)
    """Whether the webhook says that a person called us: then no call of ours will ever have its id."""
    told_at = models.DateTimeField(null=True, blank=True)
    """When the vendor accepted the order, according to the webhook."""
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PARKED)

    class Meta:
        verbose_name = _("hint")
        verbose_name_plural = _("hints")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["provider", "digest"], name="hint_once")]
        indexes = [
            models.Index(
                fields=["provider", "received_at"],
                condition=models.Q(state__in=["parked", "to_read"]),
                name="hint_to_follow",
            ),
            models.Index(fields=["received_at"], name="hint_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id}: {ending(self.remote_id)}"
