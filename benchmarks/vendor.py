"""A minimal vendor that accepts every order after a fixed delay and does nothing else.

    python -m benchmarks.vendor PORT DELAY_MS [CERTIFICATE]

The full simulator takes more CPU time for an order than the code that places it; on a small machine it would slow the
benchmark down and be measured with it.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
import sys

ANSWER = b'{"execution_id": "%08d-0000-4000-8000-000000000000", "status": "queued", "message": "done"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
_length = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_numbers = itertools.count(1)


class Order(asyncio.Protocol):
    """One connection, which carries one request."""

    def __init__(self, delay: float) -> None:
        self._delay, self._got = delay, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Send the answer, `delay` seconds after the last byte of the request."""
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        length = _length.search(head)
        if end and len(body) >= (int(length[1]) if length else 0):
            asyncio.get_running_loop().call_later(self._delay, self._answer)

    def _answer(self) -> None:
        body = ANSWER % next(_numbers)
        self._transport.write(HEAD % len(body) + body)
        self._transport.close()


async def serve(port: int, delay: float, certificate: str = "") -> None:
    """Accept orders until the process ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context:
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Order(delay), "127.0.0.1", port, backlog=1024, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000, *sys.argv[3:]))
