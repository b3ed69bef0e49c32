"""Masking of request and answer bodies: what is needed to find a cause is kept by name, and nothing else.

A field that is not listed is left out with its name, because variables of a campaign are names of fields too. So
neither a person's name, a message nor what was said is kept, whatever a vendor adds to its answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from callcenter.formats.masking import ending, masked_runs
from providers.concealing import HIDDEN, Concealer

LONGEST = 4_000
LONGEST_VALUE = 120
MOST_ITEMS = 40
MOST_WORDS = 200
DEPTH = 6
LEAST_WORD = 3
"""Letters of a word that we sent, and that is looked for in the answer, at least."""

FIELDS: Mapping[str, str] = {
    "all": """
        id status state code success type event direction duration created_at updated_at timestamp version provider
        number phone phone_number to to_number from from_number agent_id call_id voice_id campaign_id call_reference
        reference language currency price cost total total_count limit page page_number page_size page_total has_more
        enabled retries attempt retry_count max_retries
    """,
    "bitel": """
        requestid requestdate executiondate statuscode billsec retrycount repeatcount balancesubtracted campaignid
        serverid transactionid voiceid phonenumber targetnumber targetnumbers result
    """,
    "unleashx": """
        agent_type call_status calling_type created_on updated_on execution_id ts voice_provider transcriber_provider
        timezone
    """,
    "bolna": """
        agent_status agent_type agent_version_id answered_by_voice_mail batch_id bypass_call_guardrails call_type
        conversation_duration conversation_time current execution_id from_phone_number hangup_by hangup_provider_code
        max occurred_at post_dial_delay provider_call_id recipient_phone_number retry_intervals_minutes
        retry_on_statuses retry_on_voicemail ring_duration scheduled_at schema_version telephony_provider total_cost
        wallet workflow_id workflow_version llm network platform synthesizer transcriber
    """,
    "voicy": """
        active agent_type call_status call_type combined_cost duration_ms include_test_calls lower_threshold
        upper_threshold override_agent_id pagination_key sort_order start_timestamp end_timestamp timestamp_ms
    """,
    "vocode": """
        agent agent_phone_number call_sid call_status conversation_id conversation_minutes end_time start_time
        human_detection_result monthly_usage_limit_minutes monthly_usage_minutes on_no_human_answer plan_type
        recording_available run_do_not_call_detection stage stage_outcome telephony_id telephony_provider size
        sort_column sort_desc
    """,
}
"""Names of fields, in small letters, whose values are kept: codes, ids, times. Source: the vendors' documents."""
REASONS = frozenset(
    "error error_message error_code detail details msg reason cause hangup_reason termination_reason".split()  # noqa: SIM905
)
"""Fields in which vendors say in words why they refuse; without what we sent."""
AROUND = frozenset(
    [
        "data",
        "result",
        "results",
        "call",
        "calls",
        "items",
        "rows",
        "payload",
        "error",
        "errors",
        "detail",
        "telephony_data",
        "telephony_metadata",
        "call_cost",
        "cost_breakdown",
        "pagination",
        "filter_criteria",
        "start_timestamp",
        "direction",
        "retry_config",
        "concurrency",
        "loc",
    ]
)
"""Fields whose objects and lists are looked into."""
KEPT = frozenset(name for names in FIELDS.values() for name in names.split())

_KEY = re.compile(r"[A-Za-z0-9_+/=.-]{24,}")
_CODE = re.compile(r"[A-Za-z0-9_.:+/@ -]{0,64}", re.ASCII)
_WORD = re.compile(r"\w+")


def masked_body(body: Any, conceal: Concealer | None = None) -> str:
    """Return the listed fields of a body as indented JSON, without secrets and full phone numbers.

    Bytes are parsed as JSON; where that fails, only their length is given.
    """
    if body is None or body == b"":
        return ""
    if isinstance(body, bytes):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return f"({len(body)} bytes)"
    masked = _masked(body, DEPTH, conceal or Concealer())
    return json.dumps(masked, ensure_ascii=False, indent=1, default=str)[:LONGEST]


def words_of(body: Any) -> set[str]:
    """Return the words of all that is not kept of a body that we sent, to be looked for in what comes back."""
    found: set[str] = set()
    for text in _unkept(body, DEPTH):
        for word in _WORD.findall(text[:LONGEST]):
            if len(word) >= LEAST_WORD:
                found.add(word)
        if len(found) >= MOST_WORDS:
            break
    return found


def _unkept(value: Any, depth: int, name: str = "") -> Iterator[str]:
    if isinstance(value, Mapping) and depth:
        for key, item in value.items():
            if not _is_listed(str(key), item):
                yield str(key)
            yield from _unkept(item, depth - 1, str(key))
    elif isinstance(value, list | tuple) and depth:
        for item in value[:MOST_ITEMS]:
            yield from _unkept(item, depth - 1, name)
    elif name.lower() not in KEPT | REASONS and isinstance(value, str | int):
        yield str(value)


def _is_listed(name: str, value: Any) -> bool:
    name = name.lower()
    if isinstance(value, Mapping):
        return name in AROUND
    return name in KEPT or name in REASONS or (name in AROUND and isinstance(value, list | tuple))


def _masked(value: Any, depth: int, conceal: Concealer, name: str = "") -> Any:
    if isinstance(value, Mapping):
        if not depth:
            return HIDDEN
        kept = {
            str(key): _masked(item, depth - 1, conceal, str(key))
            for key, item in list(value.items())[:MOST_ITEMS]
            if _is_listed(str(key), item) or (item in (None, "", [], {}) and str(key).lower() in KEPT | AROUND)
        }
        left_out = len(value) - len(kept)
        return kept | {"…": f"{left_out} more"} if left_out else kept
    if isinstance(value, list | tuple):
        return [_masked(item, depth - 1, conceal, name) for item in value[:MOST_ITEMS]] if depth else HIDDEN
    if value is None or isinstance(value, bool):
        return value
    if name.lower() not in KEPT | REASONS:
        # An item of a list of objects that is none.
        return HIDDEN
    if isinstance(value, int | float):
        said = conceal(str(value))
        return value if said == str(value) and abs(value) < 10**9 else ending(said) if HIDDEN not in said else HIDDEN
    return _text(str(value), conceal, is_reason=name.lower() in REASONS)


def _text(text: str, conceal: Concealer, *, is_reason: bool) -> str:
    if len(text) > LONGEST_VALUE:
        return f"({len(text)} letters)"
    if not is_reason and not _CODE.fullmatch(text):
        return HIDDEN
    text = conceal(text)
    text = _KEY.sub(lambda found: ending(found[0]) if any(sign.isdigit() for sign in found[0]) else found[0], text)
    return masked_runs(text)


def concealer(secrets: Iterable[str], sent: Any = None) -> Concealer:
    """Return what removes an account's secrets, and the words of a request that are not kept."""
    return Concealer(secrets, words_of(sent) if sent is not None else ())
