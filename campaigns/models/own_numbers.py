"""Model of the numbers that people say are their own phone, and who confirmed it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.formats.masking import ending
from campaigns.reasons import MAX_REASON


class OwnNumber(models.Model):
    """A number of a user's own phone; test calls ring it once another person has confirmed that it is theirs."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="own_numbers", verbose_name=_("user")
    )
    phone = models.CharField(_("phone"), max_length=16)
    asked_at = models.DateTimeField(_("requested"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    """None also where the command line confirmed it."""
    reason = models.CharField(_("how it was confirmed"), max_length=MAX_REASON, blank=True, default="")

    class Meta:
        verbose_name = _("own number")
        verbose_name_plural = _("own numbers")
        ordering = ["-asked_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["person", "phone"], name="one_own_number_a_person")]

    def __str__(self) -> str:
        return ending(self.phone)
