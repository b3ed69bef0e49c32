"""Webhook addresses: each holds a random token, of which only a hash is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from providers.clock import is_ahead
from providers.models.provider import Provider

OVERLAP = timedelta(days=2)
"""How long the previous address still works, so that nothing is lost until the new one is set at the vendor."""


class DeliveryResult(models.TextChoices):
    """The result of a delivery to us."""

    TAKEN = "taken", _("Accepted: the call's status is being checked")
    REPEATED = "repeated", _("Already known: nothing was done")
    PARKED = "parked", _("Saved for later: no call has this ID yet")
    REFUSED = "refused", _("Rejected: not genuine or not readable")


class WebhookQuerySet(models.QuerySet["WebhookAddress"]):
    """Creates and changes addresses."""

    def rotate(self, provider: Provider, now: datetime, person_id: int | None = None) -> str:
        """Give a provider a new token and return it (only its hash is stored); the previous one works for `OVERLAP`."""
        token = secrets.token_urlsafe(32)
        address, is_new = self.get_or_create(
            provider=provider, defaults={"token_hash": hash_of(token), "rotated_at": now, "rotated_by_id": person_id}
        )
        if not is_new:
            self.filter(pk=address.pk).update(
                previous_token_hash=F("token_hash"),
                previous_until=now + OVERLAP,
                token_hash=hash_of(token),
                rotated_at=now,
                rotated_by_id=person_id,
            )
        return token

    def note(self, pk: int, result: str, now: datetime) -> None:
        """Record one delivery and its result."""
        self.filter(pk=pk).update(last_delivery_at=now, last_delivery_result=result, deliveries=F("deliveries") + 1)


class WebhookAddress(models.Model):
    """The webhook address of one provider."""

    provider = models.OneToOneField(Provider, models.CASCADE, related_name="webhook")
    token_hash = models.CharField(max_length=64)
    previous_token_hash = models.CharField(max_length=64, blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(_("created"))
    rotated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    last_delivery_at = models.DateTimeField(_("last message"), null=True, blank=True)
    last_delivery_result = models.CharField(max_length=10, choices=DeliveryResult.choices, blank=True)
    deliveries = models.PositiveBigIntegerField(_("messages"), default=0)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook address")
        verbose_name_plural = _("webhook addresses")

    def __str__(self) -> str:
        return f"{self.provider}: {_('webhook address')}"

    def opens_with(self, token: str, now: datetime) -> bool:
        """Return, in constant time, whether a token is the present one or, within `OVERLAP`, the previous one."""
        given = hash_of(token)
        is_own = hmac.compare_digest(given, self.token_hash)
        is_previous = hmac.compare_digest(given, self.previous_token_hash or "-" * 64)
        return is_own or (is_previous and is_ahead(self.previous_until, now, OVERLAP))


def hash_of(token: str) -> str:
    """Return a token's SHA-256, which is stored; a token of 256 random bits needs no slower hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
