"""The id of the request that this thread serves: it comes from the proxy and goes to log lines and vendor exchanges."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-ID"
MAX_LENGTH = 64
_WELL_FORMED = re.compile(rf"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_-]{{7,{MAX_LENGTH - 1}}}")
"""Letters, digits, `-` and `_`, as proxies make them. Digits alone are refused: they could be a phone number."""

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the id of the request that is being served; empty outside of one."""
    return _current.get()


def begin(offered: str) -> str:
    """Make the proxy's id the current one where it is well-formed, a new one otherwise; returns it."""
    request_id = offered if _WELL_FORMED.fullmatch(offered) else uuid.uuid4().hex
    _current.set(request_id)
    return request_id


def end() -> None:
    """Leave no id behind: the thread serves other requests."""
    _current.set("")
