"""Acme's wire format, for the simulator."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from providers.sandbox import engine
from providers.sandbox.accounts import DemoAccount, DemoAgent
from providers.sandbox.engine import SimulatedCall
from providers.sandbox.messages import Refused, Reply, Request, json_reply
from providers.sandbox.wire.base import E164, Wire, route
from providers.sandbox.wire.parameters import body_of, moment_in

WORDS = {
    engine.QUEUED: "waiting",
    engine.DIALING: "dialling",
    engine.RINGING: "dialling",
    engine.IN_PROGRESS: "talking",
    engine.WRAPPING_UP: "talking",
    engine.COMPLETED: "done",
    engine.BUSY: "busy",
    engine.NO_ANSWER: "unanswered",
}


class AcmeWire(Wire):
    """`/calls`, to place, read and list calls."""

    slug = "acme"
    demo = DemoAccount(
        vendor="acme",
        name="Acme sandbox",
        base_path="/acme",
        key_prefix="sandbox_acme_",
        key="sandbox_acme_demo",
        agents=(DemoAgent("front-desk", "Front desk"),),
    )

    @route("POST", "/calls", places=True)
    def place_one(self, request: Request, key: str) -> Reply:
        """Accept an order."""
        order = body_of(request, self.error(400, "Not an object"))
        if not isinstance(order.get("to"), str) or not E164.fullmatch(order["to"]):
            raise Refused(self.number_refused())
        call = self.place(
            request,
            key,
            remote_id=uuid4().hex,
            to_number=order["to"],
            agent_id=str(order.get("agent", "")),
            variables={**order.get("words", {}), "reference": order.get("reference", "")},
        )
        return json_reply(201, {"id": call.remote_id, "state": "waiting"})

    @route("GET", "/calls/{remote_id}")
    def read_one(self, request: Request, key: str, remote_id: str) -> Reply:
        """Return a call's state."""
        call = self.ledger(key).by_id.get(remote_id)
        return self.not_found() if call is None else json_reply(200, self._row(call))

    @route("GET", "/calls")
    def list_all(self, request: Request, key: str) -> Reply:
        """Return the calls of a window."""
        refusal = self.error(400, "No time")
        since = moment_in(request.param("since"), 0.0, refusal)
        until = min(moment_in(request.param("until"), time.time(), refusal), self.visible_at())
        calls = [call for call in list(self.ledger(key).calls) if since <= call.created_at <= until]
        return json_reply(200, {"calls": [self._row(call) for call in calls]})

    def _row(self, call: SimulatedCall) -> dict[str, Any]:
        phase = call.phase(time.time())
        return {
            "id": call.remote_id,
            "to": call.to_number,
            "agent": call.agent_id,
            "reference": call.reference,
            "at": datetime.fromtimestamp(call.created_at, UTC).isoformat(),
            "state": WORDS.get(phase, "broken"),
            "talked": call.script.talk_seconds if phase == engine.COMPLETED else None,
        }
