"""What Voicy's refusals mean: its one table, by code and words; the vendor's pages: see `voicy.py`."""

from __future__ import annotations

from providers.exceptions import (
    AgentRefused,
    CallerIdRefused,
    CredentialsRejected,
    InvalidNumber,
    OutOfCredit,
    PlanRefused,
    ZoneRefused,
)
from providers.refusals import AGENT_GONE, PLAN_LIMIT, ZONE_CLOSED, RefusalRow

REFUSALS = (
    RefusalRow(OutOfCredit, (400, 402, 403, 422), body=r"insufficient|out of credit|balance"),
    # A 403 for a number that is not ours is about the caller ID, not the key: error-handling and call-dial pages.
    RefusalRow(CallerIdRefused, (400, 403, 404, 422), body=r"number not (found|assigned)|not assigned to your account"),
    RefusalRow(CredentialsRejected, (403,), body=r"api key|missing authorization|(invalid|expired) token"),
    RefusalRow(PlanRefused, (400, 403, 422), body=PLAN_LIMIT),
    RefusalRow(ZoneRefused, (400, 403, 422), body=ZONE_CLOSED),
    RefusalRow(InvalidNumber, (400, 422), body=r"invalid phone number|to_number.*(invalid|format)"),
    RefusalRow(AgentRefused, (400, 403, 404, 422), body=AGENT_GONE),
)
"""By code and words; those about credit, plan and country are inferred, no page has them."""
