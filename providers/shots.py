"""Orders on the wire: each leaves at most once, on a connection of its own, and one thread carries many of them.

A shot never blocks and is never fired again: it goes on where its connection is ready and ends by itself at its time.
A thread an order would do the same; it spends half of its time on waking threads.
"""

from __future__ import annotations

import errno
import heapq
import itertools
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from providers import connections
from providers.answers import AnswerReader, Unreadable
from providers.base import Response
from providers.connections import Address, Origin
from providers.exceptions import NotSent, OutcomeUnknown

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
PIECE = 65_536
_CONNECTING = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, errno.EINTR}


class Shot:
    """One request with an effect, from the look-up of its host to the last byte of its answer.

    Times are in seconds. `may_leave` is asked once, when the connection stands and before the first byte is written.
    """

    def __init__(
        self,
        origin: Origin,
        message: bytes,
        *,
        seconds: float,
        connect_seconds: float,
        cap: int,
        may_leave: Callable[[], bool],
    ) -> None:
        self.origin = origin
        self.number = 0
        self.outcome: Response | NotSent | OutcomeUnknown | None = None
        self.began = time.monotonic()
        self.ended = 0.0
        self.due = self._connected_by = self.began + min(connect_seconds, seconds)
        self._seconds, self._may_leave = seconds, may_leave
        self._unsent = memoryview(message)
        self._answer = AnswerReader(cap)
        self._has_left = False
        self._addresses: list[tuple[int, Address]] | None = None
        self._refusal = "no address"
        self._socket: socket.socket | None = None
        self._step: Callable[[], None] = self._connect
        self._direction = WRITE

    def start(self, wire: Wire) -> None:
        """Begin on a wire, which tells from now on when to go on."""
        self._wire = wire
        if connections.is_literal(self.origin.host):
            self.found(connections.addresses_of(self.origin))
        else:
            wire.look_up(self)

    def found(self, addresses: list[tuple[int, Address]]) -> None:
        """Go on with what the look-up of the host found."""
        if self._addresses is None and self.outcome is None:
            self._addresses = addresses
            self.go_on()

    def go_on(self) -> None:
        """Do what can be done without waiting."""
        try:
            if self.outcome is None:
                self._step()
        except ssl.SSLWantReadError:
            self._wait(READ)
        except ssl.SSLWantWriteError:
            self._wait(WRITE)
        except (BlockingIOError, InterruptedError):
            self._wait(self._direction)
        except Exception as error:
            self._fail(error)

    def time_out(self) -> None:
        """Go on after `due`: with the next address while connecting, else to the end."""
        if self._step == self._check_connection:
            self._refused(errno.ETIMEDOUT)
            self.go_on()
        else:
            self._fail(TimeoutError())

    def break_off(self) -> None:
        """End it where it is."""
        self._fail(ConnectionAbortedError())

    def answer(self) -> Response:
        """Return the answer it ended in; raises what it ended in where that is none."""
        assert self.outcome is not None
        if isinstance(self.outcome, Response):
            return self.outcome
        raise self.outcome

    # Connecting: whatever fails here did not leave

    def _connect(self) -> None:
        """Connect to the first address that answers, once all of them were found public (or it is the sandbox)."""
        origin, addresses = self.origin, self._addresses
        if not addresses:
            raise NotSent(f"The name {origin.host} cannot be resolved.")
        if not origin.is_sandbox and not all(connections.is_public(address[0]) for _, address in addresses):
            raise NotSent(f"{origin.host} has an address that is not public; nothing was sent.")
        self._untried, self._step = addresses[::-1], self._try_next
        self._try_next()

    def _try_next(self) -> None:
        while self._untried:
            now = time.monotonic()
            share = (self._connected_by - now) / len(self._untried)
            if share <= 0:
                break
            family, address = self._untried.pop()
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            state = self._socket.connect_ex(address)
            if not state:
                return self._secure()
            if state in _CONNECTING:
                self.due = now + share if self._untried else self._connected_by
                if self._untried:
                    self._wire.note_due(self)
                self._step = self._check_connection
                return self._wait(WRITE)
            self._refused(state)
        raise NotSent(f"{self.origin.host} does not take connections ({self._refusal}).")

    def _check_connection(self) -> None:
        assert self._socket
        if state := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._refused(state)
            self._try_next()
        else:
            self._secure()

    def _refused(self, state: int) -> None:
        self._refusal = type(OSError(state, "")).__name__
        self._hang_up()
        self._step = self._try_next

    def _secure(self) -> None:
        assert self._socket
        self.due = self._connected_by
        if self.origin.scheme == "https":
            self._socket = connections.tls_context().wrap_socket(
                self._socket, server_hostname=self.origin.host, do_handshake_on_connect=False
            )
            self._step = self._shake_hands
            self._shake_hands()
        else:
            self._leave()

    def _shake_hands(self) -> None:
        assert isinstance(self._socket, ssl.SSLSocket)
        self._socket.do_handshake()
        self._leave()

    # From here on only a whole answer tells what became of it

    def _leave(self) -> None:
        if not self._may_leave():
            raise NotSent("It took too long to reach the vendor; the order did not leave.")
        self._has_left = True
        self.due = self.began + self._seconds
        self._step, self._direction = self._write, WRITE
        self._write()

    def _write(self) -> None:
        assert self._socket
        while self._unsent:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        self._step, self._direction = self._read, READ
        self._wait(READ)

    def _read(self) -> None:
        assert self._socket
        # TLS may hold what it has read already: only its own word tells that there is nothing.
        is_certain = self.origin.scheme == "http"
        while self.outcome is None:
            piece = self._socket.recv(PIECE)
            answer = self._answer.feed(piece)
            if answer is not None:
                self._end(answer)
            elif is_certain and len(piece) < PIECE:
                self._wait(READ)
                break

    def _wait(self, direction: int) -> None:
        assert self._socket
        self._wire.watch(self, self._socket.fileno(), direction)

    # The end

    def _fail(self, error: Exception) -> None:
        if not self._has_left:
            words = f"No connection to the vendor ({type(error).__name__})."
            if isinstance(error, TimeoutError) and not self._addresses:
                words = f"The name {self.origin.host} cannot be resolved."
            self._end(error if isinstance(error, NotSent) else NotSent(words))
        else:
            self._end(OutcomeUnknown(f"The order left, but {self._failure(error)}."))

    def _failure(self, error: Exception) -> str:
        """Say what went wrong without the error's own words, which may hold a header or an address."""
        if isinstance(error, TimeoutError):
            return f"no whole answer came within {self._seconds:g} s"
        if isinstance(error, Unreadable):
            return str(error)
        return f"the connection broke ({type(error).__name__})"

    def _end(self, outcome: Response | NotSent | OutcomeUnknown) -> None:
        if self.outcome is None:
            self.outcome, self.ended = outcome, time.monotonic()
            self._hang_up()
            self._wire.land(self)

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._wire.forget(self._socket.fileno())
            with suppress(OSError):
                self._socket.close()
            self._socket = None


class Wire:
    """Carries shots for one thread: it launches them and takes turns until they have landed; `ring` ends a turn."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._watched: dict[int, int] = {}
        self._flying: dict[int, Shot] = {}
        # Numbers, not shots: what has landed is let go at once, however far its time was off.
        self._dues: list[tuple[float, int]] = []
        self._numbers = itertools.count()
        self._landed: list[Shot] = []
        self._found: SimpleQueue[tuple[list[Shot], list[tuple[int, Address]]]] = SimpleQueue()
        self._looked_up: dict[Origin, tuple[float, list[Shot]]] = {}
        self._bell, self._button = socket.socketpair()
        for end in (self._bell, self._button):
            end.setblocking(False)
        self._selector.register(self._bell, READ, None)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """How many shots are out."""
        return len(self._flying)

    def launch(self, shot: Shot) -> None:
        """Begin a shot."""
        shot.number = next(self._numbers)
        self._flying[shot.number] = shot
        self.note_due(shot)
        shot.start(self)

    def turn(self, seconds: float | None = None) -> list[Shot]:
        """Wait until something can go on, so many seconds at most, and return the shots that have landed."""
        if self._landed:
            seconds = 0
        if self._dues:
            left = max(self._dues[0][0] - time.monotonic(), 0)
            seconds = left if seconds is None else min(seconds, left)
        for key, _events in self._selector.select(seconds):
            if key.data is None:
                self._answer_bell()
            elif self._watched.get(key.fd):
                key.data.go_on()
        self._time_out()
        landed, self._landed = self._landed, []
        return landed

    def abandon(self) -> list[Shot]:
        """End every shot that is out as if its connection had broken, and return those that have landed."""
        for shot in list(self._flying.values()):
            shot.break_off()
        landed, self._landed = self._landed, []
        return landed

    def ring(self) -> None:
        """End the turn that another thread takes, or will take next."""
        with suppress(OSError):
            self._button.send(b"!")

    def close(self) -> None:
        """Let everything go; what is out by then ends."""
        self.abandon()
        self._selector.close()
        self._bell.close()
        self._button.close()

    # What shots ask for

    def watch(self, shot: Shot, number: int, direction: int) -> None:
        """Let a shot go on when its connection is ready in this direction."""
        known = self._watched.get(number)
        if known is None:
            self._selector.register(number, direction, shot)
        elif known != direction:
            self._selector.modify(number, direction, shot)
        self._watched[number] = direction

    def forget(self, number: int) -> None:
        """Watch a connection no longer."""
        if self._watched.pop(number, None) is not None:
            self._selector.unregister(number)

    def note_due(self, shot: Shot) -> None:
        """Wake a shot at its time; one whose time moved away meanwhile is noted again then."""
        heapq.heappush(self._dues, (shot.due, shot.number))

    def land(self, shot: Shot) -> None:
        """Count a shot as landed."""
        self._flying.pop(shot.number, None)
        self._landed.append(shot)

    def look_up(self, shot: Shot) -> None:
        """Look its host up in a thread, because a look-up knows no time-out; who asks meanwhile shares the answer."""
        now = time.monotonic()
        since, asking = self._looked_up.get(shot.origin, (0.0, []))
        if asking and now - since < 1.0:
            asking.append(shot)
            return
        asking = [shot]
        self._looked_up[shot.origin] = now, asking
        threading.Thread(target=self._find, args=(shot.origin, asking), name="look-up", daemon=True).start()

    def _find(self, origin: Origin, asking: list[Shot]) -> None:
        addresses = connections.addresses_of(origin)
        self._found.put((asking, addresses))
        self.ring()

    def _answer_bell(self) -> None:
        with suppress(BlockingIOError):
            while len(self._bell.recv(4096)) == 4096:
                pass
        with suppress(Empty):
            while True:
                asking, addresses = self._found.get_nowait()
                found, asking[:] = list(asking), []
                for shot in found:
                    shot.found(addresses)

    def _time_out(self) -> None:
        now = time.monotonic()
        while self._dues and self._dues[0][0] <= now:
            shot = self._flying.get(heapq.heappop(self._dues)[1])
            if shot is not None and shot.due <= now:
                shot.time_out()
            if shot is not None and shot.outcome is None:
                self.note_due(shot)


def carry_alone(shot: Shot) -> Response:
    """Carry one shot to its end in the thread that asks; raises what it ended with where that is no answer."""
    with Wire() as wire:
        wire.launch(shot)
        while shot.outcome is None:
            wire.turn()
    return shot.answer()
