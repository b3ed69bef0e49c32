"""Model of callbacks: calls that wait for a time which a person asked for."""

from __future__ import annotations

import datetime
import zoneinfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call
from campaigns.reasons import MAX_REASON

MAX_ZONE = 64


class Callback(models.Model):
    """What a person asked for of one waiting call: day and time on their own clock, and why.

    The call is the job: it is due at that moment, and this row says what was promised and who is told how it ended.
    """

    call = models.OneToOneField(Call, models.CASCADE, related_name="callback", verbose_name=_("call"))
    local_day = models.DateField(_("local day"))
    local_time = models.TimeField(_("local time"))
    zone = models.CharField(_("time zone"), max_length=MAX_ZONE)
    """The zone on whose clock day and time are meant; a name of the zone database."""
    reason = models.CharField(_("reason"), max_length=MAX_REASON, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("requested by"),
    )
    """Who is told if it could not be made; None where the account is gone or switched off: managers then see it."""
    from_call = models.ForeignKey(
        Call, models.SET_NULL, null=True, blank=True, related_name="callbacks", verbose_name=_("from the call")
    )
    """The call in which it was asked for."""
    noted_at = models.DateTimeField(_("seen"), null=True, blank=True)
    """When somebody said that they know how it ended."""

    due_told_at = models.DateTimeField(null=True, blank=True)
    """When others were told that its time has come; a moved one is told again."""

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["asked_by"], condition=models.Q(noted_at__isnull=True), name="callback_not_noted"),
            models.Index(fields=["call"], condition=models.Q(due_told_at__isnull=True), name="callback_due_untold"),
        ]

    def __str__(self) -> str:
        return f"{_('Callback')} {self.pk}"

    @property
    def asked_for(self) -> datetime.datetime:
        """The moment that was asked for."""
        there = datetime.datetime.combine(self.local_day, self.local_time, zoneinfo.ZoneInfo(self.zone))
        return there.astimezone(datetime.UTC)
