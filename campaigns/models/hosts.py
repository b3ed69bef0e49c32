"""The model of the hosts that run a worker."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkerHost(models.Model):
    """A host whose worker serves the queue, and when work last passed through it."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    """HOST_NAME of its settings, by default the machine's name."""
    started_at = models.DateTimeField(_("started"))
    beat_at = models.DateTimeField(_("last heartbeat"))
    """When a message last came out of the queue and was handled there; the database's clock."""
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    """When its worker ended in order; empty while it runs, and after a death."""
    version = models.CharField(_("version"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RunningSlice(models.Model):
    """A dispatch or poll slice that runs beside other hosts: on which host, and when it was last seen; on no page."""

    token = models.UUIDField(primary_key=True)
    """The id of the slice, which its leases name."""
    kind = models.CharField(max_length=10)
    """`dispatch` or `poll`."""
    host = models.CharField(max_length=100)
    seen_at = models.DateTimeField()
    """When it last looked what it and the others serve; the database's clock."""

    def __str__(self) -> str:
        return f"{self.kind} {self.host}"
