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

    unleashx_rows_carry_execution_id: bool = False
    unleashx_relative_paths: bool = True
    """Whether FILE_PATH is a path and not an address."""
    unleashx_flat_reply: bool = False
    """Whether the answer to an order has no `data` envelope."""
    unleashx_nested_lists: bool = False
    """Whether `datalist` is inside `data`."""

    unleashx_swaps_inbound: bool = False
    """Whether a call that came in shows our number as CALLING_NUMBER; else the person, as in a call that went out."""

    bolna_auth_detail: bool = False
    """Whether a refused key is explained under `detail`."""

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

    voicy_agent_id: bool = False
    voicy_call_cost: bool = False
    voicy_final_word: str = ""
    """A word for every answered call, e.g. "ended"; empty for the newest words."""
    voicy_bare_lists: bool = False
    """Whether call-list is a bare array, as in the older pages."""

    vocode_phone: str = "any"
    """Numbers taken: "any", "digits" (no plus) or "e164" (plus)."""
    vocode_tells_line: bool = False
    """Whether `agent_phone_number` of a call that came in is the number that was called; else always from_number."""
    vocode_plus_in_answers: bool = False
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
        known = {field.name: type(getattr(self, field.name)) for field in fields(self)}
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
