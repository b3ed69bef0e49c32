"""Log lines, as JSON or as text, one an event; phone numbers, keys and webhook tokens in them are masked."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

from callcenter import request_ids
from callcenter.formats.masking import masked_numbers

HIDDEN = "…"
HOOK = re.compile(r"(/hooks/\d+/|/invitations/|/password/new/)[^\s/?\"']+")
PASSWORD = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")
"""User name and password in an address, such as the database's."""
KEY = re.compile(
    r"""((?:\b|_)(?:authorization|api[_-]?key|token|secret|password|sentry_key)["']?\s*[:=]\s*["']?(?:bearer\s+)?"""
    r"""|\bbearer\s+)(?!bearer\b)[^\s"',&;)}\]]{6,}""",
    re.IGNORECASE,
)
"""A key behind its name: `api_key=...`, `"token": "..."`, `Authorization: Bearer ...`."""


def masked(text: str) -> str:
    """Return the text without keys and webhook tokens, phone numbers masked to their last four digits."""
    text = KEY.sub(rf"\1{HIDDEN}", HOOK.sub(rf"\1{HIDDEN}", PASSWORD.sub(HIDDEN, text)))
    return masked_numbers(text)


def masked_value(value: Any, depth: int = 8) -> Any:
    """Return a JSON-like value with every text in it masked, also in keys; what nests deeper is cut off."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        text = masked(str(value))
        return value if text == str(value) else text
    if isinstance(value, Mapping):
        return {masked(str(key)): masked_value(item, depth - 1) for key, item in value.items()} if depth else HIDDEN
    if isinstance(value, list | tuple | set):
        return [masked_value(item, depth - 1) for item in value] if depth else HIDDEN
    return masked(str(value))


class AboutTheRequest(logging.Filter):
    """Adds the request id to a record, and leaves one line of a plain refusal.

    Django writes a line about each 403 and 404, though the access log has one, and a traceback with each 403 and each
    foreign Host header, though it says nothing that the line does not.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return False for Django's second line about a refusal."""
        record.request_id = request_ids.current()
        if getattr(record, "status_code", 500) >= 500:
            return True
        record.exc_info = record.exc_text = None
        return record.name != "django.request"


class JsonFormatter(BaseJsonFormatter):
    """Formats a record as one line of JSON: at, level, logger, message, its extra fields and, for errors, the trace."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "trace", "stack_info": "stack"},
            # Django's whole request, which holds cookies and bodies; the server's socket.
            reserved_attrs=[*RESERVED_ATTRS, "request", "server_time"],
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that say something, masked."""
        return {name: masked_value(value) for name, value in log_data.items() if value not in (None, "")}

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Add the time, in UTC to the millisecond, then the record's own fields."""
        log_data["at"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        super().add_fields(log_data, record, message_dict)


class PlainFormatter(logging.Formatter):
    """Formats a record as text for people: time, level, logger, message and, where there is one, the request id."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        """Return the first line, with the request id at its end."""
        line = super().formatMessage(record)
        request_id = getattr(record, "request_id", "")
        return f"{line} [{request_id}]" if request_id else line

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text, masked."""
        return masked(super().format(record))
