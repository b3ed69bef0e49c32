"""Sums of calls by quarter of an hour: derived, so that a report of months reads some thousand rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CallTally(models.Model):
    """What the calls of one quarter of an hour, campaign, provider and attempt came to, by when their orders left.

    Each call that is over is counted under one name of `campaigns.core.results.COUNTED`.
    """

    quarter = models.PositiveIntegerField()
    """Quarters of an hour since 1970; every zone's days and hours begin with one."""
    campaign = models.ForeignKey("campaigns.Campaign", models.CASCADE, null=True, db_index=False, related_name="+")
    provider = models.ForeignKey("providers.Provider", models.CASCADE, db_index=False, related_name="+")
    attempt = models.PositiveSmallIntegerField()
    sent = models.PositiveIntegerField()
    silent = models.PositiveIntegerField()
    no_answer = models.PositiveIntegerField()
    busy = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    canceled = models.PositiveIntegerField()
    talked = models.PositiveIntegerField()
    machine = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("sum of calls")
        verbose_name_plural = _("sums of calls")
        indexes = [models.Index(fields=["quarter"], name="tally_by_quarter")]

    def __str__(self) -> str:
        return f"{self.quarter}: {self.sent}"


class CostTally(models.Model):
    """What the calls of one quarter of an hour, campaign, provider and currency cost."""

    quarter = models.PositiveIntegerField()
    campaign = models.ForeignKey("campaigns.Campaign", models.CASCADE, null=True, db_index=False, related_name="+")
    provider = models.ForeignKey("providers.Provider", models.CASCADE, db_index=False, related_name="+")
    currency = models.CharField(max_length=3, blank=True)
    told = models.DecimalField(max_digits=20, decimal_places=4)
    """What the vendor told."""
    priced = models.PositiveIntegerField()
    """Calls with a told cost."""
    priced_seconds = models.PositiveBigIntegerField()
    """Time talked in them."""
    unpriced = models.PositiveIntegerField()
    """Calls with talk time for which the vendor told no cost."""
    unpriced_seconds = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("sum of costs")
        verbose_name_plural = _("sums of costs")
        indexes = [models.Index(fields=["quarter"], name="costs_by_quarter")]

    def __str__(self) -> str:
        return f"{self.quarter}: {self.told} {self.currency}"


class TallyMark(models.Model):
    """One row: how far the sums reach, and when changed calls were last looked for."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    through = models.PositiveIntegerField(default=0)
    """First quarter that is not summed."""
    looked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("mark of the sums")
        verbose_name_plural = _("marks of the sums")

    def __str__(self) -> str:
        return str(self.through)
