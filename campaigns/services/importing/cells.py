"""Writes cells of CSV files that a spreadsheet shows as they are, and never runs."""

from __future__ import annotations

import re
from typing import Any

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII).fullmatch
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"


def safe_cell(value: Any) -> str:
    """Return a value as text that no spreadsheet takes for a formula; numbers in E.164 stay as they are."""
    text = "" if value is None else str(value)
    is_risky = text.startswith(_STARTS_FORMULA) or text.lstrip().startswith(_STARTS_FORMULA)
    return f"'{text}" if is_risky and not _E164(text) else text
