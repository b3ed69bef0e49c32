"""Model of hand-overs: calls that were given to a person, who is to act by a time."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call
from campaigns.models.dispositions import MAX_DISPOSITION


class HandOver(models.Model):
    """One call that did not reach its person, given to a user; the contact is that of the call."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        DROPPED = "dropped", _("No longer needed")

    call = models.OneToOneField(Call, models.CASCADE, related_name="hand_over", verbose_name=_("call"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("given to"),
    )
    """None where the account is gone: managers then see it."""
    outcome = models.CharField(_("reason"), max_length=12)
    """The outcome of the call (`campaigns.outcomes.Outcome`), or its result where a disposition gave it."""
    disposition = models.CharField(_("disposition"), max_length=MAX_DISPOSITION, blank=True, default="", db_default="")
    """The name of the disposition that gave it; empty: the campaign's policy did."""
    state = models.CharField(_("status"), max_length=8, choices=State.choices, default=State.OPEN)
    due_at = models.DateTimeField(_("due"))
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    """Who gave it to the person; None: the campaign's policy."""
    given_at = models.DateTimeField(default=timezone.now)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    """Who ended it; None: later news of the call."""
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["person", "due_at"], condition=Q(state="open"), name="hand_over_open"),
        ]

    def __str__(self) -> str:
        return f"{_('Hand-over')} {self.pk}"
