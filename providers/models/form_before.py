"""Whether code of the version before may still have to read stored keys."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class FormBefore(models.Model):
    """Its one row says that keys are still stored in the form of the version before, which opens in any row.

    A migration writes it where keys are stored already: in a rolling restart web servers and workers of both versions
    read them. `rotate_keys`, run once none of the version before is left, deletes it and binds every value to its row.
    """

    since = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "keys in the form before"
        verbose_name_plural = "keys in the form before"

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d}"
