"""What calls' news teach of a vendor itself: words that nobody mapped, and the zone of its times."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field

from django.utils import timezone

from campaigns import queue
from campaigns.models import Call
from providers.models import Provider, UnmappedWord
from providers.replies import normalise_word
from providers.types import FINAL, CallSnapshot


@dataclass(slots=True)
class Habits:
    """What a batch of news shows, by provider."""

    words: Counter[tuple[int, str]] = field(default_factory=Counter)
    """Calls that began to have a word that nobody mapped."""
    offsets: list[tuple[int, str]] = field(default_factory=list)
    """Zones shown by calls that have just ended, each call once."""
    _mapped: dict[tuple[int, str], bool] = field(default_factory=dict)

    def note(self, call: Call, snapshot: CallSnapshot, *, has_ended: bool) -> None:
        """Note what one call's news show."""
        raw = snapshot.raw_status
        if snapshot.status is None and raw and _is_new_to(call, raw):
            self.words[call.provider_id, raw] += 1
        if snapshot.utc_offset and has_ended and call.status not in FINAL:
            self.offsets.append((call.provider_id, snapshot.utc_offset))

    def is_mapped_now(self, call: Call, snapshot: CallSnapshot) -> bool:
        """Return whether a word that a read did not know has been mapped since that read began."""
        if snapshot.status is not None or not snapshot.raw_status:
            return False
        asked = call.provider_id, snapshot.raw_status
        if asked not in self._mapped:
            self._mapped[asked] = Provider.objects.get(pk=call.provider_id).status_of(snapshot.raw_status) is not None
        return self._mapped[asked]


def _is_new_to(call: Call, raw: str) -> bool:
    # The answer to the order may have had the same word: then the first read counts it.
    return call.polls == 0 or normalise_word(raw) != normalise_word(call.raw_status)


def keep(habits: Habits, now: datetime.datetime) -> None:
    """Write what was noted, after the news themselves: it locks rows that dispatchers lock before they lock calls."""
    for provider_id in sorted({provider_id for provider_id, _word in habits.words}):
        counts = {word: calls for (owner, word), calls in habits.words.items() if owner == provider_id}
        UnmappedWord.objects.note(provider_id, counts, now)
    for provider_id, offset in habits.offsets:
        Provider.objects.note_offset(provider_id, offset, now)


def read_again(provider_id: int, word: str, now: datetime.datetime) -> int:
    """Make the calls that wait with this word due for a read now, given-up ones too; returns how many they are.

    They are read, not concluded from the word that is kept: it may be old, and what a call lasted and cost comes only
    with its last state.
    """
    found = 0
    for waiting in (Call.objects.at_vendor(), Call.objects.without_news()):
        spelled = waiting.filter(provider=provider_id).exclude(raw_status="").values_list("pk", "raw_status")
        same = [pk for pk, raw in spelled if normalise_word(raw) == normalise_word(word)]
        found += waiting.filter(pk__in=same).update(next_poll_at=now)
    if found:
        queue.nudge_poll()
    return found


def read_again_after_mapping(*, provider_id: int, word: str, **_sent: object) -> int:
    """Receive that an admin mapped a word of a provider; returns how many calls are read again for it."""
    return read_again(provider_id, word, timezone.now())
