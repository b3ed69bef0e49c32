"""Teams, their members, and the model that the product's own permissions belong to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from callcenter.access.rights import RIGHTS


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
