"""What every vendor's answers have in common: JSON, ids that can be used, status words, and how long to wait."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from providers.exceptions import UnexpectedResponse

if TYPE_CHECKING:
    from requests import Response

MAX_WORD = 80
"""Characters of a vendor's status word that are kept."""


def normalise_word(raw: object) -> str:
    """Return a status word in lower case with underscores for dashes and spaces; empty for anything but text."""
    if not isinstance(raw, str):
        return ""
    return raw.strip().lower().replace("-", "_").replace(" ", "_")[:MAX_WORD]


def json_of(answer: Response | bytes) -> Any:
    """Return the parsed JSON of an answer or of a webhook's body; raises `UnexpectedResponse` where it is invalid."""
    body, status = (answer, None) if isinstance(answer, bytes) else (answer.content, answer.status_code)
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnexpectedResponse("The answer is not JSON.", http_status=status) from error


def is_usable_id(remote_id: object) -> bool:
    """Return whether a vendor's call id can be stored and used in an address: printable text of 1 to 200 characters."""
    return isinstance(remote_id, str) and 0 < len(remote_id) <= 200 and remote_id.isprintable()


def retry_after(response: Response, default: float = 30.0) -> float:
    """Return the seconds (0 to 3600) of a Retry-After given in seconds or as an HTTP date; else the default."""
    raw = response.headers.get("retry-after", "").strip()
    try:
        seconds = float(raw)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(raw) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return default
    if seconds != seconds or seconds < 0:
        return default
    return min(seconds, 3600.0)


def until_reset(response: Response, default: float = 30.0) -> float:
    """Return the seconds (1 to 3600) until the Unix time of X-RateLimit-Reset, by the vendor's own clock where it
    tells that (Date); else the default."""
    try:
        reset = float(response.headers.get("x-ratelimit-reset", ""))
        date = response.headers.get("date", "")
        now = parsedate_to_datetime(date) if date else datetime.now(UTC)
        left = reset - (now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return default
    return min(max(left, 1.0), 3600.0) if left == left else default
