"""Model of single numbers that a manager allows although numbers like them are not called."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.formats.masking import ending
from campaigns.number_types import LABELS
from campaigns.reasons import MAX_REASON


class AllowedNumber(models.Model):
    """One number of a refused type, or of a range that nobody knows, that may be called, and why."""

    phone = models.CharField(_("phone"), max_length=16, unique=True)
    number_type = models.CharField(_("number type"), max_length=20)
    """A value of `campaigns.number_types.NumberType`, as it was when the number was allowed."""
    reason = models.CharField(_("reason"), max_length=MAX_REASON)
    allowed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("allowed by")
    )
    allowed_at = models.DateTimeField(_("allowed"), default=timezone.now)

    class Meta:
        verbose_name = _("allowed number")
        verbose_name_plural = _("allowed numbers")
        ordering = ["-allowed_at", "-id"]

    def __str__(self) -> str:
        return ending(self.phone)

    @property
    def type_label(self) -> str:
        """The name of its type."""
        return str(LABELS.get(self.number_type, _("unknown number range")))
