"""Model of alerts: conditions that need attention, which become notices of whoever they concern."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Alert(models.Model):
    """A condition that needs attention: raised and told once, cleared when it is over, and may then be raised again."""

    class Kind(models.TextChoices):
        """Kinds of conditions."""

        PROVIDER_HALTED = "provider_halted", _("A provider is paused")
        CAMPAIGN_PAUSED = "campaign_paused", _("The system paused a campaign")
        START_REFUSED = "start_refused", _("A campaign did not start as scheduled")
        CALL_UNKNOWN = "call_unknown", _("The result of a call has been unknown for an hour")
        NO_NEWS = "no_news", _("A provider sends no more updates about a call")
        OPT_OUT_UNCLEAR = "opt_out_unclear", _("A contact may have opted out")
        PROVIDER_FROZEN = "provider_frozen", _("Calling is on hold after a restored backup")
        WORKER_SILENT = "worker_silent", _("No background worker is running")
        MESSAGE_GONE = "message_gone", _("An agent, voice or caller ID of a campaign no longer exists")
        AGENT_CHANGED = "agent_changed", _("An agent of a campaign changed its variables")
        LEGAL_MISSING = "legal_missing", _("A campaign does not say a text that the law asks for")
        BALANCE_BELOW = "balance_below", _("A provider balance is below its limit")
        AUDIT_NOT_WHOLE = "audit_not_whole", _("The audit log was tampered with")
        EXPORTS_CAPPED = "exports_capped", _("A user reached the daily export limit")
        CALLBACK_NOT_MADE = "callback_not_made", _("A callback could not be placed")
        WEBHOOK_HALTED = "webhook_halted", _("A webhook was paused")
        UNMATCHED_CALLS = "strange_calls", _("A provider has calls that are not in Callcenter")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    object_type = models.CharField(max_length=20)
    """One of "provider", "campaign", "call", "user", "webhook", "worker", "audit"; the last two have the id 0, for all
    hosts together."""
    object_id = models.PositiveBigIntegerField()
    raised_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, blank=True)
    """When a worker last claimed it for telling; other workers leave it alone for a while."""
    sent_at = models.DateTimeField(null=True, blank=True)
    """When people were told; the notices say by which way it left."""
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_type", "object_id"],
                condition=Q(cleared_at__isnull=True),
                name="alert_once_while_it_lasts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.object_id}"
