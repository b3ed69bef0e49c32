"""Writes calls as a spreadsheet's CSV, row by row, in constant memory."""

from __future__ import annotations

import csv
import datetime
import re
import zoneinfo
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q
from django.utils import timezone, translation
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from campaigns.models import Call
from campaigns.querysets import CallQuerySet
from campaigns.services import explaining
from providers.types import CallStatus

BOM = "\ufeff"
"""Makes spreadsheets read UTF-8."""
BATCH = 500
E164 = re.compile(r"\+[1-9]\d{6,14}")
RISKY = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
WHY = (
    "status",
    "wait_reason",
    "skip_reason",
    "failure_reason",
    "held_at",
    "needs_person_at",
    "answered_by",
    "talk_seconds",
)
"""What a call's sentence is made of."""


def cell(value: object) -> str:
    """Return a value that no spreadsheet takes for a formula; phone numbers in E.164 stay as they are."""
    text = "" if value is None else str(value)
    risky = text and not E164.fullmatch(text) and (text[0] in RISKY or text.lstrip()[:1] in tuple("=+-@"))
    return "'" + text if risky else text


def within_days(calls: CallQuerySet, since: str, until: str) -> CallQuerySet:
    """Keep the calls that left between two days (ISO dates, both included, in the zone in force).

    Those that never left count by the day they were added.
    """
    if first := parse_day(since):
        start = start_of(first)
        calls = calls.filter(Q(placing_at__gte=start) | Q(placing_at__isnull=True, created_at__gte=start))
    if last := parse_day(until):
        end = start_of(last + datetime.timedelta(days=1))
        calls = calls.filter(Q(placing_at__lt=end) | Q(placing_at__isnull=True, created_at__lt=end))
    return calls


def parse_day(text: str) -> datetime.date | None:
    """Return an ISO date; None for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def start_of(day: datetime.date) -> datetime.datetime:
    """Return the first instant of a day in the zone in force."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


class CallSheet:
    """The rows of some calls in words; language and zone are those of the moment it was made.

    A streamed answer is written after the request's own language and zone are gone, hence both are kept here.
    """

    def __init__(self, calls: CallQuerySet, *, shows_numbers: bool) -> None:
        self._calls = calls
        self._shows_numbers = shows_numbers
        self._language = translation.get_language() or "en"
        self._zone = timezone.get_current_timezone()
        self._whys: dict[tuple[Any, ...], str] = {}
        self.written = 0
        """Rows yielded so far."""
        self._answered_by = {"human": _("a person"), "machine": _("a machine")}
        self._status = {status.value: str(status.label) for status in CallStatus}
        zone = {"zone": zoneinfo_name(self._zone)}
        self.header = [
            _("Call"),
            _("Campaign"),
            _("Person"),
            _("Number"),
            _("Attempt"),
            _("State"),
            _("Why"),
            _("Provider"),
            _("Agent"),
            _("Caller ID"),
            _("Added (%(zone)s)") % zone,
            _("Sent (%(zone)s)") % zone,
            _("Answered (%(zone)s)") % zone,
            _("Ended (%(zone)s)") % zone,
            _("Talked, seconds"),
            _("Answered by"),
            _("Cost"),
            _("Currency"),
            _("Id at the vendor"),
            _("Reference"),
        ]

    def rows(self) -> Iterator[list[str]]:
        """Yield every call as cells, newest first."""
        columns = (
            "pk", "campaign__name", "contact__name", "to_number", "attempt", "provider__name", "agent__name",
            "caller_id__number", "created_at", "placing_at", "answered_at", "ended_at", "cost", "currency",
            "remote_id", "reference",
        )  # fmt: skip
        for row in self._calls.values(*columns, *WHY).iterator(chunk_size=BATCH):
            self.written += 1
            yield [
                cell(value)
                for value in (
                    row["pk"],
                    row["campaign__name"],
                    row["contact__name"],
                    row["to_number"] if self._shows_numbers else f"…{row['to_number'][-4:]}",
                    row["attempt"],
                    self._status.get(row["status"], row["status"]),
                    self._why(row),
                    row["provider__name"],
                    row["agent__name"],
                    row["caller_id__number"],
                    self._time(row["created_at"]),
                    self._time(row["placing_at"]),
                    self._time(row["answered_at"]),
                    self._time(row["ended_at"]),
                    row["talk_seconds"],
                    self._answered_by.get(row["answered_by"], ""),
                    row["cost"],
                    row["currency"] if row["cost"] is not None else "",
                    row["remote_id"],
                    row["reference"],
                )
            ]

    def lines(self) -> Iterator[str]:
        """Yield the whole CSV in pieces: the mark of UTF-8, the header, then many rows a piece."""
        writer = csv.writer(_Passing())
        yield BOM + writer.writerow(self.header)
        for batch in _batches(self.rows(), 200):
            yield "".join(writer.writerow(row) for row in batch)

    def _why(self, row: dict[str, Any]) -> str:
        # A handful of different sentences, however many calls.
        key = tuple(
            bool(row[name]) if name in {"talk_seconds", "held_at", "needs_person_at"} else row[name] for name in WHY
        )
        sentence = self._whys.get(key)
        if sentence is None:
            with translation.override(self._language):
                sentence = self._whys[key] = str(explaining.why(Call(**{name: row[name] for name in WHY})))
        return sentence

    def _time(self, value: datetime.datetime | None) -> str:
        return f"{value.astimezone(self._zone):%Y-%m-%d %H:%M:%S}" if value else ""


def zoneinfo_name(zone: datetime.tzinfo) -> str:
    """Return a zone's name for a header."""
    return zone.key if isinstance(zone, zoneinfo.ZoneInfo) else str(zone)


class _Passing:
    """A file that hands each written line straight back."""

    def write(self, line: str) -> str:
        return line


def _batches(rows: Iterable[list[str]], size: int) -> Iterator[list[list[str]]]:
    batch: list[list[str]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
