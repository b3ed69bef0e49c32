"""Models of campaigns."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lines import Priority
from campaigns.models.base import Owned
from campaigns.models.contacts import ContactList
from campaigns.outcomes import USUAL_MINUTES, Policy
from campaigns.reasons import MAX_REASON, MoneyWait


def every_day() -> list[int]:
    """Return all weekdays: Monday 0 to Sunday 6."""
    return [0, 1, 2, 3, 4, 5, 6]


def default_retries() -> dict[str, list[int]]:
    """Return the usual delays in minutes before each further attempt, by outcome."""
    return {outcome.value: list(minutes) for outcome, minutes in USUAL_MINUTES.items()}


class Campaign(Owned):
    """One message to an audience, with calling hours, pace, retries and a budget."""

    class Status(models.TextChoices):
        """Status of a campaign."""

        DRAFT = "draft", _("Draft")
        WAITING = "waiting", _("Waiting for approval")
        SCHEDULED = "scheduled", _("Scheduled")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Ended")
        FINISHED = "finished", _("Finished")

    class OnMachine(models.TextChoices):
        """What the vendor is asked to do where a voicemail answers."""

        USUAL = "", _("Provider setting")
        MESSAGE = "message", _("Leave the message")
        HANG_UP = "hang_up", _("Hang up")

    class Pilot(models.TextChoices):
        """Status of the pilot, the trial run with the first few people."""

        NONE = "", "-"
        CALLING = "calling", _("Calling the first few people")
        ASKS = "asks", _("Finished: decide how to continue")
        PASSED = "passed", _("Continued with the rest")

    name = models.CharField(_("name"), max_length=120, unique=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False)
    lists = models.ManyToManyField(ContactList, related_name="campaigns", blank=True, verbose_name=_("lists"))
    tags = models.JSONField(_("tags"), default=list, blank=True)
    """Only people with at least one of these tags; without a list, all such people."""
    excluded_campaigns = models.ManyToManyField(
        "self", symmetrical=False, related_name="excluded_by", blank=True, verbose_name=_("excluded campaigns")
    )
    excludes_only_reached = models.BooleanField(_("exclude only contacts who were reached"), default=False)
    """Exclude only people who talked in the excluded campaigns, not everybody who was queued there."""
    is_living = models.BooleanField(
        _("stays open"),
        default=False,
        db_default=False,
        help_text=_("Contacts added to its lists or tags later are called too, within the limits set here."),
    )
    """A living campaign: it gains people until its last day, its limit in all, or until somebody stops it."""
    people_a_day = models.PositiveIntegerField(
        _("new contacts per day"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """Of a living campaign: most people that are queued on one day of the installation's time zone."""
    people_in_all = models.PositiveIntegerField(
        _("total contacts"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """Of a living campaign: most people that are queued at all."""
    last_day = models.DateField(_("last day"), null=True, blank=True)
    """Of a living campaign: the last day on which it calls, in the installation's time zone."""

    # The message
    provider = models.ForeignKey(
        "providers.Provider", models.PROTECT, related_name="campaigns", verbose_name=_("provider")
    )
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
    variables = models.JSONField(_("variables"), default=dict, blank=True)
    """Variable name to text; `{name}` and `{<column>}` are replaced by the contact's values."""
    second = models.ForeignKey(
        "campaigns.SecondProvider",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        db_index=False,
        verbose_name=_("second provider"),
    )
    """The consent that holds now; None: no call goes through another provider."""
    variants = models.JSONField(_("variants"), default=list, blank=True, db_default=[])
    """Up to three variants of the message that are compared, as `campaigns.core.variants` reads them; empty: none."""

    # When
    hours_start = models.TimeField(_("from"), default=datetime.time(9, 0))
    hours_end = models.TimeField(
        _("until"),
        default=datetime.time(20, 0),
        help_text=_("In the contact's local time. 00:00 to 00:00 means all day."),
    )
    days = models.JSONField(_("days"), default=every_day, blank=True)
    weekly_hours = models.JSONField(_("hours by weekday"), null=True, blank=True)
    """By weekday ("0" is Monday) its spans, such as `["09:00-13:00", "16:00-20:00"]`; None: from `hours_start` until
    `hours_end` on all `days`."""
    blackout_dates = models.JSONField(_("dates without calls"), default=list, blank=True, db_default=[])
    """In the contact's own time: `2026-12-24`, or first and last as `2026-12-24/2027-01-01`."""
    holiday_countries = models.JSONField(_("holidays without calls"), null=True, blank=True)
    """ISO codes of the countries whose public holidays it keeps; None: as the installation's settings say."""

    # Pace, retries and budget
    calls_per_minute = models.PositiveIntegerField(
        _("calls per minute"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    max_lines = models.PositiveIntegerField(
        _("calls at the same time"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    lines_percent = models.PositiveSmallIntegerField(
        _("share of the lines, %"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    """Of all lines of the provider; None: no share. The smaller of it and `max_lines` counts (`campaigns.lines`)."""
    priority = models.CharField(
        _("priority"), max_length=6, choices=Priority.choices, default=Priority.NORMAL, db_default=Priority.NORMAL.value
    )
    """Whose calls go first at the provider where lines or pace are short."""
    max_attempts = models.PositiveSmallIntegerField(
        _("maximum attempts"), default=3, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    attempts_a_day = models.PositiveSmallIntegerField(
        _("maximum attempts per day"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    """In the person's own day; None: no limit but `max_attempts`."""
    retries = models.JSONField(_("retry after (minutes)"), default=default_retries, blank=True)
    """By outcome (`campaigns.outcomes`), the delays in minutes before each further attempt."""
    hand_overs = models.JSONField(_("user who takes over"), default=dict, blank=True, db_default={})
    """By outcome, `{"person": user id, "minutes": within which they are to act}`; goes before `retries`."""
    on_machine = models.CharField(
        _("if voicemail answers"), max_length=8, choices=OnMachine.choices, blank=True, default="", db_default=""
    )
    budget = models.DecimalField(_("budget"), max_digits=14, decimal_places=2, null=True, blank=True)
    budget_is_soft = models.BooleanField(
        _("soft budget"),
        default=False,
        db_default=False,
        help_text=_("Calls continue until the budget is spent. Calls in progress may then go over it."),
    )
    quiet_hours = models.PositiveIntegerField(
        _("quiet period between campaigns (hours per contact)"), default=24, help_text=_("0: no quiet period.")
    )

    requires_consent = models.BooleanField(
        _("only contacts with consent"),
        default=False,
        db_default=False,
        help_text=_("Contacts without recorded consent are not called."),
    )

    # Status and progress
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True, editable=False)
    """When the minute job launches it; the row is the job."""
    start_refusal = models.CharField(max_length=500, blank=True, editable=False)
    """Why it was not launched at its time; empty otherwise."""
    pilot = models.CharField(max_length=8, choices=Pilot.choices, blank=True, default="", editable=False)
    launched_at = models.DateTimeField(_("launched"), null=True, blank=True, editable=False)
    launched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_reason = models.CharField(max_length=MAX_REASON, blank=True, editable=False)
    paused_by_system = models.BooleanField(default=False, editable=False)
    filled_through = models.BigIntegerField(default=0, editable=False)
    """Highest contact id that already has its first call; enqueueing continues from there after a crash."""
    is_filled = models.BooleanField(default=False, editable=False)
    """Whether everybody is queued; of a living campaign, whether it is closed to new people."""
    people_joined = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    """Of a living campaign: people who joined and were queued or refused; the mark by which one worker counts them."""
    pace_tat = models.FloatField(default=0, editable=False)
    reserved_cost = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0), editable=False)
    spent_cost = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0), editable=False)

    money_wait = models.CharField(
        max_length=12, choices=MoneyWait.choices, default="", db_default="", blank=True, editable=False
    )
    """Why no further call of it goes out until money is released; the commit point sets it, a release clears it."""

    watched = models.JSONField(default=dict, blank=True, editable=False)
    """How its last calls ended, as stored by `alarms.Watch`; the basis of automatic pauses."""
    watched_since = models.DateTimeField(null=True, blank=True, editable=False)
    """Calls placed before this time do not count for automatic pauses, because a user resumed the campaign then."""

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Tell whether calls may still be placed for it, now or after it is resumed."""
        return self.status in {self.Status.RUNNING, self.Status.PAUSED}

    @property
    def policy(self) -> Policy:
        """What follows on each outcome of a call, as one value."""
        return Policy.read(self.retries, self.hand_overs, self.max_attempts, self.attempts_a_day)
