"""Model of the further teams that share a contact."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.contacts import Contact


class ContactTeam(models.Model):
    """One more team that shares a contact, because it added, imported or called the number; one row is one number."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="further_teams", db_index=False)
    team = models.ForeignKey("access.Team", models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    imported_by = models.ForeignKey(
        "campaigns.ContactImport", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    """The import by which the team came to share it; undoing that import ends the sharing."""
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("other team of a contact")
        verbose_name_plural = _("other teams of contacts")
        constraints = [models.UniqueConstraint(fields=["contact", "team"], name="contact_team_once")]

    def __str__(self) -> str:
        return f"{self.contact_id}·{self.team_id}"
