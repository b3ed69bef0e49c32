"""What programs read of a campaign: its shapes, and whose campaigns they reach."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from django.shortcuts import get_object_or_404
from ninja import Schema

from callcenter.api.door import KeyRequest
from campaigns.launch import drafts
from campaigns.launch.living.state import living_state, refused
from campaigns.models import Campaign, SecondProvider


class Ref(Schema):
    """A thing by its name."""

    id: int
    name: str


class SecondOut(Schema):
    """Through which other provider waiting calls of a campaign may go, as was agreed to."""

    provider: Ref
    caller_id: str
    """Empty: the agent's own, or none."""
    price_per_minute: str
    currency: str
    wait_minutes: int | None
    """Minutes without a free line after which it is used; null: only while the first is halted or paused."""
    agreed_at: datetime.datetime


class CampaignOut(Schema):
    """A campaign."""

    id: int
    name: str
    status: str
    status_words: str
    provider: Ref
    second_provider: SecondOut | None
    agent: Ref | None
    created_at: datetime.datetime
    launched_at: datetime.datetime | None
    starts_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    paused_reason: str


class Count(Schema):
    """A number of attempts."""

    result: str
    words: str
    calls: int


class Refused(Schema):
    """How many who joined a campaign are not called for one reason."""

    reason: str
    words: str
    people: int


class Living(Schema):
    """Where a campaign that stays open stands."""

    is_open: bool
    """Whether whoever joins now is queued, today or on a later day."""
    sentence: str
    """What it waits for, or why it is closed."""
    people_a_day: int | None
    people_in_all: int | None
    last_day: datetime.date | None
    queued_today: int
    queued_in_all: int
    refused: list[Refused]


class HoursOut(Schema):
    """When a campaign calls, on the clock of each person."""

    start: str
    """Such as 09:00."""
    end: str
    """Equal to the start: all day."""
    days: list[int]
    """1 is Monday."""
    weekly: dict[str, list[str]] | None
    """By weekday ("1" is Monday) its spans, in place of the three above; null: those hold."""
    blackout_dates: list[str]
    """`2026-12-24`, or first and last as `2026-12-24/2027-01-02`."""
    holiday_countries: list[str] | None
    """ISO codes of the countries whose public holidays it keeps; null: as set for all campaigns."""


class VariantOut(Schema):
    """One variant of a campaign's A/B test."""

    key: str
    """A, B or C; a call carries it."""
    label: str
    share: int
    """Percent of the people."""


class WholeCampaign(CampaignOut):
    """A campaign with its settings that can be changed here, and where it stands."""

    hours: HoursOut
    variants: list[VariantOut]
    """Empty without an A/B test."""
    calls_per_minute: int | None
    max_lines: int | None
    lines_percent: int | None
    """The share of its provider's lines that it may use at the same time; null: no share."""
    priority: Literal["high", "normal", "low"]
    budget: str | None
    budget_is_soft: bool
    lists: list[Ref]
    people: int
    """People who have or will have a call."""
    waiting: int
    live: int
    still_out: int
    """Orders that are being sent, and calls of which nobody knows yet whether they were placed."""
    ended: int
    skipped: int
    to_decide: int
    results: list[Count]
    standstill: list[str]
    """Why no new call is sent now."""
    line_wait: str
    """Why due calls wait for a line; empty where they do not."""
    spent: str
    reserved: str
    currency: str
    waits_for: list[str]
    """Names of those who may approve it, while it waits for that."""
    living: Living | None
    """Null for a campaign whose people are fixed at the launch."""


class Done(Schema):
    """What became of a wish about a campaign."""

    changed: bool
    """False where nothing was to do."""
    status: Literal["draft", "waiting", "scheduled", "running", "paused", "stopped", "finished"]
    sentence: str


def ref_of(row: Any) -> dict[str, Any] | None:
    """Return a row by its id and name, in the shape of `Ref`."""
    return {"id": row.pk, "name": row.name} if row is not None else None


def second_out(second: SecondProvider | None) -> dict[str, Any] | None:
    """Return a second provider in the shape of `SecondOut`."""
    if second is None:
        return None
    return {
        "provider": ref_of(second.provider),
        "caller_id": second.caller_id.number if second.caller_id else "",
        "price_per_minute": str(second.price_per_minute),
        "currency": second.currency,
        "wait_minutes": second.wait_minutes,
        "agreed_at": second.consented_at,
    }


def campaign_out(found: Campaign) -> dict[str, Any]:
    """Return a campaign in the shape of `CampaignOut`."""
    return {
        "id": found.pk,
        "name": found.name,
        "status": found.status,
        "status_words": str(Campaign.Status(found.status).label),
        "provider": ref_of(found.provider),
        "second_provider": second_out(found.second),
        "agent": ref_of(found.agent),
        "created_at": found.created_at,
        "launched_at": found.launched_at,
        "starts_at": found.starts_at,
        "finished_at": found.finished_at,
        "paused_reason": found.paused_reason,
    }


def hours_out(found: Campaign) -> dict[str, Any]:
    """Return when a campaign calls, in the shape of `HoursOut`."""
    weekly = found.weekly_hours
    return {
        "start": f"{found.hours_start:%H:%M}",
        "end": f"{found.hours_end:%H:%M}",
        "days": [day + 1 for day in found.days],
        "weekly": None if weekly is None else {str(int(day) + 1): spans for day, spans in weekly.items()},
        "blackout_dates": found.blackout_dates,
        "holiday_countries": found.holiday_countries,
    }


def living_out(found: Campaign) -> dict[str, Any]:
    """Return where a campaign that stays open stands, in the shape of `Living`."""
    now = living_state(found)
    return {
        "is_open": now.is_open,
        "sentence": now.sentence,
        "people_a_day": found.people_a_day,
        "people_in_all": found.people_in_all,
        "last_day": found.last_day,
        "queued_today": now.today,
        "queued_in_all": now.taken,
        "refused": [
            {"reason": reason, "words": str(words), "people": people} for reason, words, people in refused(found)
        ],
    }


def within_reach(request: KeyRequest, pk: int) -> Campaign:
    """Return a campaign that the key reaches; raises Http404."""
    return get_object_or_404(drafts.visible_to(request.auth.person), pk=pk)
