"""Which lines of a provider are in use, and how many a campaign may use: rows read for the rules of `lines`."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any, NamedTuple

from django.db import connection

from campaigns.core.sql.bulk import literals
from campaigns.lines import most_lines
from campaigns.models import Call, Campaign
from campaigns.models.status_conditions import HOLDS_LINE_NOW
from providers.models import Provider
from providers.types import LIVE, CallStatus

LOOKS = 2
"""Looks at the vendor's list in which an unknown call was not found, until its line may be doubted."""


class HeldLines(NamedTuple):
    """The lines of a provider that are in use."""

    by_campaign: Counter[int]
    """By campaign id; key 0 is calls without a campaign."""
    in_doubt: bool
    """Whether all are held by unknown calls that were looked for in the vendor's list and not found."""

    @property
    def of_campaigns(self) -> int:
        """How many all campaigns together use."""
        return self.by_campaign.total() - self.by_campaign[0]


def lines_held(provider_id: int, longest_seconds: int, now: datetime.datetime) -> HeldLines:
    """Return the lines of a provider that are in use.

    A call that has been unknown for longer than the provider's longest call uses no line any more, one that is parked
    none yet.
    """
    statement = (
        f"SELECT campaign_id, COUNT(*), SUM(CASE WHEN status = '{CallStatus.UNKNOWN.value}' AND polls >= {LOOKS} "  # noqa: S608
        f"THEN 1 ELSE 0 END) FROM {Call._meta.db_table} WHERE provider_id = %s "
        f"AND status IN ({literals(LIVE)}) AND {HOLDS_LINE_NOW} "
        f"AND (status <> '{CallStatus.UNKNOWN.value}' OR placing_at IS NULL OR placing_at >= %s) GROUP BY campaign_id"
    )
    unknown_since = now - datetime.timedelta(seconds=longest_seconds)
    with connection.cursor() as cursor:
        cursor.execute(statement, [provider_id, _moment(now), _moment(unknown_since)])
        rows = list(cursor.fetchall())
    return HeldLines(
        Counter({campaign_id or 0: calls for campaign_id, calls, _looked in rows}),
        all(calls == looked for _campaign, calls, looked in rows),
    )


def lines_of(campaign: Campaign, provider: Provider) -> int:
    """Return how many lines of its provider a campaign may use at the same time."""
    return most_lines(provider.max_lines, provider.single_call_lines, campaign.max_lines, campaign.lines_percent)


def _moment(at: datetime.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
