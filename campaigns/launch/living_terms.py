"""The terms of a campaign that stays open: how many people a day and in all, until when, and what is left of them."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.amounts import number
from callcenter.formats.calendars import plain_day
from campaigns.core.day_caps import day_of
from campaigns.core.last_day import is_over
from campaigns.launch.audience_query import count_people
from campaigns.models import Call, Campaign
from providers.types import CallStatus

TERMS = ("is_living", "people_a_day", "people_in_all", "last_day")
"""Columns of a campaign that say whom a living one takes up, besides its lists and tags."""

FARTHEST = datetime.timedelta(days=366)
"""How far ahead a last day may be: until it, the calls of a campaign are not cleared."""


class Taken(NamedTuple):
    """How many people a living campaign has queued; whoever was refused or taken out is in neither number."""

    today: int
    in_all: int


def people_bound(campaign: Campaign) -> int:
    """Return how many people a launch is for: the audience, or the most that a living campaign may queue in all."""
    return (campaign.people_in_all or 0) if campaign.is_living else count_people(campaign)


def taken(campaign: Campaign, now: datetime.datetime) -> Taken:
    """Count the people whom a campaign has queued, today and in all, by the calls themselves."""
    found = Call.objects.filter(campaign=campaign, attempt=1).exclude(status=CallStatus.SKIPPED)
    counts = found.aggregate(today=Count("pk", filter=Q(created_at__gte=day_of(now).start)), in_all=Count("pk"))
    return Taken(int(counts["today"]), int(counts["in_all"]))


def room(campaign: Campaign, had: Taken) -> Taken:
    """Return how many more people a living campaign may queue today, and in all."""
    in_all = max(0, (campaign.people_in_all or 0) - had.in_all)
    return Taken(min(in_all, max(0, (campaign.people_a_day or 0) - had.today)), in_all)


def is_too_far(last_day: datetime.date | None, now: datetime.datetime) -> bool:
    """Return whether a last day is too far ahead."""
    return last_day is not None and last_day > day_of(now).date + FARTHEST


def blockers(campaign: Campaign, now: datetime.datetime) -> list[str]:
    """Return the sentences that say what a campaign lacks for a launch by its limits and its last day."""
    found = []
    limits = (campaign.people_a_day, campaign.people_in_all, campaign.last_day)
    if campaign.is_living and not all(limits):
        found.append(_("It stays open: set the maximum new contacts per day, the maximum total and the last day."))
    if is_over(campaign.last_day, now):
        found.append(_("Its last day has passed. Choose a later one."))
    if is_too_far(campaign.last_day, now):
        found.append(_("Choose a last day within a year."))
    return found


def in_words(campaign: Campaign) -> str:
    """Return the terms of a living campaign in one sentence; empty for any other, or where some are missing."""
    if not campaign.is_living or campaign.last_day is None:
        return ""
    text = ngettext(
        "Stays open until %(day)s: contacts added to its lists or tags are called, at most %(a_day)s a day and "
        "%(in_all)s person in total.",
        "Stays open until %(day)s: contacts added to its lists or tags are called, at most %(a_day)s a day and "
        "%(in_all)s people in total.",
        campaign.people_in_all or 0,
    )
    return text % {
        "day": plain_day(campaign.last_day),
        "a_day": number(campaign.people_a_day or 0),
        "in_all": number(campaign.people_in_all or 0),
    }
