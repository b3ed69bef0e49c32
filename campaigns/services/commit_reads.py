"""What a commit point asks of the calls, in plain statements: building a query would cost more than running it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection
from typing import Any

from django.db import connection

from campaigns.models import Call, DoNotCall
from providers.types import HOLDS_LINE, LIVE, CallStatus

_CALL = Call._meta.db_table
_DO_NOT_CALL = DoNotCall._meta.db_table


def _words(statuses: Collection[str]) -> str:
    # Literal and sorted, as in the partial indexes: SQLite uses them only so.
    return ", ".join(f"'{status}'" for status in sorted(map(str, statuses)))


def _places(values: Collection[str]) -> str:
    return ", ".join(["%s"] * len(values))


def forbidden_among(numbers: Collection[str], now: datetime.datetime) -> set[str]:
    """Return which of the numbers must not be called now."""
    statement = (
        f"SELECT phone FROM {_DO_NOT_CALL} WHERE phone IN ({_places(numbers)}) "  # noqa: S608
        "AND (expires_at IS NULL OR expires_at > %s)"
    )
    return _numbers(statement, [*numbers, _moment(now)]) if numbers else set()


def live_among(numbers: Collection[str]) -> set[str]:
    """Return which of the numbers have a call whose phone may ring."""
    statement = (
        f"SELECT to_number FROM {_CALL} WHERE status IN ({_words(LIVE)}) "  # noqa: S608
        f"AND to_number IN ({_places(numbers)})"
    )
    return _numbers(statement, list(numbers)) if numbers else set()


def lines_held(provider_id: int, unknown_since: datetime.datetime) -> Counter[int]:
    """Return how many lines of a provider each campaign holds, 0 standing for calls without one.

    A call that is unknown for longer than `unknown_since` holds none any more.
    """
    resting = _words(LIVE - HOLDS_LINE)
    statement = (
        f"SELECT campaign_id, COUNT(*) FROM {_CALL} WHERE provider_id = %s "  # noqa: S608
        f"AND status IN ({_words(LIVE)}) AND status NOT IN ({resting}) "
        f"AND (status <> '{CallStatus.UNKNOWN.value}' OR placing_at IS NULL OR placing_at >= %s) GROUP BY campaign_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [provider_id, _moment(unknown_since)])
        return Counter({campaign_id or 0: calls for campaign_id, calls in cursor.fetchall()})


def _moment(at: datetime.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _numbers(statement: str, parameters: list[Any]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {row[0] for row in cursor.fetchall()}
