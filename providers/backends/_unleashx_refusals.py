"""What UnleashX's refusals mean: its one table, by code and words; the vendor's pages: see `unleashx.py`."""

from __future__ import annotations

from providers.backends._unleashx_rows import DEAD_KEY
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

REFUSED_WITH = (400, 403, 404, 422)
REFUSALS = (
    RefusalRow(CredentialsRejected, REFUSED_WITH, body=DEAD_KEY),
    RefusalRow(AgentRefused, REFUSED_WITH, body=AGENT_GONE),
    RefusalRow(CallerIdRefused, REFUSED_WITH, body=r"no (phone )?number.*(attached|assigned)|number.*not attached"),
    RefusalRow(
        InvalidNumber,
        REFUSED_WITH,
        body=r"phone.*(invalid|required|format|country code)|(invalid|required|format|country code).*phone",
    ),
    RefusalRow(OutOfCredit, REFUSED_WITH, body=r"insufficient.*(balance|credit)|(balance|credit).*(insufficient|low)"),
    RefusalRow(PlanRefused, REFUSED_WITH, body=PLAN_LIMIT),
    RefusalRow(ZoneRefused, REFUSED_WITH, body=ZONE_CLOSED),
)
"""By code and words. Published are the agent that is gone or not active and the missing number; a dead key is seen in
public code, the others are inferred."""
