"""The table of what may come of a call: each state, and what everybody who tells it must say."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from providers.types import ENDED

NOW = datetime.datetime(2026, 4, 2, 12, 7, tzinfo=datetime.UTC)
LEFT = NOW - datetime.timedelta(days=2)
SKIPPED_WHY = "Not called: the number is on the do-not-call list."


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A state of a call, and what everybody says of it."""

    status: str
    key: str
    word: str
    sentence: str
    look: tuple[str, str, bool]
    """Icon, tone, and whether the chip is live."""
    fields: dict[str, Any] = field(default_factory=dict)
    counted: str = ""
    """The name under which sums count it, where that is another."""
    talked: bool = False
    held: bool = False
    unclear: bool = False
    no_news: bool = False

    @property
    def counted_as(self) -> str:
        return self.counted or self.key

    @property
    def is_over(self) -> bool:
        return self.status in ENDED

    def __str__(self) -> str:
        return "-".join([self.status, *(f"{name}={value}" for name, value in self.fields.items())])[:80]


GOOD, MACHINE, SILENT = ("check", "good", False), ("voicemail", "warn", False), ("minus", "warn", False)
BROKE_OFF = "Answered, then the call was cut off."
BY_VOICEMAIL, NOBODY = "Voicemail answered.", "The provider says the call ended, but nobody talked."
HELD = {"held_at": NOW, "failure_reason": "not_placed"}
CASES = (
    Case("pending", "pending", "Waiting", "Waiting.", ("clock", "plain", False)),
    Case("pending", "pending", "Waiting", "Waiting to retry.", ("clock", "plain", False),
         {"wait_reason": "retry"}),
    Case("placing", "placing", "Placing", "Being sent to the provider.", ("send", "info", True)),
    Case("queued", "queued", "Queued at provider", "The provider has the call and will dial soon.",
         ("clock", "info", True)),
    Case("dialing", "dialing", "Dialling", "The provider is dialling.", ("phone", "info", True)),
    Case("ringing", "ringing", "Ringing", "The phone is ringing.", ("bell", "info", True)),
    Case("in_progress", "in_progress", "In progress", "Answered, in progress.", ("voice", "info", True)),
    # Talk time that grows: whether a person or a machine is there is known when it is over.
    Case("in_progress", "in_progress", "In progress", "Answered, in progress.", ("voice", "info", True),
         {"talk_seconds": 20}),
    Case("wrapping_up", "wrapping_up", "Finishing", "The call is over. The provider is preparing the details.",
         ("voice", "info", True), {"talk_seconds": 20, "answered_by": "human"}),
    Case("completed", "talked", "Answered", "", GOOD, {"talk_seconds": 60, "answered_by": "human"}, talked=True),
    Case("completed", "talked", "Answered", "", GOOD, {"talk_seconds": 1}, talked=True),
    Case("completed", "machine", "Voicemail", BY_VOICEMAIL, MACHINE, {"talk_seconds": 9, "answered_by": "machine"}),
    Case("completed", "machine", "Voicemail", BY_VOICEMAIL, MACHINE, {"answered_by": "machine"}),
    Case("completed", "silent", "Ended, nobody talked", NOBODY, SILENT),
    Case("completed", "silent", "Ended, nobody talked", NOBODY, SILENT, {"talk_seconds": 0, "answered_by": "human"}),
    Case("no_answer", "no_answer", "No answer", "Nobody answered.", ("missed", "warn", False)),
    Case("no_answer", "machine", "Voicemail", BY_VOICEMAIL, MACHINE, {"answered_by": "machine"}),
    Case("busy", "busy", "Busy", "The line was busy.", ("minus", "warn", False), {"talk_seconds": 0}),
    Case("failed", "failed", "Failed", "The call did not connect.", ("cross", "bad", False),
         {"failure_reason": "not_connected"}),
    Case("failed", "failed", "Failed", "The call failed. The provider gave no reason.", ("cross", "bad", False)),
    Case("failed", "talked", "Answered", BROKE_OFF, GOOD, {"failure_reason": "vendor_error", "talk_seconds": 40},
         talked=True),
    Case("failed", "machine", "Voicemail", BY_VOICEMAIL, MACHINE,
         {"failure_reason": "vendor_error", "answered_by": "machine"}),
    Case("failed", "held", "On hold: not placed", "The provider never accepted the call. Nobody was called.",
         ("hand", "warn", False), HELD, counted="failed", held=True),
    Case("failed", "no_news", "No updates: decide",
         "The provider accepted this call but sends no more updates. The call may have taken place.",
         ("question", "bad", False), {"failure_reason": "no_news", "no_news_at": NOW}, counted="failed", no_news=True),
    Case("failed", "failed", "Failed", "A user checked: this call did not take place.", ("cross", "bad", False),
         {"failure_reason": "no_call"}),
    Case("canceled", "canceled", "Cancelled", "Cancelled before it was answered.", ("minus", "plain", False)),
    Case("canceled", "talked", "Answered", BROKE_OFF, GOOD, {"talk_seconds": 12, "answered_by": "human"}, talked=True),
    Case("unknown", "unknown", "Unknown", "The provider's response was lost. The call may have been placed.",
         ("question", "warn", False), {"placing_at": NOW}),
    Case("unknown", "unknown", "Unknown", "The provider's response was lost. The call may have been placed.",
         ("question", "warn", False), unclear=True),
    Case("unknown", "decide", "Unknown: decide", "The provider's response was lost. The call may have been placed.",
         ("question", "bad", False), {"placing_at": NOW, "needs_person_at": NOW}, counted="unknown", unclear=True),
    Case("skipped", "skipped", "Skipped", SKIPPED_WHY, ("skip", "plain", False), {"skip_reason": "do_not_call"}),
)  # fmt: skip
WAITING = ("pending", "skipped")


def fields_of(case: Case) -> dict[str, Any]:
    left = {} if case.status in WAITING else {"placing_at": LEFT}
    return {"status": case.status, "changed_at": NOW} | left | case.fields
