"""Vocode hosted: the published client runs against this unchanged."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from providers.sandbox import engine
from providers.sandbox.accounts import DemoAgent, DemoVoice
from providers.sandbox.engine import SimulatedCall
from providers.sandbox.messages import Refused, Reply, Request, Target, json_reply
from providers.sandbox.transcripts import turns_of
from providers.sandbox.wire.base import E164, UUID_TEXT, Route, route
from providers.sandbox.wire.parameters import body_of
from providers.sandbox.wire.vocode_webhooks import USER_ID, VocodeWebhooks

MONTHLY_LIMIT = 1000
CARRIER_WORDS: dict[str, str] = {
    engine.QUEUED: "queued",
    engine.DIALING: "initiated",
    engine.RINGING: "ringing",
    engine.IN_PROGRESS: "in-progress",
    engine.WRAPPING_UP: "completed",
    engine.COMPLETED: "completed",
    engine.NO_ANSWER: "no-answer",
    engine.BUSY: "busy",
    engine.CANCELED: "canceled",
    engine.DECLINED: "busy",
}


class VocodeWire(VocodeWebhooks):
    """Errors are `{"detail": ...}`; four status words, the rest is in stage, stage_outcome and the carrier's word."""

    def limit_of(self, found: Route) -> int:
        """Return the requests a minute: none is documented."""
        return self.world.switches.undocumented_rate_limit

    # Orders

    @route("POST", "/v1/calls/create", places=True)
    def place_call(self, request: Request, key: str) -> Reply:
        """Place a call from one of the account's numbers with an agent, by id or inline."""
        order = body_of(request, self.invalid("body", "value is not a valid dict"))
        for field in ("from_number", "to_number", "agent"):
            if not order.get(field):
                return self.invalid(field, "field required")
        to_number, from_number = self._number(order["to_number"]), "+" + str(order["from_number"]).lstrip("+")
        context = order.get("context") or {}
        if not isinstance(context, dict) or not all(isinstance(value, str) for value in context.values()):
            return self.invalid("context", "str type expected")
        agent_id = order["agent"]
        if isinstance(agent_id, dict):
            if "prompt" not in agent_id:
                return self.invalid("agent", "prompt: field required")
            agent_id = str(uuid4())
        elif not isinstance(agent_id, str) or not UUID_TEXT.fullmatch(agent_id):
            return self.invalid("agent", "value is not a valid uuid")
        elif self._agent(agent_id) is None:
            return self.error(404, "Agent not found")
        if from_number not in self.account.caller_ids:
            return self.error(404, "Phone number not found")
        detects = bool(order.get("run_do_not_call_detection"))
        call = self.place(
            request,
            key,
            remote_id=str(uuid4()),
            to_number=to_number,
            agent_id=agent_id,
            caller_id=from_number,
            variables=context,
            extra={"on_no_human_answer": order.get("on_no_human_answer", "continue"), "detects": detects},
        )
        return json_reply(200, self._call(call, call.created_at))

    def _number(self, raw: object) -> str:
        wanted = self.world.switches.vocode_phone
        number = raw if isinstance(raw, str) else ""
        has_plus = number.startswith("+")
        if not E164.fullmatch("+" + number.lstrip("+")) or (
            has_plus if wanted == "digits" else not has_plus and wanted == "e164"
        ):
            raise Refused(self.invalid("to_number", "invalid phone number"))
        return "+" + number.lstrip("+")

    # Calls

    def _known(self, request: Request, key: str) -> SimulatedCall:
        call_id = request.param("id")
        if not UUID_TEXT.fullmatch(call_id):
            raise Refused(self.invalid("id", "value is not a valid uuid", where="query"))
        call = self.ledger(key).by_id.get(call_id)
        if call is None:
            raise Refused(self.error(404, "Call not found"))
        return call

    def _shown(self, number: str) -> str:
        return number if self.world.switches.vocode_plus_in_answers else number.lstrip("+")

    def _stage(self, call: SimulatedCall, now: float) -> tuple[str, str | None, str | None]:
        """Return (status, stage, stage_outcome)."""
        phase = call.phase(now)
        if phase == engine.STRANGE:
            return "beaming_up", "created", None
        if phase == engine.FAILED:
            return "error", "created", "call_did_not_connect"
        if phase in {engine.QUEUED, engine.DIALING, engine.RINGING}:
            return "not_started", "created", None
        if phase in {engine.IN_PROGRESS, engine.WRAPPING_UP}:
            return "in_progress", "picked_up", None
        if phase == engine.COMPLETED and call.script.is_transferred and not call.stopped_as:
            word = "transferred" if self.world.switches.vocode_transferred_word else "ended"
            return word, "transfer_successful", "transfer_disconnected"
        if phase == engine.COMPLETED:
            by_person = call.script.ended_by == "person" and not call.stopped_as
            return "ended", "picked_up", "human_disconnected" if by_person else "bot_disconnected"
        unanswered = {engine.NO_ANSWER, engine.BUSY, engine.DECLINED}
        outcome = "human_unanswered" if phase in unanswered else "call_did_not_connect"
        return "ended", "created", outcome

    def _row(self, call: SimulatedCall, now: float) -> dict[str, Any]:
        status, stage, outcome = self._stage(call, now)
        phase, is_over = call.phase(now), self.is_over(call, now)
        answered, ended = call.answered_at(now), call.ended_at(now)
        turns = turns_of(call, now)
        names = {"agent": "BOT", "person": "HUMAN"}
        metadata = {"type": "telephony_metadata_twilio", "call_status": CARRIER_WORDS.get(phase, "failed")}
        human = {"human": "human", "machine": "no_human"}.get(call.script.answered_by) if answered else None
        is_dialled = phase != engine.QUEUED
        sid = "CA" + call.remote_id.replace("-", "")
        times = self._times(call, answered, ended, now)
        return {
            "id": call.remote_id,
            "user_id": USER_ID,
            "status": status,
            "error_message": "Carrier error" if phase == engine.FAILED else None,
            "recording_available": is_over and call.talk_seconds(now) > 0,
            "transcript": "\n".join(f"{names[said.speaker]}: {said.text}" for said in turns) if turns else None,
            "human_detection_result": human,
            "do_not_call_result": call.script.refuses_calls
            if call.extra.get("detects") and self.is_over(call, now)
            else None,
            "telephony_id": sid if is_dialled else None,
            "stage": stage,
            "stage_outcome": outcome,
            "telephony_metadata": {**metadata, "call_sid": sid} if is_dialled else None,
            "to_number": self._shown(call.to_number),
            "from_number": self._shown(call.caller_id),
            "agent": call.agent_id,
            "telephony_provider": "twilio",
            "agent_phone_number": self._shown(
                call.to_number if call.is_inbound and self.world.switches.vocode_tells_line else call.caller_id
            ),
            "start_time": times[0],
            "end_time": times[1],
            "hipaa_compliant": False,
            "on_no_human_answer": call.extra.get("on_no_human_answer", "continue"),
            "context": self.echo(call),
            "run_do_not_call_detection": bool(call.extra.get("detects")),
        }

    @staticmethod
    def _times(call: SimulatedCall, answered: float | None, ended: float | None, now: float) -> list[float | None]:
        # The vendor gives no duration: the difference of its times has to be the talk on the simulated clock.
        if answered is None:
            return [None, None]
        return [answered, answered + call.talk_seconds(now) if ended is not None else None]

    def _call(self, call: SimulatedCall, now: float) -> dict[str, Any]:
        row = self._row(call, now)
        agent = self._agent(call.agent_id) or DemoAgent(call.agent_id, "Inline agent")
        times = {name: _iso(row[name]) for name in ("start_time", "end_time")}
        return {**row, **times, "agent": self._agent_object(call.account, agent)}

    @route("GET", "/v1/calls")
    def get_call(self, request: Request, key: str) -> Reply:
        """Return one call."""
        return json_reply(200, self._call(self._known(request, key), time.time()))

    @route("GET", "/v1/calls/list", lists_calls=True)
    def list_calls(self, request: Request, key: str) -> Reply:
        """List calls by page; there are no filters. Rows name their agent by id."""
        calls, now = list(self.ledger(key).between(visible_at=self.visible_at())), time.time()
        page, start, end = self.page(request, calls)
        column = request.param("sort_column")
        if column == "start_time":
            # As a database sorts: a call that nobody answered has no start and counts as later than any.
            calls.sort(key=lambda call: call.answered_at(now) or engine.NEVER)
        is_falling = request.param("sort_desc").lower() in {"true", "1"}
        if is_falling or (not column and self.world.switches.vocode_newest_first):
            calls.reverse()
        rows = [self._row(call, now) for call in calls[start:end]]
        for row in rows:
            if self.world.switches.vocode_iso_in_lists:
                row.update({name: _iso(row[name]) for name in ("start_time", "end_time")})
        return json_reply(200, {"items": rows, **page})

    @route("POST", "/v1/calls/end")
    def end_call(self, request: Request, key: str) -> Reply:
        """Hang a call up, or keep it from being dialled."""
        call, now = self._known(request, key), time.time()
        if not self.is_over(call, now):
            is_talking = call.answered_at(now) is not None
            call.stop(now, engine.COMPLETED if is_talking else engine.CANCELED)
            self.world.webhooks.announce(call, only="event_phone_call_ended")
        return json_reply(200, self._call(call, now))

    @route("GET", "/v1/calls/recording")
    def recording(self, request: Request, key: str) -> Reply:
        """Return the sound of a call, with the same bearer."""
        accepted = request.headers.get("accept", "*/*")
        if self.world.switches.vocode_strict_accept and not any(kind in accepted for kind in ("audio/", "*/*")):
            return self.error(406, "Not Acceptable")
        call, now = self._known(request, key), time.time()
        if not self._row(call, now)["recording_available"]:
            return self.error(404, "Recording not found")
        return Reply(200, self.world.recording, "audio/mpeg")

    # Agents, voices, numbers, usage

    def _agent(self, agent_id: str) -> DemoAgent | None:
        return next((agent for agent in self.account.agents if agent.id == agent_id), None)

    def _agent_row(self, key: str, agent: DemoAgent) -> dict[str, Any]:
        return {
            "id": agent.id,
            "user_id": USER_ID,
            "name": agent.name,
            "language": agent.language,
            "prompt": agent.id,
            "actions": [],
            "voice": self.account.voices[0].id,
            "initial_message": "Hello!",
            "webhook": self.webhook_of_agent.get((key, agent.id)),
            "run_do_not_call_detection": False,
        }

    def _agent_object(self, key: str, agent: DemoAgent) -> dict[str, Any]:
        content = "Talk with " + ", ".join("{" + name + "}" for name in agent.variables)
        webhook = self.made.get((key, self.webhook_of_agent.get((key, agent.id), "")))
        return {
            **self._agent_row(key, agent),
            "prompt": {"id": agent.id, "user_id": USER_ID, "content": content},
            "voice": _voice_row(self.account.voices[0]),
            "webhook": webhook,
        }

    @route("GET", "/v1/agents/list")
    def list_agents(self, request: Request, key: str) -> Reply:
        """List agents by page."""
        page, start, end = self.page(request, self.agents_of(key))
        return json_reply(200, {"items": [self._agent_row(key, a) for a in self.agents_of(key)[start:end]], **page})

    @route("GET", "/v1/agents")
    def get_agent(self, request: Request, key: str) -> Reply:
        """Return one agent, its prompt and voice written out."""
        agent = self._agent(request.param("id"))
        return json_reply(200, self._agent_object(key, agent)) if agent else self.error(404, "Agent not found")

    @route("POST", "/v1/agents/update")
    def update_agent(self, request: Request, key: str) -> Reply:
        """Change an agent; of its settings only the webhook has an effect here."""
        agent = self._agent(request.param("id"))
        if agent is None:
            return self.error(404, "Agent not found")
        webhook = body_of(request, self.invalid("body", "value is not a valid dict")).get("webhook")
        if isinstance(webhook, dict):
            webhook = self.save_webhook(key, str(uuid4()), webhook)["id"]
        if webhook is not None:
            self.webhook_of_agent[key, agent.id] = str(webhook)
            self.world.webhooks.has_agent_targets = True
        return json_reply(200, self._agent_object(key, agent))

    @route("GET", "/v1/voices/list")
    def list_voices(self, request: Request, key: str) -> Reply:
        """List voices by page."""
        page, start, end = self.page(request, self.account.voices)
        return json_reply(200, {"items": [_voice_row(voice) for voice in self.account.voices[start:end]], **page})

    @route("GET", "/v1/voices")
    def get_voice(self, request: Request, key: str) -> Reply:
        """Return one voice."""
        found = next((voice for voice in self.account.voices if voice.id == request.param("id")), None)
        return json_reply(200, _voice_row(found)) if found else self.error(404, "Voice not found")

    def _number_row(self, number: str) -> dict[str, Any]:
        return {
            "id": f"5a4db0c5-0000-4000-8006-{number[-12:].lstrip('+'):0>12}",
            "user_id": USER_ID,
            "active": True,
            "label": f"Line {number[-2:]}",
            "inbound_agent": self.account.agents[0].id,
            "outbound_only": False,
            "number": self._shown(number),
            "telephony_provider": "twilio",
        }

    @route("GET", "/v1/numbers/list")
    def list_numbers(self, request: Request, key: str) -> Reply:
        """List numbers by page."""
        page, start, end = self.page(request, self.account.caller_ids)
        rows = [self._number_row(number) for number in self.account.caller_ids[start:end]]
        return json_reply(200, {"items": rows, **page})

    @route("GET", "/v1/numbers")
    def get_number(self, request: Request, key: str) -> Reply:
        """Return one number."""
        number = "+" + request.param("phone_number").strip().lstrip("+")
        if number not in self.account.caller_ids:
            return self.error(404, "Phone number not found")
        agent = self._agent_object(key, self.account.agents[0])
        return json_reply(200, {**self._number_row(number), "inbound_agent": agent})

    @route("GET", "/v1/usage")
    def get_usage(self, request: Request, key: str) -> Reply:
        """Return the minutes of the month."""
        now = time.time()
        seconds = sum(call.talk_seconds(now) for call in self.ledger(key).between(now - 31 * 86400))
        usage = {"monthly_usage_minutes": seconds // 60, "monthly_usage_limit_minutes": MONTHLY_LIMIT}
        return json_reply(200, {"user_id": self.identity_of(key), "plan_type": "plan_developer", **usage})

    # What the webhooks tell

    def webhook_moments(self, call: SimulatedCall) -> list[tuple[float, str]]:
        """Return connected, human detection and, at the end, ended or did-not-connect, transcript and recording."""
        moments: list[tuple[float, str]] = []
        for at, phase in call.changes():
            if phase == engine.IN_PROGRESS:
                moments += [(at, "event_phone_call_connected"), (at, "event_human_detection")]
            elif phase == engine.COMPLETED:
                names = ("event_phone_call_ended", "event_transcript", "event_recording")
                moments += [(at, name) for name in names]
            elif phase in engine.FINAL:
                moments.append((at, "event_phone_call_did_not_connect"))
        return moments

    def webhook_message(
        self, call: SimulatedCall, event: str, target: Target
    ) -> tuple[bytes, str, dict[str, str]] | None:
        """Return `{type, call_id, payload}`; nothing for an event that is not subscribed."""
        if target.events and event not in target.events:
            return None
        now = time.time()
        row = self._row(call, now)
        payloads: dict[str, dict[str, Any]] = {
            "event_phone_call_ended": {"conversation_minutes": call.talk_seconds(now) / 60},
            "event_phone_call_did_not_connect": {"telephony_status": CARRIER_WORDS.get(call.phase(now), "failed")},
            "event_transcript": {"transcript": row["transcript"]},
            "event_recording": {"recording_url": f"/v1/calls/recording?id={call.remote_id}"},
            "event_human_detection": {"result": row["human_detection_result"]},
            "event_phone_call_connected": {"to_phone_number": self._shown(call.to_number)},
        }
        named = "conversation_id" if self.world.switches.vocode_conversation_id else "call_id"
        told = {"type": event, named: call.remote_id, "payload": payloads.get(event, {})}
        return json.dumps(told).encode(), "application/json", {}


def _voice_row(voice: DemoVoice) -> dict[str, Any]:
    field = {"azure": "voice_name", "rime": "speaker"}.get(voice.maker, "voice_id")
    more = {"api_user_id": "sandbox", "api_key": "sandbox"} if voice.maker == "play_ht" else {}
    row = {"id": voice.id, "user_id": USER_ID, "type": f"voice_{voice.maker}", field: voice.name}
    return {**row, **more}


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()
