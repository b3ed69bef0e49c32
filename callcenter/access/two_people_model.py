"""The model of requests that a second person must confirm."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_WHY = 300
"""Characters of a reason."""
MAX_THING = 200
"""Characters of the name of the thing that it is about."""


class TwoPersonRequest(models.Model):
    """An act that one person asked for and a second person must confirm; it runs with the confirmation, once."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Waiting for a second user")
        CONFIRMED = "confirmed", _("Confirmed")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        LAPSED = "lapsed", _("Expired")

    kind = models.CharField(max_length=40)
    """Key of `two_people_kinds.KINDS`."""
    thing_type = models.CharField(max_length=40)
    thing_id = models.CharField(max_length=40)
    thing_name = models.CharField(_("object"), max_length=MAX_THING)
    """As pages show it; holds no full phone number and no secret."""
    detail: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    """What the act needs to see that the thing is still as it was when it was asked for."""
    reason = models.CharField(_("reason"), max_length=MAX_WHY)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("requested by")
    )
    asked_at = models.DateTimeField(_("requested"), default=timezone.now)
    lapses_at = models.DateTimeField(_("expires"))
    state = models.CharField(_("status"), max_length=10, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=MAX_WHY, blank=True)
    outcome = models.CharField(max_length=MAX_WHY, blank=True)
    """What the act did, in a sentence."""

    class Meta:
        verbose_name = _("request for confirmation")
        verbose_name_plural = _("requests for confirmation")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "thing_type", "thing_id"], condition=Q(state="open"), name="one_open_request_a_thing"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="nobody_confirms_their_own",
            ),
        ]
        indexes = [models.Index(fields=["lapses_at"], condition=Q(state="open"), name="open_two_person_request")]

    def __str__(self) -> str:
        return self.thing_name
