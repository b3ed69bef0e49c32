"""Model of the installation's own settings, which admins change on a page."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.switch import DialingSwitch

SETTINGS_ID = 1
MOST_DAYS = 36_500
MOST_MEGABYTES = 64
"""More than this no proxy of ours lets through."""
MOST_ROWS = 1_000_000
"""About as many as a sheet of Excel holds."""
MEGABYTE = 1024 * 1024
LEAST_CALL_DAYS = 91
"""Call details are kept for longer than any quiet period and any cap of calls looks back."""


class InstallationSettings(models.Model):
    """The settings of this installation, a single row; a column that is null means "as the environment says".

    Read through `campaigns.core.installation.current()`, which fills the nulls.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=SETTINGS_ID, editable=False)
    refused_number_types = models.JSONField(_("blocked number types"), null=True, blank=True)
    """List of values of `campaigns.number_types.NumberType`."""
    quiet_period_hours = models.PositiveIntegerField(
        _("quiet period (hours)"), null=True, blank=True, validators=[MaxValueValidator(24 * 90)]
    )
    person_calls_a_day = models.PositiveIntegerField(_("calls per contact per day"), null=True, blank=True)
    person_calls_a_week = models.PositiveIntegerField(_("calls per contact per week"), null=True, blank=True)
    single_call_start = models.TimeField(_("single calls from"), null=True, blank=True)
    single_call_end = models.TimeField(_("single calls until"), null=True, blank=True)
    single_call_minutes = models.PositiveIntegerField(
        _("maximum waiting time of a single call (minutes)"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    caller_launch_limit = models.PositiveIntegerField(
        _("people a caller can launch without approval"), null=True, blank=True
    )
    test_calls_a_day = models.PositiveIntegerField(
        _("test calls per user in 24 hours"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    caller_launch_prices = models.JSONField(
        _("amount a caller can launch without approval, by currency"), null=True, blank=True
    )
    """Amounts as texts, by currency."""
    import_keep_days = models.PositiveIntegerField(
        _("uploaded files: days until deletion"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    import_max_megabytes = models.PositiveIntegerField(
        _("uploaded files: maximum size (MB)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MEGABYTES)],
    )
    import_max_rows = models.PositiveIntegerField(
        _("uploaded files: maximum rows"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_ROWS)],
    )
    consent_required = models.BooleanField(_("call only contacts with consent"), null=True, blank=True)
    keep_conversation_days = models.PositiveIntegerField(
        _("recordings and transcripts: days until deletion"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
    )
    keep_call_days = models.PositiveIntegerField(
        _("call details: days until deletion"),
        null=True,
        blank=True,
        validators=[MinValueValidator(LEAST_CALL_DAYS), MaxValueValidator(MOST_DAYS)],
    )
    keep_log_days = models.PositiveIntegerField(
        _("logs: days until deletion"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
    )
    exports_a_day = models.PositiveIntegerField(_("exports per user per day"), null=True, blank=True)
    large_export_rows = models.PositiveIntegerField(
        _("rows from which an export counts as large"), null=True, blank=True
    )
    second_factor_roles = models.JSONField(_("roles that need two-factor login"), null=True, blank=True)
    """List of names of roles."""
    holiday_countries = models.JSONField(_("observe public holidays of"), null=True, blank=True)
    """ISO codes."""
    own_holidays = models.JSONField(_("holidays added"), null=True, blank=True)
    """List of `{"dates", "country", "name"}` (`campaigns.core.hours.closed_days.OwnDay`)."""
    working_days = models.JSONField(_("holidays with calls"), null=True, blank=True)
    """The same, taken away from the calendars."""
    campaigns_keep_holidays = models.BooleanField(_("no campaign calls on holidays"), null=True, blank=True)
    single_calls_keep_holidays = models.BooleanField(_("no single calls on holidays"), null=True, blank=True)
    notices_off = models.JSONField(_("notices sent only to users who turn them on"), null=True, blank=True)
    """List of keys of `campaigns.notices.kinds.KINDS`; null: as the product says."""
    legal_texts = models.JSONField(_("required legal texts, by country"), null=True, blank=True)
    """Texts by ISO 3166 code of the country; null: none is required."""
    changed_at = models.DateTimeField(_("changed"), null=True, blank=True, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    """Counts changes, so that no save undoes another's."""

    class Meta:
        verbose_name = _("settings of this installation")
        verbose_name_plural = _("settings of this installation")
        constraints = [
            models.CheckConstraint(condition=Q(id=SETTINGS_ID), name="one_row_of_settings"),
            models.CheckConstraint(
                condition=Q(single_call_start__isnull=True, single_call_end__isnull=True)
                | Q(single_call_start__isnull=False, single_call_end__isnull=False),
                name="single_call_hours_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Settings of this installation"))

    def save(self, *arguments: Any, **options: Any) -> None:
        """Save the row, and mark the change at the gate of every commit point, which so hold from this commit on.

        The mark is a random number, so that no two states of the row ever share one.
        """
        with transaction.atomic():
            super().save(*arguments, **options)
            DialingSwitch.objects.update_or_create(
                pk=DialingSwitch.ONLY, defaults={"settings_mark": secrets.randbits(62) + 1}
            )

    @property
    def import_max_bytes(self) -> int | None:
        """The largest upload in bytes; None as the environment says."""
        return None if self.import_max_megabytes is None else self.import_max_megabytes * MEGABYTE
