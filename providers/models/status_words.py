"""Status words of vendors that nobody mapped yet: how many calls had them, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import models
from django.db.models import F
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

from providers.models.provider import Provider
from providers.replies import MAX_WORD, normalise_word

MOST_WORDS = 50
"""Words kept of one provider: a vendor that makes up a new one for each call fills no table."""

word_mapped = Signal()
"""Sent with `provider_id` and `word` once an admin mapped a word; what waits for it is to be read again.

Receivers return how many calls that are. Sent within the transaction that stores the mapping.
"""


class UnmappedWordQuerySet(models.QuerySet["UnmappedWord"]):
    """Writes what calls' news bring of words."""

    def note(self, provider_id: int, counts: Mapping[str, int], now: datetime) -> None:
        """Count calls that began to have a word, given as the vendor writes it."""
        for spelling, calls in sorted(counts.items()):
            word = normalise_word(spelling)
            known = self.filter(provider=provider_id, word=word)
            if not word or known.update(calls=F("calls") + calls, last_at=now):
                continue
            if self.filter(provider=provider_id).count() < MOST_WORDS:
                values = {"spelling": spelling[:MAX_WORD], "calls": calls, "first_at": now, "last_at": now}
                self.get_or_create(provider_id=provider_id, word=word, defaults=values)


class UnmappedWord(models.Model):
    """A status word that a provider's calls had while nobody had mapped it; kept as evidence afterwards."""

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="unmapped_words", verbose_name=_("provider"))
    word = models.CharField(_("status name"), max_length=MAX_WORD)
    """The word as `normalise_word` compares it."""
    spelling = models.CharField(max_length=MAX_WORD)
    """The word as the vendor wrote it first."""
    calls = models.PositiveIntegerField(_("calls"), default=0)
    first_at = models.DateTimeField(_("first seen"))
    last_at = models.DateTimeField(_("last seen"))

    objects = UnmappedWordQuerySet.as_manager()

    class Meta:
        verbose_name = _("unknown provider status")
        verbose_name_plural = _("unknown provider statuses")
        ordering = ["-calls", "word"]
        constraints = [models.UniqueConstraint(fields=["provider", "word"], name="word_once_a_provider")]

    def __str__(self) -> str:
        return self.spelling
