"""Caps: how often one person may be called in a day and a week, by all campaigns and single calls, and by one campaign.

`eligibility` judges by them, whoever asks; the days are the person's own (`campaigns.outcomes.days_over`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from campaigns.core.installation import Installation, current
from campaigns.models import Campaign
from campaigns.reasons import WaitReason


class Cap(NamedTuple):
    """So many calls to one person in so many of their days."""

    most: int
    days: int
    reason: WaitReason

    @property
    def is_of_campaign(self) -> bool:
        """Whether only the campaign's own attempts count."""
        return self.reason == WaitReason.ATTEMPTS_A_DAY


class ReachedCap(NamedTuple):
    """A cap that is reached as long as the days are not over that began with a call."""

    cap: Cap
    since: datetime.datetime
    """The call that must fall out of the cap's days before another one is allowed."""


def caps_of_persons(installation: Installation | None = None) -> tuple[Cap, ...]:
    """Return the caps of the installation that are set, for all calls to one person; None reads its settings."""
    limits = installation or current()
    found = ((limits.person_calls_a_day, 1), (limits.person_calls_a_week, 7))
    return tuple(Cap(most, days, WaitReason.PERSON_CAP) for most, days in found if most)


def caps_of(campaign: Campaign | None, installation: Installation | None = None) -> tuple[Cap, ...]:
    """Return the caps that hold for the calls of a campaign, or for single calls (None)."""
    own = campaign.attempts_a_day if campaign is not None else None
    return (*caps_of_persons(installation), *((Cap(own, 1, WaitReason.ATTEMPTS_A_DAY),) if own else ()))


def counted_since(
    now: datetime.datetime, campaigns: Iterable[Campaign | None], installation: Installation | None = None
) -> datetime.datetime | None:
    """Return since when calls count for any cap of these campaigns; None if none has one.

    So many days of the person began no earlier than so many times 24 hours ago, and an hour where clocks change.
    """
    known = installation or current()
    days = max((cap.days for campaign in campaigns for cap in caps_of(campaign, known)), default=0)
    return now - datetime.timedelta(days=days, hours=1) if days else None


def reached(
    caps: Sequence[Cap], rung: Sequence[tuple[int | None, datetime.datetime]], campaign_id: int | None
) -> tuple[ReachedCap, ...]:
    """Return the caps that may be reached by these calls, each with the call that must fall out of its days.

    `rung` are the campaigns (None: a single call) and times of calls in which the phone may have rung.
    """
    found = []
    for cap in caps:
        times = sorted((at for other, at in rung if not cap.is_of_campaign or other == campaign_id), reverse=True)
        if len(times) >= cap.most:
            found.append(ReachedCap(cap, times[cap.most - 1]))
    return tuple(found)
