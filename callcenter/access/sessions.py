"""When a session began and was used last: by these it ends so long after its last use, and so long after its log-in."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from callcenter.access.open_sessions import note_session

BEGAN_AT, USED_AT = "began_at", "used_at"
"""Keys of a session: when its user logged in, and when its use was noted last, in epoch seconds."""
SLID_EVERY = 600
"""Seconds after which a further use is noted."""


def begin_session(request: HttpRequest | None, user: Any = None, **_: object) -> None:
    """Note the log-in as the beginning and first use of its session; the log-in itself saves it."""
    if request is not None and hasattr(request, "session"):
        request.session[BEGAN_AT] = request.session[USED_AT] = int(time.time())
        if user is not None:
            note_session(request, user)


def is_over(session: SessionBase, now: int) -> bool:
    """Return whether a session was unused for too long or lasts too long, whatever its cookie says."""
    used_at, began_at = session.get(USED_AT, now), session.get(BEGAN_AT, now)
    is_idle = now - used_at > settings.SESSION_COOKIE_AGE + SLID_EVERY
    return bool(is_idle or now - began_at > settings.SESSION_MAX_HOURS * 3600)
