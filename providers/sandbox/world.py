"""What all wires share: the calls, the journal, the switches, the faults, the webhooks."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import Counter
from pathlib import Path
from threading import Event
from typing import Any

from providers.sandbox.engine import Engine
from providers.sandbox.faults import Faults
from providers.sandbox.journal import Journal
from providers.sandbox.messages import Reply, Request, json_reply
from providers.sandbox.recordings import tone
from providers.sandbox.switches import Switches
from providers.sandbox.webhooks import Webhooks
from providers.sandbox.wire import build_wires


class World:
    """One sandbox: five vendors and their control endpoints."""

    def __init__(
        self, *, speed: float = 1.0, delay_ms: int = 0, journal: str | Path | None = None, limits: bool = True
    ) -> None:
        self.speed = speed
        self.delay = delay_ms / 1000
        self.limits = limits
        self.engine = Engine(speed=speed, limits=limits)
        self.journal = Journal(journal)
        self.switches = Switches()
        self.faults = Faults()
        self.stopping = Event()
        self.refuse_for = 0.0
        """Seconds for which the server shall close its port; it sets this back."""
        self.recording = tone()
        self._signing_key = secrets.token_bytes(32)
        self.wires = build_wires(self)
        self.webhooks = Webhooks(self)

    def answer(self, request: Request) -> Reply:
        """Return the answer of the vendor that the path belongs to."""
        vendor, _, rest = request.path[1:].partition("/")
        wire = self.wires.get(vendor)
        if wire is None:
            return self.control(request) if vendor == "_control" else json_reply(404, {"error": "No such vendor"})
        request.path = "/" + rest
        reply = wire.answer(request)
        if self.delay:
            time.sleep(self.delay)
        return reply

    def sleep(self, seconds: float) -> None:
        """Wait for real seconds, less when the server ends."""
        self.stopping.wait(seconds)

    # Signed addresses

    def sign(self, remote_id: str, expires: int) -> str:
        """Return the signature of a recording's address."""
        return hmac.new(self._signing_key, f"{remote_id}:{expires}".encode(), hashlib.sha256).hexdigest()

    def recording_url(self, request: Request, vendor: str, remote_id: str, lifetime: int) -> str:
        """Return an address of a recording that ends after `lifetime` seconds."""
        expires = int(time.time()) + lifetime
        path = f"{request.origin}/{vendor}/recordings/{remote_id}.wav"
        return f"{path}?expires={expires}&signature={self.sign(remote_id, expires)}"

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
                self.refuse_for = float(order.get("seconds", 2.0))
            else:
                self.faults.add(order)
        elif name == "faults" and method == "DELETE":
            self.faults.clear()
        elif name == "faults" and method == "GET":
            return json_reply(200, [{"mode": rule.mode, "left": rule.left} for rule in self.faults.rules])
        elif name == "switches" and method == "POST":
            self.switches.change(order)
            return json_reply(200, self.switches.as_dict())
        elif name == "switches" and method == "GET":
            return json_reply(200, self.switches.as_dict())
        elif name == "webhooks" and method == "POST":
            self.webhooks.register(**order)
        elif name == "journal" and method == "GET":
            return json_reply(200, self.journal.counts())
        elif name == "state" and method == "GET":
            return json_reply(200, self.totals())
        elif name == "reset" and method == "POST":
            self.reset()
        else:
            return json_reply(404, {"error": "No such control"})
        return json_reply(200, {"done": True})

    def totals(self) -> dict[str, Any]:
        """Return how many calls of each vendor stand in which phase now."""
        now = time.time()
        phases: dict[str, Counter[str]] = {slug: Counter() for slug in self.wires}
        for vendor, ledger in self.engine.ledgers():
            phases[vendor].update(call.phase(now) for call in list(ledger.calls))
        return {"phases": {slug: dict(found) for slug, found in phases.items()}, "webhooks": self.webhooks.counts()}

    def reset(self) -> None:
        """Forget calls, journal, faults, switches and webhooks."""
        self.engine.clear()
        self.journal.clear()
        self.faults.clear()
        self.switches.change(Switches().as_dict())
        self.webhooks.clear()
        for wire in self.wires.values():
            wire.reset()

    def close(self) -> None:
        """End waiting threads and close the journal."""
        self.stopping.set()
        self.webhooks.close()
        self.journal.close()
