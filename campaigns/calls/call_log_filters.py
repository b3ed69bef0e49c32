"""The filters of the call log: what may be asked for, and how it is stored."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db import models

from campaigns.core import results
from campaigns.models import Campaign, Disposition, Question
from providers.models import Agent, Provider

LIVE_NOW, TO_DECIDE = "live", "decide"
"""Filters besides results and statuses: calls at the vendor now; unclear or held calls."""

TALKED = results.ANSWERED

SENT, OPEN, ENDED, MACHINE, OPTED_OUT = "sent", "open", "ended", results.VOICEMAIL, "opted_out"

REFUSED = "refused"
"""Calls in which the person hung up at once, or asked not to be called again."""

CALLED_BACK = "called_back"
"""Calls that came in after ours and that nobody has marked as handled."""

PRICED, UNPRICED = "priced", "unpriced"
"""Groups that reports count among the placed calls: with and without a reported cost."""

SINGLE, OF_CAMPAIGN = "single", "campaign"
OUTBOUND, INBOUND = "outbound", "inbound"


ROWS: dict[str, type[models.Model]] = {
    "campaign": Campaign, "provider": Provider, "agent": Agent, "question": Question, "disposition": Disposition,
}  # fmt: skip
"""The models of the filters that are rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilters:
    """The filters of the call log; None and empty texts do not filter."""

    since: datetime.date | None = None
    until: datetime.date | None = None
    """Both days are inclusive and in the viewer's time zone."""
    campaign: Campaign | None = None
    provider: Provider | None = None
    state: str = ""
    """A key of `results`, a value of CallStatus, `LIVE_NOW` or `TO_DECIDE`."""
    person: str = ""
    """A part of a name, or a number in any form."""
    which: str = ""
    """`SENT` or a part of it (`OPEN`, `ENDED`, `MACHINE`, `OPTED_OUT`, `REFUSED`, `PRICED`, `UNPRICED`), or
    `CALLED_BACK`."""
    kind: str = ""
    """`SINGLE` or `OF_CAMPAIGN`; a call that came in is neither."""
    direction: str = ""
    """`OUTBOUND` or `INBOUND`."""
    weekday: int | None = None
    """1 (Monday) to 7; weekday and hour are those at which the call was placed, in the viewer's time zone."""
    hour: int | None = None
    attempt: int | None = None
    agent: Agent | None = None
    answered_by: str = ""
    """`HUMAN`, `MACHINE` or `NOT_KNOWN` of `call_log_filters`."""
    talked_from: int | None = None
    talked_to: int | None = None
    """Seconds, both inclusive; costs are inclusive too, in any currency."""
    cost_from: Decimal | None = None
    cost_to: Decimal | None = None
    tag: str = ""
    reviewed: str = ""
    """`REVIEWED` or `NOT_REVIEWED` of `call_log_filters`."""
    words: str = ""
    """Words that must all be in the transcript; only for users who may read transcripts."""

    variant: str = ""
    """Key of a variant; only calls of `campaign` whose people have it."""
    disposition: Disposition | None = None
    question: Question | None = None
    """Only calls that answered it; only for users who may read transcripts."""
    answer: str = ""
    """The wanted answer, of a number or date the least one, or `answers.conditions.UNREADABLE`."""
    answer_to: str = ""
    """Of a number or date the greatest one."""

    def to_json(self) -> dict[str, Any]:
        """Return the filters as JSON."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, models.Model):
                value = value.pk
            elif isinstance(value, datetime.date | Decimal):
                value = str(value)
            if value not in (None, ""):
                found[field.name] = value
        return found

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CallFilters:
        """Return filters from `to_json`. Raises ObjectDoesNotExist if a row that they name has been deleted."""
        values: dict[str, Any] = dict(stored)
        for name, model in ROWS.items():
            if name in values:
                values[name] = model._default_manager.get(pk=values[name])
        for name in {"since", "until"} & values.keys():
            values[name] = datetime.date.fromisoformat(values[name])
        for name in {"cost_from", "cost_to"} & values.keys():
            values[name] = Decimal(values[name])
        return cls(**values)
