"""What came of a call, or where it is now: one word, sentence, chip and place in the order, for every screen and file.

Nothing else decides it. A call that is over has a result (Answered, Voicemail, No answer ...), which its status alone
does not tell; any other has the word of its status. It is told of a `Call` as well as of a row of its `READS`.
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
    "talk_seconds",
)  # fmt: skip
"""Columns of a call that its result and sentence are made of."""

ANSWERED, SILENT, VOICEMAIL, HELD, TO_DECIDE = "talked", "silent", "machine", "held", "decide"
"""Names of results that are no status; the others are called like their status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One thing that may come of a call, or one status of a call that is not over."""

    key: str
    """Its name in addresses, in JSON and among sums; never changed, since saved filters hold it."""
    chip: Chip

    @property
    def word(self) -> Words:
        """The word of its chip: a file says what the screen says."""
        return self.chip.label

    @property
    def order(self) -> int:
        """Its place: waiting first, then on its way, then over from the best ending to the worst."""
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
    Result(key=HELD, chip=Chip(_("Held: never placed"), "hand", "warn")),
    _of(CallStatus.CANCELED, "minus"),
    _of(CallStatus.UNKNOWN, "question", "warn"),
    Result(key=TO_DECIDE, chip=Chip(_("Unknown: decide"), "question", "bad")),
    _of(CallStatus.SKIPPED, "skip"),
)
BY_KEY: Mapping[str, Result] = {result.key: result for result in RESULTS}
ORDER: Mapping[str, int] = {result.key: place for place, result in enumerate(RESULTS)}
LIVE: tuple[str, ...] = tuple(status.value for status in CallStatus if status in AT_VENDOR | {CallStatus.PLACING})
"""Statuses of calls that are out now."""
COUNTED: tuple[str, ...] = (
    ANSWERED, VOICEMAIL, SILENT, CallStatus.NO_ANSWER.value, CallStatus.BUSY.value, CallStatus.FAILED.value,
    CallStatus.CANCELED.value,
)  # fmt: skip
"""The results that sums tell apart: every call that is over has exactly one. Held calls count as failed ones."""


def key_of(status: str, answered_by: str, talk_seconds: int | None) -> str:
    """Return under which name a call is counted: one of `COUNTED` where it is over, else its status."""
    if conditions.is_voicemail(status, answered_by):
        return VOICEMAIL
    if conditions.has_talked(status, talk_seconds, answered_by):
        return ANSWERED
    return SILENT if status == CallStatus.COMPLETED else status


def result_of(row: Row) -> Result:
    """Return what came of a call, or its status where it is not over."""
    value: Callable[[str], Any] = row.__getitem__ if isinstance(row, Mapping) else partial(getattr, row)
    status = value("status")
    if conditions.is_held(value("held_at")):
        return BY_KEY[HELD]
    key = key_of(status, value("answered_by"), value("talk_seconds"))
    if key == CallStatus.UNKNOWN and value("needs_person_at"):
        return BY_KEY[TO_DECIDE]
    return BY_KEY[key]


def sentence_of(row: Row) -> Words:
    """Return in one sentence why a call came to this, or why it stands where it stands; empty where the word says all.

    Of a `Call` that was read with its campaign and provider it tells also what holds up everybody around it.
    """
    return explanations.why(row if isinstance(row, Call) else Call(**{name: row[name] for name in READS}))


# For the database: lists, filters and sums


def condition(key: str) -> Q:
    """Return the condition of calls that are counted under a name, of held ones, or of a status of ours.

    Held calls are among the failed ones, and calls to decide are the unknown ones.
    """
    if key == ANSWERED:
        return conditions.talked()
    if key == VOICEMAIL:
        return conditions.voicemail()
    if key == HELD:
        return conditions.held()
    if key == TO_DECIDE:
        return Q(status=CallStatus.UNKNOWN, needs_person_at__isnull=False)
    status = CallStatus.COMPLETED if key == SILENT else CallStatus(key)
    if key == CallStatus.COMPLETED or status not in ENDED:
        return Q(status=status)
    # Silent calls are few of many completed ones: found in an index that holds all three columns, not among the rows.
    is_so = Q(StatusIsMostly({status})) if key == SILENT else Q(status=status)
    return is_so & ~Q(answered_by=conditions.MACHINE) & ~conditions.talked()


def chosen_from(keys: Iterable[str]) -> list[tuple[str, Words]]:
    """Return results and statuses to choose from, in their order."""
    return [(key, BY_KEY[key].word) for key in sorted(keys, key=ORDER.__getitem__)]


def counted(calls: CallQuerySet) -> Counter[str]:
    """Count calls by what came of them, under the names of `COUNTED` and of statuses; one statement."""
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
    """Return by result how many calls of one status came to what."""
    counts = {ANSWERED: talked, VOICEMAIL: machine, key_of(status, "", None): total - machine - talked}
    return {key: count for key, count in counts.items() if count}


def in_order(counts: Mapping[str, int]) -> list[tuple[Result, int]]:
    """Return results with their numbers in their order, without empty ones."""
    return [(result, counts[result.key]) for result in RESULTS if counts.get(result.key)]


def menu() -> Sequence[tuple[Words, Sequence[tuple[str, Words]]]]:
    """Return what calls can be filtered by: the results, then the statuses of calls that are not over."""
    over = (*COUNTED, CallStatus.UNKNOWN, CallStatus.SKIPPED)
    return [
        (_("Result"), chosen_from(over)),
        (_("Status"), chosen_from((CallStatus.PENDING, *LIVE))),
    ]
