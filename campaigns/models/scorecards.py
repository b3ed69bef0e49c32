"""Models of reviews by scorecard: cards of one's own, queues of calls to be listened to, and what reviewers gave."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.base import Owned
from campaigns.models.calls import Call
from campaigns.models.campaigns import Campaign
from campaigns.models.dispositions import Disposition

MAX_CARD = 80
MAX_POINT = 200
MAX_REVIEW_NOTE = 1_000
MOST_POINTS, MOST_WEIGHT = 10, 10


class Scorecard(Owned):
    """What a call is listened to for: several points, each with a weight."""

    name = models.CharField(_("name"), max_length=MAX_CARD)
    is_offered = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("scorecard")
        verbose_name_plural = _("scorecards")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class ScorecardPoint(models.Model):
    """One point of a scorecard: a yes or no, or points up to a number."""

    scorecard = models.ForeignKey(Scorecard, models.CASCADE, related_name="points")
    text = models.CharField(_("point"), max_length=MAX_POINT)
    most = models.PositiveSmallIntegerField(
        _("maximum points"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_POINTS)]
    )
    """1 is a yes or no."""
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_WEIGHT)]
    )

    class Meta:
        verbose_name = _("point of a scorecard")
        verbose_name_plural = _("points of scorecards")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(most__gte=1, most__lte=MOST_POINTS), name="points_of_ten"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=MOST_WEIGHT), name="weight_of_ten"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_yes_no(self) -> bool:
        """Whether it is a yes or no."""
        return self.most == 1


class ReviewQueue(Owned):
    """Calls that are to be listened to: which, how many of them, and by which scorecard."""

    class Goal(models.TextChoices):
        """What became of the campaign's goal."""

        ANY = "", _("Any goal result")
        REACHED = "reached", _("Goal reached")
        MISSED = "missed", _("Goal not reached or not answered")

    name = models.CharField(_("name"), max_length=MAX_CARD)
    scorecard = models.ForeignKey(Scorecard, models.PROTECT, related_name="queues", verbose_name=_("scorecard"))
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("campaign")
    )
    result = models.CharField(_("result"), max_length=16, blank=True)
    """A key of `campaigns.core.results`; empty: any finished call."""
    disposition = models.ForeignKey(
        Disposition, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("disposition")
    )
    talked_from = models.PositiveIntegerField(_("minimum talk time"), null=True, blank=True)
    """Seconds."""
    goal = models.CharField(_("goal"), max_length=8, choices=Goal.choices, blank=True, default="")
    every = models.PositiveIntegerField(
        _("one in every … calls"), default=1, validators=[MinValueValidator(1), MaxValueValidator(1_000)]
    )
    """One call of so many is taken, told by a hash of its id, so that the sample never changes."""
    since = models.DateField(_("from"), default=timezone.localdate)
    """Calls of earlier days are not in it."""
    is_open = models.BooleanField(_("open"), default=True)

    class Meta:
        verbose_name = _("review queue")
        verbose_name_plural = _("review queues")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(every__gte=1, every__lte=1_000), name="one_call_of_thousand"),
        ]

    def __str__(self) -> str:
        return self.name


class ScorecardReview(models.Model):
    """One call reviewed by one scorecard; earlier versions are in the audit log."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="scorecard_reviews", db_index=False)
    scorecard = models.ForeignKey(Scorecard, models.PROTECT, related_name="reviews", db_index=False)
    queue = models.ForeignKey(ReviewQueue, models.SET_NULL, null=True, blank=True, related_name="+")
    """The queue from which it was taken; None: reviewed on its page."""
    percent = models.DecimalField(_("score"), max_digits=4, decimal_places=1)
    """0 to 100: the weighted mean of what the points got of what they can get."""
    given = models.JSONField(_("points given"), default=list)
    """Each point as it was asked then: text, most, weight, value. Changes of the scorecard change no review."""
    note = models.CharField(_("note"), max_length=MAX_REVIEW_NOTE, blank=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("review by scorecard")
        verbose_name_plural = _("reviews by scorecard")
        constraints = [
            models.UniqueConstraint(fields=["call", "scorecard"], name="reviewed_once_a_card"),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="score_of_hundred"),
        ]
        indexes = [models.Index(fields=["scorecard", "reviewed_at"], name="reviews_over_time")]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.percent}"
