"""Model of second providers: through which other account a campaign's waiting calls may go, and who agreed to it."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MOST_MINUTES = 240


class SecondProvider(models.Model):
    """A user's consent that calls of a campaign go through another provider, with all that was shown to them.

    A row never changes: another choice is another row, so that an approval binds one by its id.
    """

    campaign = models.ForeignKey("campaigns.Campaign", models.CASCADE, related_name="second_providers")
    provider = models.ForeignKey("providers.Provider", models.PROTECT, related_name="+", verbose_name=_("provider"))
    agent = models.ForeignKey(
        "providers.Agent", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agent")
    )
    voice = models.ForeignKey(
        "providers.Voice", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("voice")
    )
    text = models.TextField(_("text to speak"), blank=True, max_length=2000)
    caller_id = models.ForeignKey(
        "providers.CallerId", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("caller ID")
    )
    dialer = models.ForeignKey(
        "providers.Dialer", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("dialler")
    )
    wait_minutes = models.PositiveSmallIntegerField(
        _("minutes to wait for a free line"), null=True, blank=True, validators=[MaxValueValidator(MOST_MINUTES)]
    )
    """How long a call is due before it goes this way because all lines of the first are busy; None: never for that."""
    price_per_minute = models.DecimalField(max_digits=12, decimal_places=4, default=Decimal(0))
    """The price that was agreed to: at a higher one nobody is called this way."""
    currency = models.CharField(max_length=3, blank=True)
    consented_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    consented_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("second provider")
        verbose_name_plural = _("second providers")

    def __str__(self) -> str:
        return str(self.provider)
