"""Models of API keys, and of requests that happen once."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_NAME = 80
PREFIX_LETTERS = 11
"""Letters of a key that are stored and shown: `cc_` and eight that are random."""
MOST_A_MINUTE = 6_000
USUAL_A_MINUTE = 120
ONCE_FOR = datetime.timedelta(days=2)
"""How long an Idempotency-Key is remembered; a day is promised."""


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Queries for keys."""

    def live(self, now: datetime.datetime) -> ApiKeyQuerySet:
        """Return keys that open something: not ended, not expired, of a user who is switched on."""
        return self.filter(ended_at__isnull=True, expires_at__gt=now, owner__is_active=True)


class ApiKey(models.Model):
    """A key with which a program acts for its owner; the key itself is not stored, only its SHA-256."""

    name = models.CharField(_("name"), max_length=MAX_NAME)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys", verbose_name=_("owner")
    )
    role = models.ForeignKey(Group, models.SET_NULL, null=True, related_name="+", verbose_name=_("role"))
    """It does no more than this role may; a role that is gone leaves it no right."""
    scopes = models.JSONField(_("purpose"), default=list)
    """Codes of `callcenter.api.scopes`."""
    prefix = models.CharField(max_length=PREFIX_LETTERS)
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the key in hexadecimal; a key has 256 random bits, so that no slower hash is needed."""
    a_minute = models.PositiveIntegerField(
        _("requests per minute"),
        default=USUAL_A_MINUTE,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_A_MINUTE)],
    )
    next_at = models.FloatField(default=0.0)
    """When a request comes on time, in epoch seconds: the virtual schedule of its rate limit."""
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(_("ends"))
    last_used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class OnceRequest(models.Model):
    """A request with an Idempotency-Key: written in the transaction of what it led to, so that it happens once."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+")
    token = models.CharField(max_length=64)
    """SHA-256 of the Idempotency-Key: what a program writes there is its own."""
    body = models.CharField(max_length=64)
    """A keyed hash of method, path and body: the same Idempotency-Key with another body is a mistake."""
    made = models.BigIntegerField(null=True)
    """The id of the row that it led to."""
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("idempotent request")
        verbose_name_plural = _("idempotent requests")
        constraints = [models.UniqueConstraint(fields=["key", "token"], name="once_a_key")]

    def __str__(self) -> str:
        return f"{self.key_id}: {self.token[:12]}"

    @classmethod
    def forget_old(cls, now: datetime.datetime) -> int:
        """Delete what was remembered for long enough; returns how many."""
        return cls.objects.filter(at__lte=now - ONCE_FOR).delete()[0]
