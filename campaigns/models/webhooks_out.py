"""Models of webhooks that we send: addresses of other programs, and what is sent to each."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.happenings import MAX_KIND
from providers.fields import EncryptedJSONField

MAX_NAME = 80
MAX_URL = 1000


class WebhookReceiverQuerySet(models.QuerySet["WebhookReceiver"]):
    """Queries for receivers."""

    def sent_to(self) -> WebhookReceiverQuerySet:
        """Return those that are sent to: switched on, not halted, of a user who is switched on."""
        return self.filter(is_active=True, halted_at__isnull=True, owner__is_active=True)

    def dead(self) -> WebhookReceiverQuerySet:
        """Return those that were halted and are still wanted."""
        return self.filter(is_active=True, halted_at__isnull=False, owner__is_active=True)


class WebhookReceiver(models.Model):
    """An address of another program that hears of what happens, in the name of its owner."""

    class Halt(models.TextChoices):
        """Why nothing is sent any more."""

        DEAD = "dead", _("No delivery succeeded for a day")
        GONE = "gone", _("The address no longer exists (410)")

    name = models.CharField(_("name"), max_length=MAX_NAME)
    url = models.CharField(_("address"), max_length=MAX_URL)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhook_receivers", verbose_name=_("owner")
    )
    """What is sent is what this user may see at that moment."""
    kinds = models.JSONField(_("events"), default=list)
    """Names of the events that it wants; keys of `callcenter.webhooks_out.events.EVENTS`."""
    secrets = EncryptedJSONField(blank=True, editable=False)
    """By number, as text: what is sealed for a name is not moved to another without being opened."""
    secret_number = models.PositiveIntegerField(default=1)
    """The secret that signs; the one before signs too, until `previous_until`."""
    previous_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True, blank=True)
    """When it last took something."""
    failing_since = models.DateTimeField(null=True, blank=True)
    """Since when every attempt has failed; null: the last one did not."""
    failures = models.PositiveIntegerField(default=0)
    """Attempts that failed one after the other."""
    rests_until = models.DateTimeField(null=True, blank=True)
    """Nothing is sent before this, as attempts fail."""
    halted_at = models.DateTimeField(null=True, blank=True)
    halted_why = models.CharField(max_length=10, choices=Halt.choices, blank=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    """The slice that sends to it now."""
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WebhookReceiverQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event for one address: the row is the job. What is sent is read when it is sent."""

    class State(models.TextChoices):
        """States of a delivery."""

        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        VOID = "void", _("Nothing to send")

    class Problem(models.TextChoices):
        """Why an attempt failed, or a delivery came to nothing."""

        NONE = "", _("none")
        NOT_ALLOWED = "not_allowed", _("Address not allowed: it must use https and be listed in OUTBOUND_HOSTS")
        PRIVATE = "private", _("The host name points to an address that is not public")
        NAME = "name", _("The host name cannot be resolved")
        CERTIFICATE = "certificate", _("Invalid certificate, or no common TLS version")
        CONNECTION = "connection", _("Connection failed or was interrupted")
        SLOW = "slow", _("The answer took too long")
        TOO_LARGE = "too_large", _("The answer was too large")
        UNREADABLE = "unreadable", _("The answer could not be read")
        REDIRECT = "redirect", _("Redirects to another address, which is not followed")
        REFUSED = "refused", _("The server returned an error")
        UNSIGNED = "unsigned", _("The webhook secret cannot be read")
        DELETED = "deleted", _("The object was deleted, or the owner may no longer see it")
        HALTED = "halted", _("The webhook was paused")
        INTERNAL = "internal", _("It could not be read; see the server log")

    receiver = models.ForeignKey(WebhookReceiver, models.CASCADE, related_name="deliveries", db_index=False)
    key = models.UUIDField(default=uuid.uuid4)
    """The id by which the receiver knows it again (webhook-id), the same at every attempt."""
    kind = models.CharField(max_length=MAX_KIND)
    subject = models.BigIntegerField(null=True)
    """Id of the row that it is about; null for a test."""
    at = models.DateTimeField(default=timezone.now)
    """When it happened."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    begun_at = models.DateTimeField(default=timezone.now)
    """From when the growing waits are counted: when it was recorded, or sent again by a person."""
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    """Attempts since `begun_at`."""
    tried_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    """HTTP status of the last answer."""
    problem = models.CharField(max_length=20, choices=Problem.choices, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["receiver", "due_at", "id"], condition=Q(state="waiting"), name="webhook_due"),
            models.Index(fields=["receiver", "id"], name="webhook_log"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def message_id(self) -> str:
        """The id as it is sent."""
        return f"msg_{self.key.hex}"
