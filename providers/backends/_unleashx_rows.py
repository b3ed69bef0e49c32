"""Reads the rows of UnleashX's lists and matches them with our calls. Pure; the vendor's pages: see `unleashx.py`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from json import dumps
from typing import Any
from uuid import UUID

from requests import Response

from providers.exceptions import UnexpectedResponse
from providers.parsing import (
    REFERENCE_KEY,
    as_mapping,
    first_of,
    parse_instant,
    parse_reference,
    parse_text,
    require_object,
    require_rows,
    unpacked,
)
from providers.replies import json_of
from providers.types import CallHandle, RemoteAgent

Row = Mapping[str, Any]
"""A row whose names are in lower case."""

ID_NAMES = ("execution_id", "track_id", "id")
BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=15)
"""How long before and after our order a row may be created and still match our call by its number."""

AGENT_STATUS = {"1": "active", "2": "deleted"}
AGENT_TYPE = {"2": "chat", "3": "telephony", "4": "general"}
AGENT_DIRECTION = {"1": "outbound", "2": "inbound", "": "not set"}
WANTED = (("not_active", "status", "1"), ("not_voice", "agent_type", "3"), ("not_outbound", "calling_type", "1"))

DEAD_KEY = r"auth[ _]key|session[ _]expired|token|unauthor"
"""The vendor's words for a key that it does not take; seen in a 200 too ("Invalid Auth Key or Session Expired")."""
_DEAD_KEY_ALONE = r"invalid auth[ _]key|session[ _]expired|invalid[ _](api[ _])?token"

_OUR_REFERENCE = re.compile(REFERENCE_KEY + r"[\"'\\\s]*[:=][\"'\\\s]*([0-9a-fA-F-]{36})")


def boxes_of(answer: Any) -> list[Row]:
    """Return an object and those nested in it as envelopes, outermost first; raises `UnexpectedResponse`."""
    boxes = [require_object(answer, "one of UnleashX's: check the address")]
    while len(boxes) < 5:
        inner = [box for name in ("data", "payload", "call") if isinstance(box := boxes[-1].get(name), dict)]
        if not inner:
            break
        boxes.append(inner[0])
    return boxes


def lowered(raw: Row) -> Row:
    """Return a row with lower-case names; where both exist the capital one wins (`TOTAL_DURATION` is the number)."""
    plain = {name.lower(): value for name, value in raw.items() if not name.isupper()}
    return plain | {name.lower(): value for name, value in raw.items() if name.isupper()}


def _parse_agent(row: Row) -> RemoteAgent:
    """Return one agent; known codes are translated into words, others kept as they are."""
    codes = {name: parse_text(row.get(name), 40) for name in ("status", "agent_type", "calling_type")}
    remote_id = parse_text(row.get("agent_id"), 200)
    return RemoteAgent(
        remote_id=remote_id,
        name=parse_text(row.get("agent_name"), 200) or remote_id,
        type=AGENT_TYPE.get(codes["agent_type"], codes["agent_type"]),
        status=AGENT_STATUS.get(codes["status"], codes["status"]),
        direction=AGENT_DIRECTION.get(codes["calling_type"], codes["calling_type"]),
        language=parse_text(row.get("language"), 40),
        warnings=[warning for warning, name, code in WANTED if codes[name] != code],
    )


def row_key(row: Row) -> str:
    """Return a row's key, unique within its list: its id, else the whole row."""
    return parse_text(first_of(row, "id", "execution_id", "track_id")) or dumps(row, sort_keys=True, default=str)


def parse_page(answer: Any, name: str) -> tuple[list[Row], object]:
    """Return the rows under `name` and whether there is a next page (None: not told); raises `UnexpectedResponse`."""
    for box in boxes_of(answer):
        if isinstance(box.get(name), list):
            has_next = as_mapping(box.get("pagination")).get("has_next")
            return [lowered(row) for row in require_rows(box[name], name)], has_next
    raise UnexpectedResponse(f"The answer has no {name}.")


def parse_agents(answer: Any) -> list[RemoteAgent]:
    """Return the agents of an answer that holds one or many, in any envelope; raises `UnexpectedResponse`."""
    for box in boxes_of(answer):
        rows = next((box[name] for name in ("data", "agents", "datalist") if isinstance(box.get(name), list)), None)
        if rows is None and box.get("agent_id"):
            rows = [box]
        if rows is not None:
            return [_parse_agent(row) for row in require_rows(rows, "agents") if parse_text(row.get("agent_id"))]
    raise UnexpectedResponse("The answer has no agents.")


def reference_in(row: Row) -> UUID | None:
    """Return our reference from the metadata that the row returns; None where it returns none."""
    sent = first_of(row, "input_data", "metadata")
    found = _OUR_REFERENCE.search(sent if isinstance(sent, str) else dumps(sent, default=str)) if sent else None
    return parse_reference(found[1]) if found else None


def instant_in(row: Row, name: str, utc_offset: str) -> datetime | None:
    """Return a row's time; one without a zone is read at `utc_offset` ("+05:30")."""
    value = row.get(name)
    zoned = parse_instant(value.strip() + utc_offset) if isinstance(value, str) and ":" in value else None
    return zoned or parse_instant(value)


def is_past(rows: Sequence[Row], page_rows: int, floor: datetime, utc_offset: str) -> bool:
    """Return whether the rows so far are sorted newest first and the last page was created before `floor`."""
    last = [instant_in(row, "created_at", utc_offset) for row in rows[-page_rows:]]
    if not all(at and at < floor for at in last):
        return False
    times = [at for row in rows if (at := instant_in(row, "created_at", utc_offset))]
    return len(times) == len(rows) and times == sorted(times, reverse=True) and times[:1] > times[-1:]


def match_by_id(handles: Iterable[CallHandle], rows: Sequence[Row]) -> dict[str, Row]:
    """Return the matching rows by handle id: those that carry a call's reference or, under any name, its id."""
    by_reference = {reference: row for row in rows if (reference := reference_in(row))}
    by_id = {parse_text(row[name]).casefold(): row for name in reversed(ID_NAMES) for row in rows if row.get(name)}
    found = {}
    for handle in handles:
        row = by_reference.get(handle.reference) or by_id.get(handle.remote_id.casefold())
        if row is not None:
            found[handle.remote_id] = row
    return found


def match_by_number(handles: Iterable[CallHandle], rows: Iterable[Row], utc_offset: str) -> dict[str, list[Row]]:
    """Return all candidate rows by handle id: same agent and number, created around the time of the order.

    Rows with a reference or an execution id are left out: if they were ours, `match_by_id` would have found them.
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


def payments_by_id(rows: Iterable[Row]) -> dict[str, Row]:
    """Return transactions by execution id; a transaction's own id and state are not the call's."""
    payments: dict[str, Row] = {}
    for row in rows:
        told = {name: row[name] for name in row.keys() - {"id", "status"} if row[name] not in (None, "")}
        payments[parse_text(first_of(row, "track_id", "execution_id")).casefold()] = told
    return payments


def with_payment(row: Row | None, payment: Row | None) -> Row:
    """Return what both lists tell of a call; where both tell the same, the row of calls is believed.

    They are read one after the other: the transaction may tell of an end that the row, with what was said and how it
    was judged, does not tell yet. Its state is then that of the row, or the rest would never be read.
    """
    told = {name: value for name, value in (row or {}).items() if value not in (None, "")}
    has_state = "call_status" in told or "status" in told
    paid = {name: value for name, value in (payment or {}).items() if not (has_state and name == "call_status")}
    return {**(row or {}), **paid, **told}


def with_ids(rows: Sequence[Row], payments: Mapping[str, Row]) -> list[tuple[Row, str]]:
    """Return rows with their execution ids, taken from the matching transaction where the row has none."""

    def moment(row: Row) -> tuple[str, str, str]:
        names = ("agent_id", "calling_number", "created_at")
        agent, number, at = (parse_text(row.get(name), 40) for name in names)
        return agent, _digits(number)[-9:], at

    told = Counter(moment(row) for row in rows)
    paid: dict[tuple[str, str, str], set[str]] = {}
    for payment in payments.values():
        paid.setdefault(moment(payment), set()).add(parse_text(first_of(payment, "track_id", "execution_id"), 201))
    found = []
    for row in rows:
        ids, at = paid.get(moment(row), set()), moment(row)
        is_one = len(ids) == 1 and told[at] == 1 and all(at) and not first_of(row, "execution_id", "track_id")
        found.append((row, next(iter(ids)) if is_one else parse_text(first_of(row, *ID_NAMES), 201)))
    return found


def _digits(number: object) -> str:
    return re.sub(r"[^0-9]", "", parse_text(number, 40))


def _names_dead_key(box: Row) -> bool:
    """Return whether an answer without an error mark holds nothing but the sentence for a dead key."""
    is_bare = not any(isinstance(value, dict | list) and value for value in box.values())
    words = first_of(box, "message", "error", "detail")
    return is_bare and isinstance(words, str) and re.search(_DEAD_KEY_ALONE, words, re.IGNORECASE) is not None


def as_meant(response: Response) -> Response:
    """Return the answer; a 2xx without a call that says `"error": true` or names a dead key gets that status."""
    if not 200 <= response.status_code < 300:
        return response
    try:
        boxes = boxes_of(json_of(response))
    except UnexpectedResponse:
        return response
    if any(box.get("execution_id") for box in boxes):
        return response
    meant = copy(response)
    if boxes[0].get("error") is True:
        code = boxes[0].get("code")
        meant.status_code = code if isinstance(code, int) and 200 <= code < 600 else 400
    elif _names_dead_key(boxes[0]):
        meant.status_code = 401
    return meant


def turns_in(transcript: object) -> object:
    """Return a transcript, parsed where it is a list in JSON text."""
    found = unpacked(transcript)
    return found if isinstance(found, list) else transcript
