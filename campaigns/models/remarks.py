"""What people of ours say about a call: notes, tags, a review."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call


class CallNote(models.Model):
    """One remark about a call; a call may have several, and none is ever changed."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("when"), default=timezone.now)
    text = models.TextField(_("note"), max_length=2000)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.text[:40]}"


class CallTag(models.Model):
    """A word that calls are sorted by, as it was first written."""

    name = models.CharField(_("tag"), max_length=60)
    key = models.CharField(max_length=60, unique=True, editable=False)
    """The name without what writing differs in: case, letters of either script."""

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class CallTagging(models.Model):
    """One tag on one call, and who put it there."""

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
    """How good a call was, in the eyes of a manager; the last word stands, those before it are in the audit."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="review")
    score = models.PositiveSmallIntegerField(_("score"))
    comment = models.CharField(_("comment"), max_length=1000, blank=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="score_of_five")]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.score}"
