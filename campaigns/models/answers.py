"""Models of answers: the questions of a campaign, and what each call answered, typed and indexed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call
from campaigns.models.campaigns import Campaign

MAX_QUESTION = 80
MAX_PATH = 200
MAX_OPTION = 60
MAX_RAW = 500
"""Characters kept of one answer as it was given."""
MAX_KEY = 100


class Questions(models.Manager["Question"]):
    """The questions that are asked: those that were removed only wait until their answers are cleared."""

    def get_queryset(self) -> models.QuerySet[Question]:
        """Return them."""
        return super().get_queryset().filter(removed_at__isnull=True)


class Question(models.Model):
    """What a campaign asks: a name, a type, and where its answers come from."""

    class Kind(models.TextChoices):
        """Types of answers."""

        YES_NO = "yes_no", _("Yes or no")
        CHOICE = "choice", _("One of several")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        TEXT = "text", _("Text")

    class Source(models.TextChoices):
        """Where answers come from; people can enter or correct the answers of any question."""

        AGENT = "agent", _("Noted by the agent")
        PERSON = "person", _("Entered by a user on the call page")
        WORDS = "words", _("Words the contact says")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="questions", verbose_name=_("campaign"))
    name = models.CharField(_("question"), max_length=MAX_QUESTION)
    kind = models.CharField(_("answer type"), max_length=8, choices=Kind.choices)
    source = models.CharField(_("source"), max_length=8, choices=Source.choices, default=Source.AGENT)
    path = models.CharField(_("name used by the agent"), max_length=MAX_PATH, blank=True)
    """Names in what the agent noted, from the outside in, joined by " / "; for `Source.AGENT`."""
    words = models.JSONField(_("words"), default=list, blank=True)
    """Words and phrases of which one is a yes; for `Source.WORDS`."""
    options = models.JSONField(_("possible answers"), default=list, blank=True)
    """The possible answers of a `Kind.CHOICE`, in order."""
    goal = models.CharField(_("goal"), max_length=MAX_KEY, blank=True)
    """The key of the answer that is the campaign's goal, or the least number that is; empty for no goal."""
    unread_below = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    """Calls of the campaign with lower ids are still to be read for it, from the newest down; None: all are read."""
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When it was removed: shown nowhere from then on, and gone once a worker has cleared its answers."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = Questions()
    all_rows = models.Manager["Question"]()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "name"], name="question_name_once"),
            models.UniqueConstraint(fields=["campaign"], condition=~Q(goal=""), name="one_goal_a_campaign"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(unread_below__isnull=False), name="question_to_read"),
        ]

    def __str__(self) -> str:
        return self.name


class Answer(models.Model):
    """What one call answered to one question: the words as given, and their typed value if they could be read."""

    class Certainty(models.TextChoices):
        """How the typed value came about."""

        CERTAIN = "certain", _("certain")
        READ = "read", _("read from the transcript")
        PERSON = "person", _("entered by a user")
        UNREADABLE = "unreadable", _("not readable")

    question = models.ForeignKey(Question, models.CASCADE, related_name="answers", db_index=False)
    call = models.ForeignKey(Call, models.CASCADE, related_name="typed_answers")
    raw = models.CharField(_("as said"), max_length=MAX_RAW)
    key = models.CharField(max_length=MAX_KEY, blank=True)
    """What equal answers share: "yes", "no", an option, a number or day as text; empty if unreadable."""
    number = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    certainty = models.CharField(_("certainty"), max_length=10, choices=Certainty.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    """Who entered it; None for what was read."""
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.UniqueConstraint(fields=["question", "call"], name="answer_once_a_call")]
        indexes = [
            # Equal answers from the newest call down, which is the order of the call log.
            models.Index(fields=["question", "key", "-call"], name="answer_by_key"),
            models.Index(
                fields=["question", "number", "call"], condition=Q(number__isnull=False), name="answer_by_number"
            ),
            models.Index(fields=["question", "day", "call"], condition=Q(day__isnull=False), name="answer_by_day"),
            models.Index(fields=["by"], condition=Q(by__isnull=False), name="answer_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.raw[:40]}"
