"""Files that are parsed in the process of a test: a process for each answer takes longer than most tests.

Which process parses, and its bounds, is tested beside `parser.py`, where both ways are compared, too.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from campaigns.contacts.importing.files import parser, parsing
from campaigns.contacts.importing.files.limits import FileRefused


def parse_here(
    action: str, path: Path, details: dict[str, Any] | None = None, *, language: str = ""
) -> Iterator[dict[str, Any]]:
    """Parse a file in this process, in place of `parser.parse`: the same answers, by way of the same JSON."""
    asked = parser.question(action, path, details)
    try:
        for answer in parsing.answers(asked):
            yield parser.understood(parsing.as_text(answer), language)
    except FileRefused as refusal:
        raise FileRefused(_(refusal.sentence), refusal.values) from None
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise parser._failed(f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}") from error
