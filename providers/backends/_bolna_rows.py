"""Reads the rows of Bolna's answers: executions, agents, voices, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.backends._bolna_waits import Waits
from providers.base import normalise_word
from providers.parsing import (
    REFERENCE_KEY,
    as_mapping,
    asks_for_no_more,
    e164_or_raw,
    first_of,
    id_in,
    parse_cents,
    parse_instant,
    parse_object,
    parse_seconds,
    parse_text,
    parse_turns,
    reference_in,
    variables_in,
)
from providers.types import (
    FINAL,
    AnsweredBy,
    CallSnapshot,
    CallStatus,
    Direction,
    FailureReason,
    RemoteAgent,
    RemoteCallerId,
    RemoteVoice,
)

FAILURES = {
    "balance_low": FailureReason.BALANCE_LOW,
    "failed": FailureReason.NOT_CONNECTED,
    "error": FailureReason.VENDOR_ERROR,
}
DIRECTIONS: Mapping[str, Direction] = {"outbound": "outbound", "inbound": "inbound"}
"""`telephony_data.call_type`, and the list's filter of that name."""
SYSTEM_VARIABLES = frozenset(
    {"agent_id", "execution_id", "call_sid", "from_number", "to_number", "current_date", "current_time", "timezone"}
)
"""Variables that the vendor fills in itself."""


def parse_execution_row(row: Mapping[str, Any], remote_id: str, waits: Waits, *, cents: bool) -> CallSnapshot:
    """Return an execution's snapshot; `waits` has its status and its next dialling, `cents`: amounts are in cents."""
    phone, word, status = as_mapping(row.get("telephony_data")), row.get("status"), waits.status
    theirs, ours = e164_or_raw(phone.get("to_number")), e164_or_raw(phone.get("from_number"))
    direction = DIRECTIONS.get(normalise_word(phone.get("call_type")))
    if direction == "inbound":
        theirs, ours = ours, theirs
    # Duration and cost are zero until the vendor has processed the call: before that they are left out.
    is_over = status in FINAL
    talked = parse_seconds(first_of(row, "conversation_duration", "conversation_time"))
    cost = parse_cents(row.get("total_cost"), cents=cents)
    extracted = parse_object(row.get("extracted_data"))
    recording_url = parse_text(phone.get("recording_url"), 2_000)
    return CallSnapshot(
        remote_id=remote_id,
        raw_status=parse_text(word, 80),
        status=status,
        reference=reference_in(row.get("context_details")) or reference_in(row.get("user_data")),
        to_number=theirs,
        agent_id=parse_text(row.get("agent_id"), 200),
        caller_id=ours,
        created_at=parse_instant(row.get("created_at")),
        not_before=waits.not_before,
        is_kept=waits.is_kept,
        redials=waits.redials,
        direction=direction,
        talk_seconds=talked if is_over or talked else None,
        cost=cost if is_over or cost else None,
        currency="USD" if cost or (is_over and cost is not None) else "",
        answered_by=_answered_by(row.get("answered_by_voice_mail"), talked),
        failure_reason=FAILURES.get(normalise_word(word), "") if status == CallStatus.FAILED else "",
        failure_detail=parse_text(first_of(row, "error_message") or _hang_up_in(phone, talked), 300),
        transcript=parse_turns(row.get("transcript")),
        summary=parse_text(row.get("summary")),
        recording_available=bool(recording_url),
        recording_url=recording_url,
        extracted=extracted,
        do_not_call=asks_for_no_more(extracted),
    )


def parse_agent_row(row: Mapping[str, Any]) -> RemoteAgent:
    """Return an agent with the variables that its prompts and greeting use."""
    status = parse_text(row.get("agent_status"), 80)
    prompts = [row.get("agent_prompts"), row.get("agent_welcome_message")]
    return RemoteAgent(
        remote_id=id_in(row, "id"),
        name=parse_text(row.get("agent_name"), 200),
        type=parse_text(row.get("agent_type"), 80),
        status=status,
        language=_language_in(row.get("tasks")),
        variables=variables_in(prompts, known=SYSTEM_VARIABLES | {REFERENCE_KEY}),
        warnings=("not_active",) if status == "seeding" else (),
    )


def parse_voice_row(row: Mapping[str, Any]) -> RemoteVoice:
    """Return a voice under its maker's id, which is the id that an order needs."""
    return RemoteVoice(
        remote_id=id_in(row, "voice_id", "id"),
        name=parse_text(row.get("name"), 200),
        maker=parse_text(row.get("provider"), 80),
        language=parse_text(row.get("accent"), 80),
    )


def parse_number_row(row: Mapping[str, Any]) -> RemoteCallerId:
    """Return a number of the account."""
    return RemoteCallerId(
        remote_id=id_in(row, "id", "phone_number"),
        number=e164_or_raw(row.get("phone_number")),
        label=parse_text(row.get("telephony_provider"), 80),
    )


def _answered_by(by_voicemail: object, talked: int | None) -> AnsweredBy:
    if by_voicemail is True:
        return "machine"
    return "human" if by_voicemail is False and talked else "unknown"


def _hang_up_in(phone: Mapping[str, Any], talked: int | None) -> object:
    # Only where nobody was spoken to: the reason why a conversation ended is no failure.
    return "" if talked else phone.get("hangup_reason")


def _language_in(tasks: object) -> str:
    for task in tasks if isinstance(tasks, list) else ():
        tools = as_mapping(as_mapping(task).get("tools_config"))
        if language := parse_text(as_mapping(tools.get("transcriber")).get("language"), 40):
            return language
    return ""
