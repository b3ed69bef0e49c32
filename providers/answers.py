"""Answers as they come off the wire: capped once unpacked, and never taken for whole where they are not."""

from __future__ import annotations

import zlib

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from providers.base import Response

MOST_HEAD = 64 * 1024
"""Bytes that the status line and the headers of an answer may take."""


class Unreadable(Exception):
    """What is wrong with an answer, in words that are ours."""


class Body:
    """The body of one answer, unpacked piece by piece; `cap` is in bytes after that.

    Raises `Unreadable` for a packing that we did not ask for, for too many bytes, and where the end is missing.
    """

    def __init__(self, encoding: str, cap: int) -> None:
        packing = encoding.strip().lower()
        if packing not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise Unreadable("the answer is packed in a way we did not ask for")
        self._unpacker = zlib.decompressobj(wbits=47) if packing not in {"", "identity"} else None
        self._cap = cap
        self._body = bytearray()

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        unpacker = self._unpacker
        self._body += unpacker.decompress(piece, self._cap + 1 - len(self._body)) if unpacker else piece
        if len(self._body) > self._cap:
            raise Unreadable("the answer is too large")

    def whole(self) -> bytes:
        """Return the body once its last piece was taken."""
        if self._unpacker and self._body and not self._unpacker.eof:
            raise Unreadable("the answer is cut off")
        return bytes(self._body)


class AnswerReader:
    """Reads the answer to one request out of pieces of any size; what follows it on the connection is left alone."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._parser = HttpResponseParser(self)
        self._body: Body | None = None
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self._status = self._read = 0
        self._has_head = self._is_whole = False

    def feed(self, piece: bytes) -> Response | None:
        """Take a piece, empty where the connection ended; returns the answer once it is whole, else raises at the end.

        Raises `Unreadable`, or `ConnectionAbortedError` where the connection ended before the answer began.
        """
        if piece:
            self._parse(piece)
        elif self._ends_with_connection():
            self._is_whole = True
        elif not self._read:
            raise ConnectionAbortedError
        else:
            raise Unreadable("the answer is cut off")
        self._unpack()
        if not self._is_whole:
            return None
        assert self._body
        return Response(status=self._status, headers=self._headers, body=self._body.whole())

    def _parse(self, piece: bytes) -> None:
        self._read += len(piece)
        try:
            self._parser.feed_data(piece)
        except (HttpParserError, HttpParserUpgrade):
            if not self._is_whole:
                raise Unreadable("the answer cannot be read") from None
        if not self._has_head and self._read > MOST_HEAD:
            raise Unreadable("the answer is too large")

    def _unpack(self) -> None:
        if not self._has_head:
            return
        if self._body is None:
            self._body = Body(self._headers.get("content-encoding", ""), self._cap)
        pieces, self._pieces = self._pieces, []
        for piece in pieces:
            self._body.add(piece)

    def _ends_with_connection(self) -> bool:
        """Tell whether this is an answer without a length, whose end is the connection's."""
        return self._has_head and not {"content-length", "transfer-encoding"} & self._headers.keys()

    # What the parser calls

    def on_message_begin(self) -> None:
        """Forget what came before: nothing, or word that the answer will follow (1xx)."""
        if not self._is_whole:
            self._headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; what comes after the body is none."""
        if not self._has_head:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Note the status."""
        if not self._is_whole:
            self._status = self._parser.get_status_code()
            self._has_head = self._status >= 200

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the body."""
        if not self._is_whole:
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """Note the end."""
        self._is_whole = self._is_whole or self._has_head
