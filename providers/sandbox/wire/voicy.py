"""Voicy: 201 for an order, one list by time, 60 requests a minute, ten lines, one signed webhook at the end."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

from providers.sandbox import engine
from providers.sandbox.accounts import DemoAgent
from providers.sandbox.engine import SimulatedCall
from providers.sandbox.messages import Refused, Reply, Request, Target, json_reply
from providers.sandbox.noted import noted_in
from providers.sandbox.transcripts import summary_of, turns_of
from providers.sandbox.wire.base import E164, Wire, route
from providers.sandbox.wire.parameters import body_of

BASE = "/functions/v1"
WORDS: dict[str, str] = {
    engine.QUEUED: "initiated",
    engine.DIALING: "initiated",
    engine.RINGING: "ringing",
    engine.IN_PROGRESS: "ongoing",
    engine.WRAPPING_UP: "ongoing",
    engine.NO_ANSWER: "no_answer",
    engine.BUSY: "busy",
    engine.FAILED: "error",
    engine.BALANCE_LOW: "error",
    engine.CANCELED: "canceled",
    engine.DECLINED: "busy",
    engine.STRANGE: "daydreaming",
}
LINES = 10
RECORDING_LIFETIME = 3600


class VoicyWire(Wire):
    """Errors are `{"error": "..."}`; every answer carries the X-RateLimit headers."""

    slug = "voicy"
    requests_per_minute = 60

    def finish(self, key: str, reply: Reply) -> Reply:
        """Add the rate headers."""
        if self.world.limits and key:
            recent = self._recent[key]
            left = max(0, self.requests_per_minute - len(recent))
            reset = int((recent[0] if recent else time.time()) + 60)
            reply.headers = (
                *reply.headers,
                ("X-RateLimit-Limit", str(self.requests_per_minute)),
                ("X-RateLimit-Remaining", str(left)),
                ("X-RateLimit-Reset", str(reset)),
            )
        return reply

    # Orders

    @route("POST", f"{BASE}/call-dial", places=True)
    def place_call(self, request: Request, key: str) -> Reply:
        """Dial a number from one of the account's own."""
        order = body_of(request, self.error(400, "Invalid JSON body"))
        to_number, from_number = order.get("to_number"), order.get("from_number")
        if not from_number:
            return self.error(400, "from_number is required")
        if not to_number:
            return self.error(400, "to_number is required")
        if not isinstance(to_number, str) or not E164.fullmatch(to_number):
            return self.number_refused()
        if from_number not in self.account.caller_ids:
            return self.error(403, "Phone number not assigned to your account")
        agent = self._agent(str(order.get("override_agent_id") or self._agent_of(str(from_number))))
        variables = order.get("vars_provided") or {}
        if not isinstance(variables, dict):
            return self.error(400, "vars_provided must be an object")
        if self.world.limits and self.world.engine.lines_in_use(self.slug, key, time.time()) >= LINES:
            return self.error(429, "Concurrent call limit reached. Try again in 10 seconds")
        call = self.place(
            request,
            key,
            remote_id=str(uuid4()),
            to_number=to_number,
            agent_id=agent.id,
            caller_id=str(from_number),
            variables=variables,
        )
        placed = {
            "call_id": call.remote_id,
            "call_status": "initiated",
            "call_type": "phone_call",
            "agent_id": call.agent_id,
            "from_number": call.caller_id,
            "to_number": to_number,
            "direction": "outgoing",
        }
        return json_reply(201, placed)

    def _agent_of(self, caller_id: str) -> str:
        return self.account.agents[self.account.caller_ids.index(caller_id)].id

    # Calls

    def _word(self, call: SimulatedCall, now: float) -> str:
        phase = call.phase(now)
        if phase != engine.COMPLETED:
            return WORDS[phase]
        if call.script.answered_by == "machine" and self.world.switches.voicy_voicemail_word:
            return "voicemail"
        own = "user_hangup" if call.script.ended_by == "person" else "agent_hangup"
        return self.world.switches.voicy_final_word or own

    def _row(self, call: SimulatedCall, now: float) -> dict[str, Any]:
        agent = self._agent(call.agent_id)
        shown: dict[str, Any] = {"name": agent.name, "version": 1}
        if self.world.switches.voicy_agent_id:
            shown["id"] = agent.id
        row: dict[str, Any] = {
            "call_id": call.remote_id,
            "call_type": "phone_call",
            "call_status": self._word(call, now),
            "agent": shown,
            "from_number": call.caller_id,
            "to_number": call.to_number,
            "direction": _direction(call),
            "start_timestamp": int(call.created_at * 1000),
            "duration_ms": call.talk_seconds(now) * 1000 if self.is_over(call, now) else None,
        }
        if self.world.switches.voicy_call_cost and self.is_over(call, now):
            row["call_cost"] = {"combined_cost": round(call.talk_seconds(now) / 60 * 0.15, 4), "currency": "USD"}
        return row

    def _whole(self, call: SimulatedCall, now: float, request: Request | None, roles: dict[str, str]) -> dict[str, Any]:
        is_over = self.is_over(call, now)
        turns = turns_of(call, now) if is_over else []
        started = int(call.created_at * 1000)
        has_sound = bool(turns) and request is not None
        return {
            **self._row(call, now),
            "transcript": [
                {"role": roles[said.speaker], "content": said.text, "timestamp_ms": started + said.at_ms}
                for said in turns
            ],
            "detected_gender": "unknown" if turns else None,
            "recording_url": self.world.recording_url(request, self.slug, call.remote_id, RECORDING_LIFETIME)
            if has_sound and request is not None
            else None,
            "summary": summary_of(call) if turns else None,
            "vars_provided": self.echo(call),
            "vars_extracted": self._extracted(call) if turns else {},
            "vars_collected": {},
        }

    def _extracted(self, call: SimulatedCall) -> dict[str, Any]:
        found: dict[str, Any] = {one.name.lower().replace(" ", "_"): one.value for one in noted_in(call, self.slug)}
        if call.script.refuses_calls:
            found["do_not_call"] = True
        return (
            {name: {"value": one} for name, one in found.items()} if self.world.switches.voicy_value_objects else found
        )

    @route("GET", f"{BASE}/call-get/{{call_id}}")
    def get_call(self, request: Request, key: str, call_id: str) -> Reply:
        """Return one call."""
        call = self.ledger(key).by_id.get(call_id)
        if call is None:
            return self.error(404, "Call not found")
        return json_reply(200, self._whole(call, time.time(), request, {"agent": "agent", "person": "caller"}))

    @route("POST", f"{BASE}/call-list", lists_calls=True)
    def list_calls(self, request: Request, key: str) -> Reply:
        """List calls by agent, word, direction and time; rows are trimmed."""
        asked = body_of(request, self.error(400, "Invalid JSON body"))
        criteria = asked.get("filter_criteria") or {}
        limit = asked.get("limit", 50)
        if not isinstance(limit, int) or not 1 <= limit <= 1000:
            return self.error(400, "limit must be between 1 and 1000")
        span = criteria.get("start_timestamp") or {}
        since, until = span.get("lower_threshold") or 0, span.get("upper_threshold")
        if not isinstance(since, (int, float)) or not isinstance(until or 0, (int, float)):
            return self.error(400, "start_timestamp must be in milliseconds")
        now = time.time()
        calls = list(
            self.ledger(key).between(
                since / 1000, until / 1000 + 0.001 if until else engine.NEVER, visible_at=self.visible_at()
            )
        )
        if wanted := criteria.get("agent_id"):
            calls = [call for call in calls if call.agent_id in wanted]
        if wanted := criteria.get("call_status"):
            calls = [call for call in calls if self._word(call, now) in wanted]
        if wanted := criteria.get("direction"):
            calls = [call for call in calls if _direction(call) in wanted]
        if asked.get("sort_order", "descending") == "descending":
            calls.reverse()
        total = len(calls)
        if after := asked.get("pagination_key"):
            ids = [call.remote_id for call in calls]
            if after not in ids:
                return self.error(400, "Invalid pagination_key")
            calls = calls[ids.index(after) + 1 :]
        if self.world.switches.trim_rows:
            rows = [self._row(call, now) for call in calls[:limit]]
        else:
            rows = [self._whole(call, now, request, {"agent": "agent", "person": "caller"}) for call in calls[:limit]]
        return json_reply(200, rows if self.world.switches.voicy_bare_lists else {"calls": rows, "total_count": total})

    # Agents

    def _agent(self, agent_id: str) -> DemoAgent:
        for agent in self.account.agents:
            if agent.id == agent_id:
                return agent
        raise Refused(self.error(404, "Agent not found"))

    @staticmethod
    def _agent_row(agent: DemoAgent) -> dict[str, Any]:
        return {
            "agent_id": agent.id,
            "name": agent.name,
            "language": agent.language,
            "voice": "sandbox-voice",
            "agent_type": "singlePrompt",
            "active": agent.status_code == 1,
            "prompt": "Talk with " + ", ".join("{{" + name + "}}" for name in agent.variables),
            "welcome_message": "Hello!",
            "created_at": "2026-01-15T09:00:00.000Z",
            "updated_at": "2026-03-01T09:00:00.000Z",
        }

    @route("GET", f"{BASE}/agent-list")
    def list_agents(self, request: Request, key: str) -> Reply:
        """Return all agents as a bare array."""
        return json_reply(200, [self._agent_row(agent) for agent in self.agents_of(key)])

    @route("GET", f"{BASE}/agent-get/{{agent_id}}")
    def get_agent(self, request: Request, key: str, agent_id: str) -> Reply:
        """Return one agent with the variables of its prompt."""
        agent = self._agent(agent_id)
        return json_reply(200, {**self._agent_row(agent), "variables": [{"name": name} for name in agent.variables]})

    # Recordings

    @route("GET", "/recordings/{name}", is_open=True)
    def recording(self, request: Request, key: str, name: str) -> Reply:
        """Return a recording by its signed address; it lives for an hour."""
        return self.signed_recording(request, name.removesuffix(".wav"))

    # Webhook: call_ended, after post-processing, signed where a secret is set

    def webhook_moments(self, call: SimulatedCall) -> list[tuple[float, str]]:
        """Return the end of the call."""
        return [(at, "call_ended") for at, phase in call.changes() if phase == call.script.final]

    def webhook_message(self, call: SimulatedCall, event: str, target: Target) -> tuple[bytes, str, dict[str, str]]:
        """Return the call as get-one shows it; the sample's second role is `user`."""
        whole = self._whole(call, time.time(), None, {"agent": "agent", "person": "user"})
        body = json.dumps({"event": event, "call": whole}).encode()
        headers = {"x-voicy-event": event}
        if target.secret:
            signature = hmac.new(target.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["x-voicy-signature"] = f"sha256={signature}"
        return body, "application/json", headers

    # Errors

    def unauthorised(self) -> Reply:
        """Return the refusal of a key."""
        return self.error(401, "Invalid API key")

    def number_refused(self) -> Reply:
        """Return the refusal of a number."""
        return self.error(400, "Invalid phone number format. Use E.164 (e.g. +11234567890)")

    def too_many_requests(self, retry_after: str) -> Reply:
        """Return the request to slow down; the body says for how long."""
        if not self.world.switches.voicy_says_seconds:
            return self.error(429, "Rate limit exceeded")
        reply = self.error(429, f"Rate limit exceeded. Try again in {retry_after or 60} seconds")
        if retry_after:
            reply.headers = (("Retry-After", retry_after),)
        return reply


def _direction(call: SimulatedCall) -> str:
    return "incoming" if call.is_inbound else "outgoing"
