"""Finds our calls among the rows of UnleashX's lists. Pure; what the rows look like: see `unleashx.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from json import dumps, loads
from typing import Any
from uuid import UUID

from providers.exceptions import UnexpectedResponse
from providers.parsing import (
    as_mapping,
    first_of,
    parse_instant,
    parse_reference,
    parse_text,
    require_object,
    require_rows,
)
from providers.types import CallHandle

Row = Mapping[str, Any]
"""A row under lower-case names."""

ID_NAMES = ("execution_id", "track_id", "id")
BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=15)
"""How far from our placing a row may be created and still be taken for our call by its number."""

_OUR_REFERENCE = re.compile(r"call_reference[\"'\\\s]*[:=][\"'\\\s]*([0-9a-fA-F-]{36})")


def boxes_of(answer: Any) -> list[Row]:
    """Return an object and the objects in its envelopes, outermost first; raises `UnexpectedResponse` for others."""
    boxes = [require_object(answer, "one of UnleashX's: check the address")]
    while len(boxes) < 5:
        inner = [box for name in ("data", "payload", "call") if isinstance(box := boxes[-1].get(name), dict)]
        if not inner:
            break
        boxes.append(inner[0])
    return boxes


def lowered(raw: Row) -> Row:
    """Return a row under lower-case names; capitals win: `TOTAL_DURATION` is a number, `total_duration` a text."""
    plain = {name.lower(): value for name, value in raw.items() if not name.isupper()}
    return plain | {name.lower(): value for name, value in raw.items() if name.isupper()}


def row_key(row: Row) -> str:
    """Return what tells a row from another of its list: its id, else all of it."""
    return parse_text(first_of(row, "id", "execution_id", "track_id")) or dumps(row, sort_keys=True, default=str)


def parse_page(answer: Any, name: str) -> tuple[list[Row], bool]:
    """Return the rows below `name` and whether this is said to be the last page; raises `UnexpectedResponse`."""
    for box in boxes_of(answer):
        if isinstance(box.get(name), list):
            is_last = as_mapping(box.get("pagination")).get("has_next") is False
            return [lowered(row) for row in require_rows(box[name], name)], is_last
    raise UnexpectedResponse(f"The answer has no {name}.")


def parse_agent_rows(answer: Any) -> list[Row]:
    """Return the agents of a reply that holds one or many, in any envelope; raises `UnexpectedResponse`."""
    for box in boxes_of(answer):
        rows = next((box[name] for name in ("data", "agents", "datalist") if isinstance(box.get(name), list)), None)
        if rows is None and box.get("agent_id"):
            rows = [box]
        if rows is not None:
            return [row for row in require_rows(rows, "agents") if row.get("agent_id")]
    raise UnexpectedResponse("The answer has no agents.")


def reference_in(row: Row) -> UUID | None:
    """Return our reference, where the row gives back what we sent along."""
    sent = first_of(row, "input_data", "metadata")
    found = _OUR_REFERENCE.search(sent if isinstance(sent, str) else dumps(sent, default=str)) if sent else None
    return parse_reference(found[1]) if found else None


def instant_in(row: Row, name: str, utc_offset: str) -> datetime | None:
    """Return a time of a row; one without a zone is taken to be at `utc_offset` ("+05:30")."""
    value = row.get(name)
    zoned = parse_instant(value.strip() + utc_offset) if isinstance(value, str) and ":" in value else None
    return zoned or parse_instant(value)


def match_by_id(handles: Iterable[CallHandle], rows: Sequence[Row]) -> dict[str, Row]:
    """Return, by the handles' ids, the rows that carry a call's reference or, under any name, its id."""
    by_reference = {reference: row for row in rows if (reference := reference_in(row))}
    by_id = {parse_text(row[name]).casefold(): row for name in reversed(ID_NAMES) for row in rows if row.get(name)}
    found = {}
    for handle in handles:
        row = by_reference.get(handle.reference) or by_id.get(handle.remote_id.casefold())
        if row is not None:
            found[handle.remote_id] = row
    return found


def match_by_number(handles: Iterable[CallHandle], rows: Iterable[Row], utc_offset: str) -> dict[str, list[Row]]:
    """Return, by the handles' ids, every row that may be theirs: same agent and number, created about the placing.

    A row that carries a reference or an execution id is somebody else's, or it would have been found by it.
    """
    by_tail: dict[str, list[tuple[datetime, Row]]] = {}
    for row in rows:
        created = instant_in(row, "created_at", utc_offset)
        if created and not (first_of(row, "execution_id", "track_id") or reference_in(row)):
            by_tail.setdefault(_digits(row.get("calling_number"))[-9:], []).append((created, row))
    near: dict[str, list[Row]] = {}
    for handle in handles:
        number, at = _digits(handle.to_number), handle.placed_at
        for created, row in by_tail.get(number[-9:], []) if at and len(number) >= 9 else ():
            in_time = at is not None and at - BEFORE <= created <= at + AFTER
            same_agent = not handle.agent_id or parse_text(row.get("agent_id")) in {"", handle.agent_id}
            theirs = _digits(row.get("calling_number"))[-10:].lstrip("0")
            if in_time and same_agent and number.endswith(theirs):
                near.setdefault(handle.remote_id, []).append(row)
    return near


def _digits(number: object) -> str:
    return re.sub(r"[^0-9]", "", parse_text(number, 40))


def unpacked(transcript: object) -> object:
    """Return the list that a transcript holds as JSON text, else the transcript as it is."""
    if isinstance(transcript, str) and transcript.lstrip().startswith("["):
        try:
            return loads(transcript)
        except (ValueError, RecursionError):
            return transcript
    return transcript
