"""The order loop to a stub of Bolna, and what came back from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from providers.backends.bolna import BolnaBackend
from providers.client.client import boottime
from providers.exceptions import ProviderError
from providers.order_loop import DoneOrder, OrderLoop
from providers.types import CallOrder, PlacedCall
from tests.providers.clients import KEY, client_to
from tests.providers.vendor_stub import Answer, Sent, VendorStub, wait_until


@dataclass
class Placing:
    """An order with its commit point."""

    call_id: int
    order: CallOrder
    committed_at: float = field(default_factory=boottime)


class LoopToStub:
    """An order loop to a stub, and what came back from it."""

    def __init__(self, stub: VendorStub, most: int = 8, **limits: Any) -> None:
        self.back: list[DoneOrder[Placing]] = []
        self.client = client_to(stub, **{"total_timeout": 5, **limits})
        self.backend = BolnaBackend(self.client, secrets={"api_key": KEY}, options={})
        self.loop: OrderLoop[Placing] = OrderLoop(self.backend, self.client, most, self.tell, f"loop-{id(self)}")

    def tell(self, done: Sequence[DoneOrder[Placing]]) -> None:
        self.back += done

    def send(self, *numbers: int, committed_at: float | None = None) -> None:
        self.loop.send(placing(number, committed_at) for number in numbers)

    def results(self, count: int) -> dict[int, PlacedCall | ProviderError]:
        assert wait_until(lambda: len(self.back) >= count), f"{len(self.back)} of {count} came back"
        assert len(self.back) == count
        return {one.order.call_id: one.result for one in self.back}


def placing(number: int, committed_at: float | None = None) -> Placing:
    """Make an order to the number, committed now or at another moment."""
    order = CallOrder(reference=uuid4(), to_number=f"+1555{number:07d}", agent_id="agent-1")
    return Placing(number, order, boottime() if committed_at is None else committed_at)


def taken(sent: Sent) -> Answer:
    """Answer an order as Bolna does when it takes it."""
    return Answer(200, {"execution_id": f"e-{sent.json['recipient_phone_number']}", "status": "queued"})
