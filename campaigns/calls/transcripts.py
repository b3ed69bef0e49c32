"""Transcripts prepared for display, with searched words marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callcenter.access.roles import Person
from callcenter.audit import often
from campaigns.core.transcript_words import marked, words_of
from campaigns.models import Call, CallTranscript

MAX_FIND = 200
"""Characters of a search text that the page shows again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTurn:
    """One turn of a transcript."""

    speaker: str
    at_ms: float | None
    pieces: Sequence[tuple[str, bool]]
    """The text in pieces, each with whether it is a searched word."""
    is_first_hit: bool = False

    @property
    def seconds(self) -> int | None:
        """When it was said, in whole seconds from the beginning of the recording."""
        return None if self.at_ms is None else int(self.at_ms / 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A transcript prepared for display."""

    turns: Sequence[MarkedTurn]
    summary: Sequence[tuple[str, bool]]
    find: str
    """The search text as typed."""
    hits: int
    """Number of marked words, including those in the summary."""


def note_read(call: Call, person: Person) -> None:
    """Record that a user reads what was said in a call; what a live page reads again is counted."""
    often.note(person, "call.transcript_opened", call, again="call.transcript_followed")


def note_searched(words: str, person: Person) -> None:
    """Record that a user searches transcripts by words."""
    often.note(person, "calls.searched", words=words[:MAX_FIND])


def talk_of(call: Call, find: str) -> Talk | None:
    """Return a call's transcript with the words of `find` marked; None if there is none."""
    transcript: CallTranscript | None = getattr(call, "transcript", None)
    if transcript is None:
        return None
    wanted = words_of(find)
    summary = list(marked(transcript.summary, wanted))
    hits, first, turns = _hits(summary), True, []
    for turn in transcript.turns:
        pieces = list(marked(str(turn.get("text") or ""), wanted))
        found = _hits(pieces)
        at_ms = turn.get("at_ms")
        turns.append(
            MarkedTurn(
                speaker=str(turn.get("speaker") or ""),
                at_ms=at_ms if isinstance(at_ms, int | float) else None,
                pieces=pieces,
                is_first_hit=bool(found) and first,
            )
        )
        first, hits = first and not found, hits + found
    return Talk(turns=turns, summary=summary, find=find[:MAX_FIND], hits=hits)


def _hits(pieces: Sequence[tuple[str, bool]]) -> int:
    return sum(is_hit for _text, is_hit in pieces)
