"""The words of each transcript, once each, behind an index: what a search of the call log reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Lookup
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call, CallTranscript

FULL_TEXT = "campaigns_transcriptwords_fts"
"""SQLite's own full-text table over the words; triggers keep it equal (migration `transcript_search`)."""

LONG_ENOUGH = 4
"""Letters from which on a word is found by its beginning; shorter ones begin too many others."""

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
    WordsLookup = Lookup[Any]
else:
    TextField = models.TextField
    WordsLookup = Lookup


def is_begun_by(word: str, wanted: str) -> bool:
    """Tell whether a word is what is wanted, or begins so where that is long enough."""
    return word.startswith(wanted) if len(wanted) >= LONG_ENOUGH else word == wanted


class WordsField(TextField):
    """Words parted by single spaces, already folded; asked by `__begin_with=[...]`."""


@WordsField.register_lookup
class BeginWith(WordsLookup):
    """Rows that hold every wanted word (`is_begun_by`), through the index of the engine in use.

    The words are folded: letters, numbers and marks alone, nothing that either engine's search would take for a sign.
    """

    lookup_name = "begin_with"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Ask PostgreSQL's index; its function, and why there is one, stand in the migration `words_cost`."""
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
    """The words of one transcript; the row goes with its call and with its transcript."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="words")
    transcript = models.OneToOneField(CallTranscript, models.CASCADE, related_name="words")
    words = WordsField()

    class Meta:
        verbose_name = _("words of a transcript")
        verbose_name_plural = _("words of transcripts")

    def __str__(self) -> str:
        return str(self.call_id)
