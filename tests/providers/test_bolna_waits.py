"""What Bolna will still do with an execution: told by its row, else by what the order asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.backends._bolna_waits import Retries, Waits, waits_of
from providers.types import CallStatus

ENDED = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ONCE_MORE = Retries(most=1, after=["no_answer"], minutes=[30])
NEXT = Waits(CallStatus.QUEUED, 1, ENDED + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("row", "asked", "waits"),
    [
        ({"status": "no-answer"}, ONCE_MORE, NEXT),
        ({"status": "no-answer", "retry_count": 1}, ONCE_MORE, Waits(CallStatus.NO_ANSWER, 1)),
        ({"status": "no-answer"}, Retries(), Waits(CallStatus.NO_ANSWER)),
        ({"status": "busy"}, ONCE_MORE, Waits(CallStatus.BUSY)),
    ],
)
def test_a_try_that_reached_nobody_is_no_end_while_another_one_follows(
    row: dict[str, Any], asked: Retries, waits: Waits
) -> None:
    status = CallStatus.BUSY if row["status"] == "busy" else CallStatus.NO_ANSWER
    assert waits_of({"updated_at": ENDED.isoformat(), **row}, status, asked, None) == waits
