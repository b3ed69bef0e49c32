"""Rows as UnleashX's lists show them, and what is worked out for one; the pages: see `unleashx.py`."""

from __future__ import annotations

from typing import Any

from providers.sandbox.accounts import DemoAgent
from providers.sandbox.engine import SimulatedCall
from providers.sandbox.transcripts import turns_of


def agent_row(agent: DemoAgent) -> dict[str, Any]:
    """Return an agent as its list shows it."""
    return {
        "agent_id": int(agent.id),
        "agent_name": agent.name,
        "description": "",
        "status": agent.status_code,
        "agent_type": agent.type_code,
        "voice_id": "sandbox-voice",
        "voice_provider": "elevenlabs",
        "transcriber_provider": "deepgram",
        "calling_type": agent.calling_code,
        "created_on": "2026-01-15 09:00:00",
        "updated_on": None,
    }


def other_row(serial: int, agent_id: str, created_at: str) -> dict[str, Any]:
    """Return a row of a call that another tool of the account placed at this time, as its list writes times."""
    return {
        "ID": 50_000_000 + serial,
        "AGENT_ID": int(agent_id) if agent_id.isdigit() else 999,
        "CALLING_NUMBER": f"+9190{serial:08d}",
        "STATUS": "COMPLETED",
        "CALL_STATUS": "USER_ENDED",
        "TOTAL_DURATION": 30,
        "CREATED_AT": created_at,
    }


def cost_of(seconds: int) -> float:
    """Return what a call of so many seconds costs."""
    # Six-second steps, thirty seconds at least, failed calls free: the billing page of the vendor.
    return round(max(30, -(-seconds // 6) * 6) / 60 * 0.12, 4) if seconds else 0.0


def transcript_of(call: SimulatedCall, now: float) -> str:
    """Return what was said so far, a line for each turn."""
    names = {"agent": "assistant", "person": "user"}
    return "\n".join(f"{names[said.speaker]}: {said.text}" for said in turns_of(call, now))
