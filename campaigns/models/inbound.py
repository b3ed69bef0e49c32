"""Model of what only calls have that people made to us; each is a row of `Call` with the direction inbound."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call


class InboundCall(models.Model):
    """A call that a person made to one of our numbers, as the vendor lists it; written down when it is over."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="inbound")
    our_number = models.CharField(_("our number"), max_length=40, blank=True)
    """The number that was called, in E.164 where it could be parsed."""
    answers = models.ForeignKey(
        Call, models.SET_NULL, null=True, blank=True, related_name="called_back_by", verbose_name=_("return call after")
    )
    """Our last call to the person before it, if that was not long ago: then they called back."""
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("inbound call")
        verbose_name_plural = _("inbound calls")
        indexes = [
            models.Index(
                fields=["-call"], condition=Q(answers__isnull=False, handled_at__isnull=True), name="called_back_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{_('Call')} {self.call_id}"
