"""Folds what was said into words, keeps them where searches look, and finds them again in a text.

Every engine sees the same folded words, so that a search finds the same calls on each.
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
LONGEST_WORD = 60
MOST_BYTES = 500_000
"""PostgreSQL refuses more than a megabyte of words in one place."""
BATCH = 200
CATCH_UP_SECONDS = 10.0
JOINER = "\u200c"
"""Parts Persian words without a gap; left out by many who type."""
LETTERS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه",
        "أ": "ا", "إ": "ا", "آ": "ا", "ؤ": "و", "\u0640": "",
        **{chr(code): "" for code in (*range(0x064B, 0x0660), 0x0670, 0x200D, 0x00AD)},
    }
)  # fmt: skip
"""What one writes and another does not: letters of the Arabic keyboard, vowel signs, stretching."""


# Folding


@cache
def _word() -> re.Pattern[str]:
    """Return the pattern of a word: letters, numbers and the marks upon them, which Python's own `\\w` leaves out."""
    codes = [code for code in range(0x300, min(sys.maxunicode, 0xFFFF)) if unicodedata.category(chr(code))[0] == "M"]
    runs = (list(run) for _key, run in groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0]))
    marks = "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)
    return re.compile(f"(?:[^\\W_]|[{marks}{JOINER}\u200d\u00ad])+")


def fold(text: str) -> list[str]:
    """Return the words of a text without what writing differs in: case, keyboards, digits, vowel signs."""
    plain = text_of_digits(unicodedata.normalize("NFKC", text)).casefold().translate(LETTERS)
    found = (word for match in _word().finditer(plain) for word in match[0].split(JOINER))
    return [word[:LONGEST_WORD] for word in found if word]


def words_of(text: str) -> list[str]:
    """Return the words that a search asks for, each once; only the first few count."""
    return list(dict.fromkeys(fold(text[:400])))[:MOST_WANTED]


def key_of(name: str) -> str:
    """Return what two spellings of one name have in common."""
    return " ".join(fold(name))[:LONGEST_WORD]


def _kept_words(transcript: CallTranscript) -> str:
    said = [transcript.text or "\n".join(str(turn.get("text", "")) for turn in transcript.turns), transcript.summary]
    text = "\n".join(said)
    # Who types the parts of a Persian word in one finds it too.
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
    """Put the words of transcripts where searches look; returns of how many.

    The caller's transaction holds the transcripts, so that nobody changes them meanwhile.
    """
    rows = [TranscriptWords(call_id=one.call_id, transcript=one, words=_kept_words(one)) for one in transcripts]
    if rows:
        TranscriptWords.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["call"], update_fields=["transcript", "words"]
        )
        CallTranscript.objects.filter(pk__in=[row.transcript_id for row in rows]).update(words_at=timezone.now())
    return len(rows)


def catch_up(seconds: float | None = CATCH_UP_SECONDS) -> int:
    """Put the words of transcripts that came in by another way; returns of how many. None: until all are done."""
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
    """Return the condition of calls in whose transcript every one of these words stands.

    Few calls are named: else PostgreSQL walks the whole log for words that hardly anybody said.
    """
    found = TranscriptWords.objects.filter(words__begin_with=list(words)).order_by()
    ids = list(found.values_list("pk", flat=True)[: NAMED_UP_TO + 1])
    return Q(pk__in=ids) if len(ids) <= NAMED_UP_TO else Q(pk__in=found.values("pk"))


def marked(text: str, words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield a text in pieces and whether each is one of these words."""
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
