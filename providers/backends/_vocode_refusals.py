"""What Vocode's refusals mean: its one table, by the place of the fault and by its words; the pages: `vocode.py`."""

from __future__ import annotations

import re

from requests import Response

from providers.exceptions import (
    AgentRefused,
    CallerIdRefused,
    CredentialsRejected,
    InvalidNumber,
    OutOfCredit,
    PlanRefused,
    UnexpectedResponse,
    ZoneRefused,
)
from providers.parsing import as_mapping
from providers.refusals import AGENT_GONE, NOT_THERE, PLAN_LIMIT, ZONE_CLOSED, RefusalRow
from providers.replies import json_of

REFUSALS = (
    RefusalRow(InvalidNumber, (422,), code=r".*\bto_number\b.*"),
    RefusalRow(CallerIdRefused, (422,), code=r".*\bfrom_number\b.*"),
    RefusalRow(AgentRefused, (422,), code=r".*\bagent\b.*"),
    RefusalRow(AgentRefused, (400, 403, 404), body=AGENT_GONE),
    RefusalRow(CallerIdRefused, (400, 403, 404), body=rf"\bnumber\b.*{NOT_THERE}|number.*not (owned|assigned)"),
    RefusalRow(PlanRefused, (400, 402, 403), body=rf"{PLAN_LIMIT}|minutes.*(exceeded|used up|limit)"),
    RefusalRow(OutOfCredit, (400, 402, 403), body=r"insufficient|balance|credit\b"),
    RefusalRow(ZoneRefused, (400, 403), body=ZONE_CLOSED),
    RefusalRow(CredentialsRejected, (403,), body=r"auth|credential|token|api key"),
)
"""Only the 422 is published (OpenAPI file, 2026-11); the words of the others are inferred."""
_PLAIN = re.compile(r"[a-z_]{1,40}")


def fault_place(response: Response) -> str:
    """Return the place of the first fault that a 422 names, such as "body.to_number"; empty for any other answer.

    Only plain names are kept: whatever else stands there could be a number or a key that was sent.
    """
    if response.status_code != 422:
        return ""
    try:
        faults = as_mapping(json_of(response)).get("detail")
    except UnexpectedResponse:
        return ""
    places = [as_mapping(fault).get("loc") for fault in faults] if isinstance(faults, list) else []
    named = next((place for place in places if isinstance(place, list)), [])
    return ".".join(part for part in named if isinstance(part, str) and _PLAIN.fullmatch(part))
