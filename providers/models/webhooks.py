"""Where vendors send their news: an address that cannot be guessed, of which only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from providers.models.provider import Provider

OVERLAP = timedelta(days=2)
"""How long the address before still works, so that nothing is lost while a person pastes the new one."""


class DeliveryResult(models.TextChoices):
    """Names what became of a message that was sent to us."""

    TAKEN = "taken", _("Taken: the call's state is read anew")
    REPEATED = "repeated", _("Known already: nothing was done")
    PARKED = "parked", _("Kept aside: no call of ours has this id yet")
    REFUSED = "refused", _("Refused: not genuine, or not readable")


class WebhookQuerySet(models.QuerySet["WebhookAddress"]):
    """Making and changing addresses."""

    def rotate(self, provider: Provider, now: datetime, person_id: int | None = None) -> str:
        """Give a provider a new token and return it, this one time; the one before works on for two days."""
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
        """Count one delivery."""
        self.filter(pk=pk).update(last_delivery_at=now, last_delivery_result=result, deliveries=F("deliveries") + 1)


class WebhookAddress(models.Model):
    """The address of one provider for its vendor's news."""

    provider = models.OneToOneField(Provider, models.CASCADE, related_name="webhook")
    token_hash = models.CharField(max_length=64)
    previous_token_hash = models.CharField(max_length=64, blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(_("made"))
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
        """Tell in constant time whether a token is this address's own, or the one before within its two days."""
        given = hash_of(token)
        is_own = hmac.compare_digest(given, self.token_hash)
        is_previous = hmac.compare_digest(given, self.previous_token_hash or "-" * 64)
        return is_own or (is_previous and self.previous_until is not None and now < self.previous_until)


def hash_of(token: str) -> str:
    """Return what is kept of a token: its SHA-256, which is enough for 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
