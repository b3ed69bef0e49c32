"""Reads the rows of Bolna's answers: executions, agents, voices, numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from providers.backends._bolna_waits import Waits
from providers.opt_outs import heard_in
from providers.parsing import (
    REFERENCE_KEY,
    as_mapping,
    e164_or_raw,
    first_of,
    id_in,
    parse_cents,
    parse_count,
    parse_instant,
    parse_object,
    parse_seconds,
    parse_text,
    parse_turns,
    reference_in,
    require_object,
    unpacked,
    variables_in,
)
from providers.replies import is_usable_id, normalise_word
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

IDS = ("id", "execution_id")
"""Names of a call's id: some of the vendor's answers and messages carry the second only (its skills repository)."""
RECORDING_HOSTS = (
    "bolna-call-recordings.s3.us-east-1.amazonaws.com",
    "bolna-recordings-india.s3.ap-south-1.amazonaws.com",
    "bolna-recordings-india.s3.amazonaws.com",
)
"""The vendor's buckets: its OpenAPI file, accounts in India, and the changelog of May 2026."""
FAILURES = {
    "balance_low": FailureReason.BALANCE_LOW,
    "failed": FailureReason.NOT_CONNECTED,
    "error": FailureReason.VENDOR_ERROR,
}
ANSWERS = ("extracted_data", "custom_extractions", "agent_extraction")
"""Where what was found out in a talk stands; since 18 September 2026 in the first alone."""
MOST_PARTS = 1_000
"""Objects of a workflow's trail that are searched for calls."""
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
    extracted = parse_object(unpacked(row.get("extracted_data")))
    ended_by = first_of(row, "termination_reason") or phone.get("hangup_reason")
    recording_url = parse_text(phone.get("recording_url"), 2_000)
    return CallSnapshot(
        remote_id=remote_id,
        raw_status=parse_text(word, 80),
        status=status,
        reference=_reference_in(row),
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
        # Only where nobody was spoken to: the reason why a conversation ended is no failure.
        failure_detail=parse_text(first_of(row, "error_message") or ("" if talked else ended_by), 300),
        end_reason=parse_text(ended_by, 300) if is_over else "",
        transcript=parse_turns(row.get("transcript")),
        summary=parse_text(row.get("summary")),
        recording_available=bool(recording_url),
        recording_url=recording_url,
        extracted=extracted,
        # Older agents' answers stand beside them, until their last one is built anew.
        **heard_in([row.get(name) for name in ANSWERS]),
    )


def _reference_in(row: Mapping[str, Any]) -> UUID | None:
    # What an order carried comes back in recipient_data, which may be an object or its JSON as text.
    context = as_mapping(row.get("context_details"))
    sent = (unpacked(context.get("recipient_data")), context, row.get("user_data"))
    return next((found for part in sent if (found := reference_in(part))), None)


def ids_in_event(event: Any) -> list[str]:
    """Return the ids of the calls that a webhook's body is about.

    A workflow's event (`execution.terminal`, read 2026-11) tells of the workflow, whose id and state are not a call's;
    the calls that it placed are in its trail, under names that no page shows; where none is found, the workflow's own
    id is all there is. Raises `UnexpectedResponse` where the body is none of the vendor's.
    """
    body = require_object(event, "a call")
    if not is_workflow(body):
        return [id_in(body, *IDS)]
    own = id_in(body, "execution_id")
    found = [parse_text(value, 201) for part in _parts_of(body.get("trail")) for value in _ids_of(part)]
    return list(dict.fromkeys(remote_id for remote_id in found if is_usable_id(remote_id))) or [own]


def is_workflow(event: Mapping[str, Any]) -> bool:
    """Return whether a webhook's body is about a workflow and not about one call."""
    return parse_text(event.get("event"), 80).startswith("execution.") or {"workflow_id", "trail"} <= event.keys()


def _parts_of(trail: object) -> list[Mapping[str, Any]]:
    """Return the objects of a workflow's trail, with those inside them."""
    found: list[Mapping[str, Any]] = []
    waiting = deque([trail])
    while waiting and len(found) < MOST_PARTS:
        part = waiting.popleft()
        inner: Iterable[object] = part if isinstance(part, list) else ()
        if isinstance(part, dict):
            found.append(part)
            inner = part.values()
        waiting.extend(one for one in inner if isinstance(one, dict | list))
    return found


def _ids_of(part: Mapping[str, Any]) -> list[object]:
    return [part[name] for name in ("call_id", "execution_id", "call_execution_id") if part.get(name)]


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
        longest_seconds=_longest_in(row.get("tasks")),
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


def _longest_in(tasks: object) -> int | None:
    """Return the longest of the tasks' limits; None unless each task of the conversation says one above zero.

    `task_config.call_terminate`: "The call automatically disconnects reaching this limit" (OpenAPI, read 2026-11).
    """
    rows = [as_mapping(task) for task in tasks] if isinstance(tasks, list) else []
    talks = [row for row in rows if row.get("task_type") in (None, "conversation")]
    limits = [parse_count(as_mapping(row.get("task_config")).get("call_terminate")) for row in talks]
    known = [limit for limit in limits if limit]
    return max(known) if known and len(known) == len(limits) else None


def _language_in(tasks: object) -> str:
    for task in tasks if isinstance(tasks, list) else ():
        tools = as_mapping(as_mapping(task).get("tools_config"))
        if language := parse_text(as_mapping(tools.get("transcriber")).get("language"), 40):
            return language
    return ""
