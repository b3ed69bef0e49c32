"""Parses vendors' times, amounts, numbers and transcripts. Pure; raises only subclasses of `ProviderError`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

import phonenumbers
from requests import Response

from callcenter.formats.placeholders import names_in
from providers.exceptions import UnexpectedResponse
from providers.replies import is_usable_id
from providers.types import Recording, Turn

MAX_NUMBER = 40
"""Characters of a text that are read as a number or a time."""
MAX_SEARCHED = 100
"""Values of an object that are searched for our reference."""
MAX_PROMPT_PARTS = 200
"""Values of a list or object that are searched for variables."""
MAX_JSON_TEXT = 1_000_000
"""Characters of a text that is read as JSON."""
MAX_KEY, MAX_ITEMS, MAX_DEPTH = 200, 500, 8
"""Characters of a key, items of a list or object, and levels of a JSON value that are stored."""
REFERENCE_KEY = "call_reference"
"""Name under which orders carry our reference; neutral, because some vendors put it into the agent's prompt."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers from this one on are read as milliseconds: as seconds they would be after the year 5000."""
_BYTES = frozenset({"application/octet-stream", "binary/octet-stream"})
_LONGEST_CALL_S = 7 * 24 * 3600
_MOST_TURNS = 5_000

_SPEAKERS: dict[str, Literal["agent", "person", "system"]] = {
    "agent": "agent",
    "assistant": "agent",
    "ai": "agent",
    "bot": "agent",
    "user": "person",
    "caller": "person",
    "human": "person",
    "person": "person",
    "customer": "person",
    "callee": "person",
    "system": "system",
    "tool": "system",
    "function": "system",
}
_SPOKEN_LINE = re.compile(r"^\s*(" + "|".join(_SPEAKERS) + r")\s*:\s*", re.IGNORECASE)


def parse_text(value: object, limit: int = 10_000) -> str:
    """Return a text, or a number as text, storable in a database and cut to `limit` characters; else empty."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)[:limit]
    if not isinstance(value, str):
        return ""
    return _UNSTORABLE.sub("", value)[:limit]


def parse_words(value: object) -> list[str]:
    """Return the words of a list, or of a text that separates them by spaces or commas."""
    if isinstance(value, str):
        return [word for word in re.split(r"[\s,]+", value) if word]
    return (
        [word for item in value if (word := parse_text(item, 200).strip())] if isinstance(value, list | tuple) else []
    )


def parse_instant(value: object) -> datetime | None:
    """Return an aware datetime from epoch (milli)seconds or ISO 8601 (naive: UTC); None for 0 and anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text[:MAX_NUMBER]):
            try:
                found = datetime.fromisoformat(text[:MAX_NUMBER])
                return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
            except (ValueError, OverflowError):
                return None
        value = float(text)
    if not isinstance(value, int | float) or not 0 < value < 10**14:
        return None
    seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def parse_seconds(value: object, *, per_second: int = 1) -> int | None:
    """Return whole seconds from a number, "45.5" or "1:02:03", rounded up (half a second proves a conversation).

    Returns None for anything else, and for more than the longest call.

    `per_second` is 1000 where the vendor counts milliseconds.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,4}(:[0-9]{1,2}){1,2}\s*", value):
        total = 0
        for part in value.split(":"):
            total = total * 60 + int(part)
        return total if total <= _LONGEST_CALL_S else None
    amount = parse_decimal(value)
    if amount is None or amount < 0 or amount / per_second > _LONGEST_CALL_S:
        return None
    return math.ceil(amount / per_second)


def parse_count(value: object) -> int | None:
    """Return a whole number from 0 to a million; None for anything else."""
    amount = parse_decimal(value)
    return int(amount) if amount is not None and 0 <= amount <= 1_000_000 else None


def parse_decimal(value: object, below: int = 10**12) -> Decimal | None:
    """Return a finite Decimal below `below` from a number or a text such as "-34.2", "$5.0", "1,200.5"; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, int) and abs(value) >= below:
        return None
    text = str(value).strip()[:MAX_NUMBER].lstrip("$€£₹").replace(",", "")
    if not re.fullmatch(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", text):
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    if abs(amount) >= below:
        return None
    return amount


def parse_cents(value: object, *, cents: bool = True) -> Decimal | None:
    """Return an amount in the main unit, from cents where `cents` is set; at most 6 decimals, never negative zero."""
    amount = parse_decimal(value)
    if amount is None:
        return None
    return round(amount / 100 if cents else amount, 6).normalize() + Decimal(0)


def parse_reference(value: object) -> UUID | None:
    """Return the UUID in a text; None for anything else."""
    if not isinstance(value, str) or len(value) > 45:
        return None
    try:
        return UUID(value.strip())
    except ValueError:
        return None


def parse_turns_text(text: object) -> tuple[Turn, ...]:
    """Return the turns of a transcript written as "assistant: ..." and "user: ..." lines.

    A line without a speaker continues the turn before it; text before the first speaker is a turn of the system.
    """
    turns: list[Turn] = []
    for line in parse_text(text, 500_000).splitlines():
        if found := _SPOKEN_LINE.match(line):
            turns.append(Turn(speaker=_SPEAKERS[found[1].lower()], text=line[found.end() :].strip()))
        elif line.strip():
            last = turns.pop() if turns else Turn(speaker="system", text="")
            turns.append(Turn(speaker=last.speaker, text=f"{last.text}\n{line.strip()}".strip()))
        if len(turns) >= _MOST_TURNS:
            break
    return tuple(turn for turn in turns if turn.text)


def parse_turns(rows: object, began_at: datetime | None = None) -> tuple[Turn, ...]:
    """Return the turns of a transcript given as a list of {role, content, timestamp_ms} or as text.

    An epoch timestamp is converted to an offset from `began_at`.
    """
    if isinstance(rows, str):
        return parse_turns_text(rows)
    turns = []
    for row in rows[:_MOST_TURNS] if isinstance(rows, list) else ():
        said = as_mapping(row)
        text = parse_text(first_of(said, "content", "text", "message")).strip()
        speaker = _SPEAKERS.get(parse_text(first_of(said, "role", "speaker", "sender"), 20).strip().lower(), "system")
        at = parse_decimal(first_of(said, "timestamp_ms", "at_ms"), 10**15)
        if at is not None and at >= _MILLISECONDS_FROM:
            at = at - int(began_at.timestamp() * 1000) if began_at else None
        if text:
            turns.append(Turn(speaker=speaker, text=text, at_ms=int(at) if at is not None and at >= 0 else None))
    return tuple(turns)


def reference_in(value: object, depth: int = 3) -> UUID | None:
    """Return our reference, found under `REFERENCE_KEY` up to `depth` levels deep; else None."""
    row = as_mapping(value)
    if found := parse_reference(row.get(REFERENCE_KEY)):
        return found
    below = (reference_in(item, depth - 1) for item in list(row.values())[:MAX_SEARCHED]) if depth > 1 else ()
    return next((found for found in below if found), None)


def unpacked(value: object) -> object:
    """Return the object or list that a text holds as JSON; anything else as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")) or len(value) > MAX_JSON_TEXT:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def variables_in(value: object, *, known: Collection[str] = (), depth: int = 6) -> tuple[str, ...]:
    """Return the variable names, written {name} or {{name}}, in all texts of a JSON value, except the `known` ones."""
    if isinstance(value, str):
        return tuple(name for name in names_in(value) if name not in known)
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if depth == 0:
        return ()
    found = (variables_in(item, known=known, depth=depth - 1) for item in items[:MAX_PROMPT_PARTS])
    return tuple(dict.fromkeys(name for names in found for name in names))


def parse_object(value: object) -> dict[str, Any]:
    """Return a JSON object that a database can store (no NUL, NaN or depth over 8); empty for anything else."""
    cleaned = _storable(value, MAX_DEPTH)
    return cleaned if isinstance(cleaned, dict) else {}


def _storable(value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool) or depth == 0:
        return value if depth else None
    if isinstance(value, dict):
        return {parse_text(key, MAX_KEY): _storable(item, depth - 1) for key, item in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, list):
        return [_storable(item, depth - 1) for item in value[:MAX_ITEMS]]
    if isinstance(value, int | float):
        return value if abs(value) < 10**15 else None
    return parse_text(value)


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return the value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def require_object(value: object, what: str) -> Mapping[str, Any]:
    """Return the value if it is a JSON object; raises `UnexpectedResponse` naming `what` was asked for."""
    if isinstance(value, dict):
        return value
    raise UnexpectedResponse(f"The answer is not {what}.")


def require_rows(value: object, what: str) -> list[Mapping[str, Any]]:
    """Return the value if it is a list of JSON objects; raises `UnexpectedResponse` naming `what` was asked for."""
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return value
    raise UnexpectedResponse(f"The answer is not a list of {what}.")


def first_of(row: Mapping[str, Any], *names: str) -> Any:
    """Return the first value under these names that is neither missing, None nor empty text; else None."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def id_in(row: Mapping[str, Any], *names: str) -> str:
    """Return the first id under these names, a number as text; raises `UnexpectedResponse` where none is usable."""
    value = first_of(row, *names)
    found = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not is_usable_id(found):
        raise UnexpectedResponse("The answer carries no usable id.")
    return found


def path_id(remote_id: object) -> str:
    """Return a vendor's id as one percent-encoded path segment; raises `UnexpectedResponse` for one that cannot be."""
    text = str(remote_id)
    if not text or text in {".", ".."} or len(text) > 200:
        raise UnexpectedResponse("The vendor's id cannot be asked for.")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise UnexpectedResponse("The vendor's id cannot be asked for.") from error


def e164_or_raw(value: object, region: str = "") -> str:
    """Return a number in E.164 where it can be parsed, else as the vendor wrote it, at most 40 characters.

    Without `region` ("IR", "IN") a number must carry its country code, with or without the plus sign.
    """
    raw = parse_text(value, 40).strip()
    if _E164.fullmatch(raw):
        return raw
    try:
        digits = raw if region or raw.startswith("+") else "+" + raw.removeprefix("00")
        found = phonenumbers.parse(digits, region or None)
    except phonenumbers.NumberParseException:
        return raw
    if not phonenumbers.is_possible_number(found):
        return raw
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def is_e164(number: str) -> bool:
    """Return whether a number is in E.164, with the plus sign."""
    return bool(_E164.fullmatch(number))


def number_for_vendor(e164: str, phone_format: object) -> str:
    """Return an E.164 number in a vendor's format: `e164`, `digits` (no plus) or `local_ir` (09xxxxxxxxx)."""
    if phone_format == "digits":
        return e164.removeprefix("+")
    if phone_format == "local_ir" and e164.startswith("+98"):
        return "0" + e164.removeprefix("+98")
    return e164


def list_windows(since: datetime, until: datetime, days: int) -> Sequence[tuple[datetime, datetime]]:
    """Split a window of time into touching windows of at most `days` days, oldest first."""
    windows = []
    while since < until:
        end = min(since + timedelta(days=days), until)
        windows.append((since, end))
        since = end
    return windows


def recording_of(response: Response) -> Recording:
    """Return the recording that an answer holds; raises `UnexpectedResponse` for an error, no audio or an empty body.

    A 401 of a recording's host is about the signed address, not about our key, so it is no `CredentialsRejected`.
    """
    status = response.status_code
    if status != 200:
        raise UnexpectedResponse(f"The recording cannot be read ({status}).", http_status=status)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not response.content or not (kind.startswith("audio/") or kind in _BYTES):
        raise UnexpectedResponse("The answer is not a recording.", http_status=status)
    return Recording(content=response.content, content_type=kind if kind.startswith("audio/") else "audio/mpeg")
