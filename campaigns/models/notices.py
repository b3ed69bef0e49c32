"""Models of notices: what a user is told, the ways on which it leaves, what they chose, and digests."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.fields import EncryptedJSONField

MAX_KEY = 80
MAX_DETAIL = 300


class Notice(models.Model):
    """One thing that one user is told; it stands in their inbox until they have read it, or it is over."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    """A key of `campaigns.notices.kinds.KINDS`."""
    object_type = models.CharField(max_length=20)
    """What it is about: "campaign", "provider", "call", "export", "user", "hand_over" with the id of its call, or the
    installation ("worker", "audit")."""
    object_id = models.PositiveBigIntegerField()
    key = models.CharField(max_length=MAX_KEY)
    """Names the cause: one cause is one notice of a user, however often it is told."""
    detail = models.CharField(max_length=MAX_DETAIL, blank=True)
    """A reason in words, as it was when this happened; it names nobody who is called."""
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    """Who did it; None: the product, or an account that is gone."""
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    """When they read it, or when it was over."""

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["key", "user"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "id"], name="notice_of_user"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notice_unread"),
            models.Index(fields=["kind", "object_id"], condition=Q(read_at__isnull=True), name="notice_open_about"),
            models.Index(fields=["at"], name="notice_age"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind} {self.object_id}"


class NoticeDelivery(models.Model):
    """A notice that is to leave by mail or chat; the row is the job, and one notice leaves once by each way."""

    class Channel(models.TextChoices):
        """Ways out of the product."""

        MAIL = "mail", _("Email")
        CHAT = "chat", _("Chat")

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    due_at = models.DateTimeField()
    """When it is to be sent, or tried again; later than the notice where the user has quiet hours."""
    tries = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=40, blank=True)
    """The message that carried it, one for all that left together; a repeated try has the same."""
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    """When it was given up, or needed no more, without having been sent."""

    class Meta:
        verbose_name = _("delivery of a notice")
        verbose_name_plural = _("deliveries of notices")
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="notice_delivered_once")]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(sent_at__isnull=True, ended_at__isnull=True), name="delivery_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} · {self.channel}"


class NoticeSettings(models.Model):
    """What one user chose about notices and digests; without a row everything is as the installation says."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    choices = models.JSONField(default=dict, blank=True)
    """By channel and kind whether it is sent, where the user chose: {"mail": {"export_ready": true}}."""
    language = models.CharField(_("language"), max_length=8, blank=True)
    """Of mails and chat messages; empty: the installation's."""
    quiet_start = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_end = models.TimeField(_("quiet until"), null=True, blank=True)
    daily_digest = models.BooleanField(_("daily digest"), default=False)
    weekly_digest = models.BooleanField(_("weekly digest"), default=False)
    digest_hour = models.PositiveSmallIntegerField(_("hour"), default=8)
    """On the user's clock."""
    digest_weekday = models.PositiveSmallIntegerField(_("day of the weekly digest"), default=0)
    """0 is Monday."""
    chat = EncryptedJSONField(default=dict, blank=True, editable=False)
    """Under "address" where their chat takes messages; write-only: no page shows it again."""
    chat_service = models.CharField(max_length=20, blank=True, default="")
    """The service of that address, which pages name."""

    class Meta:
        verbose_name = _("notice settings of a user")
        verbose_name_plural = _("notice settings of users")

    def __str__(self) -> str:
        return f"{self.user_id}"


class Digest(models.Model):
    """One digest of one user for one period: written before it is sent, so that no period is sent twice."""

    class Period(models.TextChoices):
        """How long a time it tells of."""

        DAILY = "daily", _("Daily digest")
        WEEKLY = "weekly", _("Weekly digest")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    period = models.CharField(max_length=8, choices=Period.choices)
    day = models.DateField()
    """The day on the user's clock on which it is due."""
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        constraints = [models.UniqueConstraint(fields=["user", "period", "day"], name="digest_once")]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(sent_at__isnull=True, ended_at__isnull=True), name="digest_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.period} {self.day}"
