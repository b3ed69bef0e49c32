"""Benchmark of clearing conversations: the minute job's batches, against one plain DELETE and UPDATE of as many rows.

    python -m benchmarks.retention [--calls 1000000]

Beside both, a second connection changes one row again and again, as a commit point does: what it waits is what holding
locks costs dialling.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks import common
from benchmarks.common import Goal

PAUSE = 0.005
"""Seconds between two changes of the second connection."""
MADE_AT_ONCE = 2_000
A_MINUTE = 4.0
"""Seconds that the minute job clears for (`campaigns.privacy.retention.SECONDS_A_RUN`)."""


class Cleared(NamedTuple):
    """What one way of clearing took."""

    seconds: float
    longest: float
    """Seconds of the longest transaction."""
    waits: list[float]
    """Seconds that each change beside it took, in order of their length."""


def make_conversations(count: int) -> None:
    """Make calls that ended long ago, each with a recording, noted answers and an indexed transcript."""
    from django.utils import timezone

    from campaigns.core.transcript_words import put_words
    from campaigns.models import Call, CallTranscript
    from providers.models import Provider

    long_ago = timezone.now() - datetime.timedelta(days=400)
    provider = Provider.objects.get_or_create(vendor="bolna", name="Main account")[0]
    for start in range(0, count, MADE_AT_ONCE):
        some = range(start, min(start + MADE_AT_ONCE, count))
        calls = Call.objects.bulk_create(
            Call(
                provider=provider, to_number=common.phone(place), status="completed", rank=90, next_poll_at=None,
                placing_at=long_ago, ended_at=long_ago, recording_available=True, extracted={"answer": f"yes {place}"},
            )
            for place in some
        )  # fmt: skip
        transcripts = CallTranscript.objects.bulk_create(
            CallTranscript(call=call, turns=[{"speaker": "person", "text": said}], text=said)
            for call in calls
            for said in [f"Good morning, this is order {call.pk}, please call on Monday at half past ten"]
        )
        put_words(transcripts)
    Call.objects.update(changed_at=long_ago)


def beside(clear: Callable[[], float]) -> Cleared:
    """Clear while a second connection changes a row; `clear` returns the seconds of its longest transaction."""
    from django.db import connection, transaction

    from campaigns.models import DialingSwitch

    DialingSwitch.objects.get_or_create(pk=1)
    waits: list[float] = []
    is_over = threading.Event()

    def change() -> None:
        try:
            while not is_over.is_set():
                began = time.monotonic()
                with transaction.atomic(durable=True):
                    DialingSwitch.objects.filter(pk=1).update(stopped_at=None)
                waits.append(time.monotonic() - began)
                is_over.wait(PAUSE)
        finally:
            connection.close()

    other = threading.Thread(target=change)
    other.start()
    began = time.monotonic()
    try:
        longest = clear()
    finally:
        seconds = time.monotonic() - began
        is_over.set()
        other.join()
    return Cleared(seconds, longest, sorted(waits))


def in_batches() -> float:
    """Clear as the minute job does; returns the seconds of the longest batch."""
    from django.utils import timezone

    from campaigns.privacy import retention

    before, longest = timezone.now() - datetime.timedelta(days=90), 0.0
    while True:
        began = time.monotonic()
        cleared = retention.clear_conversations(before)
        longest = max(longest, time.monotonic() - began)
        if not cleared:
            return longest


def plainly() -> float:
    """Clear the same rows by one statement for each table, in one transaction; returns its seconds."""
    from django.db import transaction
    from django.utils import timezone

    from campaigns.models import Call, CallTranscript, TranscriptWords

    old = Call.objects.filter(changed_at__lt=timezone.now() - datetime.timedelta(days=90))
    began = time.monotonic()
    with transaction.atomic():
        for model in (TranscriptWords, CallTranscript):
            rows = model._base_manager.filter(call__in=old.order_by().values("pk"))
            rows._raw_delete(rows.db)
        old.update(recording_available=False, extracted={})
    return time.monotonic() - began


def run(count: int, clear: Callable[[], float]) -> Cleared:
    """Clear `count` conversations of a database of their own."""
    from campaigns.models import Call, CallTranscript

    make_conversations(count)
    found = beside(clear)
    assert not CallTranscript.objects.exists(), "a transcript is left"
    assert not Call.objects.filter(recording_available=True).exists(), "a recording is left"
    Call.objects.all()._raw_delete(Call.objects.db)
    return found


def main() -> None:
    """Measure both, and print the table and the goals."""
    parser = common.parser(__doc__ or "")
    parser.add_argument("--calls", type=int, default=100_000)
    asked: Any = parser.parse_args()
    with common.stage(asked.database):
        plain, ours = (run(asked.calls, clear) for clear in (plainly, in_batches))
        rows = [
            [
                name, found.seconds, asked.calls / found.seconds, found.longest * 1000,
                found.waits[len(found.waits) * 95 // 100] * 1000, found.waits[-1] * 1000,
                len(found.waits) / found.seconds,
            ]
            for name, found in (("plain: one statement a table", plain), ("ours: batches of 200", ours))
        ]  # fmt: skip
        common.print_table(
            f"Clearing {asked.calls:,} conversations, {common.engine()}; the minute job needs "
            f"{ours.seconds / A_MINUTE:.0f} minutes",
            ["way", "seconds", "calls/s", "longest transaction, ms", "a change beside it, p95 ms", "longest, ms",
             "changes/s"],
            rows,
        )  # fmt: skip
    common.print_goals(
        [
            Goal("ms of the longest transaction", ours.longest * 1000, 250, at_most=True),
            Goal("times the plain seconds", ours.seconds / plain.seconds, 10, at_most=True),
            Goal("ms of the longest wait of a change beside it", ours.waits[-1] * 1000, 500, at_most=True),
        ]
    )


if __name__ == "__main__":
    main()
