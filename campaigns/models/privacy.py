"""Models of retention and erasure: what was cleared, how far, who was erased, and the opt-outs that outlive that."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.reasons import MAX_REASON
from providers.fields import EncryptedJSONField


class ClearedRows(models.Model):
    """How many rows of one kind were cleared on one day (UTC); written in the transaction that cleared them."""

    kind = models.CharField(max_length=20)
    day = models.DateField()
    rows = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = _("cleared rows")
        verbose_name_plural = _("cleared rows")
        ordering = ["-day", "kind"]
        constraints = [models.UniqueConstraint(fields=["kind", "day"], name="cleared_once_a_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}: {self.rows}"


class RetentionMark(models.Model):
    """How far the conversations of calls are cleared, by the time of a call's last news and its id."""

    kind = models.CharField(primary_key=True, max_length=20)
    changed_at = models.DateTimeField()
    call_id = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("retention mark")
        verbose_name_plural = _("retention marks")

    def __str__(self) -> str:
        return f"{self.kind}: {self.changed_at:%Y-%m-%d}"


class KeptOptOut(models.Model):
    """The opt-out of an erased person: a keyed hash of the number, which tells nobody who it was."""

    digest = models.CharField(max_length=64, unique=True)
    """HMAC-SHA-256 of the number in E.164, in hexadecimal digits; its key is `ErasureKey`."""
    expires_at = models.DateTimeField(null=True, blank=True)
    kept_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("retained opt-out")
        verbose_name_plural = _("retained opt-outs")

    def __str__(self) -> str:
        return f"#{self.pk}"


class ErasureKey(models.Model):
    """The key of the hashes of erased people, encrypted with FIELD_KEYS: a single row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    sealed = EncryptedJSONField()

    class Meta:
        verbose_name = _("erasure key")
        verbose_name_plural = _("erasure keys")

    def __str__(self) -> str:
        return f"#{self.pk}"


class Erasure(models.Model):
    """One person's erasure: asked for with a reason, carried out once no call to the person is live."""

    asked_at = models.DateTimeField(_("requested"), default=timezone.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    reason = models.CharField(_("reason"), max_length=MAX_REASON)
    contact_key = models.BigIntegerField(null=True, blank=True)
    """The id of the contact; none where only the number was known."""
    sealed = EncryptedJSONField(blank=True, default=dict)
    """The person's numbers and names, encrypted with FIELD_KEYS; emptied once they are erased."""
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    """Rows erased, by table."""
    tasks = models.JSONField(default=list, blank=True)
    """What people must do by hand: [what, provider's name, ids of its calls]."""

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["asked_at"], condition=models.Q(done_at__isnull=True), name="erasure_open"),
        ]

    def __str__(self) -> str:
        return f"{_('Erasure')} {self.pk}"
