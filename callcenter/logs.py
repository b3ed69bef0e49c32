"""Log lines as JSON, one a line, with anything like a full phone number masked."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from callcenter.formats.masking import ending

HOOK = re.compile(r"(/hooks/\d+/)[^\s/?\"']+")
PHONE = re.compile(r"(?<![\w.-])\+?\d{10,}(?![\w.-])")


def masked(text: str) -> str:
    """Return the text with every run of ten or more digits masked to its last four, and without webhook tokens."""
    return PHONE.sub(lambda found: ending(found[0]), HOOK.sub(r"\1…", text))


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON: at, level, logger, message and, for errors, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
