"""The threads of one provider that send orders: they take what is handed over, and have no result to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

Order = TypeVar("Order")


class Senders(Generic[Order]):
    """At most so many threads, started as orders come; each does one `act` after the other.

    A general pool makes a lock and a result for every order, which costs a fast dialler a tenth of its time. `act`
    must not raise. The threads never hold up the end of the process: what is out by then shows as not known.
    """

    def __init__(self, most: int, act: Callable[[Order], None], name: str) -> None:
        self._most, self._act, self._name = most, act, name
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._started = 0

    def submit(self, order: Order) -> None:
        """Hand an order over; it leaves as soon as a thread is free."""
        self._orders.put(order)
        if self._started < self._most:
            self._started += 1
            threading.Thread(target=self._send_all, name=f"{self._name}-{self._started}", daemon=True).start()

    def close(self) -> None:
        """Let the threads end once all that was handed over has left."""
        for _thread in range(self._started):
            self._orders.put(None)

    def _send_all(self) -> None:
        while (order := self._orders.get()) is not None:
            self._act(order)
