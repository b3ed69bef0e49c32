"""What is not protected where no proxy stands in front of the web server."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

UNPROTECTED = (
    "no proxy is in front (BEHIND_PROXY is off). Slow and half-sent requests hold nothing, but without one nothing"
    " limits how many connections one address opens, slow uploads and slowly read long answers hold some of the web"
    " server's threads for minutes, and passwords travel in the clear."
)
NEXT_STEP = "Put one in front and set BEHIND_PROXY=on: docs/compose.md, “Limits of the proxy”."


def unprotected() -> Iterator[tuple[str, str]]:
    """Yield the sentence and the next step of an installation without a proxy; nothing in development."""
    if not settings.BEHIND_PROXY and not settings.DEBUG:
        yield UNPROTECTED, NEXT_STEP
