"""Models of users' remarks on calls: notes, tags, reviews."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call

MAX_CALL_NOTE = 2_000
MAX_TAG = 60
MAX_COMMENT = 1_000


class CallNote(models.Model):
    """A note on a call; a call may have several, and they are never edited."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("time"), default=timezone.now)
    text = models.TextField(_("note"), max_length=MAX_CALL_NOTE)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.text[:40]}"


class CallTag(models.Model):
    """A tag for calls, in its first spelling."""

    name = models.CharField(_("tag"), max_length=MAX_TAG)
    key = models.CharField(max_length=MAX_TAG, unique=True, editable=False)
    """The normalized name, equal for all spellings: case, keyboard variants of letters."""

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class CallTagging(models.Model):
    """One tag on one call, and the user who added it."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(CallTag, models.CASCADE, related_name="taggings", db_index=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("tag of a call")
        verbose_name_plural = _("tags of calls")
        constraints = [models.UniqueConstraint(fields=["tag", "call"], name="tag_once_a_call")]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.tag_id}"


class CallReview(models.Model):
    """A manager's score and comment for a call; earlier versions are in the audit log."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="review")
    score = models.PositiveSmallIntegerField(_("score"))
    comment = models.CharField(_("comment"), max_length=MAX_COMMENT, blank=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="score_of_five")]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.score}"
