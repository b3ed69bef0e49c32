"""Bolna: executions by agent, a queue that takes the excess, cents, expiring recordings, a webhook at every change."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from providers.sandbox import engine
from providers.sandbox.accounts import DemoAgent
from providers.sandbox.engine import SimulatedCall
from providers.sandbox.messages import Refused, Reply, Request, Target, json_reply
from providers.sandbox.transcripts import turns_of
from providers.sandbox.wire import bolna_waits
from providers.sandbox.wire.base import E164, Route, Wire, route
from providers.sandbox.wire.bolna_shapes import phone_of, told_of, trimmed
from providers.sandbox.wire.parameters import body_of, moment_in, whole_number

WORDS: dict[str, str] = {
    engine.QUEUED: "queued",
    engine.DIALING: "initiated",
    engine.RINGING: "ringing",
    engine.IN_PROGRESS: "in-progress",
    engine.WRAPPING_UP: "call-disconnected",
    engine.COMPLETED: "completed",
    engine.NO_ANSWER: "no-answer",
    engine.BUSY: "busy",
    engine.FAILED: "error",
    engine.BALANCE_LOW: "balance-low",
    engine.CANCELED: "stopped",
    engine.DECLINED: "rejected",
    engine.STRANGE: "moonwalking",
    engine.WAITING: "scheduled",
}
WEEK = 7 * 86400
CENTS_PER_MINUTE = 5.0
CALL_TERMINATE = 90
"""Seconds after which the vendor ends a call, by the contract's default; no call of the simulator is as long."""
WALLET = 42.42
RECORDING_LIFETIME = 600
BREAKDOWN = {"llm": 0.3, "network": 0.2, "platform": 0.2, "synthesizer": 0.2, "transcriber": 0.1}


class BolnaWire(Wire):
    """Errors are `{"error": code, "message"}`; an empty account is told by the status word balance-low."""

    slug = "bolna"
    max_lines = 10
    takes_calls_without_credit = True

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._webhook_urls: dict[tuple[str, str], str] = {}

    def reset(self) -> None:
        """Forget counts and webhooks."""
        super().reset()
        self._webhook_urls.clear()

    def limit_of(self, found: Route) -> int:
        """Return the requests a minute: 500 for orders, agents and executions, else 1000."""
        return 500 if found.places or found.path.startswith("/v2/agent/{") else 1000

    # Orders

    @route("POST", "/call", places=True)
    def place_call(self, request: Request, key: str) -> Reply:
        """Queue a call."""
        order = body_of(request, self.error(400, "Invalid JSON"))
        agent_id, number = order.get("agent_id"), order.get("recipient_phone_number")
        if not agent_id or not number:
            return self.error(400, f"{'recipient_phone_number' if agent_id else 'agent_id'} is required")
        if not isinstance(number, str) or not E164.fullmatch(number):
            return self.number_refused()
        self._agent(str(agent_id))
        asked = str(order.get("from_phone_number") or self._whole_account.caller_ids[0])
        if asked in self.account_faults.caller_ids_gone:
            return self.error(404, "from_phone_number is not found in the account")
        user_data = order.get("user_data") or {}
        if not isinstance(user_data, dict):
            return self.error(400, "user_data must be an object")
        start_at = bolna_waits.scheduled_in(order.get("scheduled_at"), self)
        retries = bolna_waits.retries_in(order.get("retry_config"))
        once = self.script(number)
        switches = self.world.switches
        extra: dict[str, Any] = {"kept": "scheduled" if start_at else "", "word": WORDS[once.final]}
        if switches.bolna_guardrail_seconds and not order.get("bypass_call_guardrails") and not start_at:
            start_at, extra["kept"] = time.time() + switches.bolna_guardrail_seconds / self.world.speed, "rescheduled"
        if retries is not None:
            extra["retries"] = retries
        call = self.place(
            request,
            key,
            remote_id=str(uuid4()),
            to_number=number,
            agent_id=str(agent_id),
            caller_id=asked,
            variables=user_data,
            start_at=start_at,
            script=bolna_waits.with_retries(once, retries, WORDS, switches.bolna_redial_answers),
            extra=extra,
        )
        return json_reply(200, {"message": "done", "status": "queued", "execution_id": call.remote_id})

    @route("POST", "/call/{execution_id}/stop")
    def stop_call(self, request: Request, key: str, execution_id: str) -> Reply:
        """Stop a call that is queued or scheduled."""
        call, now = self._known(key, execution_id), time.time()
        if not self.is_waiting(call, now):
            return self.error(400, "Only queued or scheduled calls can be stopped")
        self._stop(call, now)
        return json_reply(200, {"message": "done", "status": "stopped", "execution_id": call.remote_id})

    @route("POST", "/v2/agent/{agent_id}/stop")
    def stop_agent(self, request: Request, key: str, agent_id: str) -> Reply:
        """Stop all queued calls of an agent."""
        self._agent(agent_id)
        now = time.time()
        waiting = [call for call in self.ledger(key).between(agent_id=agent_id) if self.is_waiting(call, now)]
        for call in waiting:
            self._stop(call, now)
        return json_reply(200, {"stopped_executions": [call.remote_id for call in waiting]})

    def _stop(self, call: SimulatedCall, now: float) -> None:
        call.stop(now, engine.CANCELED)
        self.world.webhooks.announce(call, only=engine.CANCELED)

    # Executions

    def _known(self, key: str, execution_id: str) -> SimulatedCall:
        call = self.ledger(key).by_id.get(execution_id)
        if call is None:
            raise Refused(self.error(404, "Execution not found"))
        return call

    def _word(self, call: SimulatedCall, now: float) -> str:
        if (kept := call.extra.get("kept")) and now < call.starts_at and now < call.stopped_at:
            return str(kept)
        return WORDS[call.phase(now)]

    def _cents(self, call: SimulatedCall, now: float) -> float:
        # What a call cost and holds is zero until the vendor has worked it up.
        is_ready = call.phase(now) == engine.COMPLETED
        return round(call.talk_seconds(now) / 60 * CENTS_PER_MINUTE, 3) if is_ready else 0.0

    def execution(self, call: SimulatedCall, now: float, origin_request: Request | None) -> dict[str, Any]:
        """Return the execution object of get-one and of webhooks."""
        phase = call.phase(now)
        is_ready = phase == engine.COMPLETED
        seconds = call.talk_seconds(now) if is_ready else 0
        cents = self._cents(call, now)
        turns = turns_of(call, now) if is_ready else []
        names = {"agent": "assistant", "person": "user"}
        url = None
        if is_ready and seconds and origin_request is not None:
            url = self.world.recording_url(origin_request, self.slug, call.remote_id, RECORDING_LIFETIME)
            if self.world.switches.bolna_hosted_recordings:
                url = f"{origin_request.origin}/{self.slug}/recordings/call/{call.remote_id}"
        ended = call.ended_at(now)
        return {
            "id": call.remote_id,
            "agent_id": call.agent_id,
            "batch_id": None,
            "conversation_duration": float(seconds),
            "total_cost": cents,
            "status": self._word(call, now),
            "error_message": "Carrier error" if phase == engine.FAILED else None,
            "answered_by_voice_mail": is_ready and call.script.answered_by == "machine",
            "transcript": "\n".join(f"{names[said.speaker]}: {said.text}" for said in turns),
            "created_at": _iso(call.created_at),
            "updated_at": _iso(min(now, ended or now)),
            "cost_breakdown": {part: round(cents * share, 4) for part, share in BREAKDOWN.items()},
            "telephony_data": phone_of(call, seconds, url, is_ready=is_ready, is_over=bool(ended)),
            "transfer_call_data": None,
            "batch_run_details": None,
            **told_of(call, self.echo(call), phase, self.world.switches),
            **bolna_waits.shown(call, now, tells_schedule=self.world.switches.bolna_tells_schedule),
        }

    @route("GET", "/executions/{execution_id}")
    def get_execution(self, request: Request, key: str, execution_id: str) -> Reply:
        """Return one call."""
        return json_reply(200, self.execution(self._known(key, execution_id), time.time(), request))

    @route("GET", "/agent/{agent_id}/execution/{execution_id}")
    def get_agent_execution(self, request: Request, key: str, agent_id: str, execution_id: str) -> Reply:
        """Return one call, by the older path."""
        return self.get_execution(request, key, execution_id)

    @route("GET", "/executions/{execution_id}/log")
    def get_log(self, request: Request, key: str, execution_id: str) -> Reply:
        """Return the raw logs of one call."""
        call, now = self._known(key, execution_id), time.time()
        components = {"agent": ("llm", "response"), "person": ("transcriber", "request")}
        logs = [
            {
                "created_at": _iso(call.created_at),
                "type": components[said.speaker][1],
                "component": components[said.speaker][0],
                "provider": "openai",
                "data": said.text,
            }
            for said in turns_of(call, now)
        ]
        return json_reply(200, {"status": "success", "data": logs})

    @route("GET", "/v2/agent/{agent_id}/executions", lists_calls=True)
    def list_executions(self, request: Request, key: str, agent_id: str) -> Reply:
        """List an agent's calls, newest first: at most 50 a page and 7 days a request."""
        self._agent(agent_id)
        page = whole_number(request.param("page_number") or request.param("page"), 1)
        size = whole_number(request.param("page_size"), 20)
        if page < 1 or not 1 <= size <= 50:
            return self.error(400, "page_size must be between 1 and 50")
        refusal = self.error(400, "from and to must be ISO 8601")
        since = moment_in(request.param("from"), 0.0, refusal)
        until = moment_in(request.param("to"), engine.NEVER, refusal)
        if since and min(until, time.time()) - since > WEEK:
            return self.error(400, "The date range cannot be longer than 7 days")
        now = time.time()
        found = self.ledger(key).between(since, until, agent_id=agent_id, visible_at=self.visible_at())
        calls = list(reversed(found))
        if status := request.param("status"):
            calls = [call for call in calls if self._word(call, now) == status]
        if request.param("answered_by_voice_mail") == "true":
            calls = [call for call in calls if call.script.answered_by == "machine" and self.is_over(call, now)]
        if request.param("batch_id"):
            calls = []
        if (wanted := request.param("call_type")) and self.world.switches.bolna_filters_type:
            calls = [call for call in calls if call.is_inbound == (wanted == "inbound")]
        start = (page - 1) * size
        rows = [self._row(call, now, request) for call in calls[start : start + size]]
        paging = {"page_number": page, "page_size": size, "total": len(calls), "has_more": start + size < len(calls)}
        return json_reply(200, {"data": rows, **paging})

    def _row(self, call: SimulatedCall, now: float, request: Request) -> dict[str, Any]:
        whole = self.execution(call, now, request)
        if not self.world.switches.trim_rows:
            return whole
        return trimmed(whole, tells_type=self.world.switches.bolna_rows_tell_type)

    # Agents, voices, numbers, account

    def _agent(self, agent_id: str) -> DemoAgent:
        for agent in self.account.agents:
            if agent.id == agent_id:
                return agent
        raise Refused(self.error(404, "Agent not found"))

    def _agent_row(self, key: str, agent: DemoAgent) -> dict[str, Any]:
        return {
            "id": agent.id,
            "agent_name": agent.name,
            "agent_type": "other",
            "agent_status": "processed" if agent.status_code == 1 else "seeding",
            "created_at": "2026-01-15T09:00:00Z",
            "updated_at": "2026-03-01T09:00:00Z",
            "webhook_url": self._webhook_urls.get((key, agent.id)),
            "tasks": [{"task_type": "conversation", "task_config": {"call_terminate": CALL_TERMINATE}}],
            "agent_prompts": {
                "task_1": {"system_prompt": "Talk with " + ", ".join(f"{{{name}}}" for name in agent.variables)}
            },
        }

    @route("GET", "/v2/agent/all")
    def list_agents(self, request: Request, key: str) -> Reply:
        """Return all agents as a bare array."""
        return json_reply(200, [self._agent_row(key, agent) for agent in self.agents_of(key)])

    @route("GET", "/v2/agent/{agent_id}")
    def get_agent(self, request: Request, key: str, agent_id: str) -> Reply:
        """Return one agent."""
        return json_reply(200, self._agent_row(key, self._agent(agent_id)))

    @route("PATCH", "/v2/agent/{agent_id}")
    def patch_agent(self, request: Request, key: str, agent_id: str) -> Reply:
        """Change an agent; of its settings only the webhook's address has an effect here."""
        agent = self._agent(agent_id)
        config = body_of(request, self.error(400, "Invalid JSON")).get("agent_config") or {}
        if "webhook_url" in config:
            self._webhook_urls[key, agent.id] = str(config["webhook_url"] or "")
            self.world.webhooks.has_agent_targets = True
        return json_reply(200, {"message": "success", "state": "updated"})

    @route("GET", "/me/voices")
    def list_voices(self, request: Request, key: str) -> Reply:
        """Return all voices."""
        rows = [
            {
                "id": voice.id,
                "voice_id": voice.name.lower(),
                "provider": voice.maker,
                "name": voice.name,
                "model": "standard",
                "accent": "India (Hindi)" if voice.language == "hi" else "United States (English)",
            }
            for voice in self.account.voices
        ]
        return json_reply(200, rows)

    @route("GET", "/phone-numbers/all")
    def list_numbers(self, request: Request, key: str) -> Reply:
        """Return all numbers of the account."""
        rows = [
            {
                "id": f"{index:032x}",
                "phone_number": number,
                "agent_id": None,
                "telephony_provider": "twilio",
                "rented": True,
                "price": "$5.0",
                "created_at": "2026-01-15T09:00:00Z",
                "renewal_at": "17th Dec, 2026",
            }
            for index, number in enumerate(self.account.caller_ids, 1)
        ]
        return json_reply(200, rows)

    @route("GET", "/user/me")
    def get_user(self, request: Request, key: str) -> Reply:
        """Return the account: wallet and lines."""
        now = time.time()
        calls = self.ledger(key).between()
        in_use = sum(1 for call in calls[-1000:] if call.phase(now) in engine.HOLDS_LINE)
        wallet = 0 if self.account_faults.is_empty else WALLET - sum(self._cents(call, now) for call in calls) / 100
        factor = 100 if self.world.switches.bolna_wallet_in_cents else 1
        user = {"id": self.identity_of(key), "name": "Bruce Wayne", "email": "sandbox@example.com"}
        lines = {"max": self.max_lines, "current": in_use}
        return json_reply(200, {**user, "wallet": round(wallet * factor, 2), "concurrency": lines})

    @route("GET", "/recordings/{name}", is_open=True)
    def recording(self, request: Request, key: str, name: str) -> Reply:
        """Return a recording by its signed, expiring address."""
        return self.signed_recording(request, name.removesuffix(".wav"))

    @route("GET", "/recordings/call/{execution_id}", is_open=True)
    def hosted_recording(self, request: Request, key: str, execution_id: str) -> Reply:
        """Lead to the signed address of a recording."""
        onward = self.world.recording_url(request, self.slug, execution_id, RECORDING_LIFETIME)
        return Reply(302, headers=(("Location", onward),))

    # Webhook: the execution object at every change

    def webhook_of(self, call: SimulatedCall) -> Target | None:
        """Return the agent's webhook_url."""
        url = self._webhook_urls.get((call.account, call.agent_id), "")
        return Target(url) if url.startswith(("http://", "https://")) else None

    def webhook_moments(self, call: SimulatedCall) -> list[tuple[float, str]]:
        """Return every change of the call; a word that comes again, in a later try, is another event."""
        return [(at, f"{event}#{place}") for place, (at, event) in enumerate(call.changes())]

    def webhook_message(
        self, call: SimulatedCall, event: str, target: Target
    ) -> tuple[bytes, str, dict[str, str]] | None:
        """Return the execution as it stood at that change; a stopped call's later changes never come."""
        now, event = time.time(), event.partition("#")[0]
        if call.stopped_as and event != call.stopped_as:
            return None
        told = self.execution(call, now, None)
        told["status"] = WORDS[event]
        if self.world.switches.bolna_webhook_execution_id:
            told["execution_id"] = told.pop("id")
        return json.dumps(told).encode(), "application/json", {}

    # Errors

    def error(self, status: int, message: str) -> Reply:
        """Return an error in the vendor's form."""
        return json_reply(status, {"error": status, "message": message})

    def unauthorised(self) -> Reply:
        """Return the refusal of a key, as the live API words it or as the pages do."""
        status = 403 if self.world.switches.bolna_bad_key_403 else 401
        if self.world.switches.bolna_auth_detail:
            return json_reply(status, {"detail": "Unrecognized access token"})
        return self.error(status, "Access denied")

    def number_refused(self) -> Reply:
        """Return the refusal of a number."""
        return self.error(400, "recipient_phone_number is not a valid E.164 number")


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
