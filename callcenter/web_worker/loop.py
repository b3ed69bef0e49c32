"""The loop of a web server's process. Built on the internals of gunicorn 27, which pyproject.toml therefore bounds."""

from __future__ import annotations

import errno
import selectors
import socket
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import TConn, ThreadWorker

from callcenter.web_worker.arrival import BODIES, PAGES, THREADS, Arrival, TooLong
from callcenter.web_worker.connection import AnswerSocket, Reader

MAX_HELD = 64 * 1024 * 1024
"""Bytes of unfinished requests that are held in memory at once; beyond them the oldest ones are dropped."""
UPLOAD_SECONDS = 300.0
"""From the end of the headers to the end of an upload; as in deploy/Caddyfile."""
SWITCH_SECONDS = 0.0005
"""After which a thread that computes lets the others have their turn; Python's own are 5 ms."""
LINGER_SECONDS = 2.0
"""That a closed connection may still send, so that the last answer is not cut off by a reset."""

_REFUSED = "HTTP/1.1 {}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}"


class WholeRequestWorker(ThreadWorker):  # type: ignore[misc]
    """Receives requests in its loop, and hands whole ones to threads."""

    def init_process(self) -> None:
        """Make the threads."""
        self.arrivals: dict[socket.socket, Arrival] = {}
        self.held = 0
        self.swept_at = 0.0
        self.pools = {
            name: ThreadPoolExecutor(max_workers=number, thread_name_prefix=name) for name, number in THREADS.items()
        }
        # A page of many short queries waits for the interpreter after each, and a count lets go of it only then.
        sys.setswitchinterval(SWITCH_SECONDS)
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Accept a connection; where there are too many, the one that takes longest to send its request is dropped."""
        if self.nr_conns >= self.worker_connections - 1:
            self._make_room()
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            self._make_room()

    def enqueue_req(self, conn: TConn) -> None:
        """Receive a request: of a new connection, of one that was kept, or one that was sent before its turn."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        early = conn.parser.unreader.take_buffered() if conn.parser else b""
        if not isinstance(conn.sock, AnswerSocket):
            conn.sock = AnswerSocket.instead_of(conn.sock)
        conn.sock.setblocking(False)
        arrival = Arrival(conn, b"", time.monotonic() + self.cfg.keepalive)
        self._watch(arrival)
        if early:
            self._take(arrival, early)
        else:
            self.on_arriving(arrival, conn.sock)

    def on_arriving(self, arrival: Arrival, sock: socket.socket) -> None:
        """Take up what came."""
        if self.arrivals.get(sock) is not arrival:
            # Dropped while the loop went through what came with it.
            return
        try:
            piece = sock.recv(64 * 1024)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            piece = b""
        if not piece:
            self._drop(arrival)
        elif not arrival.is_closing:
            # Of a closed connection nobody reads it any more; `until` bounds how long it may go on.
            self._take(arrival, piece)

    def finish_request(self, conn: TConn, future: Future[Any]) -> None:
        """Keep the connection, or close it without waiting for whoever is at its other end."""
        if not future.cancelled() and future.exception() is None and future.result():
            super().finish_request(conn, future)
        else:
            self._close(conn)

    def murder_pending(self) -> None:
        """Drop what takes too long; called by the loop at least every second."""
        now = time.monotonic()
        if now - self.swept_at < 0.5:
            return
        self.swept_at = now
        for arrival in [one for one in self.arrivals.values() if one.until < now or not self.alive]:
            if arrival.is_closing or not arrival.received:
                self._drop(arrival)
            elif arrival.until < now:
                self._refuse(arrival, "408 Request Timeout", "The request came too slowly. Send it again.")

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Leave at once."""
        for pool in self.pools.values():
            pool.shutdown(wait=False)
        super().handle_quit(sig, frame)

    def _watch(self, arrival: Arrival) -> None:
        sock = arrival.conn.sock
        self.arrivals[sock] = arrival
        self.poller.register(sock, selectors.EVENT_READ, partial(self.on_arriving, arrival))

    def _forget(self, arrival: Arrival) -> None:
        sock = arrival.conn.sock
        if self.arrivals.pop(sock, None) is not None:
            self.held -= len(arrival.received)
            with suppress(OSError, KeyError, ValueError):
                self.poller.unregister(sock)

    def _take(self, arrival: Arrival, piece: bytes) -> None:
        before = len(arrival.received)
        try:
            arrival.take(piece)
        except TooLong:
            self.held += len(arrival.received) - before
            self._refuse(arrival, "431 Request Header Fields Too Large", "The headers are too long.")
            return
        self.held += len(arrival.received) - before
        if arrival.is_whole:
            self._hand_over(arrival)
            return
        if arrival.expects_word:
            arrival.expects_word = False
            with suppress(OSError):
                arrival.conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.held > MAX_HELD:
            self._make_room()

    def _hand_over(self, arrival: Arrival) -> None:
        self._forget(arrival)
        conn, is_whole = arrival.conn, arrival.pool != BODIES
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.initialized = True
        # A thread of the pages never waits for a sender: nothing is left to be read.
        conn.parser.unreader = Reader(conn.sock, bytes(arrival.received), 0.0 if is_whole else UPLOAD_SECONDS)
        pool = self.tpool if arrival.pool == PAGES else self.pools[arrival.pool]
        handled = pool.submit(self.handle, conn)
        handled.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Tell whether the connection is kept; not where a body was not read: no thread waits for its rest."""
        if not self.cfg.is_ssl:
            conn.parser.unreader.until = 0.0
        return bool(super()._keepalive_after(conn, keepalive))

    def _refuse(self, arrival: Arrival, status: str, sentence: str) -> None:
        with suppress(OSError):
            arrival.conn.sock.send(_REFUSED.format(status, len(sentence), sentence).encode())
        self._forget(arrival)
        self._close(arrival.conn)

    def _close(self, conn: TConn) -> None:
        """Send the end of the answer, and wait a little in the loop for that of the other side."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        self._watch(Arrival(conn, b"", time.monotonic() + LINGER_SECONDS, is_closing=True))

    def _drop(self, arrival: Arrival) -> None:
        self._forget(arrival)
        self.nr_conns -= 1
        arrival.conn.close()

    def _make_room(self) -> None:
        """Drop the request that has been arriving for longest, or else the connection that was idle for longest."""
        if self.arrivals:
            self._drop(next(iter(self.arrivals.values())))
        elif self.keepalived_conns:
            self.keepalived_conns[0].timeout = 0.0
            self.murder_keepalived()
