"""Status words of a vendor that nobody mapped: shown with their evidence, and mapped to one of our results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.audit.models import record
from providers.base import may_be_mapped_to
from providers.fields import UnreadableOptions
from providers.models import Provider, UnmappedWord, word_mapped
from providers.models.stops import Actor
from providers.replies import MAX_WORD, normalise_word
from providers.types import UNMATCHED, VOICEMAIL, CallStatus

OPTION = "status_map_extra"
RESULTS: tuple[tuple[str, str | Promise], ...] = (
    (CallStatus.COMPLETED.value, _("Answered")),
    (VOICEMAIL, _("Voicemail")),
    (CallStatus.NO_ANSWER.value, CallStatus.NO_ANSWER.label),
    (CallStatus.BUSY.value, CallStatus.BUSY.label),
    (CallStatus.FAILED.value, CallStatus.FAILED.label),
    (CallStatus.CANCELED.value, CallStatus.CANCELED.label),
)
"""What a word may mean that ends a call."""
STATES: tuple[tuple[str, str | Promise], ...] = tuple(
    (status.value, status.label)
    for status in (
        CallStatus.QUEUED,
        CallStatus.DIALING,
        CallStatus.RINGING,
        CallStatus.IN_PROGRESS,
        CallStatus.WRAPPING_UP,
    )
)
"""What a word may mean while a call goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSeen:
    """A word that nobody mapped, with its evidence."""

    spelling: str
    calls: int
    """Calls that had it, as far as it was counted."""
    waiting: int
    """Calls that wait with it now, given-up ones too: without a meaning, they have no end."""
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What open calls of one provider wait for that only a person can mend."""

    words: list[WordSeen] = field(default_factory=list)
    several: int = 0
    """Calls that several rows of the vendor's list fit equally well."""
    zone: int = 0
    """Calls whose row fits only if the vendor's times are in another zone."""

    @property
    def for_words(self) -> int:
        """How many calls wait with a word that nobody mapped."""
        return sum(word.waiting for word in self.words)


def waits_of(providers: Sequence[Provider]) -> dict[int, Waits]:
    """Return by provider the words that nobody mapped, awaited ones first, and the calls whose row is in doubt."""
    # By the reverse relation, because this package must not import calls; both are few and have an index.
    calls: Any = Provider._meta.get_field("calls").related_model
    at_vendor, given_up = calls._default_manager.at_vendor(), calls._default_manager.without_news()
    found: dict[int, list[tuple[str, str, int]]] = {}
    for waiting in (at_vendor, given_up):
        here = waiting.filter(provider__in=providers).order_by()
        for provider_id, raw, matched_by, number in here.values_list("provider", "raw_status", "matched_by").annotate(
            Count("pk")
        ):
            # A given-up call is shown among what needs a decision, and no more as one whose row is in doubt.
            doubt = matched_by if waiting is at_vendor else ""
            found.setdefault(provider_id, []).append((raw, doubt, number))
    known: dict[int, list[UnmappedWord]] = {}
    for row in UnmappedWord.objects.filter(provider__in=providers):
        known.setdefault(row.provider_id, []).append(row)
    return {one.pk: _waits(one, found.get(one.pk, []), known.get(one.pk, [])) for one in providers}


def _waits(provider: Provider, counted: Sequence[tuple[str, str, int]], rows: Sequence[UnmappedWord]) -> Waits:
    waiting: Counter[str] = Counter()
    doubts: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for raw, matched_by, number in counted:
        word = normalise_word(raw)
        waiting[word] += number
        spelled.setdefault(word, raw)
        if matched_by in UNMATCHED:
            doubts[matched_by] += number
    known = {row.word: row for row in rows}
    words = [
        WordSeen(
            spelling=known[word].spelling if word in known else spelled[word],
            calls=max(known[word].calls if word in known else 0, waiting[word]),
            waiting=waiting[word],
            first_at=known[word].first_at if word in known else None,
            last_at=known[word].last_at if word in known else None,
        )
        for word in {*known, *waiting}
        if word and provider.status_of(word) is None
    ]
    words.sort(key=lambda seen: (-seen.waiting, -seen.calls, seen.spelling))
    return Waits(words=words, several=doubts["several"], zone=doubts["zone"])


def map_word(provider_id: int, spelling: str, ours: str, person: Actor) -> int | None:
    """Map a vendor's word to one of our results, and have the calls that wait with it read again at once.

    Returns how many calls those are; None, with nothing changed, where the word cannot be mapped so: it is mapped
    already, `ours` is no result that a vendor may say, or the options cannot be read. Raises Provider.DoesNotExist.
    """
    offered = {value for value, _label in (*RESULTS, *STATES)}
    with transaction.atomic():
        provider = Provider.objects.select_for_update(no_key=True).get(pk=provider_id)
        is_sound = (
            0 < len(spelling) <= MAX_WORD and normalise_word(spelling) and ours in offered and may_be_mapped_to(ours)
        )
        if not is_sound or isinstance(provider.options, UnreadableOptions) or provider.status_of(spelling) is not None:
            return None
        extra = provider.options.get(OPTION) or {}
        provider.options = {**provider.options, OPTION: {**extra, spelling: ours}}
        provider.save(update_fields=["options"])
        record(person, "provider.word_mapped", provider, word=spelling, result=ours)
        answers = word_mapped.send(sender=Provider, provider_id=provider_id, word=spelling)
    # Receivers return how many calls they had read again; the stubs of Django know nothing of that.
    return sum(number for _receiver, number in cast(Sequence[tuple[object, int]], answers))
