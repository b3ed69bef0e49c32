"""Sends the orders of one provider: one thread sends many at once, each at most once, and reports each result."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from requests import Request, Response

from providers.base import ProviderBackend
from providers.client.client import HttpClient
from providers.client.loop import TransferLoop
from providers.client.transfers import Transfer
from providers.exceptions import OutcomeUnknown, ProviderError
from providers.guarding import is_sound, log_failure
from providers.types import CallOrder, Exchange, PlacedCall

logger = logging.getLogger(__name__)


class CommittedOrder(Protocol):
    """An order whose commit point has passed."""

    @property
    def call_id(self) -> int:
        """Primary key of the call, for the log."""

    @property
    def order(self) -> CallOrder:
        """The order to send."""

    @property
    def committed_at(self) -> float:
        """Time of its commit point, in seconds of `boottime()`."""


Order = TypeVar("Order", bound=CommittedOrder)


@dataclass(frozen=True, slots=True)
class DoneOrder(Generic[Order]):
    """The result of one order; `exchange` is its request and answer for the log, None where no request was built."""

    order: Order
    result: PlacedCall | ProviderError
    exchange: Exchange | None


Tell = Callable[[Sequence[DoneOrder[Order]]], None]
"""Callback for orders that are done, called in the loop's thread; must not raise."""


class OrderLoop(Generic[Order]):
    """Sends orders through one client, at most `most` at once, and calls `tell` with the results.

    Its daemon thread starts with the first order. Orders in flight when the process ends get no result: their calls
    stay in `placing` and become unknown.
    """

    def __init__(self, backend: ProviderBackend, client: HttpClient, most: int, tell: Tell[Order], name: str) -> None:
        self._backend, self._client, self._most, self._tell, self._name = backend, client, most, tell, name
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._transfers = TransferLoop()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_over = False

    def send(self, orders: Iterable[Order]) -> None:
        """Queue orders; each is sent as soon as a line is free."""
        for order in orders:
            self._orders.put(order)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._wake()

    def close(self) -> None:
        """Let the thread end once all queued orders are done; does not wait for it."""
        if self._thread is None:
            self._transfers.close()
        else:
            self._orders.put(None)
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            if not self._is_over:
                self._transfers.wake()

    # Run in the loop's thread

    def _run(self) -> None:
        waiting: deque[Order] = deque()
        in_flight: dict[Transfer, tuple[Order, Request]] = {}
        is_ending = False
        while not is_ending or waiting or in_flight:
            while not self._orders.empty():
                order = self._orders.get()
                is_ending = is_ending or order is None
                if order is not None:
                    waiting.append(order)
            done = self._start(waiting, in_flight)
            try:
                ended = self._transfers.turn(0 if done or is_ending > bool(in_flight) else None)
            except Exception:
                logger.exception("%s: the loop failed", self._name)
                ended = self._transfers.abandon()
            done += [self._done(transfer, *in_flight.pop(transfer)) for transfer in ended]
            if done:
                self._tell(done)
        with self._lock:
            self._is_over = True
        self._transfers.close()

    def _start(self, waiting: deque[Order], in_flight: dict[Transfer, tuple[Order, Request]]) -> list[DoneOrder[Order]]:
        """Start waiting orders while lines are free; returns those that failed before they were started."""
        done = []
        while waiting and len(in_flight) < self._most:
            order = waiting.popleft()
            try:
                request = self._backend.build_order(order.order)
                transfer = self._client.prepare(request, order.committed_at)
                self._transfers.start(transfer)
            except Exception as error:
                done.append(DoneOrder(order, self._reason(error), None))
                continue
            in_flight[transfer] = order, request
        return done

    def _done(self, transfer: Transfer, order: Order, request: Request) -> DoneOrder[Order]:
        result: PlacedCall | ProviderError
        try:
            result = self._backend.placed_of(order.order, transfer.answer())
            if not is_sound(result, PlacedCall):
                raise TypeError("read_placed")
        except Exception as error:
            result = self._reason(error)
        response = transfer.outcome if isinstance(transfer.outcome, Response) else None
        exchange = Exchange(
            method=request.method,
            path=request.url,
            http_status=response.status_code if response is not None else None,
            duration_ms=round((transfer.ended - transfer.began) * 1000),
            error=transfer.outcome if isinstance(transfer.outcome, ProviderError) else None,
            request=request,
            response=response,
            secrets=tuple(self._backend.secrets.values()),
        )
        return DoneOrder(order, result, exchange)

    def _reason(self, error: Exception) -> ProviderError:
        """Return an order's error; an unexpected exception becomes `OutcomeUnknown`: the order may have left."""
        if isinstance(error, ProviderError):
            return error
        log_failure(self._backend.slug, "an order", error)
        return OutcomeUnknown(f"The provider module failed: {type(error).__name__}.")
