"""Model of transcripts' words, with the full-text index that a search of the call log uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Lookup
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call, CallTranscript

FULL_TEXT = "campaigns_transcriptwords_fts"
"""SQLite's FTS table over the words, kept up to date by triggers (migration `transcript_search`)."""

LONG_ENOUGH = 4
"""Searched words with at least this many letters match as prefixes; shorter ones match whole words only."""

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
    WordsLookup = Lookup[Any]
else:
    TextField = models.TextField
    WordsLookup = Lookup


def is_begun_by(word: str, wanted: str) -> bool:
    """Tell whether a word equals the wanted one, or begins with it if that has `LONG_ENOUGH` letters."""
    return word.startswith(wanted) if len(wanted) >= LONG_ENOUGH else word == wanted


class WordsField(TextField):
    """Folded words separated by single spaces; queried by the lookup `__begin_with=[...]`."""


@WordsField.register_lookup
class BeginWith(WordsLookup):
    """Lookup for rows that contain every wanted word (see `is_begun_by`), by the database's full-text index.

    The wanted words must be folded: only letters, digits and marks, so that no character is search syntax.
    """

    lookup_name = "begin_with"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the SQL for PostgreSQL; its function is defined, and explained, in the migration `words_cost`."""
        if connection.vendor == "sqlite":
            return self._sqlite(compiler, connection)
        column, parameters = self.process_lhs(compiler, connection)
        query = " & ".join(f"'{word}':*" if len(word) >= LONG_ENOUGH else f"'{word}'" for word in self.rhs)
        return f"campaigns_words({column}) @@ %s::tsquery", (*parameters, query)

    def _sqlite(self, compiler: Any, connection: Any) -> Any:
        column, parameters = self.process_lhs(compiler, connection)
        rowid = column.rpartition(".")[0] + "." + connection.ops.quote_name("call_id")
        query = " ".join(f'"{word}"*' if len(word) >= LONG_ENOUGH else f'"{word}"' for word in self.rhs)
        found = f"SELECT rowid FROM {FULL_TEXT} WHERE {FULL_TEXT} MATCH %s"  # noqa: S608 - a constant of ours
        return f"{rowid} IN ({found})", (*parameters, query)


class TranscriptWords(models.Model):
    """The words of one transcript; deleted with its call or its transcript."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="words")
    transcript = models.OneToOneField(CallTranscript, models.CASCADE, related_name="words")
    words = WordsField()

    class Meta:
        verbose_name = _("words of a transcript")
        verbose_name_plural = _("words of transcripts")

    def __str__(self) -> str:
        return str(self.call_id)
