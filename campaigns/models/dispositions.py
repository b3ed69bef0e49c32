"""Models of dispositions: words of one's own for what came of a call, the rules that set them, and what follows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.answers import MAX_KEY, Question
from campaigns.models.base import Owned
from campaigns.models.calls import Call
from campaigns.models.campaigns import Campaign

MAX_DISPOSITION = 60
MAX_WHY = 300


class Disposition(Owned):
    """What may be said of a call in an installation's own words, and what follows where it is said."""

    class Follows(models.TextChoices):
        """What follows on a call."""

        NOTHING = "nothing", _("Nothing: no retry")
        RETRY = "retry", _("Another attempt of the campaign")
        CALLBACK = "callback", _("A callback")
        NEVER = "never", _("Never call again")
        PERSON = "person", _("A user takes over")

    name = models.CharField(_("name"), max_length=MAX_DISPOSITION)
    follows = models.CharField(_("next step"), max_length=8, choices=Follows.choices, default=Follows.NOTHING)
    minutes = models.PositiveIntegerField(_("minutes"), default=0)
    """How long after the call the attempt or callback is due, or within which the user acts."""
    taker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("user who takes the call"),
    )
    """For `Follows.PERSON`; None: whoever the call belongs to."""
    is_offered = models.BooleanField(_("in use"), default=True)
    """Whether it can be chosen and its rules hold; calls that carry it keep it."""

    class Meta:
        verbose_name = _("disposition")
        verbose_name_plural = _("dispositions")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class DispositionRule(models.Model):
    """Calls that get a disposition by themselves: those that pass each condition that is given."""

    disposition = models.ForeignKey(Disposition, models.CASCADE, related_name="rules")
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("campaign")
    )
    """None: every campaign and single call that the disposition's team works on."""
    question = models.ForeignKey(
        Question, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("question")
    )
    answer = models.CharField(_("answer"), max_length=MAX_KEY, blank=True)
    """The wanted answer, of a number or date the least one; empty: any readable one."""
    answer_to = models.CharField(_("maximum answer"), max_length=MAX_KEY, blank=True)
    result = models.CharField(_("result"), max_length=16, blank=True)
    """A key of `campaigns.core.results`; empty: any."""
    words = models.JSONField(_("words"), default=list, blank=True)
    """Words and phrases of which the person called says one."""
    since = models.DateTimeField(default=timezone.now, editable=False)
    """Calls that were made earlier are left as they are: nobody is called for what happened last week."""
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("rule of a disposition")
        verbose_name_plural = _("rules of dispositions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.disposition_id}: {self.pk}"


class CallDisposition(models.Model):
    """The disposition of one call, and who or which rule set it."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="disposed")
    disposition = models.ForeignKey(Disposition, models.PROTECT, related_name="calls", db_index=False)
    rule = models.ForeignKey(DispositionRule, models.SET_NULL, null=True, blank=True, related_name="+")
    is_by_person = models.BooleanField(default=False)
    """What a person chose stays, whatever a rule would say later."""
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("disposition of a call")
        verbose_name_plural = _("dispositions of calls")
        indexes = [
            # Calls of one disposition from the newest down, which is the order of the call log.
            models.Index(fields=["disposition", "-call"], name="call_by_disposition"),
            models.Index(fields=["by"], condition=Q(by__isnull=False), name="disposition_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.disposition_id}"


class Consequence(models.Model):
    """What follows on the disposition of one call: written with it, carried out once.

    The row is the job: `campaigns.dispositions.following` does it after the commit, or the minute job after a crash.
    """

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Could not be done")
        CALLED_OFF = "called_off", _("Cancelled")

    call = models.ForeignKey(Call, models.CASCADE, related_name="consequences", db_index=False)
    follows = models.CharField(max_length=8, choices=Disposition.Follows.choices)
    disposition = models.ForeignKey(Disposition, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    """Who chose the disposition; None: a rule."""
    made = models.ForeignKey(Call, models.SET_NULL, null=True, blank=True, related_name="+")
    """The further attempt or the callback's call."""
    why = models.CharField(max_length=MAX_WHY, blank=True)
    """Why it could not be done."""
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("consequence of a disposition")
        verbose_name_plural = _("consequences of dispositions")
        constraints = [models.UniqueConstraint(fields=["call", "follows"], name="consequence_once_a_call")]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="waiting"), name="consequence_waiting"),
            models.Index(fields=["asked_by"], condition=Q(asked_by__isnull=False), name="consequence_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.follows}"
