"""Who gets a provider's lines: shares of campaigns, lines kept for single calls, and turns by priority. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext_lazy as _


class Priority(models.TextChoices):
    """Whose calls go first where the lines or the pace of a provider are short."""

    HIGH = "high", _("High")
    NORMAL = "normal", _("Normal")
    LOW = "low", _("Low")


ORDER = (Priority.HIGH, Priority.NORMAL, Priority.LOW)
CALLS_BEFORE = 9
"""After so many calls of campaigns above it, a priority is owed one: nobody above keeps it from calling for ever."""


def open_to_campaigns(lines: int, kept: int) -> int:
    """Return how many of a provider's lines all campaigns together may use; one at least, however many are kept."""
    return max(1, lines - kept)


def most_lines(lines: int, kept: int, own: int | None, percent: int | None) -> int:
    """Return how many of a provider's `lines` one campaign may use at the same time.

    `kept` of them are free for single calls; `own` and `percent` are the campaign's limits, None for none. A share is
    rounded down, and is one line at least.
    """
    limits = [open_to_campaigns(lines, kept)]
    if own is not None:
        limits.append(own)
    if percent is not None:
        limits.append(max(1, lines * percent // 100))
    return min(limits)


@dataclass(slots=True)
class Turns:
    """Whose turn is next among campaigns of different priorities.

    The highest goes first. A lower one comes before it once `CALLS_BEFORE` calls of those above were made since its
    last one: with all three waiting, of ten calls about eight are high, one normal and one low.
    """

    passed: dict[Priority, int] = field(default_factory=dict)
    """By priority: calls of those above it since its own last one, counted up to `CALLS_BEFORE`."""

    @classmethod
    def read(cls, stored: object) -> Turns:
        """Return the turns as stored with the provider; what cannot be read counts as none."""
        given: Mapping[str, object] = stored if isinstance(stored, dict) else {}
        found = {priority: given.get(priority.value) for priority in ORDER[1:]}
        return cls({key: min(max(n, 0), CALLS_BEFORE) for key, n in found.items() if isinstance(n, int)})

    def stored(self) -> dict[str, int]:
        """Return what is to be kept of them until the next call."""
        return {priority.value: self.passed[priority] for priority in ORDER if self.passed.get(priority)}

    def copy(self) -> Turns:
        """Return the same turns, to plan with."""
        return Turns(dict(self.passed))

    def next_of(self, waiting: Collection[Priority]) -> Priority:
        """Return whose call goes next among those that have one; `waiting` is not empty."""
        owed = (one for one in reversed(ORDER) if one in waiting and self.passed.get(one, 0) >= CALLS_BEFORE)
        return next(owed, None) or next(one for one in ORDER if one in waiting)

    def count(self, made: Priority) -> None:
        """Count a call that was made."""
        self.passed[made] = 0
        for below in ORDER[ORDER.index(made) + 1 :]:
            self.passed[below] = min(self.passed.get(below, 0) + 1, CALLS_BEFORE)

    def ahead(self, waiting: Collection[Priority], calls: int) -> Counter[Priority]:
        """Return how many of the next calls each priority gets, if each of `waiting` has enough."""
        if len(waiting) == 1:
            return Counter(dict.fromkeys(waiting, calls))
        turns, found = self.copy(), Counter[Priority]()
        for _call in range(calls):
            made = turns.next_of(waiting)
            turns.count(made)
            found[made] += 1
        return found

    def in_order(self, queues: Mapping[Priority, Iterable[int]]) -> list[int]:
        """Return the ids of all queues in the order in which their calls go, if every one of them is made."""
        if len(queues) == 1:
            return [one for ids in queues.values() for one in ids]
        turns = self.copy()
        left = {priority: list(ids)[::-1] for priority, ids in queues.items()}
        found = []
        while waiting := [priority for priority, ids in left.items() if ids]:
            made = turns.next_of(waiting)
            turns.count(made)
            found.append(left[made].pop())
        return found
