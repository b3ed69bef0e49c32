"""The orders of one provider on their way: one thread carries many, each leaves once, and each is told of."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from providers.base import ProviderBackend, Request, Response
from providers.exceptions import OutcomeUnknown, ProviderError
from providers.http import HttpDoor
from providers.opening import Passed
from providers.shots import Shot, Wire
from providers.types import CallOrder, PlacedCall

logger = logging.getLogger(__name__)


class Committed(Protocol):
    """An order whose commit point has passed."""

    @property
    def call_id(self) -> int:
        """Our number of the call, for the log."""

    @property
    def order(self) -> CallOrder:
        """What leaves."""

    @property
    def committed_at(self) -> float:
        """The instant of its commit point, in seconds of the clock that also counts while the machine is suspended."""


Order = TypeVar("Order", bound=Committed)


@dataclass(frozen=True, slots=True)
class Landed(Generic[Order]):
    """What came of one order; `exchange` is the request as the log shows it, where one was built."""

    order: Order
    result: PlacedCall | ProviderError
    exchange: Passed | None


Tell = Callable[[Sequence[Landed[Order]]], None]
"""Is told of orders that came back, in the carrier's thread; must not raise."""


class Carrier(Generic[Order]):
    """Sends orders through one door, so many at once at most, and tells what came of each.

    Its thread starts with the first order and never holds up the end of the process: what is out by then shows as not
    known.
    """

    def __init__(self, backend: ProviderBackend, door: HttpDoor, most: int, tell: Tell[Order], name: str) -> None:
        self._backend, self._door, self._most, self._tell, self._name = backend, door, most, tell, name
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._wire = Wire()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_over = False

    def carry(self, orders: Iterable[Order]) -> None:
        """Hand orders over; each leaves as soon as a line is free."""
        for order in orders:
            self._orders.put(order)
        if self._thread is None:
            self._thread = threading.Thread(target=self._carry_all, name=self._name, daemon=True)
            self._thread.start()
        self._wake()

    def close(self) -> None:
        """Let the thread end once all that was handed over came back."""
        if self._thread is None:
            self._wire.close()
        else:
            self._orders.put(None)
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            if not self._is_over:
                self._wire.ring()

    # What runs in the thread

    def _carry_all(self) -> None:
        waiting: deque[Order] = deque()
        flying: dict[Shot, tuple[Order, Request]] = {}
        is_ending = False
        while not is_ending or waiting or flying:
            while not self._orders.empty():
                order = self._orders.get()
                is_ending = is_ending or order is None
                if order is not None:
                    waiting.append(order)
            back = self._launch(waiting, flying)
            try:
                landed = self._wire.turn(0 if back or is_ending > bool(flying) else None)
            except Exception:
                logger.exception("%s: the carrier failed", self._name)
                landed = self._wire.abandon()
            back += [self._landed(shot, *flying.pop(shot)) for shot in landed]
            if back:
                self._tell(back)
        with self._lock:
            self._is_over = True
            self._wire.close()

    def _launch(self, waiting: deque[Order], flying: dict[Shot, tuple[Order, Request]]) -> list[Landed[Order]]:
        """Let orders leave while lines are free; returns those that cannot."""
        back = []
        while waiting and len(flying) < self._most:
            order = waiting.popleft()
            try:
                request = self._backend.build_order(order.order)
                shot = self._door.aim(request, order.committed_at)
            except Exception as error:
                back.append(Landed(order, self._reason(order, error), None))
                continue
            flying[shot] = order, request
            self._wire.launch(shot)
        return back

    def _landed(self, shot: Shot, order: Order, request: Request) -> Landed[Order]:
        result: PlacedCall | ProviderError
        response = shot.outcome if isinstance(shot.outcome, Response) else None
        try:
            result = self._backend.read_placed(shot.answer())
        except Exception as error:
            result = self._reason(order, error)
        exchange = Passed(
            method=request.method,
            path=request.path,
            http_status=response.status if response else None,
            duration_ms=round((shot.ended - shot.began) * 1000),
            error=shot.outcome if isinstance(shot.outcome, ProviderError) else None,
            request=request,
            response=response,
        )
        return Landed(order, result, exchange)

    def _reason(self, order: Order, error: Exception) -> ProviderError:
        """Return what an order failed with; a fault of our own may have dialled."""
        if isinstance(error, ProviderError):
            return error
        logger.error("call=%s: the backend failed while placing", order.call_id, exc_info=error)
        return OutcomeUnknown(f"The provider module failed: {type(error).__name__}.")
