"""The parts of Bolna's executions, among them those whose shape changed: each is as its switch says."""

from __future__ import annotations

import json
from typing import Any

from providers.sandbox import engine
from providers.sandbox.engine import SimulatedCall
from providers.sandbox.noted import Noted, noted_in
from providers.sandbox.switches import Switches


def told_of(call: SimulatedCall, variables: dict[str, Any], phase: str, switches: Switches) -> dict[str, Any]:
    """Return the fields of an execution whose shape changed."""
    is_ready = phase == engine.COMPLETED
    told = {
        "extracted_data": (answers_of(call, switches) or None) if is_ready else None,
        "context_details": context_of(variables, call, switches),
    }
    return {**told, "termination_reason": reason_of(call, phase)} if switches.bolna_termination_reason else told


def trimmed(whole: dict[str, Any], *, tells_type: bool) -> dict[str, Any]:
    """Return an execution as lists show it; `tells_type`: with its direction."""
    kept = {name: whole[name] for name in ("id", "status", "conversation_duration", "created_at")}
    shown = ["duration", "to_number", "from_number", "provider", *(["call_type"] if tells_type else [])]
    return {**kept, "telephony_data": {name: whole["telephony_data"][name] for name in shown}}


def answers_of(call: SimulatedCall, switches: Switches) -> dict[str, Any]:
    """Return `extracted_data` of a processed call: nested by category and question, or flat as before."""
    wish = call.script.refuses_calls
    noted = noted_in(call, "bolna")
    if not switches.bolna_nested_answers:
        flat: dict[str, Any] = {one.name: one.value for one in noted}
        return flat | ({"do_not_call": True} if wish else {})
    outcome = "not interested" if wish else "interested"
    return {
        "Lead Quality": {"Call Outcome": _answer(outcome, "Talked for a while.", 0.86)},
        "Compliance": {"Do Not Call": _answer("Yes" if wish else "No", None, 0.97)},
        **nested(noted),
    }


def nested(noted: list[Noted]) -> dict[str, Any]:
    """Return answers by category and question, as `extracted_data` has them since 18 September 2026."""
    found: dict[str, Any] = {}
    for one in noted:
        found.setdefault(one.category, {})[one.name] = _answer(str(one.value), one.said, 0.91)
    return found


def _answer(chosen: str, free: str | None, confidence: float) -> dict[str, Any]:
    return {
        "subjective": free,
        "objective": chosen,
        "confidence": confidence,
        "confidence_label": "High" if confidence >= 0.8 else "Medium" if confidence >= 0.5 else "Low",
        "reasoning_subjective": None if free is None else "It follows from the whole talk.",
        "reasoning_objective": "The person said so in the last turn.",
        "validation": None,
    }


def reason_of(call: SimulatedCall, phase: str) -> str | None:
    """Return `termination_reason`: None until the call is over."""
    reasons = {
        engine.COMPLETED: "user_hangup" if call.script.ended_by == "person" else "agent_hangup",
        engine.NO_ANSWER: "no_answer",
        engine.BUSY: "busy",
        engine.CANCELED: "stopped",
        engine.FAILED: "carrier_error",
        engine.BALANCE_LOW: "insufficient_balance",
    }
    return reasons.get(phase)


def context_of(variables: dict[str, Any], call: SimulatedCall, switches: Switches) -> dict[str, Any]:
    """Return `context_details`, whose recipient_data may be an object or its JSON as text."""
    told: Any = json.dumps(variables) if switches.bolna_recipient_data_as_text else variables
    return {"recipient_data": told, "recipient_phone_number": call.to_number}


def phone_of(call: SimulatedCall, seconds: int, url: str | None, *, is_ready: bool, is_over: bool) -> dict[str, Any]:
    """Return `telephony_data`; `url` is the recording's address."""
    hangup_by = "Callee" if call.script.ended_by == "person" else "Agent"
    return {
        "duration": str(seconds),
        "to_number": call.to_number,
        "from_number": call.caller_id,
        "recording_url": url,
        "hosted_telephony": True,
        "provider_call_id": "CA" + call.remote_id.replace("-", ""),
        "call_type": "inbound" if call.is_inbound else "outbound",
        "provider": "twilio",
        "hangup_by": hangup_by if is_over else None,
        "hangup_reason": "Normal Hangup" if is_ready else None,
        "hangup_provider_code": 4000 if is_ready else None,
        "ring_duration": 2 if seconds else None,
        "post_dial_delay": 1,
        "to_number_carrier": "Sandbox Mobile",
    }
