"""Results of calls: the word, sentence, chip and sort position of a call, the same for every screen and file.

A finished call has a result (Answered, Voicemail, No answer ...), which depends on more than its status; any other call
shows its status. The functions take a `Call`, or a mapping with the columns of `READS`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.core import conditions, explanations
from campaigns.core.chips import Chip
from campaigns.models import Call
from campaigns.models.calls import CallQuerySet
from campaigns.models.status_conditions import StatusIsMostly
from providers.types import AT_VENDOR, ENDED, CallStatus

Words = str | Promise
Row = Call | Mapping[str, Any]

READS = (
    "status", "wait_reason", "skip_reason", "failure_reason", "held_at", "needs_person_at", "answered_by",
    "talk_seconds", "direction", "not_before", "redials",
)  # fmt: skip
"""Columns of a call from which its result and sentence follow."""

ANSWERED, SILENT, VOICEMAIL, HELD, TO_DECIDE, NO_NEWS = "talked", "silent", "machine", "held", "decide", "no_news"
"""Keys of results that are not statuses; every other result has its status as key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One possible result of a finished call, or one status of an unfinished call."""

    key: str
    """Its name in URLs, JSON and sums; must never change, because saved filters contain it."""
    chip: Chip

    @property
    def word(self) -> Words:
        """The word on its chip, and in files."""
        return self.chip.label

    @property
    def order(self) -> int:
        """Its sort position: waiting, then in progress, then finished from the best result to the worst."""
        return ORDER[self.key]


def _of(status: CallStatus, icon: str, tone: str = "plain", *, is_live: bool = False) -> Result:
    return Result(key=status.value, chip=Chip(status.label, icon, tone, is_live))


RESULTS: tuple[Result, ...] = (
    _of(CallStatus.PENDING, "clock"),
    _of(CallStatus.PLACING, "send", "info", is_live=True),
    _of(CallStatus.QUEUED, "clock", "info", is_live=True),
    _of(CallStatus.DIALING, "phone", "info", is_live=True),
    _of(CallStatus.RINGING, "bell", "info", is_live=True),
    _of(CallStatus.IN_PROGRESS, "voice", "info", is_live=True),
    _of(CallStatus.WRAPPING_UP, "voice", "info", is_live=True),
    Result(key=ANSWERED, chip=Chip(_("Answered"), "check", "good")),
    Result(key=VOICEMAIL, chip=Chip(_("Voicemail"), "voicemail", "warn")),
    Result(key=SILENT, chip=Chip(_("Ended, nobody talked"), "minus", "warn")),
    _of(CallStatus.NO_ANSWER, "missed", "warn"),
    _of(CallStatus.BUSY, "minus", "warn"),
    _of(CallStatus.FAILED, "cross", "bad"),
    Result(key=HELD, chip=Chip(_("On hold: not placed"), "hand", "warn")),
    Result(key=NO_NEWS, chip=Chip(_("No updates: decide"), "question", "bad")),
    _of(CallStatus.CANCELED, "minus"),
    _of(CallStatus.UNKNOWN, "question", "warn"),
    Result(key=TO_DECIDE, chip=Chip(_("Unknown: decide"), "question", "bad")),
    _of(CallStatus.SKIPPED, "skip"),
)
BY_KEY: Mapping[str, Result] = {result.key: result for result in RESULTS}
ORDER: Mapping[str, int] = {result.key: place for place, result in enumerate(RESULTS)}
LIVE: tuple[str, ...] = tuple(status.value for status in CallStatus if status in AT_VENDOR | {CallStatus.PLACING})
"""Statuses of calls that are being placed or are at the vendor."""
COUNTED: tuple[str, ...] = (
    ANSWERED, VOICEMAIL, SILENT, CallStatus.NO_ANSWER.value, CallStatus.BUSY.value, CallStatus.FAILED.value,
    CallStatus.CANCELED.value,
)  # fmt: skip
"""Results by which sums are grouped: every finished call has exactly one. Held calls, and those without news, count as
failed."""


def key_of(status: str, answered_by: str, talk_seconds: int | None) -> str:
    """Return the key under which a call is counted: one of `COUNTED` if it is finished, else its status."""
    if conditions.is_voicemail(status, answered_by):
        return VOICEMAIL
    if conditions.has_talked(status, talk_seconds, answered_by):
        return ANSWERED
    return SILENT if status == CallStatus.COMPLETED else status


def result_of(row: Row) -> Result:
    """Return the result of a finished call, or the status of any other."""
    value: Callable[[str], Any] = row.__getitem__ if isinstance(row, Mapping) else partial(getattr, row)
    status = value("status")
    if conditions.is_held(value("held_at")):
        return BY_KEY[HELD]
    if conditions.is_without_news(value("failure_reason")):
        return BY_KEY[NO_NEWS]
    key = key_of(status, value("answered_by"), value("talk_seconds"))
    if key == CallStatus.UNKNOWN and value("needs_person_at"):
        return BY_KEY[TO_DECIDE]
    return BY_KEY[key]


def sentence_of(row: Row) -> Words:
    """Return one sentence that explains a call's result or status; empty if the word says enough.

    For a waiting `Call` that was loaded with its campaign and provider, it also names what holds those up.
    """
    return explanations.why(row if isinstance(row, Call) else Call(**{name: row[name] for name in READS}))


# For the database: lists, filters and sums


def condition(key: str) -> Q:
    """Return the query condition of a result's key, or of a status.

    Held calls and calls without news are also failed calls, and calls to decide are also unknown ones.
    """
    if key == ANSWERED:
        return conditions.talked()
    if key == VOICEMAIL:
        return conditions.voicemail()
    if key == HELD:
        return conditions.held()
    if key == NO_NEWS:
        return conditions.no_news()
    if key == TO_DECIDE:
        return Q(status=CallStatus.UNKNOWN, needs_person_at__isnull=False)
    status = CallStatus.COMPLETED if key == SILENT else CallStatus(key)
    if key == CallStatus.COMPLETED or status not in ENDED:
        return Q(status=status)
    # Silent calls are few among the completed ones, so the condition uses an index that covers all three columns.
    is_so = Q(StatusIsMostly({status})) if key == SILENT else Q(status=status)
    return is_so & ~Q(answered_by=conditions.MACHINE) & ~conditions.talked()


def chosen_from(keys: Iterable[str]) -> list[tuple[str, Words]]:
    """Return (key, word) of these results and statuses as form choices, in sort order."""
    return [(key, BY_KEY[key].word) for key in sorted(keys, key=ORDER.__getitem__)]


def counted(calls: CallQuerySet) -> Counter[str]:
    """Count calls by result or status in one query; the keys are as in `key_of`."""
    rows: Iterable[Any] = calls.order_by().values("status").annotate(n=Count("pk"), **AMONG)
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(split(row["status"], row["n"], row["machine"], row["talked"]))
    return counts


AMONG: dict[str, Any] = {
    "machine": Count("pk", filter=conditions.voicemail()),
    "talked": Count("pk", filter=conditions.talked()),
}
"""What has to be counted of the calls of each status so that `split` can tell them apart."""


def split(status: str, total: int, machine: int, talked: int) -> dict[str, int]:
    """Split the number of calls of one status by result; `machine` and `talked` are counted among `total`."""
    counts = {ANSWERED: talked, VOICEMAIL: machine, key_of(status, "", None): total - machine - talked}
    return {key: count for key, count in counts.items() if count}


def in_order(counts: Mapping[str, int]) -> list[tuple[Result, int]]:
    """Return (result, count) in sort order, without zero counts."""
    return [(result, counts[result.key]) for result in RESULTS if counts.get(result.key)]


def menu() -> Sequence[tuple[Words, Sequence[tuple[str, Words]]]]:
    """Return grouped form choices for filtering calls: results, then statuses of unfinished calls."""
    over = (*COUNTED, NO_NEWS, CallStatus.UNKNOWN, CallStatus.SKIPPED)
    return [
        (_("Result"), chosen_from(over)),
        (_("Status"), chosen_from((CallStatus.PENDING, *LIVE))),
    ]
