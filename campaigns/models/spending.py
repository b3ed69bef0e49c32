"""Models of what calls may cost a day: caps of teams and people, and what was spent on each day."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DayCap(models.Model):
    """The most that the calls of one team, or the calls that one person launches, may cost a day, in one currency.

    A provider's cap of the day is a column of the provider. Calls in another currency are not counted: see
    `campaigns.core.day_caps`.
    """

    team = models.ForeignKey("access.Team", models.CASCADE, null=True, blank=True, verbose_name=_("team"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="day_caps", verbose_name=_("user")
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("daily maximum"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])

    class Meta:
        verbose_name = _("daily spending limit")
        verbose_name_plural = _("daily spending limits")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(team__isnull=True) ^ Q(person__isnull=True), name="day_cap_of_one"),
            models.UniqueConstraint(fields=["team", "currency"], name="day_cap_a_team"),
            models.UniqueConstraint(fields=["person", "currency"], name="day_cap_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.team or self.person}: {self.amount} {self.currency}"


class DaySpending(models.Model):
    """What the ended calls of one day cost, by provider, team and the person who launched them.

    The day is that of the commit point in the installation's time zone. Kept up as calls end, in the same transaction,
    so that caps need not add up the day's calls.
    """

    day = models.DateField()
    provider = models.ForeignKey("providers.Provider", models.CASCADE, related_name="+")
    team_key = models.BigIntegerField()
    """Id of the team; 0 for calls of no team, because a unique key does not hold for NULL."""
    person_key = models.BigIntegerField()
    """Id of who launched the campaign or asked for the single call; 0 for nobody."""
    currency = models.CharField(max_length=3, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=4)

    class Meta:
        verbose_name = _("spending of a day")
        verbose_name_plural = _("spending of days")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "provider", "team_key", "person_key", "currency"], name="day_spending_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.amount} {self.currency}"
