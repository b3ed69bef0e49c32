"""Rows of sign-in: what was tried of late, and invitations that are open."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Attempts(models.Model):
    """Failed attempts of late, of one name, address or browser, and from when the next one is let through."""

    key = models.CharField(max_length=64, primary_key=True)
    """Keyed hash of what is counted; no name and no address can be read from it."""
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now, db_index=True)
    open_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("failed attempts")
        verbose_name_plural = _("failed attempts")

    def __str__(self) -> str:
        return f"{self.failures} until {self.last_at}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations by their state."""

    def open(self, now: datetime.datetime) -> InvitationQuerySet:
        """Return those whose link still works."""
        return self.filter(used_at=None, lapses_at__gt=now)


class Invitation(models.Model):
    """A link by which one user chooses a password; it works once, and until it lapses or a newer one is made."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitations", verbose_name=_("user")
    )
    mark = models.CharField(max_length=64, unique=True)
    """Keyed hash of the link's token; the token itself is stored nowhere."""
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("invited by")
    )
    made_at = models.DateTimeField(_("created"), default=timezone.now)
    lapses_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(used_at=None), name="one_open_invitation"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"
