"""What Bolna does with an order besides dialling it at once: times, calling hours of the agent, its own retries.

With auto-retry one execution goes `no-answer`, `scheduled` with `retry_count` and `scheduled_at`, and is dialled again;
that page is https://www.bolna.ai/docs/auto-retry, read 2026-11.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from providers.sandbox import engine
from providers.sandbox.engine import Script, SimulatedCall
from providers.sandbox.messages import Refused
from providers.sandbox.wire.base import Wire

SCHEDULE_AHEAD = 120
BREAK_SECONDS = 1.0
"""How long a try that reached nobody shows its own word before the next one is scheduled, on the simulated clock."""


def retries_in(config: object) -> dict[str, Any] | None:
    """Return an order's `retry_config` with its defaults, or None where it is off."""
    if not isinstance(config, dict) or not config.get("enabled"):
        return None
    return {
        "enabled": True,
        "max_retries": int(config.get("max_retries", 3)),
        "retry_on_statuses": list(config.get("retry_on_statuses") or ["no-answer", "busy", "failed"]),
        "retry_on_voicemail": bool(config.get("retry_on_voicemail", False)),
        "retry_intervals_minutes": list(config.get("retry_intervals_minutes") or [30, 60, 120]),
    }


def with_retries(script: Script, retries: Mapping[str, Any] | None, words: Mapping[str, str], answers: bool) -> Script:
    """Return the script with the vendor's own retries; with `answers` somebody answers the first of them."""
    if retries is None or words[script.final] not in retries["retry_on_statuses"]:
        return script
    phases, at, made = list(script.phases), script.length, 0
    dialled = [(until, phase) for until, phase in script.phases if phase != engine.QUEUED]
    start = next((until for until, phase in script.phases if phase == engine.QUEUED), 0.0)
    result = script
    while made < retries["max_retries"]:
        minutes = retries["retry_intervals_minutes"]
        phases.append((at + BREAK_SECONDS, script.final))
        at += 60.0 * minutes[min(made, len(minutes) - 1)]
        phases.append((at, engine.WAITING))
        made += 1
        if answers:
            phases += [(at + 1.0, engine.DIALING), (at + 2.0, engine.RINGING), (at + 7.0, engine.IN_PROGRESS)]
            phases.append((at + 7.8, engine.WRAPPING_UP))
            result = replace(result, final=engine.COMPLETED, talk_seconds=5, answered_by="human", ended_by="person")
            break
        phases += [(at + until - start, phase) for until, phase in dialled]
        at = phases[-1][0]
    return replace(result, phases=tuple(phases))


def scheduled_in(text: object, wire: Wire) -> float:
    """Return the time of a `scheduled_at`, or 0 without one; raises `Refused` in the vendor's words."""
    if not text:
        return 0.0
    if not isinstance(text, str) or text.endswith("Z"):
        raise Refused(wire.server_error())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(wire.error(400, "scheduled_at is not valid")) from None
    if found.tzinfo is None or found.timestamp() < time.time() + SCHEDULE_AHEAD:
        raise Refused(wire.error(400, "scheduled_at must be at least 2 minutes ahead"))
    return found.timestamp()


def shown(call: SimulatedCall, now: float, *, tells_schedule: bool) -> dict[str, Any]:
    """Return the fields of an execution that tell when it is dialled, and of its retries; none where they are off.

    That an order for later shows its time is not documented: `tells_schedule`.
    """
    retries = call.extra.get("retries")
    if tells_schedule and call.extra.get("kept") and now < call.starts_at:
        return {"scheduled_at": _iso(call, 0.0)}
    if retries is None:
        return {}
    elapsed = (min(now, call.stopped_at) - call.starts_at) * call.speed
    made, next_at, since = 0, None, 0.0
    history: list[dict[str, Any]] = []
    for until, phase in call.script.phases:
        if since > elapsed:
            break
        if phase in engine.FINAL:
            history.append({"attempt": len(history) + 1, "status": call.extra["word"], "at": _iso(call, since)})
        if phase == engine.WAITING:
            made += 1
            next_at = _iso(call, until) if elapsed < until else None
        since = until
    return {"retry_count": made, "retry_config": retries, "retry_history": history, "scheduled_at": next_at}


def _iso(call: SimulatedCall, elapsed: float) -> str:
    at = call.starts_at + elapsed / call.speed
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
