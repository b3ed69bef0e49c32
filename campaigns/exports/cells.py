"""Columns of a file: each gives the cells of a whole batch, as values or as texts that no spreadsheet evaluates.

A column is made once a file. What repeats is remembered, within bounds, so that a million rows cost little more than
reading and writing them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from campaigns.core.csv_cells import safe_cell
from campaigns.exports.batches import Batch, moment

Row = Mapping[str, Any]
Value = str | int | Decimal | datetime.datetime | None
MOST_KEPT = 10_000
"""Results that one column remembers."""


def written(value: Value) -> str:
    """Return a value as text for a CSV file."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime.datetime) else "" if value is None else str(value)


class Remembered(dict[Any, Any]):
    """Results of a function by its argument, the first `MOST_KEPT` of them remembered."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, argument: Any) -> Any:
        result = self._function(argument)
        if len(self) < MOST_KEPT:
            self[argument] = result
        return result


def _text(value: Value) -> str:
    return safe_cell(written(value))


class Column:
    """A column whose cells follow from `values`."""

    def values(self, batch: Batch) -> Sequence[Value]:
        """Return the cells of a batch as numbers, local times and texts."""
        raise NotImplementedError

    def texts(self, batch: Batch) -> Sequence[str]:
        """Return the cells of a batch as safe texts."""
        return list(map(_text, self.values(batch)))


class Made(Column):
    """A column that a function makes of a row."""

    def __init__(self, function: Callable[[Row], Value]) -> None:
        self._function = function

    def values(self, batch: Batch) -> Sequence[Value]:
        return list(map(self._function, batch.rows))


class Field(Column):
    """A field as it is; what `make` makes of it, if given. `is_varied`: nearly every row has another number or text."""

    def __init__(self, name: str, make: Callable[[Any], Value] | None = None, *, is_varied: bool = False) -> None:
        self._name, self._make, self._is_varied = name, make, is_varied
        self._values = Remembered(self._value)
        self._texts = Remembered(_text)
        self._convert: Callable[[Any], Any] | None = None

    def values(self, batch: Batch) -> Sequence[Value]:
        self._convert = batch.converter(self._name)
        if self._convert is None and self._make is None:
            return batch.raw(self._name)
        # By what the driver gives, which has a hash where the value may have none.
        return list(map(self._values.__getitem__, batch.raw(self._name)))

    def texts(self, batch: Batch) -> Sequence[str]:
        return list(map(safe_cell if self._is_varied else self._texts.__getitem__, self.values(batch)))

    def _value(self, raw: Any) -> Value:
        value = raw if raw is None or self._convert is None else self._convert(raw)
        return value if self._make is None else self._make(value)


class Shared(Column):
    """One of several columns whose cells are made together: `make` returns those of a batch, by row."""

    def __init__(self, key: str, make: Callable[[Batch], Sequence[Sequence[Value]]], place: int) -> None:
        self._key, self._make, self._place = key, make, place
        self._kept = Remembered(_text)

    def values(self, batch: Batch) -> Sequence[Value]:
        if self._key not in batch.kept:
            batch.kept[self._key] = self._make(batch)
        return [cells[self._place] for cells in batch.kept[self._key]]

    def texts(self, batch: Batch) -> Sequence[str]:
        return list(map(self._kept.__getitem__, self.values(batch)))


class Clock:
    """Moments of a database's text on the clock of a zone, to the second, such as `2026-05-05 12:00:00`."""

    def __init__(self, zone: datetime.tzinfo) -> None:
        self._zone = zone
        self._hours = Remembered(self._hour)

    def __call__(self, text: str | None) -> str:
        if text is None:
            return ""
        hour: tuple[str, str, int] = self._hours[text[:13]]
        first, second, shift = hour
        if not first or (text[19:20] not in ("", ".") and not text.endswith("+00")):
            return f"{moment(text).astimezone(self._zone):%Y-%m-%d %H:%M:%S}"
        if not shift:
            return first + text[13:19]
        minute = int(text[14:16]) + shift
        return (first if minute < 60 else second) + _MINUTES[minute] + text[16:19]

    def _hour(self, text: str) -> tuple[str, str, int]:
        """Return the hour of the clock in which an hour of UTC begins, the next one, and the minutes between both.

        The first is empty where the clocks change within the hour.
        """
        began = moment(f"{text}:00:00").astimezone(self._zone)
        ends = moment(f"{text}:59:59").astimezone(self._zone)
        offset = began.utcoffset()
        if offset is None or offset != ends.utcoffset() or began.second:
            return "", "", 0
        return f"{began:%Y-%m-%d %H}", f"{ends:%Y-%m-%d %H}", began.minute


_MINUTES = [f":{minute % 60:02}" for minute in range(120)]


class Moment(Column):
    """The local time of a moment; `of_inbound` is the field that counts for inbound calls, if it is another."""

    def __init__(self, clock: Clock, name: str, of_inbound: str = "") -> None:
        self._clock, self._name, self._of_inbound = clock, name, of_inbound

    def values(self, batch: Batch) -> Sequence[Value]:
        return [datetime.datetime.fromisoformat(text) if text else None for text in self.texts(batch)]

    def texts(self, batch: Batch) -> Sequence[str]:
        found = batch.raw(self._name)
        if self._of_inbound and "inbound" in (directions := batch.raw("direction")):
            theirs = zip(directions, found, batch.raw(self._of_inbound), strict=True)
            found = [of_inbound if direction == "inbound" else own for direction, own, of_inbound in theirs]
        # Digits and what stands between them: no spreadsheet takes that for a formula.
        return list(map(self._clock, found))
