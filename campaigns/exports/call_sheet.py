"""The rows of a file of calls, in words, produced one by one in constant memory; also as CSV."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from callcenter.formats.masking import ending
from callcenter.formats.zones import start_of, titled
from campaigns.calls import call_columns
from campaigns.calls.noted_answers import as_line
from campaigns.core import results
from campaigns.core.csv_cells import csv_header, csv_lines, safe_cell
from campaigns.core.days import parse_day
from campaigns.core.variants import name_in
from campaigns.exports.answer_columns import AllAnswers, OneAnswer
from campaigns.exports.batches import Batch, batches_of
from campaigns.exports.cells import Clock, Column, Field, Made, Moment, Remembered, Row, Shared, Value
from campaigns.models import CallTagging, Question
from campaigns.models.calls import CallQuerySet
from providers.types import CallStatus

Part = Sequence[tuple[str, Column | Callable[[Row], Value]]]
"""The columns of a file for one column of the log: titles, each with a column or a function of a row."""
WHOLE = (
    "call", "direction", "campaign", "person", "number", "attempt", "state", "why", "provider", "agent", "caller_id",
    "added", "sent", "answered", "ended", "talked", "answered_by", "cost", "end_reason", "noted", "remote_id",
    "reference",
)  # fmt: skip
"""The columns of a file for which no columns were chosen."""

IS_SET = frozenset({"talk_seconds", "held_at", "needs_person_at"})
"""Columns of which only matters whether they are set."""


def within_days(calls: CallQuerySet, since: str, until: str) -> CallQuerySet:
    """Keep the calls sent between two days (ISO dates, both included, in Django's current time zone).

    A call that was never sent is taken by the day it was added. An empty date sets no limit.
    """
    if first := parse_day(since):
        start = start_of(first)
        calls = calls.filter(Q(placing_at__gte=start) | Q(placing_at__isnull=True, created_at__gte=start))
    if last := parse_day(until):
        end = start_of(last + datetime.timedelta(days=1))
        calls = calls.filter(Q(placing_at__lt=end) | Q(placing_at__isnull=True, created_at__lt=end))
    return calls


class CallSheet:
    """The rows of a query of calls, in the language and time zone that were active when the object was made.

    Both are kept because a streamed response is written after the request's language and zone have been reset.
    `shows_numbers` gives whole phone numbers instead of masked ones; `columns` are those of the log to write.
    """

    def __init__(
        self, calls: CallQuerySet, *, shows_numbers: bool, columns: Sequence[call_columns.LogColumn] | None = None
    ) -> None:
        self._calls = calls
        self._shows_numbers = shows_numbers
        self._language = translation.get_language() or "en"
        self._zone = timezone.get_current_timezone()
        self._told: dict[tuple[Any, ...], tuple[str, str]] = {}
        self.written = 0
        """Rows yielded so far."""
        self._clock = Clock(self._zone)
        chosen = columns if columns is not None else [call_columns.BY_KEY[key] for key in WHOLE]
        self._keys = [one.key for one in chosen]
        known = self._parts()
        parts = [known[one.key] if one.question is None else self._answer_part(one.question) for one in chosen]
        self.header = [title for part in parts for title, _value in part]
        self.names = _names(self._keys, parts)
        """Names of the columns for programs, which no language changes."""
        self._columns = [one if isinstance(one, Column) else Made(one) for part in parts for _title, one in part]
        self._reads = {"pk", *results.READS, "to_number"}.union(*(one.reads for one in chosen))

    def _parts(self) -> dict[str, Part]:
        """Return for each column of the log the columns of the file.

        A function is the simple way for a new one; it makes a dict of every row, so that a `Column` is the fast way.
        """
        directions = {"outbound": _("Outbound"), "inbound": _("Inbound")}
        number = Field("to_number", is_varied=True) if self._shows_numbers else Ending("to_number")
        answered_by = {"human": _("a person"), "machine": _("a machine")}
        return {
            "call": [(_("Call"), Field("pk", is_varied=True))],
            "campaign": [(_("Campaign"), Field("campaign__name"))],
            "person": [(_("Contact"), Field("contact__name"))],
            "number": [(_("Number"), number)],
            "attempt": [(_("Attempt"), Field("attempt"))],
            "state": [(_("Result"), Shared("told", self._tell, 0))],
            "why": [(_("Reason"), Shared("told", self._tell, 1))],
            "provider": [(_("Provider"), Field("provider__name"))],
            "direction": [(_("Direction"), Field("direction", lambda value: directions.get(value, "")))],
            "agent": [(_("Agent"), Field("agent__name"))],
            "variant": [(_("Variant"), Shared("variants", _variants_of, 0))],
            "caller_id": [(_("Caller ID"), Field("caller_id__number"))],
            "added": [(titled(_("Added")), Moment(self._clock, "created_at"))],
            "sent": [(titled(_("Sent")), Moment(self._clock, "placing_at", "placed_at"))],
            "answered": [(titled(_("Answered")), Moment(self._clock, "answered_at"))],
            "ended": [(titled(_("End time")), Moment(self._clock, "ended_at"))],
            "talked": [(_("Talk time (seconds)"), Field("talk_seconds"))],
            "answered_by": [(_("Answered by"), Field("answered_by", lambda value: answered_by.get(value, "")))],
            "cost": [(_("Cost"), Field("cost")), (_("Currency"), Shared("currency", _currencies, 0))],
            "end_reason": [(_("End reason"), Field("end_reason"))],
            "noted": [(_("Agent notes"), Field("extracted", self._noted))],
            "answers": [(_("Answers"), AllAnswers(self._language))],
            "summary": [(_("Summary"), Field("transcript__summary", is_varied=True))],
            "transcript": [(_("Transcript"), Field("transcript__text", is_varied=True))],
            "variables": [(_("Contact details"), Field("variables", _variables))],
            "tags": [(_("Tags"), itemgetter("tags"))],
            "disposition": [(_("Disposition"), Field("disposed__disposition__name"))],
            "score": [(_("Score"), Field("review__score"))],
            "asked_by": [(_("Requested by"), Shared("owners", _owners, 0))],
            "remote_id": [(_("Provider call ID"), Field("remote_id", is_varied=True))],
            "reference": [(_("Reference"), Reference("reference"))],
        }

    def values(
        self, calls: CallQuerySet | None = None, keys: Sequence[int] | None = None
    ) -> Iterator[tuple[Value, ...]]:
        """Yield a row a call (of `calls`, by default all) with numbers, local times and texts.

        `keys` are the primary keys of all of them, at most `batches.SIZE`, in the order that is wanted.
        """
        for batch in self._batches(calls, keys):
            yield from zip(*[column.values(batch) for column in self._columns], strict=True)

    def rows(self, calls: CallQuerySet | None = None, keys: Sequence[int] | None = None) -> Iterator[tuple[str, ...]]:
        """Yield a row a call (of `calls`, by default all) with every value as text; `keys` as of `values`."""
        for batch in self._batches(calls, keys):
            yield from self._texts(batch)

    def _batches(self, calls: CallQuerySet | None = None, keys: Sequence[int] | None = None) -> Iterator[Batch]:
        for found in batches_of(self._calls if calls is None else calls, sorted(self._reads)):
            batch = found if keys is None else found.in_order(keys)
            if "tags" in self._keys:
                _put_tags(batch.rows)
            self.written += batch.size
            yield batch

    def _texts(self, batch: Batch) -> Iterator[tuple[str, ...]]:
        return zip(*[column.texts(batch) for column in self._columns], strict=True)

    def lines(self) -> Iterator[str]:
        """Yield the whole CSV in pieces: the byte order mark, the header, then many rows a piece."""
        yield csv_header(self.header)
        for batch in self._batches():
            yield csv_lines(self._texts(batch))

    def _noted(self, extracted: object) -> str:
        with translation.override(self._language):
            return as_line(extracted)

    def _answer_part(self, question: Question) -> Part:
        return [(question.name, OneAnswer(question.pk, self._language))]

    def _tell(self, batch: Batch) -> list[tuple[str, str]]:
        """Return for each call of a batch its result as a word, and its reason as a sentence."""
        # Remembered by the columns that decide it: there are few combinations, however many calls.
        decide = [
            list(map(bool, batch.raw(name))) if name in IS_SET else batch.raw(name)
            for name in results.READS
            if name != "not_before"
        ]
        waits = zip(batch.raw("status"), batch.raw("not_before"), strict=True)
        decide.append([not_before if status == CallStatus.QUEUED else None for status, not_before in waits])
        known, told = self._told, []
        for at, key in enumerate(zip(*decide, strict=True)):
            words = known.get(key)
            if words is None:
                row = batch.row(at, results.READS)
                with translation.override(self._language):
                    words = known[key] = (str(results.result_of(row).word), str(results.sentence_of(row)))
            told.append(words)
        return told


class Ending(Column):
    """Numbers masked but for their last four digits."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept = Remembered(safe_cell)

    def values(self, batch: Batch) -> Sequence[Value]:
        return list(map(ending, batch.raw(self._name)))

    def texts(self, batch: Batch) -> Sequence[str]:
        return list(map(self._kept.__getitem__, map(ending, batch.raw(self._name))))


class Reference(Column):
    """UUIDs with their dashes, which SQLite stores without."""

    def __init__(self, name: str) -> None:
        self._name = name

    def values(self, batch: Batch) -> Sequence[Value]:
        return [
            text if len(text) != 32 else f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
            for text in batch.raw(self._name)
        ]


def _currencies(batch: Batch) -> list[tuple[str]]:
    """Return for each call the currency of its cost, if it has one."""
    both = zip(batch.raw("cost"), batch.raw("currency"), strict=True)
    return [(currency if cost is not None else "",) for cost, currency in both]


def _variants_of(batch: Batch) -> list[tuple[str]]:
    """Return for each call the name of its variant, if it has one."""
    keys = batch.raw("variant")
    if not any(keys):
        return [("",)] * batch.size
    both = zip(keys, batch.values("campaign__variants"), strict=True)
    return [(name_in(stored, key) if key else "",) for key, stored in both]


def _owners(batch: Batch) -> list[tuple[str]]:
    """Return for each call the name of who asked for it, as words."""
    names = (batch.raw(f"owner__{name}") for name in ("first_name", "last_name", "username"))
    return [(f"{first or ''} {last or ''}".strip() or user or "",) for first, last, user in zip(*names, strict=True)]


def _put_tags(batch: Sequence[dict[str, Any]]) -> None:
    """Add to each row of a batch its tags as one text, read in one statement."""
    by_call: dict[int, list[str]] = defaultdict(list)
    taggings = CallTagging.objects.filter(call__in=[row["pk"] for row in batch]).order_by("id")
    for call_id, name in taggings.values_list("call", "tag__name"):
        by_call[call_id].append(name)
    for row in batch:
        row["tags"] = ", ".join(by_call[row["pk"]])


def _variables(found: object) -> str:
    return "; ".join(f"{name}: {value}" for name, value in sorted(found.items())) if isinstance(found, dict) else ""


def _names(keys: Sequence[str], parts: Sequence[Part]) -> list[str]:
    names: list[str] = []
    for key, part in zip(keys, parts, strict=True):
        names += [key, *(SECOND[key] for _more in part[1:])]
    return names


SECOND = {"cost": "currency"}
"""The name of a column's second part, by the column's key."""
