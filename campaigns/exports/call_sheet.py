"""The rows of a file of calls, in words, produced one by one in constant memory; also as CSV."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeVar

from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from callcenter.formats.masking import ending
from callcenter.formats.zones import start_of, titled
from campaigns.answers.words import answer_words
from campaigns.calls import call_columns
from campaigns.calls.noted_answers import as_line
from campaigns.core import results
from campaigns.core.csv_cells import csv_header, csv_lines, safe_cell
from campaigns.core.days import parse_day
from campaigns.models import Answer, CallTagging
from campaigns.models.calls import CallQuerySet
from providers.types import CallStatus

BATCH = 500
"""Calls whose tags one statement reads."""
WHOLE = (
    "call", "direction", "campaign", "person", "number", "attempt", "state", "why", "provider", "agent", "caller_id",
    "added", "sent", "answered", "ended", "talked", "answered_by", "cost", "end_reason", "noted", "remote_id",
    "reference",
)  # fmt: skip
"""The columns of a file for which no columns were chosen."""

IS_SET = frozenset({"talk_seconds", "held_at", "needs_person_at"})
"""Columns of which only matters whether they are set."""

Row = Mapping[str, Any]
Value = str | int | Decimal | datetime.datetime | None
Item = TypeVar("Item")


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
        self._directions = {"outbound": _("Outbound"), "inbound": _("Inbound")}
        self._answered_by = {"human": _("a person"), "machine": _("a machine")}
        chosen = columns if columns is not None else [call_columns.BY_KEY[key] for key in WHOLE]
        known = self._parts()
        parts = [known[one.key] if one.question is None else [_answer_part(one)] for one in chosen]
        self.header = [title for part in parts for title, _value in part]
        self.names = _names(chosen, parts)
        """Names of the columns for programs, which no language changes."""
        self._values = [value for part in parts for _title, value in part]
        self._reads = {"pk", *results.READS, "to_number"}.union(*(one.reads for one in chosen))
        self._fills = [fill for fill in FILLS if any(fill.is_for(one) for one in chosen)]

    def _parts(self) -> dict[str, list[tuple[str, Callable[[Row], Value]]]]:
        """Return for each column of the log the columns of the file, as pairs of title and function of a row."""
        return {
            "call": [(_("Call"), itemgetter("pk"))],
            "campaign": [(_("Campaign"), itemgetter("campaign__name"))],
            "person": [(_("Person"), itemgetter("contact__name"))],
            "number": [(_("Number"), self._number)],
            "attempt": [(_("Attempt"), itemgetter("attempt"))],
            "state": [(_("Result"), lambda row: self._tell(row)[0])],
            "why": [(_("Why"), lambda row: self._tell(row)[1])],
            "provider": [(_("Provider"), itemgetter("provider__name"))],
            "direction": [(_("Direction"), lambda row: self._directions.get(row["direction"], ""))],
            "agent": [(_("Agent"), itemgetter("agent__name"))],
            "caller_id": [(_("Caller ID"), itemgetter("caller_id__number"))],
            "added": [(titled(_("Added")), self._time("created_at"))],
            "sent": [(titled(_("Sent")), self._time("placing_at", "placed_at"))],
            "answered": [(titled(_("Answered")), self._time("answered_at"))],
            "ended": [(titled(_("Ended")), self._time("ended_at"))],
            "talked": [(_("Talked, seconds"), itemgetter("talk_seconds"))],
            "answered_by": [(_("Answered by"), lambda row: self._answered_by.get(row["answered_by"], ""))],
            "cost": [
                (_("Cost"), itemgetter("cost")),
                (_("Currency"), lambda row: row["currency"] if row["cost"] is not None else ""),
            ],
            "end_reason": [(_("Why it ended"), itemgetter("end_reason"))],
            "noted": [(_("What the agent noted"), self._noted)],
            "answers": [(_("Answers"), self._answers)],
            "summary": [(_("Summary"), itemgetter("transcript__summary"))],
            "transcript": [(_("What was said"), itemgetter("transcript__text"))],
            "variables": [(_("Details of the person"), _variables)],
            "tags": [(_("Tags"), itemgetter("tags"))],
            "score": [(_("Score"), itemgetter("review__score"))],
            "asked_by": [(_("Asked for by"), _owner)],
            "remote_id": [(_("Provider call ID"), itemgetter("remote_id"))],
            "reference": [(_("Reference"), lambda row: str(row["reference"]))],
        }

    def values(self, calls: CallQuerySet | None = None) -> Iterator[list[Value]]:
        """Yield a row a call (of `calls`, by default all) with numbers, local times and texts."""
        found = (self._calls if calls is None else calls).values(*sorted(self._reads)).iterator(chunk_size=BATCH)
        for batch in _batches(found, BATCH):
            for fill in self._fills:
                fill.put(batch)
            for row in batch:
                self.written += 1
                yield [value(row) for value in self._values]

    def rows(self, calls: CallQuerySet | None = None) -> Iterator[list[str]]:
        """Yield a row a call (of `calls`, by default all) with every value as text."""
        for values in self.values(calls):
            yield [safe_cell(written(value)) for value in values]

    def lines(self) -> Iterator[str]:
        """Yield the whole CSV in pieces: the byte order mark, the header, then many rows a piece."""
        yield csv_header(self.header)
        for batch in _batches(self.rows(), 200):
            yield csv_lines(batch)

    def _number(self, row: Row) -> str:
        return row["to_number"] if self._shows_numbers else ending(row["to_number"])

    def _noted(self, row: Row) -> str:
        with translation.override(self._language):
            return as_line(row["extracted"])

    def _answers(self, row: Row) -> str:
        with translation.override(self._language):
            return "; ".join(f"{one.question.name}: {answer_words(one)}" for one in row["answers"].values())

    def _tell(self, row: Row) -> tuple[str, str]:
        """Return the result of a call as a word, and its reason as a sentence."""
        # Cached by the columns that decide it: there are few combinations, however many calls.
        key = tuple(bool(row[name]) if name in IS_SET else row[name] for name in results.READS if name != "not_before")
        key += (row["not_before"] if row["status"] == CallStatus.QUEUED else None,)
        told = self._told.get(key)
        if told is None:
            with translation.override(self._language):
                told = self._told[key] = (str(results.result_of(row).word), str(results.sentence_of(row)))
        return told

    def _time(self, column: str, of_inbound: str = "") -> Callable[[Row], Value]:
        def on_the_clock(row: Row) -> Value:
            value = row[of_inbound if of_inbound and row["direction"] == "inbound" else column]
            return value.astimezone(self._zone).replace(tzinfo=None, microsecond=0) if value else None

        return on_the_clock


def written(value: Value) -> str:
    """Return a value as text for a CSV file."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime.datetime) else "" if value is None else str(value)


def _owner(row: Row) -> str:
    return f"{row['owner__first_name'] or ''} {row['owner__last_name'] or ''}".strip() or row["owner__username"] or ""


def _put_tags(batch: Sequence[dict[str, Any]]) -> None:
    """Add to each row of a batch its tags as one text, read in one statement."""
    by_call: dict[int, list[str]] = defaultdict(list)
    taggings = CallTagging.objects.filter(call__in=[row["pk"] for row in batch]).order_by("id")
    for call_id, name in taggings.values_list("call", "tag__name"):
        by_call[call_id].append(name)
    for row in batch:
        row["tags"] = ", ".join(by_call[row["pk"]])


def _put_answers(batch: Sequence[dict[str, Any]]) -> None:
    """Add to each row of a batch its answers by question, read in one statement."""
    by_call: dict[int, dict[int, Answer]] = defaultdict(dict)
    answers = Answer.objects.filter(call__in=[row["pk"] for row in batch]).select_related("question")
    for answer in answers.order_by("question"):
        by_call[answer.call_id][answer.question_id] = answer
    for row in batch:
        row["answers"] = by_call.get(row["pk"], {})


def _answer_part(column: call_columns.LogColumn) -> tuple[str, Callable[[Row], Value]]:
    """Return a question's column: its title, and the function that gives a row's answer as a value."""
    question = column.question
    assert question is not None

    def value(row: Row) -> Value:
        answer = row["answers"].get(question.pk)
        if answer is None:
            return None
        return answer.number if answer.number is not None else answer_words(answer)

    return question.name, value


def _variables(row: Row) -> str:
    found = row["variables"]
    return "; ".join(f"{name}: {value}" for name, value in sorted(found.items())) if isinstance(found, dict) else ""


def _names(columns: Sequence[call_columns.LogColumn], parts: Sequence[Sequence[tuple[str, Any]]]) -> list[str]:
    names: list[str] = []
    for column, part in zip(columns, parts, strict=True):
        names += [column.key, *(SECOND[column.key] for _more in part[1:])]
    return names


@dataclass(frozen=True, slots=True)
class Fill:
    """What a batch of rows is filled up with by one statement, and for which columns."""

    is_for: Callable[[call_columns.LogColumn], bool]
    put: Callable[[Sequence[dict[str, Any]]], None]


FILLS = (
    Fill(lambda column: column.key == "tags", _put_tags),
    Fill(lambda column: column.key == "answers" or column.question is not None, _put_answers),
)
SECOND = {"cost": "currency"}
"""The name of a column's second part, by the column's key."""


def _batches(rows: Iterable[Item], size: int) -> Iterator[list[Item]]:
    batch: list[Item] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
