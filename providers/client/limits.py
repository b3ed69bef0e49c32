"""How long an exchange may take and how much an answer may hold, kept while its bytes arrive."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

MOST_HEAD = 64 * 1024
"""Bytes that the status lines, headers and trailers of an answer may take."""
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9][0-9])\b")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Times in seconds, `presend` from a commit point to the first byte and `total` with all tries; sizes in bytes."""

    connect_timeout: float = 5.0
    total_timeout: float = 30.0
    presend: float = 2.0
    max_bytes: int = 256 * 1024
    max_read_bytes: int = 2 * 1024 * 1024
    max_sound_bytes: int = 50 * 1024 * 1024


class Unreadable(Exception):
    """What is wrong with an answer, in words that are ours."""


class Answer:
    """Takes an answer as it arrives, `cap` bytes of body at most, packed and unpacked; `whole` says what is wrong."""

    def __init__(self, cap: int) -> None:
        self.status = self._head = self._size = 0
        self.headers: dict[str, str] = {}
        self.problem = ""
        self._cap, self._body = cap, bytearray()
        self._lines: list[bytes] = []
        self._unpacker: zlib._Decompress | None = None

    def add_line(self, line: bytes) -> int:
        """Take a line of a head, an empty one at its end, or a trailer; returns 0 to take no more."""
        self._head += len(line)
        self._lines.append(line)
        if self._head > MOST_HEAD:
            self.problem = "the answer is too large"
        return 0 if self.problem else len(line)

    def add(self, piece: bytes) -> int:
        """Take a piece of the body; returns 0 to take no more."""
        try:
            if not self._size:
                self._read_head()
            self._size += len(piece)
            if self._unpacker is None:
                self._body += piece
            elif not self._unpacker.eof:
                self._body += self._unpacker.decompress(piece, self._cap + 1 - len(self._body))
            if max(self._size, len(self._body)) > self._cap:
                raise Unreadable("the answer is too large")
        except (Unreadable, zlib.error) as error:
            self.problem = str(error) if isinstance(error, Unreadable) else "the answer cannot be read"
        return 0 if self.problem else len(piece)

    def whole(self) -> bytes:
        """Return the body of an answer that came to its end; raises `Unreadable` for what is none."""
        if not self._size:
            self._read_head()
        elif self._unpacker and not self._unpacker.eof:
            raise Unreadable("the answer is cut off")
        return bytes(self._body)

    def _read_head(self) -> None:
        """Read the head; after one whose status is 1xx the answer's own follows."""
        for line in self._lines:
            if not self.status:
                if not (found := _STATUS_LINE.match(line)):
                    raise Unreadable("the answer cannot be read")
                self.status = int(found[1])
            elif line.strip():
                name, _, value = line.decode("latin-1").partition(":")
                name, value = name.lower(), value.strip()
                self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value
            elif self.status >= 200:
                break
            else:
                self.status, self.headers = 0, {}
        else:
            raise Unreadable("the answer is cut off")
        packing = self.headers.get("content-encoding", "identity").lower()
        if packing in {"gzip", "x-gzip", "deflate"}:
            self._unpacker = zlib.decompressobj(wbits=47)  # of any of them
        elif packing not in {"", "identity"}:
            raise Unreadable("the answer is packed in a way we did not ask for")
