"""What a vendor's refusal means: one declared table a backend, read for orders and for reads alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from providers.exceptions import CredentialsRejected, OutOfCredit, ProviderError

UNDECIDED = frozenset({408, 409, 425, 429, 499})
"""Statuses below 500 that do not tell whether the request was taken."""


class RefusalRow(NamedTuple):
    """One row: an answer with such a status, vendor code and words means this class, which says whom it is about."""

    means: type[ProviderError]
    statuses: tuple[int, ...] = ()
    """Empty: any status with which the vendor refuses."""
    code: str = ""
    """Regular expression for the whole vendor code; empty: any, or none."""
    body: str = ""
    """Regular expression found in the vendor's words; empty: any words, or none."""

    def fits(self, status: int, code: str, words: str) -> bool:
        """Return whether an answer is the one that this row describes; case does not matter."""
        return (
            (not self.statuses or status in self.statuses)
            and (not self.code or re.fullmatch(self.code, code, re.IGNORECASE) is not None)
            and (not self.body or re.search(self.body, words, re.IGNORECASE) is not None)
        )


COMMON = (RefusalRow(CredentialsRejected, (401,)), RefusalRow(OutOfCredit, (402,)))
"""What holds at every vendor, after the vendor's own rows."""
NOT_THERE = r"(not found|no such|(not|n.t) exist|not active|inactive|deleted|disabled|not yours|not available)"
"""Words with which vendors say that an agent, voice or number is gone or switched off."""
AGENT_GONE = rf"\bagent\b.*{NOT_THERE}|no such agent"
VOICE_GONE = rf"\bvoice\b.*{NOT_THERE}|no such voice"
ZONE_CLOSED = (
    r"(country|region|destination|zone|geo).*(not|n.t) .*(allowed|enabled|supported|permitted)"
    r"|(not|n.t) .*(allowed|enabled|supported|permitted).*(country|region|destination|zone)"
)
PLAN_LIMIT = r"\b(trial|subscription|plan)\b|upgrade|verified numbers|quota"


def meaning(rows: Sequence[RefusalRow], status: int, code: str, words: str) -> type[ProviderError] | None:
    """Return the class of the first row that fits; None where none does, or where the status decides nothing."""
    if status >= 500 or status in UNDECIDED:
        return None
    return next((row.means for row in (*rows, *COMMON) if row.fits(status, code, words)), None)
