"""Reads the rows of Vocode's lists (agents, voices, numbers) and its events; and which calls are in a window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers.parsing import as_mapping, e164_or_raw, first_of, parse_text, unpacked, variables_in
from providers.types import AnsweredBy, CallQuery, CallSnapshot, CallStatus, RemoteAgent, RemoteCallerId, RemoteVoice

CARRIER_WORDS = {
    "busy": CallStatus.BUSY,
    "no_answer": CallStatus.NO_ANSWER,
    "canceled": CallStatus.CANCELED,
    "cancelled": CallStatus.CANCELED,
}
"""Twilio's status words for calls that were not connected, translated."""
TALKED = frozenset({"picked_up", "transfer_started", "transfer_successful"})
ANSWERED_BY: Mapping[str, AnsweredBy] = {"human": "human", "no_human": "machine"}
SWITCHED = {"on": True, "off": False}


def in_window(calls: Iterable[CallSnapshot], query: CallQuery) -> Iterator[CallSnapshot]:
    """Yield the calls that started in the window, and those without a start time."""
    for call in calls:
        if call.started_at is None or query.since <= call.started_at <= query.until:
            yield call


def call_in_event(event: Any) -> tuple[str, str]:
    """Return the id of the call that a webhook's event is about, and the event's type; empty where it has none.

    Some events carry the conversation's id only. Of an event sent by GET, it may be one parameter of the query.
    """
    told = as_mapping(event)
    told = as_mapping(unpacked(told.get("event"))) or told
    return parse_text(first_of(told, "call_id", "conversation_id"), 201), parse_text(told.get("type"), 80)


def switched(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order's extras without those that are left as the provider has them; "on" and "off" as yes and no."""
    return {
        name: SWITCHED.get(value, value) if isinstance(value, str) else value
        for name, value in asked.items()
        if value not in (None, "")
    }


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the values as text: Vocode refuses anything else."""
    return {str(name): value if isinstance(value, str) else str(value) for name, value in values.items()}


def turned_by_line(row: Mapping[str, Any], call: CallSnapshot) -> CallSnapshot:
    """Return a call, as one that came in where the agent's own number is the one that was called.

    The contract has no direction, but requires `agent_phone_number` [inferred: from its name]; where that says nothing,
    the account's numbers tell.
    """
    line = e164_or_raw(row.get("agent_phone_number"))
    return call.as_inbound() if line and line == call.to_number != call.caller_id else call


def parse_agent_row(row: Mapping[str, Any]) -> RemoteAgent:
    """Return an agent."""
    return RemoteAgent(
        remote_id=parse_text(row.get("id"), 200),
        name=parse_text(first_of(row, "name", "id"), 200),
        language=parse_text(row.get("language"), 40),
        variables=_variables_of(row),
    )


def parse_voice_row(row: Mapping[str, Any]) -> RemoteVoice:
    """Return a voice under its maker's name for it."""
    return RemoteVoice(
        remote_id=parse_text(row.get("id"), 200),
        name=parse_text(first_of(row, "voice_name", "speaker", "voice_id", "id"), 200),
        maker=parse_text(row.get("type"), 40).removeprefix("voice_"),
    )


def parse_number_row(row: Mapping[str, Any]) -> RemoteCallerId:
    """Return a number of the account."""
    return RemoteCallerId(
        remote_id=parse_text(row.get("id"), 200),
        number=e164_or_raw(row.get("number")),
        label=parse_text(row.get("label"), 200),
        is_active=row.get("active") is not False,
    )


def _variables_of(agent: Mapping[str, Any]) -> list[str]:
    """Return the variables of an inline prompt; none where the row has only the prompt's id, as in most lists."""
    prompt = as_mapping(agent.get("prompt"))
    keys = as_mapping(prompt.get("prompt_template")).get("required_context_keys")
    required = [name for key in keys if (name := parse_text(key, 80))] if isinstance(keys, list) else []
    return list(dict.fromkeys([*required, *variables_in([prompt.get("content"), agent.get("initial_message")])]))
