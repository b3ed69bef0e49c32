"""How long an exchange may take and how much an answer may hold, kept while its bytes arrive."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from requests.structures import CaseInsensitiveDict

MOST_HEAD = 64 * 1024
"""Bytes that the status lines, headers and trailers of an answer may take."""
_STATUS_LINE = re.compile(r"HTTP/1\.[01] ([1-9][0-9][0-9])\b")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Times in seconds, of a commit point to its first byte and of an exchange with all its tries; sizes in bytes."""

    connect_timeout: float = 5.0
    total_timeout: float = 30.0
    presend: float = 2.0
    max_bytes: int = 256 * 1024
    max_read_bytes: int = 2 * 1024 * 1024
    max_sound_bytes: int = 50 * 1024 * 1024


class Unreadable(Exception):
    """What is wrong with an answer, in words that are ours."""


class Answer:
    """Takes an answer as it arrives, `cap` bytes of body at most, packed and unpacked; raises `Unreadable`."""

    def __init__(self, cap: int) -> None:
        self.status = 0
        self.headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        self._cap, self._head, self._packed, self._body = cap, 0, 0, bytearray()
        self._has_head, self._unpacker = False, zlib.decompressobj(wbits=47)  # gzip or zlib
        self._is_packed = False

    def add_line(self, line: bytes) -> None:
        """Take a line of a head, an empty one at its end; after a status of 1xx the answer's own head follows."""
        self._head += len(line)
        if self._head > MOST_HEAD:
            raise Unreadable("the answer is too large")
        text = line.decode("latin-1").strip()
        if self._has_head:
            return  # a trailer
        if not self.status:
            if not (found := _STATUS_LINE.match(text)):
                raise Unreadable("the answer cannot be read")
            self.status = int(found[1])
            self.headers.clear()
        elif text:
            name, _, value = (part.strip() for part in text.partition(":"))
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value
        elif self.status < 200:
            self.status = 0
        else:
            self._has_head, packing = True, self.headers.get("Content-Encoding", "identity").lower()
            self._is_packed = packing in {"gzip", "x-gzip", "deflate"}
            if not self._is_packed and packing not in {"", "identity"}:
                raise Unreadable("the answer is packed in a way we did not ask for")

    def add(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._packed += len(piece)
        if not self._is_packed:
            self._body += piece
        elif not self._unpacker.eof:
            self._body += self._unpacker.decompress(piece, self._cap + 1 - len(self._body))
        if max(self._packed, len(self._body)) > self._cap:
            raise Unreadable("the answer is too large")

    def whole(self) -> bytes:
        """Return the body of an answer that came to its end."""
        if not self._has_head or (self._is_packed and self._packed and not self._unpacker.eof):
            raise Unreadable("the answer is cut off")
        return bytes(self._body)
