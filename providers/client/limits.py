"""Limits of an exchange: time-outs, and size caps that are enforced while the answer arrives."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

TOO_LARGE = "the answer is too large"
MOST_HEAD = 64 * 1024
"""Cap in bytes on the status lines, headers and trailers of an answer together."""
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9][0-9])\b")


@dataclass(frozen=True, kw_only=True)
class ClientLimits:
    """Times in seconds (`presend`: from commit point to first byte; `total`: with all retries), sizes in bytes."""

    connect_timeout: float = 5.0
    total_timeout: float = 30.0
    presend: float = 2.0
    max_bytes: int = 256 * 1024
    max_read_bytes: int = 2 * 1024 * 1024
    max_sound_bytes: int = 50 * 1024 * 1024


class Unreadable(Exception):
    """Raised for an answer that breaks HTTP or a limit; the message holds nothing of the answer."""


class AnswerBuffer:
    """Collects an answer as it arrives, `cap` bytes of body at most, compressed and decompressed.

    `problem` says what is wrong with it, in words that hold nothing of the answer.
    """

    def __init__(self, cap: int) -> None:
        self.status = self._head = self._size = 0
        self.headers: dict[str, str] = {}
        self.problem = ""
        self._cap, self._body = cap, bytearray()
        self._lines: list[bytes] = []
        self._unpacker: zlib._Decompress | None = None

    def add_line(self, line: bytes) -> int:
        """Add a header line (an empty one ends the head) or a trailer; returns 0 to break the transfer off."""
        self._head += len(line)
        self._lines.append(line)
        if self._head > MOST_HEAD:
            self.problem = TOO_LARGE
        return 0 if self.problem else len(line)

    def add(self, piece: bytes) -> int:
        """Add a piece of the body; returns 0 to break the transfer off."""
        try:
            if not self._size:
                self._read_head()
            self._size += len(piece)
            if self._unpacker is None:
                self._body += piece
            elif not self._unpacker.eof:
                self._body += self._unpacker.decompress(piece, self._cap + 1 - len(self._body))
            if max(self._size, len(self._body)) > self._cap:
                raise Unreadable(TOO_LARGE)
        except (Unreadable, zlib.error) as error:
            self.problem = str(error) if isinstance(error, Unreadable) else "the answer cannot be read"
        return 0 if self.problem else len(piece)

    def whole(self) -> bytes:
        """Return the decompressed body after the last piece; raises `Unreadable` where it is incomplete."""
        if not self._size:
            self._read_head()
        elif self._unpacker and not self._unpacker.eof:
            raise Unreadable("the answer is cut off")
        return bytes(self._body)

    def _read_head(self) -> None:
        """Parse the head; one with a 1xx status is dropped, since the real one follows."""
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
