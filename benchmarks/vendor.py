"""A vendor that takes every order after a given time and knows nothing else: the machine is left to the caller.

    python -m benchmarks.vendor PORT DELAY_MS [CERTIFICATE]

The simulator answers like five vendors and takes more CPU time for an order than whoever places it. Here it would be
measured along, and stand in the caller's way on a small machine.
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
    """One connection with one request."""

    def __init__(self, delay: float) -> None:
        self._delay, self._got = delay, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where the answer goes."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer some time after the last byte of the request."""
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
    """Take orders until the process ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context:
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Order(delay), "127.0.0.1", port, backlog=1024, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000, *sys.argv[3:]))
