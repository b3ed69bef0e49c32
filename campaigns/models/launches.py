"""The model of what people launched on their own word, which their limit of a day counts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaigns import Campaign


class CountedLaunch(models.Model):
    """How many people one campaign counts for whoever launched it, and on which day; written with the launch."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True, related_name="counted_launch")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    """Of the start, in the installation's time zone."""
    people = models.PositiveIntegerField()
    cost = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    """At most, as estimated; None where the price is not known."""
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("counted launch")
        verbose_name_plural = _("counted launches")
        indexes = [models.Index(fields=["person", "day"], name="counted_launch_of_a_day")]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.people}"
