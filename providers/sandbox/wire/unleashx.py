"""UnleashX: orders answered in an envelope, two lists, no way to ask for one call."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from providers.sandbox import engine
from providers.sandbox.accounts import DemoAgent
from providers.sandbox.engine import SimulatedCall
from providers.sandbox.messages import Refused, Reply, Request, Target, json_reply
from providers.sandbox.noted import noted_in
from providers.sandbox.wire.base import E164, Wire, route
from providers.sandbox.wire.parameters import body_of, moment_in, whole_number
from providers.sandbox.wire.unleashx_rows import agent_row, cost_of, other_row, transcript_of

BASE = "/api/v1/global"
OUR_NUMBER = "+911140000001"
WORDS: dict[str, str] = {
    engine.QUEUED: "initiated",
    engine.DIALING: "initiated",
    engine.RINGING: "initiated",
    engine.IN_PROGRESS: "initiated",
    engine.WRAPPING_UP: "initiated",
    engine.NO_ANSWER: "NO_ANSWER",
    engine.BUSY: "BUSY",
    engine.FAILED: "failed",
    engine.BALANCE_LOW: "failed",
    engine.CANCELED: "CANCELED",
    engine.DECLINED: "NO_ANSWER",
    engine.STRANGE: "GONE_FISHING",
}


SEEN_SILENCES = ("NOT_PICKED", "NOANSWER", "TIMEOUT")
"""Words in use for a call that nobody answered; the vendor publishes no list."""


class UnleashXWire(Wire):
    """Key in the header `token`; errors are `{"error": true, "message"}`; rows have no execution id."""

    slug = "unleashx"
    requests_per_minute = 1000

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._webhook_urls: dict[tuple[str, str], str] = {}
        self._made: dict[tuple[str, str], DemoAgent] = {}
        self._came = 0

    def reset(self) -> None:
        """Forget counts, webhooks and made agents."""
        super().reset()
        self._webhook_urls.clear()
        self._made.clear()
        self._came = 0

    def key_of(self, request: Request) -> str:
        """Return the key; older pages' curl samples put it into Authorization."""
        headers = request.headers
        found = headers.get("token") or headers.get("api_access_token") or headers.get("authorization", "")
        return found.removeprefix("Bearer ").strip()

    @property
    def first_line(self) -> str:
        """The one number of every account, which no list shows."""
        return OUR_NUMBER

    # Keys

    @route("POST", f"{BASE}/verify")
    def verify(self, request: Request, key: str) -> Reply:
        """Tell that the token is valid; a bad one never comes here."""
        return json_reply(200, {"error": False, "code": 200, "message": "Token is valid"})

    @route("POST", f"{BASE}/generate-token", is_open=True)
    def generate_token(self, request: Request, key: str) -> Reply:
        """Give a token for a log-in token."""
        login = request.headers.get("token", "")
        if not login:
            return self.error(400, "LOGIN_TOKEN_REQUIRED")
        if not self.knows_key(login):
            return self.error(401, "INVALID_LOGIN_TOKEN")
        return json_reply(200, {"error": False, "code": 200, "data": {"token": self.account.key}})

    # Orders

    @route("POST", f"{BASE}/agents/call", places=True)
    def place_call(self, request: Request, key: str) -> Reply:
        """Call a number with an agent."""
        order = body_of(request, self.error(400, "Invalid JSON"))
        raw = order.get("phone_number")
        if not raw:
            return self.error(400, "Phone Number is required")
        number = raw if isinstance(raw, str) and raw.startswith("+") else f"+{raw}"
        if not E164.fullmatch(number):
            return self.error(422, "Invalid phone number format")
        if not isinstance(order.get("agent_id"), int):
            return self.error(422, "agent_id must be an integer")
        agent = self._agent(key, str(order["agent_id"]))
        if agent is None or agent.status_code != 1 or agent.type_code != 3:
            return self.error(404, "Agent not found or not active")
        metadata = order.get("metadata") or {}
        if not isinstance(metadata, dict):
            return self.error(422, "metadata must be an object")
        call = self.place(request, key, remote_id=str(uuid4()), to_number=number, agent_id=agent.id, variables=metadata)
        placed = {
            "execution_id": call.remote_id,
            "agent_id": int(agent.id),
            "phone_number": number,
            "call_status": "initiated",
        }
        if self.world.switches.unleashx_flat_reply:
            return json_reply(200, placed)
        return json_reply(200, {"success": True, "message": "Call initiated successfully", "data": placed})

    # Lists

    def _word(self, call: SimulatedCall, now: float) -> str:
        phase = call.phase(now)
        if self.world.switches.unleashx_words == "seen":
            if phase == engine.NO_ANSWER:
                return SEEN_SILENCES[engine.hash_of(call.to_number) % len(SEEN_SILENCES)]
            if phase == engine.DECLINED:
                return "REJECTED"
            if phase == engine.COMPLETED and call.script.answered_by == "machine":
                return "VOICEMAIL"
        if phase == engine.COMPLETED:
            return "USER_ENDED" if call.script.ended_by == "person" else "AGENT_ENDED"
        return WORDS[phase]

    def _window(self, request: Request, key: str, *, default_days: float) -> list[SimulatedCall]:
        """Return calls of the asked window, newest first."""
        now = time.time()
        refusal, until_text = self.error(422, "Invalid date"), request.param("todate")
        since = moment_in(request.param("fromdate"), now - default_days * 86400, refusal)
        # A date alone means the whole day.
        until = moment_in(until_text, now + 60, refusal) + (86400 if len(until_text) == 10 else 0)
        ids = [part.strip() for part in request.param("agent_id").split(",") if part.strip()]
        ledger, visible_at = self.ledger(key), self.visible_at()
        found: Sequence[SimulatedCall] = ledger.between(
            since, until, agent_id=ids[0] if len(ids) == 1 else "", visible_at=visible_at
        )
        return [call for call in reversed(found) if len(ids) < 2 or call.agent_id in ids]

    def _text_time(self, moment: float) -> str:
        zone = datetime.fromisoformat(f"2026-01-01T00:00:00{self.world.switches.unleashx_utc_offset}").tzinfo
        return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M:%S")

    def _page(self, request: Request) -> tuple[int, int]:
        page, limit = whole_number(request.param("page"), 1), whole_number(request.param("limit"), 10)
        if page < 1 or not 1 <= limit <= 1000:
            raise Refused(self.error(422, "Invalid page or limit"))
        return page, limit

    def _row(self, call: SimulatedCall, now: float, request: Request) -> dict[str, Any]:
        agent = self._agent(call.account, call.agent_id)
        seconds = call.talk_seconds(now)
        is_over = self.is_over(call, now)
        has_sound = is_over and seconds > 0
        address = self.world.recording_url(request, self.slug, call.remote_id, 3600)
        relative = self.world.switches.unleashx_relative_paths
        theirs, ours = self._sides(call)
        row: dict[str, Any] = {
            "ID": call.number,
            "AGENT_ID": int(call.agent_id),
            "agent_name": agent.name if agent else "",
            "CALLING_NUMBER": theirs,
            "PROVIDER_NUMBER": ours,
            "STATUS": "COMPLETED" if is_over else "INITIATED",
            "CALL_STATUS": self._word(call, now),
            "TOTAL_DURATION": seconds,
            "total_duration": f"{seconds // 60:02d}:{seconds % 60:02d}",
            "CREATED_AT": self._text_time(call.created_at),
            "TRANSCRIPT": transcript_of(call, now) if is_over else None,
            "FILE_PATH": (address.removeprefix(f"{request.origin}/{self.slug}/") if relative else address)
            if has_sound
            else None,
            "DISPOSITION": self._disposition(call) if is_over else None,
        }
        if self.world.switches.unleashx_rows_carry_execution_id:
            row["execution_id"] = call.remote_id
        if self.world.switches.echo_reference:
            row["INPUT_DATA"] = json.dumps(dict(call.variables))
        return row

    def _disposition(self, call: SimulatedCall) -> str:
        if call.script.refuses_calls:
            return self.world.switches.unleashx_wish_words
        if call.script.answered_by == "machine":
            return "Voicemail"
        # The vendor has one judgement for a whole talk, and no answers to single questions.
        first = next(iter(noted_in(call, self.slug)), None)
        if first is None:
            return ""
        return {"Yes": first.name, "No": f"Not {first.name}"}.get(str(first.value), f"{first.name} {first.value}")

    def _sides(self, call: SimulatedCall) -> tuple[str, str]:
        """Return CALLING_NUMBER and PROVIDER_NUMBER; what they are of a call that came in is not documented."""
        if not call.is_inbound:
            return call.to_number, OUR_NUMBER
        swaps = self.world.switches.unleashx_swaps_inbound
        return (call.to_number, call.caller_id) if swaps else (call.caller_id, call.to_number)

    @route("GET", f"{BASE}/agents/executions/list", lists_calls=True)
    def list_calls(self, request: Request, key: str) -> Reply:
        """List calls, a month back by default, newest first."""
        now, (page, limit) = time.time(), self._page(request)
        calls = self._window(request, key, default_days=31)
        if number := request.param("calling_number").strip():
            # A plus that was not escaped arrives as a space; the vendor's LIKE then finds the digits.
            calls = [call for call in calls if number in call.to_number]
        if status := request.param("status").lower():
            calls = [call for call in calls if status in {self._word(call, now).lower(), self._over_word(call, now)}]
        if wanted := request.param("input_data"):
            calls = [call for call in calls if self._input_holds(call, wanted)]
        if low_high := request.param("duration"):
            low, _, high = low_high.partition("-")
            bounds = (whole_number(low, 0), whole_number(high, 10**9))
            calls = [call for call in calls if bounds[0] <= call.talk_seconds(now) <= bounds[1]]
        if "available" in (request.param("audio_url"), request.param("transcript")):
            calls = [call for call in calls if self.is_over(call, now) and call.talk_seconds(now)]
        others = 0 if number or wanted else self._others_before(page)
        agent_id = request.param("agent_id")
        rows = [
            other_row(others - index, agent_id, self._text_time(now))
            for index in range((page - 1) * limit, min(page * limit, others))
        ]
        start = max(0, (page - 1) * limit - others)
        rows += [self._row(call, now, request) for call in calls[start : start + limit - len(rows)]]
        listed = {"datalist": rows, "total": others + len(calls), "page": page, "limit": limit}
        if self.world.switches.unleashx_nested_lists:
            return json_reply(200, {"error": False, "code": 200, "message": "success", "data": listed})
        return json_reply(200, {"error": False, "code": 200, "message": "success", **listed})

    def _others_before(self, page: int) -> int:
        """Return how many calls of others stand before our own; the burst comes after the first page was read."""
        came, switches = self._came, self.world.switches
        if page == 1:
            self._came += switches.unleashx_burst_rows
        return switches.unleashx_later_rows + came

    def _over_word(self, call: SimulatedCall, now: float) -> str:
        return "completed" if call.phase(now) == engine.COMPLETED else ""

    def _input_holds(self, call: SimulatedCall, wanted: str) -> bool:
        # Whether metadata lands in INPUT_DATA is not documented: without the switch the filter finds nothing.
        return self.world.switches.echo_reference and wanted in json.dumps(dict(call.variables))

    @route("GET", f"{BASE}/transactions/calling-list-with-transaction")
    @route("POST", f"{BASE}/transactions/calling-list-with-transaction")
    def list_costs(self, request: Request, key: str) -> Reply:
        """List calls with their cost; `search` looks at TRACK_ID and CALLING_NUMBER."""
        if request.method == "POST":
            asked = body_of(request, self.error(400, "Invalid JSON"))
            request.query.update({name: [str(value)] for name, value in asked.items()})
        now, (page, limit) = time.time(), self._page(request)
        calls = self._window(request, key, default_days=31)
        if search := request.param("search").strip():
            calls = [call for call in calls if search in call.to_number or search in call.remote_id]
        if words := {word.strip().lower() for word in request.param("call_status").split(",") if word.strip()}:
            calls = [call for call in calls if self._word(call, now).lower() in words]
        pages = max(1, -(-len(calls) // limit))
        rows = [
            {
                "TRACK_ID": call.remote_id,
                "AGENT_ID": int(call.agent_id),
                "CALLING_NUMBER": self._sides(call)[0],
                "CALL_STATUS": self._word(call, now),
                "TOTAL_DURATION": call.talk_seconds(now),
                "TOTAL_COST": cost_of(call.talk_seconds(now)),
                "CREATED_AT": self._text_time(call.created_at),
            }
            for call in calls[(page - 1) * limit : page * limit]
        ]
        pagination = {
            "totalRecords": len(calls),
            "currentPage": page,
            "limit": limit,
            "totalPages": pages,
            "has_next": page < pages,
            "has_prev": page > 1,
        }
        headers = list(rows[0]) if rows else []
        return json_reply(200, {"headers": headers, "transactions": rows, "pagination": pagination})

    # Agents

    def _agent(self, key: str, agent_id: str) -> DemoAgent | None:
        made = self._made.get((key, agent_id))
        return made or next((agent for agent in self.account.agents if agent.id == agent_id), None)

    @route("GET", f"{BASE}/agents/get")
    @route("POST", f"{BASE}/agents/get")
    def list_agents(self, request: Request, key: str) -> Reply:
        """Return one agent, or all (of a type)."""
        asked = body_of(request, self.error(400, "Invalid JSON"))
        agent_id = request.param("agent_id") or str(asked.get("agent_id") or "")
        agent_type = request.param("agent_type") or str(asked.get("agent_type") or "")
        found: Any
        if agent_id:
            agent = self._agent(key, agent_id)
            if agent is None:
                return self.error(404, "Agent not found")
            found = agent_row(agent)
        else:
            agents = [*self.agents_of(key), *(made for (owner, _), made in self._made.items() if owner == key)]
            found = [agent_row(agent) for agent in agents if agent_type in {"", str(agent.type_code)}]
        inner = {"success": True, "message": "Agents fetched successfully", "data": found}
        outer = {
            "error": False,
            "code": 200,
            "message": "success",
            "timestamp": self._text_time(time.time()),
        }
        return json_reply(200, {**outer, "data": inner})

    @route("POST", f"{BASE}/create-agent")
    def save_agent(self, request: Request, key: str) -> Reply:
        """Make an agent, or with agent_id set the address that a call's end is told to."""
        asked = body_of(request, self.error(400, "Invalid JSON"))
        agent_id = str(asked.get("agent_id") or 1000 + len(self._made))
        if asked.get("agent_id") and self._agent(key, agent_id) is None:
            return self.error(404, "Agent not found")
        if not asked.get("agent_id"):
            self._made[key, agent_id] = DemoAgent(agent_id, str(asked.get("agent_name") or "New agent"))
        if "session_data_webhook" in asked:
            self._webhook_urls[key, agent_id] = str(asked["session_data_webhook"] or "")
            self.world.webhooks.has_agent_targets = True
        return json_reply(200, {"error": False, "code": 200, "message": "success", "data": {"agent_id": int(agent_id)}})

    @route("POST", f"{BASE}/attach-phone-numbers")
    def attach_numbers(self, request: Request, key: str) -> Reply:
        """Give an agent its numbers."""
        asked = body_of(request, self.error(400, "Invalid JSON"))
        if self._agent(key, str(asked.get("agent_id"))) is None:
            return self.error(404, "Agent not found")
        return json_reply(200, {"error": False, "code": 200, "message": "Phone numbers attached"})

    # Recordings

    @route("GET", "/recordings/{name}", is_open=True)
    def recording(self, request: Request, key: str, name: str) -> Reply:
        """Return a recording by the signed path that its row names."""
        return self.signed_recording(request, name.removesuffix(".wav"))

    # Webhook: one, at the end, to the agent's own address; its payload is not documented

    def webhook_of(self, call: SimulatedCall) -> Target | None:
        """Return the agent's session_data_webhook."""
        url = self._webhook_urls.get((call.account, call.agent_id), "")
        return Target(url) if url.startswith(("http://", "https://")) else None

    def webhook_moments(self, call: SimulatedCall) -> list[tuple[float, str]]:
        """Return the end of the call."""
        return [(at, "ended") for at, phase in call.changes() if phase == call.script.final]

    def webhook_message(self, call: SimulatedCall, event: str, target: Target) -> tuple[bytes, str, dict[str, str]]:
        """Return what a kindred platform documents for a field of the same name."""
        now = time.time()
        told = {
            "execution_id": call.remote_id,
            "agent_id": int(call.agent_id),
            "phone_number": call.to_number,
            "call_status": self._word(call, now),
            "duration": call.talk_seconds(now),
            "ts": int(now),
            "chat": transcript_of(call, now),
            "metadata": self.echo(call),
        }
        return json.dumps(told).encode(), "application/json", {}

    # Errors

    def error(self, status: int, message: str) -> Reply:
        """Return an error in the vendor's form."""
        return json_reply(status, {"error": True, "message": message})

    def unauthorised(self) -> Reply:
        """Return the refusal of a token."""
        if self.world.switches.unleashx_bad_key_200:
            return json_reply(200, {"success": False, "message": "Invalid Auth Key or Session Expired"})
        return super().unauthorised()

    def number_refused(self) -> Reply:
        """Return the refusal of a number."""
        return self.error(422, "Invalid phone number format")
