"""Filters of the call log that somebody wants to use again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    """Selections of saved filters."""

    def visible_to(self, person: Person) -> SavedFilterQuerySet:
        """Own ones, and those that somebody shares with everybody."""
        return self.filter(Q(owner_id=person.pk) | Q(is_shared=True))


class SavedFilter(models.Model):
    """A name for filters and columns of the call log; each person sees through it only the calls that are theirs."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=2000)
    """The address's query, as the log writes it."""
    is_shared = models.BooleanField(_("shared with everybody"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="filter_name_once_a_person")]

    def __str__(self) -> str:
        return self.name
