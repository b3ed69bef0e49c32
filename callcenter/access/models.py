"""Teams, their members, and the model that the product's own permissions belong to."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.access.rights import RIGHTS
from callcenter.access.two_people_model import TwoPersonRequest
from callcenter.formats.zones import MAX_ZONE_NAME

__all__ = ["KeptForm", "Membership", "PersonalClock", "Right", "Team", "TwoPersonRequest"]

KEPT_FOR = datetime.timedelta(hours=1)
"""How long a form is kept that could not be taken."""
MAX_ADDRESS = 2_000
"""Characters of the address of a page."""
MAX_BROWSER = 300


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
    """The team that a person works in: what they make belongs to it. Further ones are `FurtherTeam`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="membership")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class FurtherTeam(models.Model):
    """One more team whose work a person sees and changes; what they make themselves belongs to their own team."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="further_teams")
    team = models.ForeignKey(Team, models.CASCADE, related_name="further_members")

    class Meta:
        verbose_name = _("other team of a user")
        verbose_name_plural = _("other teams of users")
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="further_team_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class KeptForm(models.Model):
    """A form that could not be taken because its session had ended; shown to its user again, filled, for an hour."""

    class Why(models.TextChoices):
        """Why it was not taken."""

        SIGNED_OUT = "signed_out", _("The session had ended")
        LOGGED_IN_AGAIN = "again", _("The user had logged in again")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.CharField(max_length=MAX_ADDRESS)
    """Path and query of the page on which it was filled in."""
    action = models.CharField(max_length=MAX_ADDRESS)
    """Path and query of the address to which it was sent."""
    why = models.CharField(max_length=10, choices=Why.choices)
    sealed = models.TextField()
    """The fields, encrypted with the first of FIELD_KEYS."""
    kept_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("saved form")
        verbose_name_plural = _("saved forms")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.action}"

    @classmethod
    def forget_old(cls, now: datetime.datetime) -> int:
        """Delete the forms that were kept for long enough; returns how many."""
        return cls.objects.filter(kept_at__lte=now - KEPT_FOR).delete()[0]


class OpenSession(models.Model):
    """What a user knows one of their sessions by; it is open as long as the session of this key is stored."""

    key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    began_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)
    """Noted every ten minutes at most."""
    address = models.GenericIPAddressField(null=True, blank=True)
    browser = models.CharField(max_length=MAX_BROWSER, blank=True)
    """What the browser says of itself, its User-Agent."""

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.address}"


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
