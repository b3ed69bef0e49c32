"""Rows of calls as a JSON array of objects, written piece by piece: numbers as numbers, times as local ISO times."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

BEGIN, END = "[", "\n]\n"


def rows_of(names: Sequence[str], rows: Iterable[Sequence[Any]], *, is_first: bool) -> str:
    """Return rows as objects of the array; `is_first` says that none stands before them."""
    pieces = [
        "{" + ", ".join(f"{json.dumps(name)}: {_value(value)}" for name, value in zip(names, row, strict=True)) + "}"
        for row in rows
    ]
    if not pieces:
        return ""
    return ("\n" if is_first else ",\n") + ",\n".join(pieces)


def _value(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return json.dumps(value.isoformat(timespec="seconds"))
    return json.dumps(value, ensure_ascii=False)
