"""Model of confirmations that a campaign's message says what the law of a country asks for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaigns import Campaign


class LegalConfirmation(models.Model):
    """Somebody made sure that the message of a campaign, as it was, says the text that a country requires."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="legal_confirmations")
    country = models.CharField(max_length=2)
    """ISO 3166 code."""
    text = models.TextField()
    """The required text, as it was then: another text is confirmed anew."""
    message = models.CharField(max_length=40)
    """A mark of the message, as it was then: another message is confirmed anew."""
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    confirmed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("confirmed legal text")
        verbose_name_plural = _("confirmed legal texts")
        constraints = [models.UniqueConstraint(fields=["campaign", "country"], name="legal_text_confirmed_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.country}"
