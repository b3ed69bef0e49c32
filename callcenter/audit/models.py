"""Audit events: one row for each important action of a person; append-only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_OBJECT_NAME = 200
"""Characters of an object's name that are kept."""


class AuditEvent(models.Model):
    """Who did what to which object, when and why; holds no secrets and no full phone numbers."""

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    action = models.CharField(_("what"), max_length=60, db_index=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    object_name = models.CharField(_("thing"), max_length=MAX_OBJECT_NAME, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}"


def record(
    actor: AbstractBaseUser | AnonymousUser | None, action: str, thing: models.Model | None = None, **detail: Any
) -> AuditEvent:
    """Write and return one event, in the caller's transaction, so that it is rolled back with the change it records.

    `actor` is the person, None for the product itself; `thing` is the changed object; `detail` must be JSON.
    """
    return AuditEvent.objects.create(
        actor_id=getattr(actor, "pk", None),
        action=action,
        object_type=thing._meta.model_name or "" if thing is not None else "",
        object_id=str(thing.pk) if thing is not None else "",
        object_name=str(thing)[:MAX_OBJECT_NAME] if thing is not None else "",
        detail=detail,
    )
