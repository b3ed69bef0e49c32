"""Switches for behaviour that vendors do not document; each default is the worst case for the caller."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(slots=True)
class Switches:
    """One field for each undocumented behaviour; set over `POST /_control/switches`."""

    magic: bool = True
    """Whether the last four digits decide what happens; benchmarks turn it off."""
    echo_reference: bool = False
    """Whether our reference comes back in get-one answers and where rows may carry it."""
    list_lag_seconds: float = 2.0
    """How long a new call is missing from lists, on the simulated clock."""
    bad_pages_percent: int = 0
    """How many in a hundred pages of a list of calls fail (every second of them) or are rubbish."""
    row_without_id: bool = False
    """Whether each page of a list of calls ends with a row that has no id."""
    trim_rows: bool = True
    """Whether list rows leave out what get-one has."""
    numbers_as_strings: bool = True
    """Whether numbers that a page calls text are text."""
    undocumented_rate_limit: int = 0
    """Requests a minute at the vendors that document none (Bitel, Vocode); 0 is off."""

    bitel_status_shape: str = "alternate"
    """Version 2 status: "bare", "envelope", or one after the other."""
    bitel_errors_as_200: bool = False
    """Whether an error code comes with HTTP 200."""
    bitel_webhook_encoding: str = "alternate"
    """ "json", "form", or one after the other."""
    bitel_unknown_last: bool = True
    """Whether a call that never ends is UNKNOWN at last, and not WAITING."""

    unleashx_utc_offset: str = "+05:30"
    """Zone of its times, which name none: India's was seen; "+00:00" is the other reading of its pages."""
    unleashx_words: str = "seen"
    """The words in use: "seen" (NOT_PICKED, NOANSWER, TIMEOUT, REJECTED, VOICEMAIL), or "published" alone."""
    unleashx_later_rows: int = 0
    """So many calls of others stand in its list of calls before each account's own, as if they had followed."""
    unleashx_burst_rows: int = 0
    """So many further calls of others come each time after the first page of its list of calls was read."""
    unleashx_wish_words: str = "Not Interested - DNC"
    """The disposition of a call whose person asked for no more calls."""
    unleashx_rows_carry_execution_id: bool = False
    unleashx_relative_paths: bool = True
    """Whether FILE_PATH is a path and not an address."""
    unleashx_flat_reply: bool = False
    """Whether the answer to an order has no `data` envelope."""
    unleashx_bad_key_200: bool = True
    """Whether a refused key is told in a 200, as public clients have seen; 401 is what the pages say."""
    unleashx_nested_lists: bool = False
    """Whether `datalist` is inside `data`."""

    bolna_auth_detail: bool = True
    """Whether a refused key is explained under `detail`, as the live API does."""
    bolna_bad_key_403: bool = True
    """Whether a refused key is answered 403, as the live API does; 401 is what the pages say."""

    bolna_nested_answers: bool = True
    """Whether extracted answers are nested by category and question, as since 18 September 2026."""
    bolna_hosted_recordings: bool = True
    """Whether a recording's address is the vendor's own and leads to a signed one, as since June 2026."""
    bolna_termination_reason: bool = True
    """Whether executions say why they ended, as since 26 October 2026."""
    bolna_recipient_data_as_text: bool = True
    """Whether recipient_data is JSON in a text, as in payloads of public code."""
    bolna_webhook_execution_id: bool = True
    """Whether a webhook names its call by execution_id alone."""
    unleashx_swaps_inbound: bool = False
    """Whether a call that came in shows our number as CALLING_NUMBER; else the person, as in a call that went out."""

    bolna_guardrail_seconds: float = 0.0
    """How long the agent's calling hours keep an order as `rescheduled`, on the simulated clock; 0: none is set."""
    bolna_tells_schedule: bool = False
    """Whether an order for later shows its `scheduled_at`, as between two retries."""
    bolna_redial_answers: bool = False
    """Whether somebody answers the first of the vendor's own retries; else all of them end as the first try did."""
    bolna_rows_tell_type: bool = False
    """Whether rows of lists carry `call_type`."""
    bolna_filters_type: bool = True
    """Whether lists heed the `call_type` that is asked for."""

    bolna_wallet_in_cents: bool = True
    """Whether the wallet is a hundred times the documented sample's unit, as in live answers."""

    voicy_value_objects: bool = True
    """Whether an extracted answer is an object with a value."""
    voicy_says_seconds: bool = True
    """Whether a 429 says how long to wait in its text and Retry-After; else X-RateLimit-Reset alone does."""
    voicy_agent_id: bool = False
    voicy_call_cost: bool = False
    voicy_voicemail_word: bool = True
    """Whether a call that a machine answered ends with the word voicemail."""
    voicy_final_word: str = ""
    """A word for every answered call, e.g. "ended"; empty for the newest words."""
    voicy_bare_lists: bool = False
    """Whether call-list is a bare array, as in the older pages."""

    vocode_transferred_word: bool = True
    """Whether a transferred call ends with the word transferred, and not ended."""
    vocode_phone: str = "any"
    """Numbers taken: "any", "digits" (no plus) or "e164" (plus)."""
    vocode_tells_line: bool = False
    """Whether `agent_phone_number` of a call that came in is the number that was called; else always from_number."""
    vocode_plus_in_answers: bool = False
    vocode_strict_accept: bool = True
    """Whether a recording asked for as JSON is answered with 406."""
    vocode_conversation_id: bool = True
    """Whether an event names its call by conversation_id alone."""
    vocode_newest_first: bool = False
    """The order of a list that names no sort column."""
    vocode_iso_in_lists: bool = False
    """Whether list rows have ISO times; the published client reads numbers there."""

    webhook_repeat: int = 1
    """How often each webhook is sent."""
    webhook_reorder: bool = False
    """Whether webhooks overtake one another."""

    def change(self, changes: dict[str, Any]) -> None:
        """Set several switches; raises ValueError for a name or a type that does not fit, and then sets none."""
        known = {field.name: type(field.default) for field in fields(self)}
        for name, value in changes.items():
            kind = known.get(name)
            fits = kind is not None and (isinstance(value, kind) or (kind is float and isinstance(value, int)))
            if not fits or (isinstance(value, bool) and kind is not bool):
                raise ValueError(f"No such switch, or the wrong kind of value: {name}")
        for name, value in changes.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Return every switch by name."""
        return asdict(self)
