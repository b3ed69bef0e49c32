"""Models of reconciliation with vendors' lists of calls: progress, unexplained calls, and the mark of this database."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.reasons import MAX_REASON


class VendorSweep(models.Model):
    """The progress of comparing one provider's list of calls with our rows."""

    provider = models.OneToOneField("providers.Provider", models.CASCADE, related_name="sweep")
    complete_until = models.DateTimeField(null=True, blank=True)
    """Every call in the vendor's list up to this time has been compared."""
    swept_at = models.DateTimeField(null=True, blank=True)
    """When `complete_until` was last updated."""
    lease_until = models.DateTimeField(null=True, blank=True)
    span_seconds = models.PositiveIntegerField(default=86_400)
    """Length of the time span of one request: halved before each read, doubled after a complete one."""
    problem = models.CharField(max_length=MAX_REASON, blank=True)
    """A sentence that says why the last comparison was inconclusive; empty if it was conclusive."""

    class Meta:
        verbose_name = _("comparison with a provider's call list")
        verbose_name_plural = _("comparisons with providers' call lists")

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.complete_until}"


class UnknownVendorCall(models.Model):
    """A call in a vendor's list that matches none of our rows; recorded once, for a person to decide about."""

    class State(models.TextChoices):
        """The decision about it."""

        OPEN = "open", _("Needs a decision")
        OURS = "ours", _("Our call")
        NOT_OURS = "not_ours", _("Not our call")
        FOUND = "found", _("Identified as our call")

    provider = models.ForeignKey("providers.Provider", models.CASCADE, related_name="unknown_calls")
    remote_id = models.CharField(_("provider call ID"), max_length=200)
    masked_number = models.CharField(_("number"), max_length=40, blank=True)
    agent_id = models.CharField(_("agent"), max_length=200, blank=True)
    vendor_time = models.DateTimeField(_("time at the provider"), null=True, blank=True)
    seen_at = models.DateTimeField(_("first seen"), default=timezone.now)
    raw_status = models.CharField(_("provider status"), max_length=80, blank=True)
    has_our_mark = models.BooleanField(default=False)
    """It has a reference in our format: from a restored backup, a second call, or another Callcenter with this key."""
    state = models.CharField(_("status"), max_length=8, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=MAX_REASON, blank=True)

    class Meta:
        verbose_name = _("unknown call at the provider")
        verbose_name_plural = _("unknown calls at the provider")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["provider", "remote_id"], name="unknown_vendor_call_once")]
        indexes = [models.Index(fields=["provider"], condition=models.Q(state="open"), name="unknown_vendor_call_open")]

    def __str__(self) -> str:
        return f"{self.masked_number} · {self.pk}"


class DatabaseMark(models.Model):
    """A single row with a counter that only grows; a copy outside the database reveals that a backup was restored."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    identity = models.UUIDField(default=uuid.uuid4, editable=False)
    """Identifies this database; a new one has another, a restored backup has the same."""
    count = models.PositiveBigIntegerField(default=0)
    watched_at = models.DateTimeField(null=True, blank=True)
    """When the count was last raised; a worker raises it at least every minute."""
    ended_at = models.DateTimeField(null=True, blank=True)
    """When the last worker ended in order; empty while one runs, and after a death."""

    class Meta:
        verbose_name = _("mark of the database")
        verbose_name_plural = _("marks of the database")

    def __str__(self) -> str:
        return str(self.count)
