"""The words of each transcript, once each, behind an index: what a search of the call log reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Lookup
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call, CallTranscript

FULL_TEXT = "campaigns_transcriptwords_fts"
"""SQLite's own full-text table over the words; triggers keep it equal (migration `transcript_search`)."""

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
    WordsLookup = Lookup[Any]
else:
    TextField = models.TextField
    WordsLookup = Lookup


class WordsField(TextField):
    """Words parted by single spaces, already folded; asked by `__begin_with=[...]`."""


@WordsField.register_lookup
class BeginWith(WordsLookup):
    """Rows that hold, for each wanted beginning, a word that begins so; through the index of the engine in use."""

    lookup_name = "begin_with"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Ask PostgreSQL's index; its expression stands word for word in the migration."""
        if connection.vendor == "sqlite":
            return self._sqlite(compiler, connection)
        column, parameters = self.process_lhs(compiler, connection)
        query = " & ".join(f"'{word}':*" for word in self.rhs)
        return f"array_to_tsvector(string_to_array({column}, ' ')) @@ %s::tsquery", (*parameters, query)

    def _sqlite(self, compiler: Any, connection: Any) -> Any:
        column, parameters = self.process_lhs(compiler, connection)
        rowid = column.rpartition(".")[0] + "." + connection.ops.quote_name("call_id")
        query = " ".join(f'"{word}"*' for word in self.rhs)
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
