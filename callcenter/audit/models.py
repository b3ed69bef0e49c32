"""Audit events: one row for each important action of a person; append-only, and chained by hashes."""

from __future__ import annotations

import datetime
import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.audit import actions, canonical, context

logger = logging.getLogger(__name__)

MAX_OBJECT_NAME = 200
"""Characters of an object's name that are kept."""
MAX_ROLE = 120


class UndeclaredAction(Exception):
    """Raised in tests for an event whose action or detail is not declared in `actions`."""


class AuditEvent(models.Model):
    """Who did what to which object, when and why; holds no secrets, no transcripts and no full phone numbers."""

    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    action = models.CharField(_("action"), max_length=60, db_index=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    object_name = models.CharField(_("object"), max_length=MAX_OBJECT_NAME, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    actor_name = models.CharField(max_length=150, default="", db_default="", blank=True)
    """The user name at the time."""
    role = models.CharField(_("role"), max_length=MAX_ROLE, default="", db_default="", blank=True)
    """The roles at the time, separated by commas."""
    session = models.CharField(_("session"), max_length=16, default="", db_default="", blank=True)
    """A keyed hash of the session's key."""
    address = models.CharField(_("address"), max_length=45, default="", db_default="", blank=True)
    request_id = models.CharField(_("request"), max_length=64, default="", db_default="", blank=True)
    source = models.CharField(_("from"), max_length=context.MAX_SOURCE, default="", db_default="", blank=True)
    """The command or task that acted; empty for a request."""
    signature = models.CharField(max_length=100, default="", db_default="", blank=True)
    """Of the row as it was written; empty in rows of versions before the chain."""

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}"


class AuditLink(models.Model):
    """The place of one event in the chain: each link holds a hash of the one before it and of its row."""

    class Kind(models.TextChoices):
        """What was known of a row when it was chained."""

        SIGNED = "", _("Signed")
        EARLY = "early", _("Created by a version without signatures")
        FOREIGN = "foreign", _("Not created by Callcenter")

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, blank=True, default=Kind.SIGNED)
    row_hash = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit log link")
        verbose_name_plural = _("audit log links")

    def __str__(self) -> str:
        return f"{self.seq}: {self.event_id}"


class AuditSeal(models.Model):
    """A signed statement about the chain as far as one link: all before it was as it stands."""

    class Kind(models.TextChoices):
        """What the statement is for."""

        SEAL = "seal", _("Seal")
        CHECKPOINT = "checkpoint", _("Older rows were removed by retention")
        RENEWED = "renewed", _("Sealed again with another key")

    seq = models.BigIntegerField(db_index=True)
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.SEAL)
    at = models.DateTimeField(default=timezone.now)
    found = models.CharField(max_length=20, blank=True, default="")
    """What was not whole when the chain went on: see `sealing.Found`."""
    key = models.CharField(max_length=8)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit log seal")
        verbose_name_plural = _("audit log seals")

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"


class AuditWatch(models.Model):
    """One row: how far the audit log was verified in pieces, and what was found; also the lock of who seals."""

    begun_at = models.DateTimeField(default=timezone.now)
    """Since when events are signed."""
    checked_through = models.BigIntegerField(default=0)
    """The link up to which the round that is under way has come."""
    round_ended_at = models.DateTimeField(null=True, blank=True)
    """When all rows were last found verified."""
    problem = models.TextField(blank=True, default="")
    """The first fault found, in English; empty while all is whole."""
    problem_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("audit log check")
        verbose_name_plural = _("audit log check")

    def __str__(self) -> str:
        return self.problem or "whole"


class AuditTally(models.Model):
    """What happens often counted in one row, until an event with the count is recorded; see `often`."""

    key = models.CharField(max_length=64, unique=True)
    """A hash of all that is the same in what is counted."""
    values = models.JSONField(default=dict)
    """The columns of the event that will be recorded."""
    times = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("audit log count")
        verbose_name_plural = _("audit log counts")

    def __str__(self) -> str:
        return f"{self.values.get('action')} {self.times}"


def record(
    actor: AbstractBaseUser | AnonymousUser | None, action: str, thing: models.Model | None = None, **detail: Any
) -> AuditEvent:
    """Write and return one event, in the caller's transaction, so that it is rolled back with the change it records.

    `actor` is the person, None for the product itself; `thing` is the changed object. The action and the names of its
    details are declared in `actions`: tests fail with UndeclaredAction, production writes the event all the same.
    """
    return write(event_of(actor, action, thing, **detail))


def event_of(
    actor: AbstractBaseUser | AnonymousUser | None, action: str, thing: models.Model | None = None, **detail: Any
) -> AuditEvent:
    """Return an event that is not written yet; see `record`."""
    if problem := actions.undeclared(action, set(detail)):
        if settings.AUDIT_IS_STRICT:
            raise UndeclaredAction(problem)
        logger.error("%s", problem)
    acting = context.current()
    return AuditEvent(
        actor_id=getattr(actor, "pk", None),
        actor_name=_user_name(actor),
        role=_roles_of(actor, acting),
        session=acting.session,
        address=acting.address,
        request_id=acting.request_id[:64],
        source=acting.source[: context.MAX_SOURCE],
        action=action[:60],
        object_type=(thing._meta.model_name or "")[:40] if thing is not None else "",
        object_id=str(thing.pk)[:40] if thing is not None else "",
        object_name=_name_of(thing),
        detail=canonical.clean(detail),
    )


def write(event: AuditEvent, using: str = "default", at: datetime.datetime | None = None) -> AuditEvent:
    """Sign an event and write it; `at` is for events of a past that is made up."""
    event.at = at or event.at
    event.signature = canonical.sign(event)
    event.save(using=using, force_insert=True)
    return event


def _name_of(thing: models.Model | None) -> str:
    """Return what names an object in the log; nothing for a contact, who may ask to be erased from all that is kept."""
    if thing is None or getattr(thing, "not_in_audit", None):
        return ""
    return canonical.clean_text(str(thing), MAX_OBJECT_NAME)


def _user_name(actor: AbstractBaseUser | AnonymousUser | None) -> str:
    return canonical.clean_text(actor.get_username(), 150) if actor is not None and actor.pk is not None else ""


def _roles_of(actor: AbstractBaseUser | AnonymousUser | None, acting: context.Acting) -> str:
    """Return the names of a user's roles now; read once a request or command."""
    if actor is None or actor.pk is None or not hasattr(actor, "groups"):
        return ""
    if actor.pk not in acting.roles:
        acting.roles[actor.pk] = ", ".join(sorted(actor.groups.values_list("name", flat=True)))[:MAX_ROLE]
    return acting.roles[actor.pk]
