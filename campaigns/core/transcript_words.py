"""Transcript search: folds text into words, stores the words in an indexed table, and marks them in a text.

PostgreSQL and SQLite index the same folded words, so that a search finds the same calls on both.
"""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from campaigns.core.paging import NAMED_UP_TO
from campaigns.models import CallTranscript, TranscriptWords
from campaigns.models.transcript_words import is_begun_by
from campaigns.numbers import text_of_digits

MOST_WANTED = 8
"""Words of a search that count; further ones are ignored."""
MOST_SEARCHED = 400
"""Characters of a search that are read."""
LONGEST_WORD = 60
MOST_BYTES = 500_000
"""Bytes of words stored for one transcript; PostgreSQL refuses more than a megabyte in one tsvector."""
BATCH = 200
CATCH_UP_SECONDS = 10.0
JOINER = "\u200c"
"""The zero-width non-joiner, which separates parts of a Persian word; many people do not type it."""
LETTERS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه",
        "أ": "ا", "إ": "ا", "آ": "ا", "ؤ": "و", "\u0640": "",
        **{chr(code): "" for code in (*range(0x064B, 0x0660), 0x0670, 0x200D, 0x00AD)},
    }
)  # fmt: skip
"""Differences of writing that a search ignores: Arabic keyboard letters, vowel signs, elongation."""


# Folding


@cache
def _word() -> re.Pattern[str]:
    """Return the pattern of a word: letters, digits and combining marks, which Python's `\\w` leaves out."""
    codes = [code for code in range(0x300, min(sys.maxunicode, 0xFFFF)) if unicodedata.category(chr(code))[0] == "M"]
    runs = (list(run) for _key, run in groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0]))
    marks = "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)
    return re.compile(f"(?:[^\\W_]|[{marks}{JOINER}\u200d\u00ad])+")


def fold(text: str) -> list[str]:
    """Return the words of a text, normalized: case, keyboard variants of letters, digits and vowel signs."""
    plain = text_of_digits(unicodedata.normalize("NFKC", text)).casefold().translate(LETTERS)
    found = (word for match in _word().finditer(plain) for word in match[0].split(JOINER))
    return [word[:LONGEST_WORD] for word in found if word]


def words_of(text: str) -> list[str]:
    """Return the folded words of a search, each once, at most `MOST_WANTED`."""
    return list(dict.fromkeys(fold(text[:MOST_SEARCHED])))[:MOST_WANTED]


def key_of(name: str) -> str:
    """Return the key that all spellings of one name share."""
    return " ".join(fold(name[: LONGEST_WORD * 4]))[:LONGEST_WORD]


def _kept_words(transcript: CallTranscript) -> str:
    said = [transcript.text or "\n".join(str(turn.get("text", "")) for turn in transcript.turns), transcript.summary]
    text = "\n".join(said)
    # So that the parts of a Persian word are also found when they are typed as one word.
    words = sorted({*fold(text), *fold(text.replace(JOINER, ""))}) if JOINER in text else sorted(set(fold(text)))
    size, kept = 0, []
    for word in words:
        size += len(word.encode()) + 1
        if size > MOST_BYTES:
            break
        kept.append(word)
    return " ".join(kept)


# Keeping


def put_words(transcripts: Iterable[CallTranscript]) -> int:
    """Store the words of transcripts in the search table; returns the number of transcripts.

    The caller must have locked the transcripts in its transaction.
    """
    rows = [TranscriptWords(call_id=one.call_id, transcript=one, words=_kept_words(one)) for one in transcripts]
    if rows:
        TranscriptWords.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["call"], update_fields=["transcript", "words"]
        )
        CallTranscript.objects.filter(pk__in=[row.transcript_id for row in rows]).update(words_at=timezone.now())
    return len(rows)


def catch_up(seconds: float | None = CATCH_UP_SECONDS) -> int:
    """Index transcripts that were stored without their words; returns how many. `seconds` None: until all are done."""
    until, done = time.monotonic() + (seconds or 0), 0
    while True:
        with transaction.atomic():
            waiting = CallTranscript.objects.filter(words_at__isnull=True).order_by("id")
            if not waiting.exists():
                return done
            count = put_words(waiting.select_for_update(skip_locked=True)[:BATCH])
        done += count
        if not count or (seconds is not None and time.monotonic() > until):
            return done


# Finding


def said(words: Sequence[str]) -> Q:
    """Return the condition of calls whose transcript contains every one of these words.

    If few calls match, they are named by id: PostgreSQL would otherwise scan the whole log for rare words.
    """
    found = TranscriptWords.objects.filter(words__begin_with=list(words)).order_by()
    ids = list(found.values_list("pk", flat=True)[: NAMED_UP_TO + 1])
    return Q(pk__in=ids) if len(ids) <= NAMED_UP_TO else Q(pk__in=found.values("pk"))


def marked(text: str, words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield the text in pieces, each with whether it is one of the (folded) words."""
    end = 0
    for match in _word().finditer(text) if words else ():
        parts = fold(match[0]) + (fold(match[0].replace(JOINER, "")) if JOINER in match[0] else [])
        if any(is_begun_by(part, word) for part in parts for word in words):
            if match.start() > end:
                yield text[end : match.start()], False
            yield match[0], True
            end = match.end()
    if end < len(text):
        yield text[end:], False
