"""Model of the one switch that stops all calling."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.reasons import MAX_REASON


class DialingSwitch(models.Model):
    """The stop-all switch, a single row: while `stopped_at` is set, no commit point passes."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=MAX_REASON, blank=True)
    settings_mark = models.BigIntegerField(default=0, db_default=0, editable=False)
    """Changes with every change of the installation's settings; 0 where they never were changed."""

    class Meta:
        verbose_name = _("stop-all")
        verbose_name_plural = _("stop-all")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_switch")]

    def __str__(self) -> str:
        return str(_("Stop-all"))
