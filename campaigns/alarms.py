"""When a campaign pauses itself: how its last calls ended, and what of that is an alarm. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from campaigns import rules
from providers.types import CallStatus

FAILURES_LEAST = 5
FAILURES_PERCENT = 50
REFUSALS_LEAST = 20
REFUSALS_PERCENT = 30
REJECTED_IN_ROW = 3
"""Different people whose orders the vendor rejected with the same words in a row: it is no matter of theirs."""
REFUSALS_AMONG = 100
"""Refusals are counted among this many last answered calls."""
HUNG_UP_WITHIN = 2
"""Seconds; a person who talked no longer than this hung up at once."""


def without_figures(words: str) -> str:
    """Return a vendor's reason without figures and masked numbers, so that two people's reasons can be compared."""
    return " ".join(re.sub(r"[\d*+]+", "#", words).lower().split())


End = Literal["failed", "refused", "talked", "other"]
"""What the end of a call means for its campaign; see `end_of`."""


def end_of(status: str, talk_seconds: int | None, *, has_talked: bool, is_wish_heard: bool) -> End:
    """Return what the end of a call means for its campaign; `is_wish_heard`: the person asked not to be called again.

    "refused" means that the person asked that, or answered and hung up at once. A machine, a busy line and no answer
    are "other": they say nothing about the message.
    """
    if is_wish_heard:
        return "refused"
    if status == CallStatus.FAILED:
        return "failed"
    if not has_talked:
        return "other"
    return "refused" if (talk_seconds or 0) <= HUNG_UP_WITHIN else "talked"


@dataclass(frozen=True, slots=True)
class Alarm:
    """The reason for an automatic pause: so many failures or refusals among so many calls."""

    kind: Literal["failures", "refusals"]
    bad: int
    total: int


@dataclass(frozen=True, slots=True)
class Watch:
    """How a campaign's last calls ended: failures within two minutes, and refusals among the last answered calls."""

    ends: tuple[rules.Outcome, ...] = ()
    answers: str = ""
    """One character for each answered call, the newest last: 1 for a refusal, else 0."""
    rejected_as: str = ""
    """The vendor's reason for the last orders that it rejected, without figures."""
    rejected: tuple[str, ...] = ()
    """The people (ids) whose orders were rejected with that reason in a row."""
    rejected_since: float = 0.0
    """When the first of those orders left, in epoch seconds."""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Watch:
        """Return the watch that is stored in a campaign's row."""
        ends = tuple((int(end[0]), int(end[1]), int(end[2])) for end in stored.get("ends", ()))
        as_, people, since = stored.get("rejected") or ("", (), 0.0)
        return cls(ends, str(stored.get("answers", "")), str(as_), tuple(map(str, people)), float(since))

    def as_stored(self) -> dict[str, Any]:
        """Return the watch as JSON for the campaign's row."""
        stored: dict[str, Any] = {"ends": [list(end) for end in self.ends], "answers": self.answers}
        if self.rejected:
            stored["rejected"] = [self.rejected_as, list(self.rejected), self.rejected_since]
        return stored

    def after(self, ends: Sequence[End], now: float) -> Watch:
        """Return the watch with these ends added; ends older than two minutes and all but the last 100 answers go."""
        failed = sum(end == "failed" for end in ends)
        answers = "".join("1" if end == "refused" else "0" for end in ends if end in {"refused", "talked"})
        return replace(
            self,
            ends=tuple(rules.weigh(self.ends, now, len(ends) - failed, failed)),
            answers=(self.answers + answers)[-REFUSALS_AMONG:],
        )

    def after_rejection(self, words: str, person: str, left_at: float) -> Watch:
        """Return the watch with one more order rejected for a reason that names nobody; another reason begins anew."""
        as_ = without_figures(words)
        if as_ != self.rejected_as:
            return replace(self, rejected_as=as_, rejected=(person,), rejected_since=left_at)
        people = self.rejected if person in self.rejected else (*self.rejected, person)
        return replace(self, rejected=people, rejected_since=min(self.rejected_since, left_at))

    def without_rejections(self) -> Watch:
        """Return the watch that has forgotten the orders rejected in a row."""
        return replace(self, rejected_as="", rejected=(), rejected_since=0.0)

    @property
    def is_same_for_all(self) -> bool:
        """Whether so many different people were rejected with the same words that it is no matter of theirs."""
        return len(self.rejected) >= REJECTED_IN_ROW

    def after_late_wish(self) -> Watch:
        """Return the watch with one conversation turned into a refusal, because its opt-out became known late."""
        head, talked, tail = self.answers.rpartition("0")
        return replace(self, answers=f"{head}1{tail}") if talked else self

    def alarm(self, out: int = 0, talking: int = 0) -> Alarm | None:
        """Return why the campaign must pause: half of 5 or more calls failed, or over 30 % of 20 or more refused.

        `out` calls are in progress, `talking` of them in conversation. They count as good ones, because failures and
        refusals are known at once and conversations only later.
        """
        failed, ended = sum(end[2] for end in self.ends), sum(end[1] + end[2] for end in self.ends)
        if ended >= FAILURES_LEAST and failed * 100 >= (ended + out) * FAILURES_PERCENT:
            return Alarm("failures", failed, ended + out)
        refused, answers = self.answers.count("1"), len(self.answers)
        if answers >= REFUSALS_LEAST and refused * 100 > (answers + talking) * REFUSALS_PERCENT:
            return Alarm("refusals", refused, answers)
        return None
