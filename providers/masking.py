"""Masking of request and answer bodies: secrets, phone numbers and what people said are removed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from callcenter.formats.masking import ending, masked_runs

LONGEST = 4_000
LONGEST_VALUE = 120
MOST_ITEMS = 40
DEPTH = 6
HIDDEN = "•••"

_SECRET = re.compile(r"key|token|secret|passw|auth|signature|credential|cookie|session", re.IGNORECASE)
_SPOKEN = re.compile(
    r"transcript|summary|message|conversation|dialog|utterance|recording|audio|extracted", re.IGNORECASE
)
_KEY = re.compile(r"[A-Za-z0-9_+/=.-]{24,}")


def masked_body(body: Any) -> str:
    """Return a body as indented JSON without secrets, full phone numbers and anything that was said.

    Bytes are parsed as JSON; where that fails, only their length is given.
    """
    if body is None or body == b"":
        return ""
    if isinstance(body, bytes):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return f"({len(body)} bytes)"
    return json.dumps(_masked(body, DEPTH), ensure_ascii=False, indent=1, default=str)[:LONGEST]


def _masked(value: Any, depth: int, name: str = "") -> Any:
    if value in (None, "", [], {}) or isinstance(value, bool):
        return value
    if _SECRET.search(name) or _SPOKEN.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        if not depth:
            return HIDDEN
        return {str(key): _masked(item, depth - 1, str(key)) for key, item in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, list | tuple):
        return [_masked(item, depth - 1, name) for item in value[:MOST_ITEMS]] if depth else HIDDEN
    if isinstance(value, int) and abs(value) >= 10**9:
        return ending(str(value))
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        return f"({len(text)} letters)"
    text = _KEY.sub(lambda found: ending(found[0]) if any(sign.isdigit() for sign in found[0]) else found[0], text)
    return masked_runs(text)
