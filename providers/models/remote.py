"""Models of objects that exist at a vendor: agents, voices, caller IDs, diallers."""

from __future__ import annotations

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from providers.models.provider import Provider
from providers.wording import AGENT_WARNINGS

MAX_NAME = 200
"""Characters of an object's name that are kept."""
MAX_LABEL = 40
"""Characters of a type, status, direction, language or maker that are kept."""


class RemoteRow(models.Model):
    """Base of the models of objects at a vendor."""

    provider = models.ForeignKey(Provider, models.CASCADE, verbose_name=_("provider"))
    remote_id = models.CharField(_("provider call ID"), max_length=200)
    name = models.CharField(_("name"), max_length=MAX_NAME)
    is_present = models.BooleanField(
        _("still at the provider"), default=True, help_text=_("Cleared when the provider no longer lists it.")
    )
    synced_at = models.DateTimeField(_("last synced"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Agent(RemoteRow):
    """A voice agent at a vendor."""

    type = models.CharField(_("type"), max_length=MAX_LABEL, blank=True)
    status = models.CharField(_("status"), max_length=MAX_LABEL, blank=True)
    direction = models.CharField(_("direction"), max_length=MAX_LABEL, blank=True)
    language = models.CharField(_("language"), max_length=MAX_LABEL, blank=True)
    variables = models.JSONField(_("variables it expects"), default=list, blank=True)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    variables_before = models.JSONField(null=True, blank=True, editable=False)
    """The variables that it expected before the last change of them."""
    variables_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When a sync last found other variables than before."""
    longest_seconds = models.PositiveIntegerField(_("maximum call length, seconds"), null=True, blank=True)
    """After how many seconds the vendor ends its calls, as last synced; None where the vendor does not tell."""

    class Meta(RemoteRow.Meta):
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["provider", "remote_id"], name="agent_once_a_provider")]

    @property
    def warning_sentences(self) -> list[str | Promise]:
        """Sentences that say why it cannot be called with."""
        return [AGENT_WARNINGS[code] for code in self.warnings if code in AGENT_WARNINGS]


class Voice(RemoteRow):
    """A recorded or synthetic voice at a vendor."""

    maker = models.CharField(_("maker"), max_length=MAX_LABEL, blank=True)
    language = models.CharField(_("language"), max_length=MAX_LABEL, blank=True)

    class Meta(RemoteRow.Meta):
        verbose_name = _("voice")
        verbose_name_plural = _("voices")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["provider", "remote_id"], name="voice_once_a_provider")]


class CallerId(RemoteRow):
    """A number that the vendor lets us call from."""

    number = models.CharField(_("number"), max_length=40)

    class Meta(RemoteRow.Meta):
        verbose_name = _("caller ID")
        verbose_name_plural = _("caller IDs")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["provider", "number"], name="caller_id_once_a_provider")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()


class Dialer(RemoteRow):
    """A dialler of Bitel (its `serverId`), typed in by an admin."""

    class Meta(RemoteRow.Meta):
        verbose_name = _("dialler")
        verbose_name_plural = _("diallers")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["provider", "remote_id"], name="dialer_once_a_provider")]
