"""The model of campaigns that repeat: on which days and at what time a copy of one is made and launched."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaigns import Campaign, every_day
from campaigns.reasons import MAX_REASON

MAX_COLUMN = 80


class CampaignRepeat(models.Model):
    """When a campaign repeats; each run is a copy of it, a campaign of its own with an approval of its own.

    The row is the job: the minute job runs what is due.
    """

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True, related_name="repeat")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("user")
    )
    """In whose name the copies are made and launched, within this person's rights and limit."""
    days = models.JSONField(_("days"), default=every_day)
    local_time = models.TimeField(_("time of day"))
    zone = models.CharField(_("time zone"), max_length=64)
    """On whose clock the time is meant; a name of the zone database."""
    column = models.CharField(_("date column"), max_length=MAX_COLUMN, blank=True)
    """A column of the people: each run is for those whose date is `days_before` days after it; empty: for everybody."""
    days_before = models.SmallIntegerField(_("days before the date"), default=1)
    """Below 0: days after it."""
    next_at = models.DateTimeField(_("next"), null=True, blank=True, db_index=True)
    """None: it does not repeat any more."""
    last_day = models.DateField(null=True, blank=True)
    """The day of the last run, on the clock of `zone`: there is one a day at most."""
    made = models.ForeignKey(Campaign, models.SET_NULL, null=True, blank=True, related_name="+")
    """The campaign of the last run."""
    note = models.CharField(max_length=MAX_REASON, blank=True)
    """What became of the last run, or why it does not repeat any more."""

    class Meta:
        verbose_name = _("repeat")
        verbose_name_plural = _("repeats")

    def __str__(self) -> str:
        return f"{_('Repetition')} {self.pk}"
