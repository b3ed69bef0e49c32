"""Rollups: sums of calls for each quarter of an hour, so that a report over months reads a few thousand rows.

All rows are derived from the calls and can be rebuilt.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CallTally(models.Model):
    """Counts of calls by result, for one quarter of an hour (of placing), campaign, provider and attempt number.

    Each finished call is counted under one key of `campaigns.core.results.COUNTED`.
    """

    quarter = models.PositiveIntegerField()
    """Quarters of an hour since 1970 (UTC); in every time zone days and hours begin with one."""
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
    """Costs of calls, for one quarter of an hour (of placing), campaign, provider and currency."""

    quarter = models.PositiveIntegerField()
    campaign = models.ForeignKey("campaigns.Campaign", models.CASCADE, null=True, db_index=False, related_name="+")
    provider = models.ForeignKey("providers.Provider", models.CASCADE, db_index=False, related_name="+")
    currency = models.CharField(max_length=3, blank=True)
    told = models.DecimalField(max_digits=20, decimal_places=4)
    """Sum of the costs that the vendor reported."""
    priced = models.PositiveIntegerField()
    """Number of calls with a reported cost."""
    priced_seconds = models.PositiveBigIntegerField()
    """Talk time of these calls, in seconds."""
    unpriced = models.PositiveIntegerField()
    """Number of calls with talk time and no reported cost."""
    unpriced_seconds = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("sum of costs")
        verbose_name_plural = _("sums of costs")
        indexes = [models.Index(fields=["quarter"], name="costs_by_quarter")]

    def __str__(self) -> str:
        return f"{self.quarter}: {self.told} {self.currency}"


class TallyMark(models.Model):
    """The progress of the rollups: a single row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    through = models.PositiveIntegerField(default=0)
    """The first quarter that is not summed yet."""
    cleared_through = models.PositiveIntegerField(default=0, db_default=0)
    """The first quarter whose calls are all still there: sums of earlier ones cannot be built again."""
    looked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("mark of the sums")
        verbose_name_plural = _("marks of the sums")

    def __str__(self) -> str:
        return str(self.through)
