"""Teams, their members, and the model that the product's own permissions belong to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from callcenter.access.rights import RIGHTS
from callcenter.formats.zones import MAX_ZONE_NAME


class Team(models.Model):
    """A group of people who see each other's work."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """The one team that a person works in."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="membership")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class Right(models.Model):
    """Declares the permissions of the permission table (`rights.py`); it has no rows."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [(right.code, right.label) for right in RIGHTS]

    def __str__(self) -> str:
        return "right"


class PersonalClock(models.Model):
    """The time zone in which one user sees and enters times."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="clock")
    time_zone = models.CharField(_("time zone"), max_length=MAX_ZONE_NAME)
    is_confirmed = models.BooleanField(default=False, db_default=False)
    """Whether the user chose it; else it is what the browser said at the last log-in."""

    class Meta:
        verbose_name = _("time zone of a user")
        verbose_name_plural = _("time zones of users")

    def __str__(self) -> str:
        return f"{self.user} · {self.time_zone}"
