"""What Bolna's refusals mean: its one table, by code and words; the vendor's pages: see `bolna.py`."""

from __future__ import annotations

from providers.exceptions import (
    AgentRefused,
    CallerIdRefused,
    CredentialsRejected,
    InvalidNumber,
    OutOfCredit,
    PlanRefused,
    VoiceRefused,
    ZoneRefused,
)
from providers.refusals import AGENT_GONE, PLAN_LIMIT, VOICE_GONE, ZONE_CLOSED, RefusalRow

REFUSALS = (
    RefusalRow(OutOfCredit, (400, 402, 403, 422), body=r"balance|insufficient (funds|credit)|wallet|recharge"),
    RefusalRow(PlanRefused, (400, 403, 422), body=PLAN_LIMIT),
    RefusalRow(ZoneRefused, (400, 403, 422), body=ZONE_CLOSED),
    RefusalRow(InvalidNumber, (400, 422), body=r"recipient.*(invalid|not (a )?valid|e\.?164)|invalid.*recipient"),
    RefusalRow(CallerIdRefused, (400, 403, 404, 422), body=r"from[ _]phone[ _]number|phone number.*not (found|yours)"),
    RefusalRow(AgentRefused, (400, 403, 404, 422), body=AGENT_GONE),
    RefusalRow(VoiceRefused, (400, 403, 404, 422), body=VOICE_GONE),
    # The live API answers 403, not 401, for a bad key: the vendor's own client, bolna-ai/mcp src/lib/errors.ts, 2026.
    RefusalRow(CredentialsRejected, (403,)),
)
"""By code and words. Only the status of a bad key and the words about agent and recipient are published; the others
are inferred from what kindred vendors say."""
