"""Saved filters of the call log."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """Named filters and columns of the call log; a shared one shows each user only the calls that they may see."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=2000)
    """The URL query string of the log."""
    is_shared = models.BooleanField(_("shared"), default=False)
    team = models.ForeignKey(
        "access.Team", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    """With whom a shared one is shared: this team; everybody where there is none."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="filter_name_once_a_person")]

    def __str__(self) -> str:
        return self.name
