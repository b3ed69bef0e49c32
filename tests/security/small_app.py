"""A page in a few lines, to try how the web server's worker waits; its times are shortened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from callcenter.web_worker import arrival
from tests.security.small_app_times import BUSY_SECONDS, PATIENCE_SECONDS

arrival.HEAD_SECONDS = arrival.WHOLE_SECONDS = PATIENCE_SECONDS


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the length of the body; /busy after BUSY_SECONDS, /large with 120,000 bytes, /unread at once."""
    path = environ["PATH_INFO"]
    if path == "/busy":
        time.sleep(BUSY_SECONDS)
    body = b"" if path == "/unread" else environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    answer = b"x" * 120_000 if path == "/large" else str(len(body)).encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
