"""When a session was used last: by it, sessions end so long after their last use."""

from __future__ import annotations

import time

from django.http import HttpRequest

USED_AT = "used_at"
"""Key of a session: when its use was noted last, in epoch seconds."""


def begin_session(request: HttpRequest | None, **_: object) -> None:
    """Note the log-in as the first use of its session; the log-in itself saves it."""
    if request is not None and hasattr(request, "session"):
        request.session[USED_AT] = int(time.time())
