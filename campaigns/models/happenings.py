"""Models of what others want to hear of: who listens for what, and what happened that they did not take up yet."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_LISTENER = 20
MAX_KIND = 40


class Listening(models.Model):
    """That a listener, such as "webhooks", wants to hear of one kind of happening; without it nothing is written."""

    listener = models.CharField(max_length=MAX_LISTENER)
    kind = models.CharField(max_length=MAX_KIND)

    class Meta:
        verbose_name = _("event subscription")
        verbose_name_plural = _("event subscriptions")
        constraints = [models.UniqueConstraint(fields=["listener", "kind"], name="listening_once")]

    def __str__(self) -> str:
        return f"{self.listener}: {self.kind}"


class Happening(models.Model):
    """Something that happened, for one listener, who deletes it when it takes it up: the outbox of `core.happenings`.

    It is written in the transaction of the change, and says of what kind it is and of which row; what there is to tell
    is read when it is told.
    """

    listener = models.CharField(max_length=MAX_LISTENER)
    kind = models.CharField(max_length=MAX_KIND)
    """A key of `campaigns.core.happenings.KINDS`."""
    subject = models.BigIntegerField()
    """Id of the row that it is about; of which model, its kind says."""
    key = models.UUIDField(default=uuid.uuid4)
    """Tells it from every other one, also after the database was put back from a backup."""
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
