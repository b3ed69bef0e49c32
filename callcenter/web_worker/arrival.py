"""A request that is being received: how long that may take, how large it may be, and which threads take it up."""

from __future__ import annotations

import re
import time
from typing import Any

MAX_HEAD = 64 * 1024
"""Bytes of a request line and its headers."""
MAX_WHOLE = 1024 * 1024
"""Bytes of a body that is received before a thread takes the request up; a larger one is an upload, or refused."""
HEAD_SECONDS = 10.0
"""From the first byte of a request to the end of its headers."""
WHOLE_SECONDS = 30.0
"""From the end of the headers to the end of a body that is received whole."""
ALIVE = frozenset({b"/livez", b"/healthz"})
FIGURES = frozenset({b"/readyz", b"/metrics"})
PAGES, COUNTS, OTHERS, BODIES, PROBES, READINESS = "pages", "counts", "others", "bodies", "probes", "readiness"
THREADS = {COUNTS: 6, OTHERS: 4, BODIES: 2, PROBES: 1, READINESS: 2}
"""Threads beside those of the pages, whose number is gunicorn's setting `threads`."""

COUNTING = re.compile(
    rb"/campaigns/\d{1,19}/(?:check|people|results)/|/reports/|/search/|/(?:calls|people)/export/|/preferences/notices/digest/"
    rb"|/do-not-call/export|/audit/export|/imports/\d{1,19}/bad-rows/"
    rb"|/api/v1/(?:reports/|campaigns/\d{1,19}/(?:results|approval))"
)
"""Pages that count for seconds, and files that are made while they are sent: those who wait for them wait in threads of
their own, see `callcenter.made_once`."""
ASKING_OTHERS = re.compile(
    rb"/calls/\d{1,19}/(?:player|recording|hang-up|cancel-at-vendor)/|/api/v1/calls/\d{1,19}/(?:recording|stop)"
    rb"|/providers/\d{1,19}/(?:test|sync|key)/|/setup/providers/provider/|/preferences/notices/test/|/openid/"
)
"""Pages that wait for a server of somebody else, for as long as that one likes to take: half a minute, say."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,19})[ \t]*\r\n", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)


class TooLong(Exception):
    """Raised where the headers are longer than they may be."""


class Arrival:
    """A request of one connection, as far as it has come; or the rest of a connection that is closed."""

    __slots__ = ("body_at", "conn", "expects_word", "is_closing", "length", "pool", "received", "until")

    def __init__(self, conn: Any, received: bytes, until: float, *, is_closing: bool = False) -> None:
        self.conn = conn
        self.received = bytearray(received)
        self.until = until
        """When it is given up, in seconds of `time.monotonic()`."""
        self.is_closing = is_closing
        self.body_at = 0
        """Where the body begins; 0 until the headers are there."""
        self.length = 0
        """Bytes of the whole, as far as it is received before a thread takes it up."""
        self.pool = PAGES
        self.expects_word = False
        """Whether the sender waits for "100 Continue" before it sends the body."""

    def take(self, piece: bytes) -> None:
        """Add what came. Raises TooLong."""
        if not self.received:
            self.until = time.monotonic() + HEAD_SECONDS
        seen = len(self.received)
        self.received += piece
        if not self.body_at:
            self._look_for_end(max(0, seen - 3))

    @property
    def is_whole(self) -> bool:
        """Whether a thread may take it up."""
        return bool(self.body_at) and len(self.received) >= self.length

    def _look_for_end(self, start: int) -> None:
        end = self.received.find(b"\r\n\r\n", start)
        if end > MAX_HEAD or (end < 0 and len(self.received) > MAX_HEAD):
            raise TooLong
        if end >= 0:
            self._read_head(end)

    def _read_head(self, end: int) -> None:
        """Decide by the headers who takes the request up, and when. Gunicorn reads them again, and judges them."""
        head = bytes(self.received[: end + 2])
        self.body_at = self.length = end + 4
        path = head.split(b" ", 2)[1].partition(b"?")[0] if head.count(b" ") > 1 else b""
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        if _CODING.search(head) or length > MAX_WHOLE:
            self.pool = BODIES
            return
        self.pool = PROBES if path in ALIVE else READINESS if path in FIGURES else PAGES
        if COUNTING.match(path):
            self.pool = COUNTS
        elif ASKING_OTHERS.match(path):
            self.pool = OTHERS
        self.length += length
        self.until = time.monotonic() + WHOLE_SECONDS
        if expects := _EXPECTS.search(head):
            # Answered in the loop, because the body is waited for there.
            del self.received[expects.start() : expects.end()]
            cut = expects.end() - expects.start()
            self.body_at, self.length = self.body_at - cut, self.length - cut
            self.expects_word = not self.is_whole
