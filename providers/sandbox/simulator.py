"""The whole simulator: the shared state, the five vendors, their webhooks, and the control endpoints."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

from providers.sandbox.account_faults import AccountFaults
from providers.sandbox.inbound import call_in
from providers.sandbox.messages import Reply, Request, json_reply
from providers.sandbox.switches import Switches
from providers.sandbox.webhooks import Webhooks
from providers.sandbox.wire import build_wires
from providers.sandbox.world import World


class Simulator:
    """One sandbox: five vendors and their control endpoints."""

    def __init__(
        self, *, speed: float = 1.0, delay_ms: int = 0, journal: str | Path | None = None, limits: bool = True
    ) -> None:
        self.world = World(speed=speed, delay_ms=delay_ms, journal=journal, limits=limits)
        self.wires = build_wires(self.world)
        self.webhooks = Webhooks(self.world)
        self.world.wires, self.world.webhooks = self.wires, self.webhooks

    def answer(self, request: Request) -> Reply:
        """Return the answer of the vendor that the path belongs to."""
        vendor, _, rest = request.path[1:].partition("/")
        wire = self.wires.get(vendor)
        if wire is None:
            return self.control(request) if vendor == "_control" else json_reply(404, {"error": "No such vendor"})
        request.path = "/" + rest
        reply = wire.answer(request)
        if self.world.delay:
            time.sleep(self.world.delay)
        return reply

    # Control

    def control(self, request: Request) -> Reply:
        """Answer a control request; only this machine may ask."""
        if not request.peer.startswith(("127.", "::1")):
            return json_reply(403, {"error": "Only from this machine"})
        name, method = request.path.removeprefix("/_control/"), request.method
        try:
            order = request.json()
            if not isinstance(order, dict):
                raise ValueError("Not an object")
            return self._control(method, name, order)
        except (ValueError, TypeError, KeyError) as error:
            return json_reply(400, {"error": str(error)})

    def _control(self, method: str, name: str, order: dict[str, Any]) -> Reply:
        if name == "faults" and method == "POST":
            if order.get("mode") == "refuse":
                self.world.refuse_for = float(order.get("seconds", 2.0))
            else:
                self.world.faults.add(order)
        elif name == "faults" and method == "DELETE":
            self.world.faults.clear()
        elif name == "faults" and method == "GET":
            return json_reply(200, [{"mode": rule.mode, "left": rule.left} for rule in self.world.faults.rules])
        elif name == "switches" and method == "POST":
            self.world.switches.change(order)
            return json_reply(200, self.world.switches.as_dict())
        elif name == "switches" and method == "GET":
            return json_reply(200, self.world.switches.as_dict())
        elif name == "webhooks" and method == "POST":
            self.webhooks.register(**order)
        elif name == "account" and method == "POST":
            vendor = str(order.pop("vendor", ""))
            if vendor not in self.wires:
                raise ValueError(f"No such vendor: {vendor}")
            self.wires[vendor].spoil_account(AccountFaults.read(order))
        elif name == "inbound" and method == "POST":
            return json_reply(
                200, {"remote_id": call_in(self.world, self.wires[str(order["vendor"])], order).remote_id}
            )
        elif name == "journal" and method == "GET":
            return json_reply(200, self.world.journal.counts())
        elif name == "state" and method == "GET":
            return json_reply(200, self.totals())
        elif name == "reset" and method == "POST":
            self.reset()
        else:
            return json_reply(404, {"error": "No such control"})
        return json_reply(200, {"done": True})

    def totals(self) -> dict[str, Any]:
        """Return how many calls of each vendor are in each phase now."""
        now = time.time()
        phases: dict[str, Counter[str]] = {slug: Counter() for slug in self.wires}
        for vendor, ledger in self.world.engine.ledgers():
            phases[vendor].update(call.phase(now) for call in list(ledger.calls))
        return {"phases": {slug: dict(found) for slug, found in phases.items()}, "webhooks": self.webhooks.counts()}

    def reset(self) -> None:
        """Forget calls, journal, faults, switches and webhooks."""
        self.world.engine.clear()
        self.world.journal.clear()
        self.world.faults.clear()
        self.world.switches.change(Switches().as_dict())
        self.webhooks.clear()
        for wire in self.wires.values():
            wire.reset()

    def close(self) -> None:
        """End waiting threads and close the journal."""
        self.world.stopping.set()
        self.webhooks.close()
        self.world.journal.close()
