"""Reads what Bolna will still do with an execution: orders that it keeps until later, and its own retries.

Read 2026-11: https://www.bolna.ai/docs/auto-retry, .../calling-guardrails. With auto-retry one execution goes
`no-answer`, `scheduled` with `retry_count` 1 and `scheduled_at`, and is then dialled again. That reading one call
shows these fields is [inferred]: where they are missing, what the order asked for stands in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from providers.parsing import as_mapping, first_of, parse_count, parse_instant, parse_seconds, parse_words
from providers.replies import normalise_word
from providers.types import FINAL, CallStatus, Field

KEPT = frozenset({"scheduled", "rescheduled"})
"""Words for an order that the vendor keeps until a time; `rescheduled` is its guardrail's, which names none."""
MOST_RETRIES = 3
RETRIED = ("no-answer", "busy", "failed")
INTERVALS = (30, 60, 120)
"""The documented defaults of `retry_config`: how often, after what, and minutes before each."""

ORDER_FIELDS = (
    Field(name="scheduled_at", label=_("Dial at"), kind="datetime", help_text=_("At least two minutes from now.")),
    Field(name="retry_enabled", label=_("Let the provider redial"), kind="boolean", default=False),
    Field(name="max_retries", label=_("Number of redials (1 to 3)"), kind="integer", default=3, least=1, most=3),
    Field(
        name="retry_on_statuses",
        label=_("After"),
        kind="words",
        default=("no-answer", "busy"),
        choices=tuple((word, word) for word in ("no-answer", "busy", "failed", "error")),
    ),
    Field(name="retry_on_voicemail", label=_("Also redial after voicemail"), kind="boolean", default=False),
    Field(name="retry_intervals_minutes", label=_("Minutes before each redial"), kind="integers", default=("30", "60")),
    Field(name="bypass_call_guardrails", label=_("Ignore the agent's calling hours"), kind="boolean", default=False),
    Field(
        name="agent_version_id",
        label=_("Agent version"),
        help_text=_("Its ID at Bolna; leave empty for the live version."),
    ),
)
"""What an admin may ask of one order: mostly when it is dialled, and whether again."""


class Waits(NamedTuple):
    """What the vendor will still do: the status that an execution really has, and when it is dialled."""

    status: CallStatus | None
    redials: int = 0
    not_before: datetime | None = None
    is_kept: bool = False


class Retries(NamedTuple):
    """The vendor's own retries of one order."""

    most: int = 0
    after: Sequence[str] = ()
    """Status words, normalised."""
    after_voicemail: bool = False
    minutes: Sequence[int] = ()


def retries_in(config: object) -> Retries:
    """Return the retries of a `retry_config` as orders send it and executions show it; none where it is off."""
    told = as_mapping(config)
    if told.get("enabled") is not True:
        return Retries()
    minutes = [number for word in parse_words(told.get("retry_intervals_minutes")) if (number := parse_seconds(word))]
    return Retries(
        most=min(parse_count(told.get("max_retries")) or MOST_RETRIES, MOST_RETRIES),
        after=[normalise_word(word) for word in parse_words(told.get("retry_on_statuses")) or RETRIED],
        after_voicemail=bool(told.get("retry_on_voicemail")),
        minutes=minutes or INTERVALS,
    )


def waits_of(row: Mapping[str, Any], status: CallStatus | None, asked: Retries, asked_at: datetime | None) -> Waits:
    """Return what the vendor will still do with an execution.

    `status` is what its word means by itself; `asked` and `asked_at` are the retries and the time of the order, which
    stand in for what the row does not show.
    """
    word = normalise_word(row.get("status"))
    history = row.get("retry_history")
    told = parse_count(row.get("retry_count"))
    made = told if told is not None else len(history) if isinstance(history, list) else 0
    if word in KEPT and status == CallStatus.QUEUED:
        at = parse_instant(row.get("scheduled_at")) or (asked_at if not made and word == "scheduled" else None)
        return Waits(status, made, at, is_kept=at is None)
    config = as_mapping(row.get("retry_config"))
    retries = asked
    if config:
        shown = retries_in(config)
        # The vendor's own sample shows only a part of it: what it leaves out is as it was ordered.
        retries = shown._replace(
            after=shown.after if config.get("retry_on_statuses") or not asked.after else asked.after,
            after_voicemail=shown.after_voicemail if "retry_on_voicemail" in config else asked.after_voicemail,
            minutes=shown.minutes if config.get("retry_intervals_minutes") or not asked.minutes else asked.minutes,
        )
    is_retried = word in retries.after or (row.get("answered_by_voice_mail") is True and retries.after_voicemail)
    if status not in FINAL or made >= retries.most or not is_retried:
        return Waits(status, made)
    # It is over for the vendor's dialler only: one more attempt follows in the same execution.
    ended = parse_instant(first_of(row, "updated_at", "created_at"))
    wait = timedelta(minutes=retries.minutes[min(made, len(retries.minutes) - 1)])
    at = parse_instant(row.get("scheduled_at")) or (ended + wait if ended else None)
    return Waits(CallStatus.QUEUED, made + 1, at, is_kept=at is None)
