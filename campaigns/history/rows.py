"""Turns drafts into rows of the database: calls, call events and transcripts."""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from campaigns import rules
from campaigns.history import words
from campaigns.history.drafts import NOBODY, Draft
from campaigns.history.loading import as_json
from campaigns.history.people import Everybody
from providers.types import AT_VENDOR, CallStatus, FailureReason

CALL_COLUMNS = (
    "id", "reference", "campaign", "contact", "to_number", "attempt", "provider", "agent", "voice", "caller_id",
    "owner", "team", "created_at", "status", "rank", "raw_status", "remote_id", "failure_reason", "failure_detail",
    "skip_reason", "held_at", "due_at", "wait_reason", "placing_at", "deadline_at", "placed_at", "answered_at",
    "ended_at", "changed_at", "talk_seconds", "answered_by", "cost", "currency", "recording_available", "extracted",
)  # fmt: skip
STEP_COLUMNS = ("call", "at", "source", "from_status", "to_status", "code")
TALK_COLUMNS = ("call", "turns", "text", "summary")
DEADLINE = 45
"""Seconds after which an order without an answer is searched for at the vendor."""
TALKS_KEPT = 0.35
"""Share of conversations that have a transcript."""
OPTED_OUT = 0.003


class Line(NamedTuple):
    """The provider and what else of it a campaign, or a single call, uses."""

    provider: int
    agents: Sequence[int | None]
    voices: Sequence[int | None]
    caller_ids: Sequence[int | None]
    price: Decimal
    currency: str
    owners: Sequence[tuple[int, int | None]]
    """Ids of a person and of their team."""
    campaign: int | None = None


class Clock:
    """Converts epoch seconds into aware datetimes."""

    def __call__(self, seconds: int | None) -> datetime.datetime | None:
        """Return the aware datetime, or None for None."""
        return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC)


class Writer:
    """Converts drafts, in the order of their ids, to rows of three tables."""

    def __init__(
        self, chance: random.Random, people: Everybody, lines: Mapping[int, Sequence[Line]], first_id: int
    ) -> None:
        self._chance, self._people, self._lines, self._first_id = chance, people, lines, first_id
        self._time = Clock()

    def calls(self, drafts: Sequence[Draft]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of the calls."""
        chance, time = self._chance, self._time
        answers = [as_json({}), as_json({"outcome": "confirmed"}), as_json({"outcome": "call back", "when": "17:00"})]
        for number, draft in enumerate(drafts):
            lines = self._lines[draft.plan]
            line = lines[0] if len(lines) == 1 else chance.choice(lines)
            owner, team = line.owners[0] if len(line.owners) == 1 else chance.choice(line.owners)
            skips, fails = draft.status == CallStatus.SKIPPED, draft.status == CallStatus.FAILED
            has_id = draft.placing is not None and draft.status != CallStatus.UNKNOWN and not draft.is_held
            taken = None if draft.placing is None or not has_id else draft.placing + 1
            cost, currency = self._cost(draft, line)
            news = draft.ended or draft.answered or draft.placing or draft.created
            yield (
                self._first_id + number,
                uuid.UUID(int=chance.getrandbits(128), version=4),
                line.campaign,
                self._people.first_id + draft.person if draft.has_contact else None,
                self._people.phones[draft.person],
                draft.attempt,
                line.provider,
                chance.choice(line.agents),
                chance.choice(line.voices),
                chance.choice(line.caller_ids),
                owner,
                team,
                time(draft.created),
                draft.status.value,
                rules.rank_of(draft.status, draft.reason if fails else ""),
                draft.status.value if has_id else "",
                f"{chance.getrandbits(96):024x}" if has_id else "",
                draft.reason if fails else "",
                self._why_failed(draft) if fails else "",
                draft.reason if skips else "",
                time(draft.ended) if draft.is_held else None,
                time(draft.due),
                draft.reason if draft.status == CallStatus.PENDING else "",
                time(draft.placing),
                time(draft.placing + DEADLINE) if draft.placing is not None else None,
                time(taken),
                time(draft.answered),
                time(draft.ended),
                time(news),
                draft.talk,
                draft.answered_by,
                cost,
                currency,
                bool(draft.talk),
                answers[chance.randrange(3)] if draft.answered_by == "human" else answers[0],
            )

    def _cost(self, draft: Draft, line: Line) -> tuple[Decimal | None, str]:
        if not draft.talk or self._chance.random() < 0.06:
            return None, ""
        # Most calls are billed by the second, a few by the whole minute.
        seconds = draft.talk if self._chance.random() < 0.97 else -(-draft.talk // 60) * 60
        return (line.price * seconds / 60).quantize(Decimal("0.0001")), line.currency

    def _why_failed(self, draft: Draft) -> str:
        return self._chance.choice(words.VENDOR_ERRORS) if draft.reason == FailureReason.VENDOR_ERROR else ""

    def steps(self, drafts: Sequence[Draft]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of call events: added, sent, accepted, ended."""
        time, pending, placing = self._time, CallStatus.PENDING.value, CallStatus.PLACING.value
        for number, draft in enumerate(drafts):
            call = self._first_id + number
            if draft.plan == NOBODY:
                yield call, time(draft.created), "person", "", pending, "quick_call"
            if draft.status == CallStatus.SKIPPED:
                yield call, time(draft.ended), "system", pending, draft.status.value, "skipped"
            if draft.placing is None:
                continue
            yield call, time(draft.placing), "system", pending, placing, "commit_point"
            if draft.status == CallStatus.UNKNOWN or draft.is_held:
                yield call, time(draft.placing + 30), "answer", placing, CallStatus.UNKNOWN.value, "outcome_unknown"
            else:
                yield call, time(draft.placing + 1), "answer", placing, CallStatus.QUEUED.value, "order_taken"
            if draft.is_held:
                yield call, time(draft.ended), "list", CallStatus.UNKNOWN.value, draft.status.value, "absent"
            elif draft.status in AT_VENDOR or draft.ended:
                at = draft.ended or draft.answered or draft.placing + 4
                yield call, time(at), "poll", CallStatus.QUEUED.value, draft.status.value, "vendor_news"
            if draft.answered_by == "human" and self._chance.random() < OPTED_OUT:
                yield call, time(draft.ended), "poll", draft.status.value, draft.status.value, "do_not_call_heard"

    def talks(self, drafts: Sequence[Draft]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of transcripts, which some of the conversations have."""
        for number, draft in enumerate(drafts):
            if draft.answered_by != "human" or self._chance.random() > TALKS_KEPT:
                continue
            hour = f"{self._chance.randrange(8, 20)}:{self._chance.choice(('00', '15', '30', '45'))}"
            said = [(who, text.format(hour=hour)) for who, text in self._chance.choice(words.TALKS)]
            turns = [{"speaker": who, "text": text, "at_ms": place * 6000} for place, (who, text) in enumerate(said)]
            text = "\n".join(text for _who, text in said)
            yield self._first_id + number, as_json(turns), text, self._chance.choice(words.SUMMARIES)
